import MSSSASL
public import NIOCore

/// Divides what a server sends into responses, incrementally: lines, and the literals that they announce.
///
/// What it holds is bounded by ``limit``; a literal that is streamed is not held at all.
public struct IMAPResponseFramer: Sendable {
    /// What was found.
    public enum Event: Sendable, Hashable {
        /// A response is complete: its lines and literals, the last CRLF left off. In place of a literal that was streamed
        /// stands an empty one.
        case response([UInt8])
        /// Octets of a literal, in order.
        case streamed(ByteBuffer)
        /// A response is longer than allowed, or no response: nothing after it can be understood.
        case lost(IMAPSyntaxError)
    }

    private enum State: Hashable {
        case line
        case keeping(Int)
        case streaming(Int)
        case lost
    }

    private var state = State.line
    private var response: [UInt8] = []
    /// Octets of the input known to hold no line end.
    private var scanned = 0

    /// Octets of a response, literals kept included.
    public var limit: Int
    /// Whether literals are given as ``Event/streamed(_:)``.
    public var streamsLiterals = false

    /// A framer.
    public init(limit: Int) { self.limit = limit }

    /// Octets of the response under way that are held.
    public var held: Int { response.count }

    /// The next event; `nil` when more octets are needed.
    public mutating func next(_ input: inout ByteBuffer) -> Event? {
        while true {
            switch state {
            case .lost: return nil
            case .keeping(let left):
                guard let piece = input.readBytes(length: min(left, input.readableBytes)) else { return nil }
                response += piece
                guard piece.count == left else {
                    state = .keeping(left - piece.count)
                    return nil
                }
                state = .line
            case .streaming(let left):
                guard left > 0 else {
                    state = .line
                    continue
                }
                guard let piece = input.readSlice(length: min(left, input.readableBytes)), piece.readableBytes > 0
                else { return nil }
                state = .streaming(left - piece.readableBytes)
                return .streamed(piece)
            case .line:
                guard let event = readLine(&input) else { return nil }
                if let event = event.event { return event }
            }
        }
    }

    private struct Found { var event: Event? }

    /// Reads a line into the response; `nil` when it has not ended.
    private mutating func readLine(_ input: inout ByteBuffer) -> Found? {
        let view = input.readableBytesView
        guard let end = view[(view.startIndex + scanned)...].firstIndex(of: .lineFeed) else {
            scanned = view.count
            return response.count + scanned > limit ? lose(.tooMany) : nil
        }
        let count = end - view.startIndex + 1
        scanned = 0
        guard response.count + count <= limit else { return lose(.tooMany) }
        let line = input.readBytes(length: count)!
        guard line.count >= 2, line[line.count - 2] == .carriageReturn else { return lose(.unexpected("CRLF")) }
        guard let literal = IMAPCommandFramer.literal(line.dropLast(2)) else {
            response += line.dropLast(2)
            defer { response = [] }
            return Found(event: .response(response))
        }
        if streamsLiterals {
            response += line[..<(line.lastIndex(of: .openBrace) ?? 0)] + Array("{0}\r\n".utf8)
            state = .streaming(Int(literal.size))
            return Found(event: nil)
        }
        guard literal.size <= Int64(limit - response.count - count) else { return lose(.tooMany) }
        response += line
        state = .keeping(Int(literal.size))
        return Found(event: nil)
    }

    private mutating func lose(_ error: IMAPSyntaxError) -> Found {
        state = .lost
        response = []
        return Found(event: .lost(error))
    }
}
