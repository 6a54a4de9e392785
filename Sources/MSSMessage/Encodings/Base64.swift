/// Base64 (RFC 2045 §6.8): a strict encoder and a tolerant decoder, both streaming.
public enum Base64 {
    static let alphabet: [UInt8] = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Both characters of every twelve-bit group, so that three octets cost two look-ups.
    static let pairs: [UInt16] = (0..<4096).map {
        UInt16(littleEndian: UInt16(alphabet[$0 >> 6]) | UInt16(alphabet[$0 & 63]) << 8)
    }

    /// What a character stands for: 0 to 63, 64 for `=`, 255 for what is skipped.
    static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        table[Int(UInt8(ascii: "="))] = 64
        return table
    }()

    /// Encodes without line ends.
    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { output, count in
            bytes.withUnsafeBytes { input in
                guard let base = input.baseAddress else { return }
                count = encode(base, input.count, into: UnsafeMutableRawPointer(output.baseAddress!))
            }
        }
    }

    /// Encodes `count` octets without line ends, padding at the end; returns the number of characters written.
    static func encode(_ input: UnsafeRawPointer, _ count: Int, into output: UnsafeMutableRawPointer) -> Int {
        pairs.withUnsafeBufferPointer { pairs in
            let pair = pairs.baseAddress!
            var from = input
            var to = output
            for _ in 0..<(count / 3) {
                let group =
                    UInt32(from.load(as: UInt8.self)) << 16
                    | UInt32(from.load(fromByteOffset: 1, as: UInt8.self)) << 8
                    | UInt32(from.load(fromByteOffset: 2, as: UInt8.self))
                to.storeBytes(of: pair[Int(group >> 12)], as: UInt16.self)
                to.storeBytes(of: pair[Int(group & 4095)], toByteOffset: 2, as: UInt16.self)
                from += 3
                to += 4
            }
            let rest = count % 3
            if rest > 0 {
                var group = UInt32(from.load(as: UInt8.self)) << 16
                if rest == 2 { group |= UInt32(from.load(fromByteOffset: 1, as: UInt8.self)) << 8 }
                to.storeBytes(of: pair[Int(group >> 12)], as: UInt16.self)
                to.storeBytes(
                    of: rest == 2 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="), toByteOffset: 2, as: UInt8.self)
                to.storeBytes(of: UInt8(ascii: "="), toByteOffset: 3, as: UInt8.self)
                to += 4
            }
            return to - output
        }
    }

    /// Decodes, skipping what is not in the alphabet; a last group cut short gives the octets it holds.
    public static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var decoder = Base64Decoder()
        var output: [UInt8] = []
        bytes.withUnsafeBytes { decoder.decode($0, into: &output) }
        decoder.finish(into: &output)
        return output
    }
}

/// Decodes base64 given in chunks (RFC 2045 §6.8: characters outside the alphabet are ignored).
///
/// Padding ends a group, not the content: concatenated base64, as careless gateways make it, is read through.
public struct Base64Decoder: Sendable {
    private var group: UInt32 = 0
    private var filled = 0
    /// Characters outside the alphabet, blanks and line ends not counted.
    public private(set) var skipped = 0
    /// Whether the content ended within a group.
    public private(set) var isTruncated = false

    /// A decoder at the start of its content.
    public init() {}

    /// Decodes a chunk and appends the octets to `output`.
    public mutating func decode(_ chunk: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        guard let base = chunk.baseAddress else { return }
        let needed = (chunk.count + 6) / 4 * 3
        let decoded = [UInt8](unsafeUninitializedCapacity: needed) { buffer, count in
            count = Base64.values.withUnsafeBufferPointer {
                decode(base, chunk.count, table: $0.baseAddress!, into: buffer.baseAddress!)
            }
        }
        if output.isEmpty { output = decoded } else { output.append(contentsOf: decoded) }
    }

    private mutating func decode(
        _ input: UnsafeRawPointer, _ count: Int, table: UnsafePointer<UInt8>, into output: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var position = 0
        var written = 0
        while position < count {
            // Whole groups of the alphabet, four characters at a time.
            if filled == 0 {
                while position + 4 <= count {
                    let word = input.loadUnaligned(fromByteOffset: position, as: UInt32.self).littleEndian
                    let first = table[Int(word & 255)]
                    let second = table[Int(word >> 8 & 255)]
                    let third = table[Int(word >> 16 & 255)]
                    let fourth = table[Int(word >> 24)]
                    if (first | second | third | fourth) > 63 { break }
                    output[written] = first << 2 | second >> 4
                    output[written + 1] = second << 4 | third >> 2
                    output[written + 2] = third << 6 | fourth
                    written += 3
                    position += 4
                }
                guard position < count else { break }
            }
            let byte = input.load(fromByteOffset: position, as: UInt8.self)
            position += 1
            let value = table[Int(byte)]
            if value < 64 {
                group = group << 6 | UInt32(value)
                filled += 1
                if filled == 4 {
                    output[written] = UInt8(truncatingIfNeeded: group >> 16)
                    output[written + 1] = UInt8(truncatingIfNeeded: group >> 8)
                    output[written + 2] = UInt8(truncatingIfNeeded: group)
                    written += 3
                    group = 0
                    filled = 0
                }
            } else if value == 64 {
                written += flush { output[written + $0] = $1 }
            } else if !Ascii.isBlank(byte) {
                skipped += 1
            }
        }
        return written
    }

    /// Ends the content: appends what a last, unpadded group holds.
    public mutating func finish(into output: inout [UInt8]) {
        if filled > 0 { isTruncated = true }
        _ = flush { output.append($1) }
    }

    /// Writes the octets of an incomplete group and forgets it.
    private mutating func flush(_ write: (Int, UInt8) -> Void) -> Int {
        defer {
            group = 0
            filled = 0
        }
        switch filled {
        case 2:
            write(0, UInt8(truncatingIfNeeded: group >> 4))
            return 1
        case 3:
            write(0, UInt8(truncatingIfNeeded: group >> 10))
            write(1, UInt8(truncatingIfNeeded: group >> 2))
            return 2
        default: return 0
        }
    }
}

/// Encodes octets given in chunks as base64 lines of 76 characters.
struct Base64LineEncoder {
    /// Octets of a line.
    static let line = 57
    private var rest: [UInt8] = []

    /// Encodes a chunk; octets of an incomplete line are kept for the next.
    mutating func encode(_ chunk: UnsafeRawBufferPointer) -> [UInt8] {
        guard let base = chunk.baseAddress else { return [] }
        if rest.count + chunk.count < Self.line {
            rest.append(contentsOf: chunk)
            return []
        }
        var position = 0
        let lines = (rest.count + chunk.count) / Self.line
        let output = [UInt8](unsafeUninitializedCapacity: lines * 78) { buffer, count in
            var to = UnsafeMutableRawPointer(buffer.baseAddress!)
            var left = lines
            if !rest.isEmpty {
                position = Self.line - rest.count
                rest.append(contentsOf: chunk[..<position])
                rest.withUnsafeBytes { Self.encodeLine($0.baseAddress!, into: &to) }
                rest.removeAll(keepingCapacity: true)
                left -= 1
            }
            for _ in 0..<left {
                Self.encodeLine(base + position, into: &to)
                position += Self.line
            }
            count = lines * 78
        }
        if position < chunk.count { rest.append(contentsOf: chunk[position...]) }
        return output
    }

    /// Ends the content: the last line, when there is one.
    mutating func finish() -> [UInt8] {
        guard !rest.isEmpty else { return [] }
        defer { rest = [] }
        return Base64.encode(rest) + [Ascii.cr, Ascii.lf]
    }

    private static func encodeLine(_ input: UnsafeRawPointer, into output: inout UnsafeMutableRawPointer) {
        _ = Base64.encode(input, line, into: output)
        output.storeBytes(of: Ascii.cr, toByteOffset: 76, as: UInt8.self)
        output.storeBytes(of: Ascii.lf, toByteOffset: 77, as: UInt8.self)
        output += 78
    }
}
