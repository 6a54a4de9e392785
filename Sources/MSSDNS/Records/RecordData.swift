/// The data of one resource record, read from its wire form.
public enum RecordData: Hashable, Sendable {
    /// An A or AAAA record.
    case address(IPAddress)
    /// An MX record.
    case mailExchanger(MXRecord)
    /// A SRV record.
    case service(SRVRecord)
    /// A PTR record.
    case pointer(DNSName)

    /// Reads record data from the wire, its names uncompressed (as libunbound hands them over).
    /// - Throws: ``DNSFailure/malformedRecord(_:)`` when the octets are not exactly one record of the type, or when a name
    ///   in it is no host name.
    public init(type: DNSRecordType, wire: [UInt8]) throws(DNSFailure) {
        var reader = WireReader(wire)
        switch type {
        case .a, .aaaa:
            let octets = try reader.take(type == .a ? 4 : 16)
            guard let address = IPAddress(octets: octets) else { throw .malformedRecord("address") }
            self = .address(address)
        case .mx:
            let preference = try reader.takeUInt16()
            self = .mailExchanger(MXRecord(preference: preference, exchange: try reader.takeName()))
        case .ptr:
            self = .pointer(try reader.takeName())
        case .srv:
            let (priority, weight, port) = (
                try reader.takeUInt16(), try reader.takeUInt16(), try reader.takeUInt16()
            )
            self = .service(
                SRVRecord(priority: priority, weight: weight, port: port, target: try reader.takeName()))
        }
        guard reader.isAtEnd else { throw .malformedRecord("octets after the record") }
    }
}

/// A mail exchanger of a domain (RFC 5321 §5.1).
public struct MXRecord: Hashable, Sendable {
    /// Lower is preferred.
    public var preference: UInt16
    /// The host; the root name is the null MX of RFC 7505.
    public var exchange: DNSName

    /// A record from its preference and host.
    public init(preference: UInt16, exchange: DNSName) {
        self.preference = preference
        self.exchange = exchange
    }
}

/// The location of a service (RFC 2782).
public struct SRVRecord: Hashable, Sendable {
    /// Lower is tried first.
    public var priority: UInt16
    /// Share of the choice among records of one priority.
    public var weight: UInt16
    /// The port.
    public var port: UInt16
    /// The host; the root name means that the service is decidedly not available.
    public var target: DNSName

    /// A record from its parts.
    public init(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName) {
        self.priority = priority
        self.weight = weight
        self.port = port
        self.target = target
    }
}

/// Reads uncompressed wire data with every bound checked.
struct WireReader {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func take(_ count: Int) throws(DNSFailure) -> [UInt8] {
        guard bytes.count - offset >= count else { throw .malformedRecord("truncated") }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    mutating func takeUInt16() throws(DNSFailure) -> UInt16 {
        let pair = try take(2)
        return UInt16(pair[0]) << 8 | UInt16(pair[1])
    }

    mutating func takeName() throws(DNSFailure) -> DNSName {
        var text = ""
        while true {
            let length = Int(try take(1)[0])
            if length == 0 { break }
            guard length <= DNSName.Limits.label else { throw .malformedRecord("compressed or oversized label") }
            if !text.isEmpty { text += "." }
            let label = try take(length)
            // A dot inside a label would change the name once written; DNSName refuses the other odd characters.
            guard !label.contains(UInt8(ascii: ".")) else { throw .malformedRecord("dot inside a label") }
            text += String(decoding: label, as: UTF8.self)
        }
        guard !text.isEmpty else { return .root }
        do { return try DNSName(text) } catch { throw .malformedRecord("name: \(error)") }
    }
}
