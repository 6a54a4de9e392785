public import MSSCore
public import NIOCore

/// Reads replies from the bytes of a server, as they come. It never holds more than one reply.
///
/// A hostile server gains nothing by endless lines or endless continuation lines: both are bounded. What does no harm
/// is mended rather than refused, since a reply decides over a message that a person waits for: lines that end with a
/// bare LF, texts longer than RFC 5321 §4.5.3.1.5 allows, Latin-1 or control characters in the text (decision 0120).
public struct SMTPReplyReader: Sendable {
    /// Octets of one line held before the server is given up: eight times what RFC 5321 §4.5.3.1.5 allows.
    public static let maximumLineLength = 4096

    private var buffer = ByteBuffer()
    private var lines: [String] = []
    /// Octets of `buffer` known to hold no LF.
    private var scanned = 0

    /// A reader at the start of a reply.
    public init() {}

    /// Octets received that belong to no reply yet: what a server sent too early, or the beginning of a reply.
    public var unread: Int { buffer.readableBytes + lines.count }

    /// Takes bytes of the server.
    public mutating func append(_ bytes: inout ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes.readSlice(length: bytes.readableBytes) ?? ByteBuffer()
            scanned = 0
        } else {
            buffer.writeBuffer(&bytes)
        }
    }

    /// The next reply, `nil` when more bytes must come.
    /// - Throws: `SMTPReplyError`; the connection cannot go on, since the end of the reply is not known.
    public mutating func next() throws(SMTPReplyError) -> SMTPReply? {
        while true {
            let view = buffer.readableBytesView
            guard let end = view.dropFirst(scanned).firstIndex(of: UInt8(ascii: "\n")) else {
                scanned = view.count
                guard scanned < Self.maximumLineLength else { throw .lineTooLong }
                if buffer.readableBytes == 0 { buffer = ByteBuffer() }  // an idle connection holds no memory
                return nil
            }
            guard end - view.startIndex < Self.maximumLineLength else { throw .lineTooLong }
            var line = view[view.startIndex..<end]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            let text = Self.mended(line)
            buffer.moveReaderIndex(forwardBy: end - view.startIndex + 1)
            scanned = 0
            lines.append(text)
            guard lines.count <= SMTPReply.maximumLines else { throw .tooManyLines }
            let codes = Array(text.utf8.prefix(4))
            guard codes.count >= 3, codes[..<3].allSatisfy({ (0x30...0x39).contains($0) }) else { throw .malformedCode }
            if codes.count > 3, codes[3] == UInt8(ascii: "-") { continue }
            defer { lines = [] }
            return try SMTPReply.parse(lines: lines)
        }
    }

    /// The line as `SMTPReply` takes it: codes untouched, text as clean UTF-8 of the length allowed.
    private static func mended(_ line: ByteBufferView) -> String {
        let room = SMTPReply.maximumLineLength - 2
        if line.count <= room, line.allSatisfy({ (0x20..<0x7F).contains($0) }) {
            return String(decoding: line, as: UTF8.self)
        }
        var text = ""
        var used = 0
        for scalar in String(decoding: line, as: UTF8.self).unicodeScalars {
            let control = scalar.value < 0x20 && scalar != "\t" || (0x7F...0x9F).contains(scalar.value)
            let clean: Unicode.Scalar = control ? " " : scalar
            used += UTF8.width(clean)
            guard used <= room else { break }
            text.unicodeScalars.append(clean)
        }
        return text
    }
}
