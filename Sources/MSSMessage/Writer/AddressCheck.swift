/// Whether an address can be written in a header without changing its meaning.
enum AddressCheck {
    /// Accepts `dot-atom@domain`, quoted local parts, domain literals and bare local parts (RFC 5322 §3.4.1).
    static func verify(_ address: String, field: String, utf8: Bool) throws(WriterError) {
        var quoted = false
        var escaped = false
        var ascii = true
        guard !address.isEmpty else { throw .invalidAddress(field: field) }
        for byte in address.utf8 {
            if byte > 127 { ascii = false }
            if byte < 32 || byte == 127 { throw .invalidAddress(field: field) }
            if quoted {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    quoted = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): quoted = true
            case UInt8(ascii: "@"), UInt8(ascii: "."), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"): break
            case 128...: break
            default: guard Ascii.isAtext(byte) else { throw .invalidAddress(field: field) }
            }
        }
        // A colon outside a domain literal would end a group's name or a route.
        if address.contains(":"), !(address.hasSuffix("]") && address.contains("@[")) {
            throw .invalidAddress(field: field)
        }
        if quoted { throw .invalidAddress(field: field) }
        if !ascii && !utf8 { throw .needsSMTPUTF8(field: field) }
    }
}
