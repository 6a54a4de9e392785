import Glibc

/// Quoted-printable (RFC 2045 §6.7): an encoder for text, and a tolerant decoder.
public enum QuotedPrintable {
    /// Encodes text whose lines end with CRLF; no line passes 76 characters.
    ///
    /// A line starting with `From ` is protected too: mbox stores would alter it.
    public static func encode(text: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count + text.count / 8)
        var column = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == Ascii.cr, index + 1 < text.count, text[index + 1] == Ascii.lf {
                output.append(Ascii.cr)
                output.append(Ascii.lf)
                column = 0
                index += 2
                continue
            }
            let atLineEnd =
                index + 1 == text.count
                || (index + 2 < text.count && text[index + 1] == Ascii.cr
                    && text[index + 2] == Ascii.lf)
            let blank = byte == Ascii.space || byte == Ascii.tab
            var plain = blank ? !atLineEnd : byte > 32 && byte < 127 && byte != UInt8(ascii: "=")
            if column == 0, byte == UInt8(ascii: "F"), text[index...].starts(with: "From ".utf8) { plain = false }
            let width = plain ? 1 : 3
            // A soft break takes the last column, unless the line ends here anyway.
            if column + width > (atLineEnd ? 76 : 75) {
                output += [UInt8(ascii: "="), Ascii.cr, Ascii.lf]
                column = 0
            }
            if plain {
                output.append(byte)
            } else {
                output += [UInt8(ascii: "="), Ascii.hexDigits[Int(byte >> 4)], Ascii.hexDigits[Int(byte & 15)]]
            }
            column += width
            index += 1
        }
        return output
    }

    /// Decodes; what is not an escape stays as it is, blanks at line ends vanish (RFC 2045 §6.7 (3)).
    public static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var decoder = QuotedPrintableDecoder()
        var output: [UInt8] = []
        bytes.withUnsafeBytes { decoder.decode($0, into: &output) }
        decoder.finish(into: &output)
        return output
    }
}

/// Decodes quoted-printable given in chunks.
public struct QuotedPrintableDecoder: Sendable {
    /// Longest run of blanks kept back to see whether a line end follows; beyond, the blanks are content.
    private static let longestRun = 4096
    private var pending: [UInt8] = []
    /// Escapes that were none, left in the content as they stood.
    public private(set) var malformed = 0

    /// A decoder at the start of its content.
    public init() {}

    /// Decodes a chunk and appends the octets to `output`.
    public mutating func decode(_ chunk: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        guard chunk.count > 0 else { return }
        if pending.isEmpty {
            scan(chunk, last: false, into: &output)
        } else {
            let joined = pending + chunk
            pending = []
            joined.withUnsafeBytes { scan($0, last: false, into: &output) }
        }
    }

    /// Ends the content.
    public mutating func finish(into output: inout [UInt8]) {
        let joined = pending
        pending = []
        joined.withUnsafeBytes { scan($0, last: true, into: &output) }
    }

    private mutating func scan(_ input: UnsafeRawBufferPointer, last: Bool, into output: inout [UInt8]) {
        var position = 0
        let count = input.count
        output.reserveCapacity(output.count + count)
        while position < count {
            let byte = input[position]
            if byte == UInt8(ascii: "=") {
                guard let next = escape(input, position, last: last, into: &output) else {
                    pending.append(contentsOf: input[position...])
                    return
                }
                position = next
            } else if byte == Ascii.space || byte == Ascii.tab {
                let start = position
                while position < count, input[position] == Ascii.space || input[position] == Ascii.tab { position += 1 }
                if position < count {
                    let lineEnd =
                        input[position] == Ascii.lf
                        || (input[position] == Ascii.cr
                            && (position + 1 < count ? input[position + 1] == Ascii.lf : last))
                    if input[position] == Ascii.cr, position + 1 == count, !last {
                        pending.append(contentsOf: input[start...])
                        return
                    }
                    if !lineEnd { output.append(contentsOf: UnsafeRawBufferPointer(rebasing: input[start..<position])) }
                } else if position - start > Self.longestRun {
                    output.append(contentsOf: UnsafeRawBufferPointer(rebasing: input[start..<position]))
                } else if !last {
                    pending.append(contentsOf: input[start...])
                    return
                }
            } else {
                let start = position
                while position < count, input[position] != UInt8(ascii: "=") {
                    // A blank before more text is content: a whole line is appended at once.
                    if input[position] == Ascii.space || input[position] == Ascii.tab {
                        guard position + 1 < count, input[position + 1] > Ascii.space else { break }
                    }
                    position += 1
                }
                output.append(contentsOf: UnsafeRawBufferPointer(rebasing: input[start..<position]))
            }
        }
    }

    /// Reads the escape at `position`; returns the position after it, or `nil` when more octets are needed.
    private mutating func escape(
        _ input: UnsafeRawBufferPointer, _ position: Int, last: Bool, into output: inout [UInt8]
    ) -> Int? {
        let count = input.count
        if position + 2 < count || (last && position + 2 <= count - 1) {
            if let high = Ascii.hexValue(input[position + 1]), let low = Ascii.hexValue(input[position + 2]) {
                output.append(high << 4 | low)
                return position + 3
            }
        }
        // Soft line break, blanks before the line end tolerated.
        var next = position + 1
        while next < count, input[next] == Ascii.space || input[next] == Ascii.tab { next += 1 }
        if next < count {
            if input[next] == Ascii.lf { return next + 1 }
            if input[next] == Ascii.cr {
                if next + 1 < count {
                    if input[next + 1] == Ascii.lf { return next + 2 }
                } else if !last {
                    return nil
                } else {
                    return next + 1
                }
            }
            if next == position + 1, next + 1 == count, !last, Ascii.hexValue(input[next]) != nil { return nil }
        } else if !last, next - position <= Self.longestRun {
            return nil
        } else if last {
            return next
        }
        malformed += 1
        output.append(UInt8(ascii: "="))
        return position + 1
    }
}
