/// Why a message cannot be written.
public enum WriterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A value holds CR, LF or NUL, which could inject a header or end the message; the field is named.
    case forbiddenCharacter(field: String)
    /// A field name that RFC 5322 §3.6.8 forbids.
    case invalidFieldName
    /// An address that cannot stand in a header: blanks, brackets, no text.
    case invalidAddress(field: String)
    /// A non-ASCII address, and the output mode is not SMTPUTF8 (RFC 6532).
    case needsSMTPUTF8(field: String)
    /// A word without blanks longer than a line may be (RFC 5322 §2.1.1).
    case unfoldable(field: String)
    /// The forced transfer encoding cannot carry the content.
    case unsuitableEncoding(TransferEncoding)
    /// A source of asynchronous content was pulled synchronously.
    case asynchronousSource
    /// A media type, parameter name or disposition that is not a token (RFC 2045 §5.1).
    case invalidToken

    /// What is wrong, without any value of the message.
    public var description: String {
        switch self {
        case .forbiddenCharacter(let field): "CR, LF or NUL in the value of \(field)"
        case .invalidFieldName: "field name with forbidden characters"
        case .invalidAddress(let field): "address in \(field) that cannot be written"
        case .needsSMTPUTF8(let field): "non-ASCII address in \(field) needs SMTPUTF8"
        case .unfoldable(let field): "word longer than a line in \(field)"
        case .unsuitableEncoding(let encoding): "\(encoding.name) cannot carry the content"
        case .asynchronousSource: "asynchronous content pulled synchronously"
        case .invalidToken: "media type, disposition or parameter name that is not a token"
        }
    }
}
