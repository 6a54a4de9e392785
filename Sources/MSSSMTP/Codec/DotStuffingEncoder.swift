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

/// Looks for the starts of lines and for what has no place in them, over input in pieces of any size.
public struct LineScanner: Sendable {
    private enum State {
        case lineStart
        case text
        case carriageReturn
    }

    private var state = State.lineStart
    /// What was found so far.
    public private(set) var faults: LineFaults = []
    /// Whether the next octet begins a line.
    public var isAtLineStart: Bool { state == .lineStart }

    /// A scanner at the start of the first line.
    public init() {}

    /// Reads input; calls `line` with the offset of the first octet of each line.
    public mutating func scan(_ input: UnsafeRawBufferPointer, line: (Int) -> Void = { _ in }) {
        var index = 0
        while index < input.count {
            switch state {
            case .lineStart:
                line(index)
                state = .text
            case .text:
                let end = input.offset(of: .carriageReturn, in: index..<input.count)
                if !faults.contains(.bareLineFeed), input.offset(of: .lineFeed, in: index..<end) < end {
                    faults.insert(.bareLineFeed)
                }
                index = end
                guard index < input.count else { break }
                index += 1
                state = .carriageReturn
            case .carriageReturn:
                if input[index] == .lineFeed {
                    index += 1
                    state = .lineStart
                } else {
                    faults.insert(.bareCarriageReturn)
                    state = .text
                }
            }
        }
        if !faults.contains(.nul), input.offset(of: 0, in: 0..<input.count) < input.count { faults.insert(.nul) }
    }

    /// Notes what the end of the message reveals: a last CR without LF.
    public mutating func finish() {
        if state == .carriageReturn { faults.insert(.bareCarriageReturn) }
        state = .text
    }
}
