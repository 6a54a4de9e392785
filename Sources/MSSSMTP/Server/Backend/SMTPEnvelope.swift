public import MSSTLS
public import NIOCore

/// A recipient with its parameters.
public struct SMTPRecipient: Sendable, Hashable {
    /// The mailbox, or the server's postmaster.
    public var path: ForwardPath
    /// What the sender asked for it.
    public var parameters: RecipientParameters

    /// A recipient.
    public init(_ path: ForwardPath, _ parameters: RecipientParameters = RecipientParameters()) {
        self.path = path
        self.parameters = parameters
    }
}

/// Sender and recipients of one transaction.
public struct SMTPEnvelope: Sendable, Hashable {
    /// The sender.
    public var sender: ReversePath
    /// What the sender said of the message.
    public var parameters: MailParameters
    /// The recipients accepted so far, in order.
    public var recipients: [SMTPRecipient]

    /// An envelope.
    public init(
        sender: ReversePath, parameters: MailParameters = MailParameters(), recipients: [SMTPRecipient] = []
    ) {
        self.sender = sender
        self.parameters = parameters
        self.recipients = recipients
    }
}

/// What is known of a session at a moment.
public struct SMTPSessionFacts: Sendable {
    /// A name for logs, unique within the process.
    public let id: String
    /// The entry point's name.
    public let entryPoint: String
    /// The client's address; `nil` when the transport has none.
    public let peer: SocketAddress?
    /// The protocol as `Received` names it (RFC 3848): `ESMTPSA`, `LMTP`, …
    public internal(set) var protocolName = "SMTP"
    /// What the client called itself.
    public internal(set) var clientName: SMTPHostName?
    /// What TLS established, the client's certificate with it; `nil` in clear.
    public internal(set) var tls: TLSSessionFacts?
    /// Whom the backend found the client to be.
    public internal(set) var identity: SMTPIdentity?

    /// Facts at the start of a session.
    public init(id: String, entryPoint: String, peer: SocketAddress?) {
        self.id = id
        self.entryPoint = entryPoint
        self.peer = peer
    }
}

/// Whom the backend found a client to be.
public struct SMTPIdentity: Sendable, Hashable {
    /// The mailbox that the client may send for.
    public var mailbox: String
    /// The person or structure behind it, as the backend names them (an IdNat, for example); `nil` when the same.
    public var holder: String?

    /// An identity.
    public init(mailbox: String, holder: String? = nil) {
        self.mailbox = mailbox
        self.holder = holder
    }
}

/// What the backend allows one sender beyond the entry point's limits.
public struct SMTPAllowance: Sendable, Hashable {
    /// Recipients of the transaction; `nil` leaves the entry point's limit (EX_GBM_4420).
    public var recipients: Int?
    /// Octets of the message; `nil` leaves the entry point's limit.
    public var messageSize: Int?

    /// An allowance; nothing special by default.
    public init(recipients: Int? = nil, messageSize: Int? = nil) {
        self.recipients = recipients
        self.messageSize = messageSize
    }

    /// The entry point's limits.
    public static let standard = SMTPAllowance()
}

/// A message on its way in.
public struct SMTPIncomingMessage: Sendable {
    /// The session that it came in.
    public let session: SMTPSessionFacts
    /// Sender and accepted recipients.
    public let envelope: SMTPEnvelope
    /// The content, as it arrives.
    public let body: SMTPMessageBody
}
