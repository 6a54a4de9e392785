/// Writes DER (X.690 §10): just what an OCSP request needs.
enum DER {
    /// A value: tag, length, content.
    static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var bytes = [tag]
        if content.count < 0x80 {
            bytes.append(UInt8(content.count))
        } else {
            var length: [UInt8] = []
            var rest = content.count
            while rest > 0 {
                length.insert(UInt8(rest & 0xFF), at: 0)
                rest >>= 8
            }
            bytes.append(0x80 | UInt8(length.count))
            bytes += length
        }
        return bytes + content
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { value(DERTag.sequence, parts.flatMap { $0 }) }

    static func octets(_ content: [UInt8]) -> [UInt8] { value(DERTag.octetString, content) }

    static func identifier(_ content: [UInt8]) -> [UInt8] { value(DERTag.objectIdentifier, content) }

    /// A non-negative INTEGER from its magnitude.
    static func unsigned(_ magnitude: [UInt8]) -> [UInt8] {
        let digits = Array(magnitude.drop { $0 == 0 })
        guard let first = digits.first else { return value(DERTag.integer, [0]) }
        return value(DERTag.integer, first >= 0x80 ? [0] + digits : digits)
    }

    static let null: [UInt8] = [DERTag.null, 0]
}
