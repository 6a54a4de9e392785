import MSSSASL

/// `xtext`: the encoding of parameter values that may hold any character (RFC 3461 §4).
public enum XText {
    /// Encodes octets: `+`, `=`, and what is not visible ASCII become `+` and two upper-case hexadecimal digits.
    public static func encode(_ text: some StringProtocol) -> String {
        var output: [UInt8] = []
        for byte in text.utf8 {
            if byte.isGraphic, byte != UInt8(ascii: "+"), byte != UInt8(ascii: "=") {
                output.append(byte)
            } else {
                output.append(UInt8(ascii: "+"))
                output.append(digits[Int(byte >> 4)])
                output.append(digits[Int(byte & 15)])
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Decodes; `nil` when a character may not stand in xtext, a `+` is not followed by two upper-case hexadecimal
    /// digits, or the result is not UTF-8.
    ///
    /// Lower-case digits are accepted: RFC 3461 has upper case only, but senders differ, and no other reading exists.
    public static func decode(_ octets: some Collection<UInt8>) -> String? {
        var output: [UInt8] = []
        output.reserveCapacity(octets.count)
        var iterator = octets.makeIterator()
        while let byte = iterator.next() {
            guard byte.isGraphic, byte != UInt8(ascii: "=") else { return nil }
            guard byte == UInt8(ascii: "+") else {
                output.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(value), let low = iterator.next().flatMap(value) else {
                return nil
            }
            output.append(high << 4 | low)
        }
        return String(validating: output, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
