import MSSSASL

/// Looks for what has no place in lines of text, over input in pieces of any size.
public struct LineScanner: Sendable {
    private enum State {
        case text
        case carriageReturn
    }

    private var state = State.text
    private var length = 0

    /// Octets of the longest line so far, without its CRLF.
    public private(set) var longestLine = 0
    /// What was found so far.
    public private(set) var faults: LineFaults = []

    /// A scanner at the start of the first line.
    public init() {}

    /// Reads input.
    public mutating func scan(_ input: UnsafeRawBufferPointer) {
        var index = 0
        while index < input.count {
            switch state {
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
                    state = .text
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
