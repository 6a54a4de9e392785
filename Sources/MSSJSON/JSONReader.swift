/// Why a text is not the JSON that is read here, and where.
package struct JSONFailure: Error, Hashable {
    package enum Reason: String, Hashable { case syntax, encoding, depth, duplicateName }
    package var reason: Reason
    package var line: Int
}

/// A strict reader of RFC 8259: UTF-8, one value, no duplicate names, bounded depth. It knows the lines, which a report
/// needs.
package struct JSONReader {
    package static let maximumDepth = 8
    private static let maximumNumber = 40

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1

    /// Reads one value, and nothing after it.
    package static func read(_ bytes: [UInt8]) throws(JSONFailure) -> JSONNode {
        var reader = JSONReader(bytes: bytes)
        // A byte-order mark is no JSON, and what spreadsheets write.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.index = 3 }
        reader.skipSpace()
        let node = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.index == bytes.count else { throw reader.failure(.syntax) }
        return node
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func failure(_ reason: JSONFailure.Reason) -> JSONFailure { JSONFailure(reason: reason, line: line) }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x0A: line += 1
            case 0x20, 0x09, 0x0D: break
            default: return
            }
            index += 1
        }
    }

    private mutating func take(_ byte: Character) -> Bool {
        guard index < bytes.count, bytes[index] == byte.asciiValue else { return false }
        index += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONFailure) -> JSONNode {
        guard depth <= JSONReader.maximumDepth else { throw failure(.depth) }
        guard index < bytes.count else { throw failure(.syntax) }
        let start = line
        let value: JSONNode.Value
        switch bytes[index] {
        case UInt8(ascii: "{"): value = try object(depth)
        case UInt8(ascii: "["): value = try array(depth)
        case UInt8(ascii: "\""): value = .string(try string())
        case UInt8(ascii: "t"): value = try word("true", .bool(true))
        case UInt8(ascii: "f"): value = try word("false", .bool(false))
        case UInt8(ascii: "n"): value = try word("null", .null)
        default: value = .number(try number())
        }
        return JSONNode(value: value, line: start)
    }

    private mutating func word(_ text: StaticString, _ value: JSONNode.Value) throws(JSONFailure) -> JSONNode.Value {
        let end = index + text.utf8CodeUnitCount
        guard end <= bytes.count, bytes[index..<end].elementsEqual("\(text)".utf8) else { throw failure(.syntax) }
        index = end
        return value
    }

    private mutating func object(_ depth: Int) throws(JSONFailure) -> JSONNode.Value {
        index += 1
        var members: [String: JSONNode] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw failure(.syntax) }
            let name = try string()
            skipSpace()
            guard take(":") else { throw failure(.syntax) }
            skipSpace()
            // Of two members of one name readers take either: what was checked must be what is kept.
            guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else {
                throw failure(.duplicateName)
            }
            skipSpace()
        } while take(",")
        guard take("}") else { throw failure(.syntax) }
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws(JSONFailure) -> JSONNode.Value {
        index += 1
        var items: [JSONNode] = []
        skipSpace()
        if take("]") { return .array(items) }
        repeat {
            skipSpace()
            items.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw failure(.syntax) }
        return .array(items)
    }

    /// RFC 8259 §6, and no longer than any number needs to be.
    private mutating func number() throws(JSONFailure) -> String {
        let start = index
        _ = take("-")
        let digits = index
        guard skipDigits() > 0, bytes[digits] != UInt8(ascii: "0") || index == digits + 1 else {
            throw failure(.syntax)
        }
        if take(".") { guard skipDigits() > 0 else { throw failure(.syntax) } }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard skipDigits() > 0 else { throw failure(.syntax) }
        }
        guard index - start <= JSONReader.maximumNumber else { throw failure(.syntax) }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        // One spelling for zero: a minus before it means nothing.
        guard text != "-0" else { throw failure(.syntax) }
        return text
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
        return index - start
    }

    private mutating func string() throws(JSONFailure) -> String {
        index += 1
        var content: [UInt8] = []
        while true {
            guard index < bytes.count else { throw failure(.syntax) }
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw failure(.encoding) }
                return text
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw failure(.syntax)
            default: content.append(byte)
            }
        }
    }

    private mutating func escape(into content: inout [UInt8]) throws(JSONFailure) {
        guard index < bytes.count else { throw failure(.syntax) }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hexadecimal()
            if (0xD800...0xDBFF).contains(unit) {
                guard take("\\"), take("u") else { throw failure(.encoding) }
                let low = try hexadecimal()
                guard (0xDC00...0xDFFF).contains(low) else { throw failure(.encoding) }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = UnicodeScalar(unit) else { throw failure(.encoding) }
            content += UTF8.encode(scalar)!
        default: throw failure(.syntax)
        }
    }

    private mutating func hexadecimal() throws(JSONFailure) -> UInt32 {
        guard index + 4 <= bytes.count else { throw failure(.syntax) }
        let digits = bytes[index..<(index + 4)]
        guard digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
            let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw failure(.syntax) }
        index += 4
        return unit
    }
}
