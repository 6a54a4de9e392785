/// Looks for the starts of lines and for what has no place in them, over input in pieces of any size.
public struct LineScanner: Sendable {
    private enum State {
        case lineStart
        case text
        case carriageReturn
    }

    private var state = State.lineStart
    private var length = 0

    /// Octets of the longest line so far, without its CRLF.
    public private(set) var longestLine = 0
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
                length += end - index
                longestLine = max(longestLine, length)
                index = end
                guard index < input.count else { break }
                index += 1
                state = .carriageReturn
            case .carriageReturn:
                if input[index] == .lineFeed {
                    index += 1
                    length = 0
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
