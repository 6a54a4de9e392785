/// Reads RFC 4514 §3 with the additions that RFC 2253 §4 asks readers to accept. Works on UTF-8.
struct DistinguishedNameParser {
    private let bytes: [UInt8]
    private var position = 0
    private(set) var irregularities: Set<DistinguishedNameIrregularity> = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// The relative names in the order of the text.
    mutating func parse() throws(DistinguishedNameError) -> [[DistinguishedName.Attribute]] {
        var relativeNames: [[DistinguishedName.Attribute]] = []
        var attributes = 0
        skipSpaces()
        guard next != nil else { return [] }
        var joined = false
        while true {
            attributes += 1
            guard attributes <= DistinguishedName.maximumAttributes else { throw .tooManyAttributes }
            let attribute = try attribute()
            if joined {
                relativeNames[relativeNames.count - 1].append(attribute)
            } else {
                relativeNames.append([attribute])
            }
            guard let separator = next else { return relativeNames }
            position += 1
            joined = separator == UInt8(ascii: "+")
            if separator == UInt8(ascii: ";") { irregularities.insert(.semicolon) }
            skipSpaces()
            guard next != nil else { throw .missingAttribute }
        }
    }

    private mutating func skipSpaces() {
        while next == UInt8(ascii: " ") {
            irregularities.insert(.spaceAroundSeparator)
            position += 1
        }
    }

    /// Stops at a separator or the end.
    private mutating func attribute() throws(DistinguishedNameError) -> DistinguishedName.Attribute {
        let type = try type()
        skipSpaces()
        if next == UInt8(ascii: "#") { return DistinguishedName.Attribute(type, try hexadecimalValue()) }
        let value: [UInt8]
        if next == UInt8(ascii: "\"") { value = try quotedValue() } else { value = try plainValue() }
        guard let text = String(validating: value, as: UTF8.self), !value.contains(0) else { throw .invalidText }
        note(text)
        return DistinguishedName.Attribute(type, text)
    }

    private mutating func type() throws(DistinguishedNameError) -> AttributeType {
        let start = position
        while let byte = next, byte != UInt8(ascii: "="), !isSeparator(byte) { position += 1 }
        guard next == UInt8(ascii: "=") else { throw .missingType }
        var name = bytes[start..<position]
        while name.last == UInt8(ascii: " ") {
            irregularities.insert(.spaceAroundSeparator)
            name.removeLast()
        }
        position += 1
        guard !name.isEmpty else { throw .missingType }
        let text = String(decoding: name, as: UTF8.self)
        guard let type = AttributeType(text) else { throw .unknownType(String(text.prefix(64))) }
        if name.starts(with: [0x4F, 0x49, 0x44, 0x2E]) || name.starts(with: [0x6F, 0x69, 0x64, 0x2E]) {
            irregularities.insert(.oidPrefix)
        }
        return type
    }

    private func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "+")
    }

    private mutating func hexadecimalValue() throws(DistinguishedNameError) -> AttributeValue {
        position += 1
        var der: [UInt8] = []
        while let high = next?.hexadecimalValue {
            guard position + 1 < bytes.count, let low = bytes[position + 1].hexadecimalValue else {
                throw .invalidHexadecimal
            }
            der.append(high << 4 | low)
            position += 2
        }
        skipSpaces()
        guard next.map(isSeparator) ?? true else { throw .invalidHexadecimal }
        var reader = DERReader(der)
        guard !der.isEmpty, let value = try? AttributeValue(reading: &reader), reader.isAtEnd else {
            throw .invalidHexadecimal
        }
        return value
    }

    private mutating func quotedValue() throws(DistinguishedNameError) -> [UInt8] {
        irregularities.insert(.quotedValue)
        position += 1
        var value: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            if byte == UInt8(ascii: "\\") {
                value.append(try escape())
            } else {
                value.append(byte)
                position += 1
            }
        }
        guard next != nil else { throw .malformedQuotedValue }
        position += 1
        skipSpaces()
        guard next.map(isSeparator) ?? true else { throw .malformedQuotedValue }
        return value
    }

    /// Up to a separator; spaces at the end are dropped unless escaped.
    private mutating func plainValue() throws(DistinguishedNameError) -> [UInt8] {
        var value: [UInt8] = []
        value.reserveCapacity(64)
        var kept = 0
        while let byte = next, !isSeparator(byte) {
            if byte == UInt8(ascii: "\\") {
                value.append(try escape())
                kept = value.count
                continue
            }
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") {
                irregularities.insert(.unescapedSpecial)
            }
            value.append(byte)
            position += 1
            if byte != UInt8(ascii: " ") { kept = value.count }
        }
        if kept < value.count { irregularities.insert(.spaceAroundSeparator) }
        value.removeLast(value.count - kept)
        return value
    }

    /// `\` and a special character, or `\` and two hexadecimal digits (RFC 4514 §3 `pair`).
    private mutating func escape() throws(DistinguishedNameError) -> UInt8 {
        position += 1
        guard let byte = next else { throw .invalidEscape }
        if " \"#+,;<=>\\".utf8.contains(byte) {
            position += 1
            return byte
        }
        guard let high = byte.hexadecimalValue, position + 1 < bytes.count,
            let low = bytes[position + 1].hexadecimalValue
        else { throw .invalidEscape }
        position += 2
        return high << 4 | low
    }

    private mutating func note(_ text: String) {
        if text.isEmpty { irregularities.insert(.emptyValue) }
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if scalar == " ", previous == " " { irregularities.insert(.repeatedSpace) }
            if scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value) || scalar.value == 0x202F {
                irregularities.insert(.unusualSpace)
            }
            previous = scalar
        }
        if previous == " ", !text.isEmpty { irregularities.insert(.repeatedSpace) }
    }
}
