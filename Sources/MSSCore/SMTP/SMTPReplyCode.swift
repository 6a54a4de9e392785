/// A three-digit SMTP reply code (RFC 5321 §4.2.1): 2 to 5, 0 to 5, 0 to 9.
public struct SMTPReplyCode: Sendable, Hashable {
    /// The number, 200 to 559.
    public let number: Int

    /// What the first digit says (RFC 5321 §4.2.1).
    public enum Severity: Int, Sendable, Hashable {
        /// The action was carried out.
        case completed = 2
        /// The server waits for more.
        case intermediate
        /// The action failed and may succeed later.
        case transientFailure
        /// The action failed and will fail again.
        case permanentFailure
    }

    /// The code with this number; `nil` when it is none.
    public init?(number: Int) {
        guard (200...559).contains(number), number / 10 % 10 <= 5 else { return nil }
        self.number = number
    }

    /// What the first digit says.
    public var severity: Severity { Severity(rawValue: number / 100)! }
}

extension SMTPReplyCode: ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// A code written in the source; one that RFC 5321 does not allow is a programming error.
    public init(integerLiteral value: Int) { self.init(number: value)! }

    /// The three digits.
    public var description: String { String(number) }
}
