/// A value of the journal's JSON: what the writer can write, and nothing else.
enum JSONField: Hashable, Sendable {
    case text(String)
    case number(Int)
    case list([String?])
}

/// Reads one object as ``JSONWriting`` writes it. Strict: any other spelling of the same data is refused, so that one
/// record has one form.
struct JSONReading {
    private var bytes: UnsafeBufferPointer<UInt8>
    private var index = 0

    /// The members of an object, or `nil` when the bytes are not one in the journal's form.
    static func object(_ bytes: [UInt8]) -> [String: JSONField]? {
        bytes.withUnsafeBufferPointer { buffer in
            var reader = JSONReading(bytes: buffer)
            return reader.object()
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func object() -> [String: JSONField]? {
        guard take(0x7B) else { return nil }
        var members: [String: JSONField] = [:]
        if !take(0x7D) {
            repeat {
                guard let name = string(), take(0x3A), let value = value(),
                    members.updateValue(value, forKey: name) == nil
                else { return nil }
            } while take(0x2C)
            guard take(0x7D) else { return nil }
        }
        return index == bytes.count ? members : nil
    }

    private mutating func value() -> JSONField? {
        guard index < bytes.count else { return nil }
        switch bytes[index] {
        case 0x22: return string().map { .text($0) }
        case 0x5B: return list().map { .list($0) }
        default: return number().map { .number($0) }
        }
    }

    private mutating func list() -> [String?]? {
        guard take(0x5B) else { return nil }
        var values: [String?] = []
        if take(0x5D) { return values }
        repeat {
            if index + 4 <= bytes.count, bytes[index] == 0x6E, bytes[index + 1] == 0x75, bytes[index + 2] == 0x6C,
                bytes[index + 3] == 0x6C
            {
                index += 4
                values.append(nil)
            } else {
                guard let text = string() else { return nil }
                values.append(text)
            }
        } while take(0x2C)
        return take(0x5D) ? values : nil
    }

    private mutating func number() -> Int? {
        let negative = take(0x2D)
        let start = index
        var value = 0
        while index < bytes.count, 0x30...0x39 ~= bytes[index] {
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = scaled.addingReportingOverflow(Int(bytes[index] - 0x30))
            guard !overflow, !carry else { return nil }
            value = sum
            index += 1
        }
        let digits = index - start
        // One spelling for each number: no leading zero, no minus zero.
        guard digits > 0, digits == 1 || bytes[start] != 0x30, !(negative && value == 0) else { return nil }
        return negative ? -value : value
    }

    private mutating func string() -> String? {
        guard take(0x22) else { return nil }
        let start = index
        while index < bytes.count, bytes[index] >= 0x20, bytes[index] != 0x22, bytes[index] != 0x5C,
            bytes[index] != 0x7F
        {
            index += 1
        }
        if index < bytes.count, bytes[index] == 0x22 {
            defer { index += 1 }
            return String(validating: UnsafeBufferPointer(rebasing: bytes[start..<index]), as: UTF8.self)
        }
        var text = Array(bytes[start..<index])
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case 0x22: return String(validating: text, as: UTF8.self)
            case 0x5C:
                guard index < bytes.count else { return nil }
                let escaped = bytes[index]
                index += 1
                if escaped == 0x22 || escaped == 0x5C {
                    text.append(escaped)
                } else {
                    guard escaped == 0x75, let control = control() else { return nil }
                    text.append(control)
                }
            case 0..<0x20, 0x7F: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    /// `00xx` of a control character.
    private mutating func control() -> UInt8? {
        guard index + 4 <= bytes.count, bytes[index] == 0x30, bytes[index + 1] == 0x30 else { return nil }
        var value: UInt8 = 0
        for offset in 2..<4 {
            switch bytes[index + offset] {
            case let digit where 0x30...0x39 ~= digit: value = value << 4 | (digit - 0x30)
            case let digit where 0x61...0x66 ~= digit: value = value << 4 | (digit - 0x57)
            default: return nil
            }
        }
        index += 4
        return value < 0x20 || value == 0x7F ? value : nil
    }
}
