/// A question as it came over the wire, or why there is none to answer.
struct DNSQuestion {
    /// What is not answered with data.
    enum Unanswerable: Error {
        /// Nothing is sent: too short to have an identifier, or itself an answer (two servers would never stop).
        case ignored
        /// An answer that holds this code and no question.
        case code(UInt16)
    }

    /// Identifier and flags.
    let identifier: UInt16
    let wantsRecursion: Bool
    /// The question section, octet for octet: an answer repeats it, case included.
    let section: [UInt8]
    /// The name, in lower case.
    let name: [UInt8]
    let type: UInt16
    let isInternet: Bool
    /// Octets that the asker takes in a datagram, when it speaks EDNS (RFC 6891 §6.2.3).
    let payload: Int?
    /// A version of EDNS other than 0 was asked for.
    let isOtherVersion: Bool

    static let headerSize = 12
    /// Further records that a question may bring.
    private static let maximumAdditional = 4

    init(_ bytes: [UInt8]) throws(Unanswerable) {
        guard bytes.count >= Self.headerSize, bytes[2] & 0x80 == 0 else { throw .ignored }
        identifier = DNSWire.uint16(bytes, at: 0)
        wantsRecursion = bytes[2] & 0x01 != 0
        guard bytes[2] & 0x78 == 0 else { throw .code(DNSCode.notImplemented) }
        // RFC 9619: a question section holds one question.
        let additional = Int(DNSWire.uint16(bytes, at: 10))
        guard DNSWire.uint16(bytes, at: 4) == 1, DNSWire.uint16(bytes, at: 6) == 0, DNSWire.uint16(bytes, at: 8) == 0,
            additional <= Self.maximumAdditional, let end = DNSWire.endOfName(bytes, from: Self.headerSize),
            bytes.count >= end + 4
        else { throw .code(DNSCode.formatError) }
        section = Array(bytes[Self.headerSize..<end + 4])
        name = DNSWire.folded(bytes[Self.headerSize..<end])
        type = DNSWire.uint16(bytes, at: end)
        let queryClass = DNSWire.uint16(bytes, at: end + 2)
        isInternet = queryClass == DNSCode.internet || queryClass == DNSCode.any

        var offset = end + 4
        var extended: (payload: Int, version: UInt8)?
        for _ in 0..<additional {
            guard let nameEnd = DNSWire.endOfCompressedName(bytes, from: offset), bytes.count >= nameEnd + 10 else {
                throw .code(DNSCode.formatError)
            }
            if DNSWire.uint16(bytes, at: nameEnd) == DNSCode.opt {
                // RFC 6891 §6.1.1: at most one, its name the root.
                guard extended == nil, nameEnd == offset + 1 else { throw .code(DNSCode.formatError) }
                extended = (Int(DNSWire.uint16(bytes, at: nameEnd + 2)), bytes[nameEnd + 5])
            }
            offset = nameEnd + 10 + Int(DNSWire.uint16(bytes, at: nameEnd + 8))
            guard bytes.count >= offset else { throw .code(DNSCode.formatError) }
        }
        guard offset == bytes.count else { throw .code(DNSCode.formatError) }
        payload = extended?.payload
        isOtherVersion = extended.map { $0.version != 0 } ?? false
    }
}
