/// A header field to write. How its value is encoded and folded depends on what it is.
public struct OutgoingField: Hashable, Sendable {
    /// The kinds of values.
    public enum Value: Hashable, Sendable {
        /// Unstructured text, encoded per RFC 2047 where it is not ASCII: `Subject`, `Comments`.
        case text(String)
        /// Structured ASCII that may be folded at its blanks and is never encoded: `Auto-Submitted`, `X-MSS-…`.
        case tokens(String)
        /// Mailboxes and groups.
        case addresses([AddressEntry])
        /// Message identifiers without their angle brackets.
        case messageIDs([String])
        /// A date.
        case date(MessageDate)
        /// A value with parameters, encoded per RFC 2231 where they are not ASCII.
        case parameterized(String, Parameters)
    }

    /// The field name.
    public var name: String
    /// The value.
    public var value: Value

    /// A field.
    public init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}
