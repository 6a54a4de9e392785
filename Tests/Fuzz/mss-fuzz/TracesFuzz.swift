import MSSTraces

private func input(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
}

/// What was read is written again byte for byte; without personal parts it has the same chain and fewer secrets.
private func check(_ bytes: [UInt8]) {
    guard let content = SegmentContent(bytes) else { return }
    precondition(content.rewritten == bytes)
    guard let anonymous = SegmentContent(content.anonymised) else { fatalError("anonymised segment is unreadable") }
    precondition(anonymous.head == content.head && anonymous.records == content.records)
    precondition(anonymous.anonymised == content.anonymised)
    for event in content.events { check(event) }
}

private func check(_ event: TraceEvent) {
    let texts = SegmentContent.texts(event)
    guard let again = SegmentContent.event(facts: texts.facts, personal: texts.personal) else {
        fatalError("event is unreadable once written")
    }
    precondition(again == event)
}

/// A segment as it lies on disk.
let fuzzTraceSegment: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    check(input(bytes, count))
    return 0
}

/// The body of one record, its frame and checksum made right.
let fuzzTraceRecord: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    check(SegmentContent.around(body: input(bytes, count)))
    return 0
}

/// The two JSON texts of an event, a zero byte between them.
let fuzzTraceEvent: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let parts = input(bytes, count).split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map(Array.init)
    if let event = SegmentContent.event(facts: parts[0], personal: parts.count > 1 ? parts[1] : nil) { check(event) }
    return 0
}

/// Cleaning and redacting twice gives what once gives; no secret parameter or second line survives.
let fuzzTraceText: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let raw = String(decoding: input(bytes, count), as: UTF8.self)
    let text = TraceText(raw).text
    precondition(text.utf8.count <= TraceText.maximumLength && !text.utf8.contains { $0 < 0x20 || $0 == 0x7F })
    precondition(TraceText("AUTH PLAIN \(raw)x").text.utf8.count <= 14 || raw.utf8.contains { $0 < 0x21 || $0 == 0x7F })
    let redacted = SegmentContent.redacted(text)
    precondition(SegmentContent.redacted(redacted) == redacted)
    return 0
}

/// A signed text is read only when it is written again byte for byte.
let fuzzTraceSeal: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let text = String(decoding: input(bytes, count), as: UTF8.self)
    if let seal = TraceSeal(text: text) { precondition(seal.text == text) }
    if let erasure = TraceErasure(text: text) { precondition(erasure.text == text) }
    if let head = TraceHead(text: text) { precondition(head.text == text) }
    return 0
}
