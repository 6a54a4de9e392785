/// A zone of the DNS as values: what a ``TestDNSServer`` is authoritative for.
///
/// Names are absolute, without their final dot; the root is the empty name. Case does not matter (RFC 4343).
public struct DNSZone: Sendable, Hashable {
    /// The data of a record; addresses and names as a zone file writes them.
    public enum Data: Sendable, Hashable {
        /// An IPv4 address (RFC 1035 §3.4.1).
        case a(String)
        /// An IPv6 address (RFC 3596).
        case aaaa(String)
        /// A mail exchanger (RFC 1035 §3.3.9); the root as exchange is the null MX of RFC 7505.
        case mx(preference: UInt16, exchange: String)
        /// The location of a service (RFC 2782).
        case srv(priority: UInt16, weight: UInt16, port: UInt16, target: String)
        /// Text (RFC 1035 §3.3.14), in strings of at most 255 octets.
        case txt([String])
        /// A pointer to a name (RFC 1035 §3.3.12).
        case ptr(String)
    }

    /// One record.
    public struct Record: Sendable, Hashable {
        /// The name that owns it.
        public var name: String
        /// Seconds for which an answer may be kept.
        public var timeToLive: UInt32
        /// The data.
        public var data: Data

        /// A record; kept a second unless told otherwise, so that tests see their changes.
        public init(_ name: String, _ data: Data, timeToLive: UInt32 = 1) {
            self.name = name
            self.timeToLive = timeToLive
            self.data = data
        }
    }

    /// The name at the top: every name below it is answered for, whether or not it exists.
    public var apex: String
    /// The serial number of the SOA record.
    public var serial: UInt32
    /// Seconds for which "does not exist" may be kept: the last field of the SOA record (RFC 2308 §4).
    public var negativeTimeToLive: UInt32
    /// The records; SOA and NS of the apex are made from the other properties.
    public var records: [Record]

    /// A zone.
    public init(_ apex: String, serial: UInt32 = 1, negativeTimeToLive: UInt32 = 1, records: [Record] = []) {
        self.apex = apex
        self.serial = serial
        self.negativeTimeToLive = negativeTimeToLive
        self.records = records
    }

    /// Adds what mail for a domain needs: its MX, and the address of that host.
    ///
    /// - Parameter host: the server's name; `mx.` and the domain when absent.
    public mutating func addMail(_ domain: String, host: String? = nil, address: String) {
        let host = host ?? "mx.\(domain)"
        records.append(Record(domain, .mx(preference: 10, exchange: host)))
        let record = Record(host, address.contains(":") ? .aaaa(address) : .a(address))
        if !records.contains(record) { records.append(record) }
    }

    /// The name server that SOA and NS name.
    var server: String { apex.isEmpty ? "ns" : "ns.\(apex)" }
}

extension DNSZone {
    /// The zone as a master file (RFC 1035 §5), a record a line, which other name servers read too.
    public var text: String {
        let origin = Self.absolute(apex)
        var lines = [
            "$ORIGIN \(origin)",
            "\(origin) \(negativeTimeToLive) IN SOA \(Self.absolute(server)) hostmaster.\(origin == "." ? "" : origin) "
                + "\(serial) 3600 600 86400 \(negativeTimeToLive)",
            "\(origin) \(negativeTimeToLive) IN NS \(Self.absolute(server))",
        ]
        lines += records.map { "\(Self.absolute($0.name)) \($0.timeToLive) IN \($0.data.text)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Reads what ``text`` writes: a record a line, names absolute with their final dot, comments after `;`.
    ///
    /// - Throws: ``TestFormatError`` that names the line.
    public init(text: String) throws {
        var zone: DNSZone?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let problem = TestFormatError("zone, line \(index + 1): not understood")
            let fields = try Self.fields(line, problem)
            guard let first = fields.first else { continue }
            if first == "$ORIGIN" {
                guard zone == nil, fields.count == 2 else { throw problem }
                zone = DNSZone(try Self.relative(fields[1], problem))
                continue
            }
            guard zone != nil, fields.count >= 5, fields[2] == "IN", let ttl = UInt32(fields[1]) else { throw problem }
            let name = try Self.relative(first, problem)
            let data = Array(fields[4...])
            switch fields[3] {
            case "SOA":
                guard data.count == 7, let serial = UInt32(data[2]), let negative = UInt32(data[6]) else {
                    throw problem
                }
                zone?.serial = serial
                zone?.negativeTimeToLive = negative
            case "NS": break
            default:
                guard let value = try Data(fields[3], data, problem) else { throw problem }
                zone?.records.append(Record(name, value, timeToLive: ttl))
            }
        }
        guard let zone else { throw TestFormatError("zone: no $ORIGIN") }
        self = zone
    }

    static func absolute(_ name: String) -> String { name.isEmpty ? "." : name + "." }

    static func relative(_ name: String, _ problem: TestFormatError) throws -> String {
        guard name.hasSuffix(".") else { throw problem }
        return String(name.dropLast())
    }

    /// Words of a line, quoted strings whole and with their opening quote; `\"` and `\\` inside them.
    private static func fields(_ line: Substring, _ problem: TestFormatError) throws -> [String] {
        var fields: [String] = []
        var rest = line
        while let first = rest.first, first != ";" {
            rest.removeFirst()
            if first == " " || first == "\t" || first == "\r" { continue }
            var word = String(first)
            if first == "\"" {
                while true {
                    guard let next = rest.popFirst() else { throw problem }
                    if next == "\"" { break }
                    if next != "\\" {
                        word.append(next)
                    } else {
                        guard let escaped = rest.popFirst() else { throw problem }
                        word.append(escaped)
                    }
                }
            } else {
                while let next = rest.first, next != " ", next != "\t", next != "\r", next != ";" {
                    word.append(next)
                    rest.removeFirst()
                }
            }
            fields.append(word)
        }
        return fields
    }
}

extension DNSZone.Data {
    /// Type and data as a master file writes them.
    var text: String {
        switch self {
        case .a(let address): return "A \(address)"
        case .aaaa(let address): return "AAAA \(address)"
        case .mx(let preference, let exchange): return "MX \(preference) \(DNSZone.absolute(exchange))"
        case .srv(let priority, let weight, let port, let target):
            return "SRV \(priority) \(weight) \(port) \(DNSZone.absolute(target))"
        case .txt(let strings):
            let quoted = strings.map { "\"\($0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\"" }
            return "TXT \(quoted.joined(separator: " "))"
        case .ptr(let name): return "PTR \(DNSZone.absolute(name))"
        }
    }

    fileprivate init?(_ type: String, _ fields: [String], _ problem: TestFormatError) throws {
        switch (type, fields.count) {
        case ("A", 1): self = .a(fields[0])
        case ("AAAA", 1): self = .aaaa(fields[0])
        case ("PTR", 1): self = .ptr(try DNSZone.relative(fields[0], problem))
        case ("MX", 2):
            guard let preference = UInt16(fields[0]) else { return nil }
            self = .mx(preference: preference, exchange: try DNSZone.relative(fields[1], problem))
        case ("SRV", 4):
            let numbers = fields.prefix(3).compactMap { UInt16($0) }
            guard numbers.count == 3 else { return nil }
            self = .srv(
                priority: numbers[0], weight: numbers[1], port: numbers[2],
                target: try DNSZone.relative(fields[3], problem))
        case ("TXT", 1...):
            guard fields.allSatisfy({ $0.hasPrefix("\"") }) else { return nil }
            self = .txt(fields.map { String($0.dropFirst()) })
        default: return nil
        }
    }
}
