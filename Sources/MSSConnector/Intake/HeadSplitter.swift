import NIOCore

/// Holds a message back until its header is complete, then lets the rest through: a value without IO.
struct HeadSplitter: Sendable {
    /// What a piece brings about.
    enum Output: Sendable {
        /// The header is not complete yet.
        case more
        /// The header, the empty line after it included, and what followed it in the piece.
        case head([UInt8], rest: ByteBuffer)
        /// After the header: to be let through.
        case body(ByteBuffer)
        /// The header is larger than allowed.
        case tooLarge
    }

    private let limit: Int
    private var head: [UInt8] = []
    private var isPast = false

    /// - Parameter limit: octets that a header may have.
    init(limit: Int = 512 << 10) { self.limit = limit }

    /// Takes a piece.
    mutating func feed(_ piece: ByteBuffer) -> Output {
        if isPast { return .body(piece) }
        var searchFrom = max(0, head.count - 3)
        head += piece.readableBytesView
        // A message may begin with the empty line: no header at all.
        if head.starts(with: [13, 10]) { return split(at: 2) }
        while let lineFeed = head[searchFrom...].firstIndex(of: 10) {
            if lineFeed >= 3, head[lineFeed - 1] == 13, head[lineFeed - 2] == 10, head[lineFeed - 3] == 13 {
                return split(at: lineFeed + 1)
            }
            searchFrom = lineFeed + 1
        }
        return head.count > limit ? .tooLarge : .more
    }

    private mutating func split(at end: Int) -> Output {
        guard end <= limit else { return .tooLarge }
        isPast = true
        let rest = ByteBuffer(bytes: head[end...])
        head.removeSubrange(end...)
        defer { head = [] }
        return .head(head, rest: rest)
    }

    /// The message has ended: all of it was header, if that is not past.
    mutating func finish() -> [UInt8]? {
        guard !isPast else { return nil }
        isPast = true
        defer { head = [] }
        return head
    }
}
