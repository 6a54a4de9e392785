/// The envelope structure of IMAP (RFC 3501 §7.4.2, RFC 9051 §7.5.2): header fields split as clients list them, encoded
/// words left as they stand.
public struct Envelope: Hashable, Sendable {
    /// An address as IMAP splits it.
    public struct Address: Hashable, Sendable {
        /// The display name.
        public var name: String?
        /// The source route.
        public var route: String?
        /// The local part; the name of the group that starts here when ``host`` is `nil`; `nil` where a group ends.
        public var mailbox: String?
        /// The domain, `""` when the address had none; `nil` marks groups.
        public var host: String?
    }

    /// The `Date` as written.
    public var date: String?
    /// The `Subject` as written, unfolded.
    public var subject: String?
    /// Authors.
    public var from: [Address]
    /// The sender; the authors when there is none.
    public var sender: [Address]
    /// Where replies go; the authors when no field says.
    public var replyTo: [Address]
    /// Recipients.
    public var to: [Address]
    /// Recipients of copies.
    public var cc: [Address]
    /// Recipients of blind copies.
    public var bcc: [Address]
    /// The `In-Reply-To` as written, unfolded.
    public var inReplyTo: String?
    /// The `Message-ID` as written, unfolded.
    public var messageID: String?

    /// The envelope of a header.
    public init(_ header: HeaderBlock) {
        func text(_ name: String) -> String? { header.first(name).map { HeaderText.string($0.unfolded) } }
        func addresses(_ name: String) -> [Address] {
            header.all(name).flatMap { field in
                AddressParser.parse(field.unfolded, decodes: false).entries.flatMap(Self.addresses)
            }
        }
        date = text("Date")
        subject = text("Subject")
        from = addresses("From")
        let sender = addresses("Sender")
        let replyTo = addresses("Reply-To")
        // RFC 3501 §7.4.2: absent or empty, these are the authors.
        self.sender = sender.isEmpty ? from : sender
        self.replyTo = replyTo.isEmpty ? from : replyTo
        to = addresses("To")
        cc = addresses("Cc")
        bcc = addresses("Bcc")
        inReplyTo = text("In-Reply-To")
        messageID = text("Message-ID")
    }

    private static func addresses(_ entry: AddressEntry) -> [Address] {
        switch entry {
        case .mailbox(let mailbox): [address(mailbox)]
        case .group(let name, let members):
            [Address(mailbox: name)] + members.map(address) + [Address()]
        }
    }

    private static func address(_ mailbox: Mailbox) -> Address {
        Address(
            name: mailbox.displayName, route: mailbox.route, mailbox: mailbox.localPart, host: mailbox.domain ?? "")
    }

    /// The envelope as it stands in a `FETCH` response.
    public var imapBytes: [UInt8] {
        var writer = IMAPWriter()
        writer.envelope(self)
        return writer.output
    }
}
