// The fields of RFC 5322 §3.6 and RFC 2045, typed.
extension HeaderBlock {
    /// The `Subject`, decoded.
    public var subject: String? { first("Subject")?.text }
    /// The `Date`.
    public var date: MessageDate? { first("Date")?.date }
    /// The authors.
    public var from: AddressList { addresses("From") }
    /// The sender.
    public var sender: AddressList { addresses("Sender") }
    /// Where replies go.
    public var replyTo: AddressList { addresses("Reply-To") }
    /// The recipients.
    public var to: AddressList { addresses("To") }
    /// The recipients of copies.
    public var cc: AddressList { addresses("Cc") }
    /// The recipients of blind copies.
    public var bcc: AddressList { addresses("Bcc") }
    /// The `Message-ID` without angle brackets.
    public var messageID: String? { first("Message-ID")?.messageIDs.first }
    /// The identifiers of `In-Reply-To`.
    public var inReplyTo: [String] { first("In-Reply-To")?.messageIDs ?? [] }
    /// The identifiers of `References`, oldest first.
    public var references: [String] { first("References")?.messageIDs ?? [] }
    /// The `Content-ID` without angle brackets.
    public var contentID: String? { first("Content-ID")?.messageIDs.first }
    /// The `Content-Description`, decoded.
    public var contentDescription: String? { first("Content-Description")?.text }
    /// The `Content-Type`, when there is one that can be read.
    public var contentType: ContentType? { first("Content-Type")?.contentType }
    /// The `Content-Disposition`, when there is one that can be read.
    public var contentDisposition: ContentDisposition? { first("Content-Disposition")?.contentDisposition }
    /// The `Content-Transfer-Encoding`; 7bit when there is none (RFC 2045 §6.1).
    public var transferEncoding: TransferEncoding {
        guard let field = first("Content-Transfer-Encoding") else { return .sevenBit }
        var scanner = TokenScanner(field.unfolded)
        return TransferEncoding(token: scanner.restOfToken())
    }

    /// The addresses of all fields of a name: some mail repeats `To`.
    public func addresses(_ name: String) -> AddressList {
        let lists = all(name).map { $0.addresses() }
        return lists.count == 1
            ? lists[0] : AddressList(lists.flatMap(\.entries), diagnostics: lists.flatMap(\.diagnostics))
    }
}
