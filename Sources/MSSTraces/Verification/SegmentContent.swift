import MSSCore

/// A segment read from memory, in forms that fuzzing and tools of this package compare.
package struct SegmentContent {
    /// How many records there are.
    package private(set) var records = 0
    /// Digest of the last record.
    package private(set) var head = ""
    /// The events that can be read.
    package private(set) var events: [TraceEvent] = []
    /// Everything read, written again.
    package private(set) var rewritten: [UInt8] = []
    /// The same without personal parts.
    package private(set) var anonymised: [UInt8] = []

    /// Reads records until the end; `nil` at the first fault.
    package init?(_ bytes: [UInt8]) {
        do {
            try bytes.withUnsafeBytes { bytes in
                var scan = try SegmentScan(bytes)
                rewritten = scan.header.bytes
                anonymised = rewritten
                while let view = try scan.record(bytes) {
                    let link = view.link(bytes, family: scan.header.family)
                    let (facts, personal) = (view.facts(bytes), view.personal(bytes))
                    RecordFormat.append(link, facts: facts, personal: personal, to: &rewritten)
                    RecordFormat.append(link, facts: facts, personal: .erased(link.personal), to: &anonymised)
                    if let record = TraceRecord(view, bytes, family: scan.header.family, segment: 1) {
                        events.append(record.event)
                    }
                    records += 1
                }
                head = scan.head.hex
            }
        } catch { return nil }
    }

    /// A segment of one record whose body, but for the digest before, is given: everything that a checksum would keep
    /// a fuzzer from reaching.
    package static func around(body: [UInt8]) -> [UInt8] {
        let previous = ChainLink.genesis(store: String(repeating: "0", count: 32), family: .functional)
        let header = SegmentHeader(
            family: .functional, number: 1, first: 1, previous: previous, store: [UInt8](repeating: 0, count: 16))
        var body = body
        if body.count >= RecordFormat.fixed {
            body.replaceSubrange(1..<9, with: [1, 0, 0, 0, 0, 0, 0, 0])
            body.replaceSubrange(21..<53, with: previous.bytes)
        }
        var bytes = header.bytes
        bytes.append(littleEndian: UInt32(body.count))
        bytes.append(littleEndian: body.withUnsafeBytes { RecordFormat.crc32($0) })
        return bytes + body
    }

    /// The two texts of an event, or `nil` when they are none.
    package static func event(facts: [UInt8], personal: [UInt8]?) -> TraceEvent? {
        TraceEvent(family: .functional, facts: facts, personal: personal)
    }

    /// An event's two texts.
    package static func texts(_ event: TraceEvent) -> (facts: [UInt8], personal: [UInt8]) {
        let encoded = event.encoded(time: Timestamp(seconds: 0))
        return (encoded.facts, encoded.personal)
    }

    /// A text without patients' identities.
    package static func redacted(_ text: String) -> String { PatientRedaction.redact(text) }
}
