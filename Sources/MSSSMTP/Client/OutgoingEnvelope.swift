public import MSSCore

/// What travels with a message and is not part of it (RFC 5321 §2.3.1), with what RFC 3461 adds.
public struct OutgoingEnvelope: Sendable, Hashable {
    /// Who is told of failures; `nil` is the null return path `<>` of notices (RFC 5321 §4.5.5).
    public var sender: MailAddress?
    /// The recipients.
    public var recipients: [Recipient]
    /// Whether lines of the message hold octets above 127 (RFC 6152).
    public var isEightBit: Bool
    /// Whether the header of the message holds UTF-8 (RFC 6531). Addresses that need it are seen without this.
    public var hasInternationalHeader: Bool
    /// How much of the message comes back with a failure notice; `nil` leaves it to the server.
    public var returned: DSNReturn?
    /// The sender's own name for this sending, given back in notices.
    public var envelopeID: String?

    /// An envelope.
    public init(
        sender: MailAddress?, recipients: [Recipient], isEightBit: Bool = false, hasInternationalHeader: Bool = false,
        returned: DSNReturn? = nil, envelopeID: String? = nil
    ) {
        self.sender = sender
        self.recipients = recipients
        self.isEightBit = isEightBit
        self.hasInternationalHeader = hasInternationalHeader
        self.returned = returned
        self.envelopeID = envelopeID
    }

    /// An envelope without options.
    public init(sender: MailAddress?, recipients: [MailAddress], isEightBit: Bool = false) {
        self.init(sender: sender, recipients: recipients.map { Recipient($0) }, isEightBit: isEightBit)
    }

    /// A recipient.
    public struct Recipient: Sendable, Hashable {
        /// The address.
        public var address: MailAddress
        /// When the sender wants to be told; `nil` was not said: of failures, and maybe of delays (RFC 3461 §4.1).
        public var notify: DSNNotify?
        /// The address that the sender wrote first, given back in notices.
        public var original: OriginalRecipient?

        /// A recipient.
        public init(_ address: MailAddress, notify: DSNNotify? = nil, original: OriginalRecipient? = nil) {
            self.address = address
            self.notify = notify
            self.original = original
        }
    }
}
