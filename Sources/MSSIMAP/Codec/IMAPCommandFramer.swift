import MSSSASL
public import NIOCore

/// Divides what a client sends into commands, incrementally: lines, and the literals that they announce.
///
/// A literal is read only once it was decided on (``accept(_:)``): into the command, past it, or as a stream. What it
/// holds is bounded by the limits given; what it has looked at it does not look at again.
public struct IMAPCommandFramer: Sendable {
    /// What was found.
    public enum Event: Sendable, Hashable {
        /// A command is complete: its lines and literals, the last CRLF left off.
        case command([UInt8])
        /// The command goes on with a literal: what was read of it so far ends with the mark. Nothing more is read
        /// before the decision.
        case literal(Literal, text: [UInt8])
        /// A line is longer than allowed; it was read over. Its first octets tell the tag.
        case tooLong([UInt8])
        /// A line ended in LF alone.
        case bareLineFeed([UInt8])
        /// The line was so long, or went on with a literal, that nothing after it can be understood.
        case lost
    }

    /// A literal as announced.
    public struct Literal: Sendable, Hashable {
        /// Octets.
        public var size: Int64
        /// Whether the client waits to be told to go on; it does not after `{n+}` (RFC 7888).
        public var waits: Bool
    }

    /// What becomes of a literal.
    public enum Decision: Sendable, Hashable {
        /// It becomes part of the command.
        case keep
        /// It is read over, and the rest of the command with it; the end is told by ``Event/command(_:)``, empty.
        case skip
        /// It is taken by ``takeStreamed(_:)``; what follows it begins anew.
        case stream
        /// The client was refused and sends nothing of it: the command ends here.
        case refuse
    }

    private enum State: Hashable {
        case line
        case deciding(Int64)
        case keeping(Int)
        case skipping(Int64)
        case streaming(Int64)
        case overlong
    }

    private var state = State.line
    private var command: [UInt8] = []
    /// Octets of the input known to hold no line end.
    private var scanned = 0
    private var isSkipping = false
    private var overlong = 0
    /// The last octets of an overlong line.
    private var overlongEnd: UInt8 = 0

    /// Octets of a line, with its end.
    public var lineLimit: Int
    /// Octets of a command, literals kept included.
    public var commandLimit: Int

    /// Octets of an overlong line that are read over before the framer gives up.
    private static let patience = 1 << 20

    /// A framer.
    public init(lineLimit: Int, commandLimit: Int) {
        self.lineLimit = lineLimit
        self.commandLimit = commandLimit
    }

    /// Octets of the command under way that are held.
    public var held: Int { command.count }

    /// Whether a command has begun.
    public var isWithinCommand: Bool { state != .line || !command.isEmpty || isSkipping }

    /// Whether octets are streamed now.
    public var isStreaming: Bool { if case .streaming = state { true } else { false } }

    /// Says what becomes of the literal announced last.
    public mutating func accept(_ decision: Decision) {
        guard case .deciding(let size) = state else { preconditionFailure("no literal is announced") }
        switch decision {
        case .keep: state = .keeping(Int(size))
        case .skip:
            command = []
            isSkipping = true
            state = .skipping(size)
        case .stream:
            command = []
            state = .streaming(size)
        case .refuse:
            command = []
            isSkipping = false
            state = .line
        }
    }

    /// Octets of a streamed literal; `nil` when none are there now. An empty one: the literal has ended.
    public mutating func takeStreamed(_ input: inout ByteBuffer) -> ByteBuffer? {
        guard case .streaming(let left) = state else { return nil }
        guard left > 0 else {
            state = .line
            scanned = 0
            return ByteBuffer()
        }
        guard let piece = input.readSlice(length: Int(min(left, Int64(input.readableBytes)))), piece.readableBytes > 0
        else { return nil }
        state = .streaming(left - Int64(piece.readableBytes))
        return piece
    }

    /// Reads the rest of a streamed literal over, and the rest of the command with it.
    public mutating func skipStreamed() {
        guard case .streaming(let left) = state else { return }
        isSkipping = true
        state = .skipping(left)
    }

    /// The next event; `nil` when more octets are needed.
    public mutating func next(_ input: inout ByteBuffer) -> Event? {
        while true {
            switch state {
            case .deciding, .streaming: return nil
            case .line:
                guard let event = readLine(&input) else { return nil }
                if let event = event.event { return event }
            case .keeping(let left):
                guard let piece = input.readBytes(length: min(left, input.readableBytes)) else { return nil }
                command += piece
                scanned = 0
                guard piece.count == left else {
                    state = .keeping(left - piece.count)
                    return nil
                }
                state = .line
            case .skipping(let left):
                let count = Int(min(left, Int64(input.readableBytes)))
                input.moveReaderIndex(forwardBy: count)
                scanned = 0
                guard Int64(count) == left else {
                    state = .skipping(left - Int64(count))
                    return nil
                }
                state = .line
            case .overlong:
                guard let event = skipLine(&input) else { return nil }
                return event
            }
        }
    }

    private struct Found { var event: Event? }

    /// Reads a line into the command; `nil` when it has not ended.
    private mutating func readLine(_ input: inout ByteBuffer) -> Found? {
        let view = input.readableBytesView
        guard let end = view[(view.startIndex + scanned)...].firstIndex(of: .lineFeed) else {
            scanned = view.count
            guard scanned > lineLimit || command.count + scanned > commandLimit else { return nil }
            return Found(event: beginOverlong(&input, count: scanned))
        }
        let count = end - view.startIndex + 1
        guard count <= lineLimit, command.count + count <= commandLimit else {
            return Found(event: beginOverlong(&input, count: count - 1))
        }
        scanned = 0
        let line = input.readBytes(length: count)!
        let isBare = line.count < 2 || line[line.count - 2] != .carriageReturn
        let text = line[..<(line.count - (isBare ? 1 : 2))]
        if let literal = Self.literal(text), !isBare {
            if isSkipping {
                // The rest of a command that is read over; the client waits in vain, and may be told so.
                if literal.waits {
                    isSkipping = false
                    return Found(event: .command([]))
                }
                state = .skipping(literal.size)
                return Found(event: nil)
            }
            command += line
            state = .deciding(literal.size)
            return Found(event: .literal(literal, text: Array(command.dropLast(2))))
        }
        if isSkipping {
            isSkipping = false
            return Found(event: .command([]))
        }
        command += text
        defer { command = [] }
        return Found(event: isBare ? .bareLineFeed(command) : .command(command))
    }

    private mutating func beginOverlong(_ input: inout ByteBuffer, count: Int) -> Event? {
        command += input.readBytes(length: min(count, 2 * IMAPGrammarLimits.tag)) ?? []
        overlong = 0
        overlongEnd = command.last { $0 != .carriageReturn } ?? 0
        scanned = 0
        state = .overlong
        return nil
    }

    private mutating func skipLine(_ input: inout ByteBuffer) -> Event? {
        let view = input.readableBytesView
        guard let end = view.firstIndex(of: .lineFeed) else {
            overlong += view.count
            note(view)
            input.moveReaderIndex(forwardBy: view.count)
            return overlong > Self.patience ? .lost : nil
        }
        note(view[..<end])
        input.moveReaderIndex(forwardBy: end - view.startIndex + 1)
        let start = Array(command.prefix(2 * IMAPGrammarLimits.tag))
        command = []
        isSkipping = false
        state = .line
        // A literal may follow: there is no telling where the next command begins.
        return overlongEnd == .closeBrace ? .lost : .tooLong(start)
    }

    private mutating func note(_ octets: ByteBufferView) {
        if let last = octets.last(where: { $0 != .carriageReturn }) { overlongEnd = last }
    }

    /// The literal that a line announces at its end: `{n}` or `{n+}`.
    static func literal(_ line: ArraySlice<UInt8>) -> Literal? {
        guard line.last == .closeBrace else { return nil }
        var digits = line.dropLast()
        let waits = digits.last != UInt8(ascii: "+")
        if !waits { digits = digits.dropLast() }
        let start = digits.lastIndex { !$0.isDigit }
        guard let start, digits[start] == .openBrace else { return nil }
        guard let size = digits[(start + 1)...].decimal(maximumDigits: 18) else { return nil }
        return Literal(size: Int64(size), waits: waits)
    }
}
