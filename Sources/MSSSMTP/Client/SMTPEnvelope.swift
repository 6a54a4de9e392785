public import MSSCore

/// What travels with a message and is not part of it (RFC 5321 §2.3.1), with what RFC 3461 adds.
public struct SMTPEnvelope: Sendable, Hashable {
    /// Who is told of failures; `nil` is the null return path `<>` of notices (RFC 5321 §4.5.5).
    public var sender: MailAddress?
    /// The recipients.
    public var recipients: [Recipient]
    /// Whether lines of the message hold octets above 127 (RFC 6152).
    public var isEightBit: Bool
    /// Whether the header of the message holds UTF-8 (RFC 6531). Addresses that need it are seen without this.
    public var hasInternationalHeader: Bool
    /// How much of the message comes back with a failure notice (`RET`); `nil` leaves it to the server.
    public var returned: Return?
    /// The sender's own name for this sending (`ENVID`), given back in notices.
    public var envelopeID: String?

    /// An envelope.
    public init(
        sender: MailAddress?, recipients: [Recipient], isEightBit: Bool = false, hasInternationalHeader: Bool = false,
        returned: Return? = nil, envelopeID: String? = nil
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

    /// How much of a message comes back (RFC 3461 §4.3).
    public enum Return: String, Sendable, Hashable {
        /// The whole message.
        case full = "FULL"
        /// Its header.
        case headers = "HDRS"
    }

    /// When notices are wanted (RFC 3461 §4.1). The empty set is `NEVER`.
    public struct Notify: OptionSet, Sendable, Hashable {
        /// One bit for each event.
        public let rawValue: UInt8
        /// A set from its bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Never.
        public static let never: Notify = []
        /// When the message was delivered, or passed to a server that sends no notices.
        public static let success = Notify(rawValue: 1)
        /// When it was given up.
        public static let failure = Notify(rawValue: 2)
        /// When it takes long.
        public static let delay = Notify(rawValue: 4)
    }

    /// A recipient.
    public struct Recipient: Sendable, Hashable {
        /// The address.
        public var address: MailAddress
        /// When the sender wants to be told; `nil` was not said: of failures, and maybe of delays (RFC 3461 §4.1).
        public var notify: Notify?
        /// The address that the sender wrote, when it was changed on the way (`ORCPT`): its type, `rfc822` as a rule.
        public var originalType: String?
        /// The address that the sender wrote, decoded.
        public var original: String?

        /// A recipient.
        public init(
            _ address: MailAddress, notify: Notify? = nil, originalType: String? = nil, original: String? = nil
        ) {
            self.address = address
            self.notify = notify
            self.originalType = originalType
            self.original = original
        }
    }
}

/// A message ready to be sent: envelope and content.
public struct SMTPOutgoingMessage: Sendable {
    /// The envelope.
    public var envelope: SMTPEnvelope
    /// The message.
    public var content: SMTPContent
    /// The same message in seven bits, sent to a server without 8BITMIME; `nil` refuses such a server, since encoding
    /// a message anew would break its signatures (RFC 6152 §3).
    public var sevenBitContent: SMTPContent?
    /// What is done about a CR or LF alone in the content.
    public var lineEnds: SMTPLineEnds

    /// A message ready to be sent.
    public init(
        _ envelope: SMTPEnvelope, _ content: SMTPContent, sevenBitContent: SMTPContent? = nil,
        lineEnds: SMTPLineEnds = .refuse
    ) {
        self.envelope = envelope
        self.content = content
        self.sevenBitContent = sevenBitContent
        self.lineEnds = lineEnds
    }
}
