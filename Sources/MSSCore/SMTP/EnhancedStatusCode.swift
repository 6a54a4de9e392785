/// An enhanced status code, for example `5.7.1` (RFC 3463, RFC 2034).
public struct EnhancedStatusCode: Sendable, Hashable {
    /// 2 success, 4 persistent transient failure, 5 permanent failure.
    public let `class`: Int
    /// What it is about, 0 to 999.
    public let subject: Int
    /// The detail, 0 to 999.
    public let detail: Int

    /// A code from its three numbers; `nil` when one is out of range.
    public init?(class: Int, subject: Int, detail: Int) {
        guard [2, 4, 5].contains(`class`), (0...999).contains(subject), (0...999).contains(detail) else { return nil }
        self.class = `class`
        self.subject = subject
        self.detail = detail
    }

    /// Reads `class.subject.detail`, without leading zeros (RFC 3463 §2); `nil` for any other text.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var numbers: [Int] = []
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy(\.isASCIIDigit),
                part == "0" || part.utf8.first != UInt8(ascii: "0"), let number = Int(part)
            else { return nil }
            numbers.append(number)
        }
        self.init(class: numbers[0], subject: numbers[1], detail: numbers[2])
    }

    /// True when the code may accompany a reply code (RFC 2034 §4): same class, never with an intermediate reply.
    public func agrees(with code: SMTPReplyCode) -> Bool { `class` == code.severity.rawValue }
}

extension EnhancedStatusCode: ExpressibleByStringLiteral, CustomStringConvertible {
    /// A code written in the source; a text that is none is a programming error.
    public init(stringLiteral value: StaticString) { self.init(text: "\(value)")! }

    /// `class.subject.detail`.
    public var description: String { "\(`class`).\(subject).\(detail)" }
}
