/// Puts a message into `DATA`: adds the dots (RFC 5321 §4.5.2) and the end.
///
/// A message with bare CR or LF, or NUL, must not be sent: the octets pass unchanged and are noted in ``faults``, and
/// the caller ends the connection instead of the message.
public struct DotStuffingEncoder: Sendable {
    private var scanner = LineScanner()

    /// What was found so far; complete only after ``finish()``.
    public var faults: LineFaults { scanner.faults }

    /// An encoder at the start of the message.
    public init() {}

    /// Encodes input; calls `emit` with the pieces to send, in order.
    public mutating func encode(_ input: UnsafeRawBufferPointer, _ emit: (LinePiece) -> Void) {
        var kept = 0
        scanner.scan(input) { lineStart in
            guard input[lineStart] == UInt8(ascii: ".") else { return }
            if kept < lineStart { emit(.input(kept..<lineStart)) }
            emit(.octet(UInt8(ascii: ".")))
            kept = lineStart
        }
        if kept < input.count { emit(.input(kept..<input.count)) }
    }

    /// Encodes octets at hand.
    public mutating func encode(_ input: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(input.count + 16)
        input.withUnsafeBytes { bytes in
            encode(bytes) { piece in
                switch piece {
                case .input(let range): output.append(contentsOf: bytes[range])
                case .octet(let octet): output.append(octet)
                }
            }
        }
        return output
    }

    /// What ends the message: `.CRLF`, after a CRLF when the last line has none.
    public mutating func finish() -> [UInt8] {
        let isAtLineStart = scanner.isAtLineStart
        scanner.finish()
        return Array((isAtLineStart ? ".\r\n" : "\r\n.\r\n").utf8)
    }
}
