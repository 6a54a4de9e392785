/// A zone ready to be asked: names and data in wire form.
struct DNSZoneIndex: Sendable {
    struct Record: Sendable {
        let type: UInt16
        let timeToLive: UInt32
        let data: [UInt8]
    }

    let apex: [UInt8]
    let start: Record
    private var records: [[UInt8]: [Record]] = [:]
    /// Names without records that have names below them exist all the same (RFC 8020 §2).
    private var existing: Set<[UInt8]> = []

    init(_ zone: DNSZone) throws {
        apex = DNSWire.folded(try DNSWire.name(zone.apex))
        let server = try DNSWire.name(zone.server)
        let mailbox = try DNSWire.name(zone.apex.isEmpty ? "hostmaster" : "hostmaster.\(zone.apex)")
        let times: [UInt32] = [zone.serial, 3600, 600, 86400, zone.negativeTimeToLive]
        start = Record(
            type: DNSCode.soa, timeToLive: zone.negativeTimeToLive,
            data: server + mailbox + times.flatMap { DNSWire.uint32($0) })
        records[apex] = [start, Record(type: DNSCode.ns, timeToLive: zone.negativeTimeToLive, data: server)]
        existing.insert(apex)
        for record in zone.records {
            let name = DNSWire.folded(try DNSWire.name(record.name))
            guard holds(name) else { throw TestFormatError("\(record.name) is not in zone \(zone.apex)") }
            let entry = Record(
                type: record.data.type, timeToLive: record.timeToLive, data: try record.data.wire)
            records[name, default: []].append(entry)
            var ancestor = name
            while ancestor.count > apex.count, existing.insert(ancestor).inserted {
                ancestor.removeFirst(1 + Int(ancestor[0]))
            }
        }
    }

    /// Whether a name is the apex or below it.
    func holds(_ name: [UInt8]) -> Bool {
        var rest = name[...]
        while rest.count > apex.count { rest = rest.dropFirst(1 + Int(rest.first!)) }
        return rest.elementsEqual(apex)
    }

    func exists(_ name: [UInt8]) -> Bool { existing.contains(name) }

    func records(_ name: [UInt8], _ type: UInt16) -> [Record] {
        (records[name] ?? []).filter { type == DNSCode.any || $0.type == type }
    }
}
