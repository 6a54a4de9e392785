internal import Glibc

/// Types, classes and codes of the wire that the server knows (RFC 1035 §3.2, RFC 6891, RFC 6895).
enum DNSCode {
    static let a: UInt16 = 1
    static let ns: UInt16 = 2
    static let soa: UInt16 = 6
    static let ptr: UInt16 = 12
    static let mx: UInt16 = 15
    static let txt: UInt16 = 16
    static let aaaa: UInt16 = 28
    static let srv: UInt16 = 33
    static let opt: UInt16 = 41
    static let transfers: ClosedRange<UInt16> = 251...252
    static let any: UInt16 = 255
    static let internet: UInt16 = 1

    static let noError: UInt16 = 0
    static let formatError: UInt16 = 1
    static let serverFailure: UInt16 = 2
    static let nameError: UInt16 = 3
    static let notImplemented: UInt16 = 4
    static let refused: UInt16 = 5
    /// Of EDNS: its upper bits travel in the OPT record.
    static let badVersion: UInt16 = 16
}

/// Writes and reads names and numbers of the wire (RFC 1035 §4).
enum DNSWire {
    /// Octets of a name, its zero included (RFC 1035 §2.3.4).
    static let maximumName = 255
    static let maximumLabel = 63

    static func uint16(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

    static func uint32(_ value: UInt32) -> [UInt8] {
        uint16(UInt16(value >> 16)) + uint16(UInt16(truncatingIfNeeded: value))
    }

    static func uint16(_ bytes: [UInt8], at offset: Int) -> UInt16 {
        UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    /// A name in its uncompressed form.
    static func name(_ text: String) throws -> [UInt8] {
        var wire: [UInt8] = []
        if !text.isEmpty {
            for label in text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
                guard (1...maximumLabel).contains(label.count) else { throw TestFormatError("DNS name \(text)") }
                wire.append(UInt8(label.count))
                wire += label
            }
        }
        wire.append(0)
        guard wire.count <= maximumName else { throw TestFormatError("DNS name \(text)") }
        return wire
    }

    static func address(_ text: String, _ family: Int32) throws -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: 16)
        guard inet_pton(family, text, &octets) == 1 else { throw TestFormatError("DNS address \(text)") }
        return Array(octets.prefix(family == AF_INET ? 4 : 16))
    }

    /// Letters in lower case, octet by octet: names are compared so (RFC 4343).
    static func folded(_ name: some Sequence<UInt8>) -> [UInt8] {
        name.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0 }
    }

    /// The end of an uncompressed name that begins at `start`; `nil` when it is none.
    static func endOfName(_ bytes: [UInt8], from start: Int) -> Int? {
        var offset = start
        while offset < bytes.count {
            let length = Int(bytes[offset])
            offset += 1 + length
            if length == 0 { return offset - start <= maximumName ? offset : nil }
            guard length <= maximumLabel, offset - start < maximumName else { return nil }
        }
        return nil
    }

    /// The same of a name that may end with a pointer, which is not followed (RFC 1035 §4.1.4).
    static func endOfCompressedName(_ bytes: [UInt8], from start: Int) -> Int? {
        var offset = start
        while offset < bytes.count, offset - start < maximumName {
            let length = Int(bytes[offset])
            if length & 0xC0 == 0xC0 { return offset + 2 <= bytes.count ? offset + 2 : nil }
            offset += 1 + length
            if length == 0 { return offset <= bytes.count ? offset : nil }
            guard length <= maximumLabel else { return nil }
        }
        return nil
    }
}

extension DNSZone.Data {
    var type: UInt16 {
        switch self {
        case .a: DNSCode.a
        case .aaaa: DNSCode.aaaa
        case .mx: DNSCode.mx
        case .srv: DNSCode.srv
        case .txt: DNSCode.txt
        case .ptr: DNSCode.ptr
        }
    }

    var wire: [UInt8] {
        get throws {
            switch self {
            case .a(let address): return try DNSWire.address(address, AF_INET)
            case .aaaa(let address): return try DNSWire.address(address, AF_INET6)
            case .mx(let preference, let exchange): return DNSWire.uint16(preference) + (try DNSWire.name(exchange))
            case .srv(let priority, let weight, let port, let target):
                return [priority, weight, port].flatMap { DNSWire.uint16($0) } + (try DNSWire.name(target))
            case .txt(let strings):
                guard !strings.isEmpty, strings.allSatisfy({ $0.utf8.count <= 255 }) else {
                    throw TestFormatError("DNS text")
                }
                return strings.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
            case .ptr(let name): return try DNSWire.name(name)
            }
        }
    }
}
