/// UTF-16 octets to text.
enum UTF16Decoding {
    static func decode(_ bytes: ArraySlice<UInt8>) -> String {
        if bytes.starts(with: [0xFF, 0xFE]) { return decode(bytes.dropFirst(2), littleEndian: true) }
        if bytes.starts(with: [0xFE, 0xFF]) { return decode(bytes.dropFirst(2), littleEndian: false) }
        // No mark: Latin text has its zero octets first in big-endian order.
        var even = 0
        var odd = 0
        for (index, byte) in bytes.prefix(512).enumerated() where byte == 0 {
            if index & 1 == 0 { even += 1 } else { odd += 1 }
        }
        return decode(bytes, littleEndian: odd > even)
    }

    static func decode(_ bytes: ArraySlice<UInt8>, littleEndian: Bool) -> String {
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            units.append(littleEndian ? second << 8 | first : first << 8 | second)
            index += 2
        }
        return String(decoding: units, as: UTF16.self)
    }
}

/// UTF-7 (RFC 2152).
enum UTF7 {
    static func decode(_ bytes: ArraySlice<UInt8>) -> String {
        var text: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "+") else {
                text.append(byte)
                continue
            }
            let start = index
            var units: [UInt16] = []
            var bits: UInt32 = 0
            var held = 0
            while index < bytes.endIndex, case let value = Base64.values[Int(bytes[index])], value < 64 {
                bits = bits << 6 | UInt32(value)
                held += 6
                if held >= 16 {
                    held -= 16
                    units.append(UInt16(truncatingIfNeeded: bits >> UInt32(held)))
                    bits &= (1 << UInt32(held)) - 1
                }
                index += 1
            }
            if index == start {
                text.append(UInt8(ascii: "+"))
                if index < bytes.endIndex, bytes[index] == UInt8(ascii: "-") { index += 1 }
                continue
            }
            text += String(decoding: units, as: UTF16.self).utf8
            if index < bytes.endIndex, bytes[index] == UInt8(ascii: "-") { index += 1 }
        }
        return HeaderText.string(text)
    }
}
