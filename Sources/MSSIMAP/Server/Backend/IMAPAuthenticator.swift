public import MSSSASL
public import MSSTLS
public import NIOCore

/// What is known of an IMAP session at a moment.
public struct IMAPSessionFacts: Sendable {
    /// A name for logs, unique within the process.
    public let id: String
    /// The entry point's name.
    public let entryPoint: String
    /// The client's address; `nil` when the transport has none.
    public let peer: SocketAddress?
    /// What TLS established, the client's certificate with it; `nil` in clear.
    public internal(set) var tls: TLSSessionFacts?
    /// Whom the authenticator found the client to be.
    public internal(set) var identity: IMAPIdentity?
    /// What the client says of itself by `ID` (RFC 2971).
    public internal(set) var client: [String: String] = [:]

    /// Facts at the start of a session.
    public init(id: String, entryPoint: String, peer: SocketAddress?) {
        self.id = id
        self.entryPoint = entryPoint
        self.peer = peer
    }
}

/// Whom an authenticator found a client to be.
public struct IMAPIdentity: Sendable, Hashable {
    /// The mailbox (BAL) that the session reads.
    public var mailbox: String
    /// The person or structure behind it (an IdNat, for example); `nil` when the same.
    public var holder: String?
    /// What the authenticator found out beside, for the backend of the same entry point. It says nothing about who the
    /// client is: two identities are compared without it.
    public var grant: (any Sendable)?

    /// An identity.
    public init(mailbox: String, holder: String? = nil, grant: (any Sendable)? = nil) {
        self.mailbox = mailbox
        self.holder = holder
        self.grant = grant
    }

    /// Whether two identities are the same one.
    public static func == (left: IMAPIdentity, right: IMAPIdentity) -> Bool {
        left.mailbox == right.mailbox && left.holder == right.holder
    }

    /// Hashes what ``==(_:_:)`` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(mailbox)
        hasher.combine(holder)
    }
}

/// Decides who a client is, from decoded credentials and what TLS established (EX_LPS_0900, EX_LPS_1200).
public protocol IMAPAuthenticator: Sendable {
    /// The identity behind credentials.
    ///
    /// - Throws: ``IMAPRefusal``, whose code and text the client reads: ``IMAPRefusal/authenticationFailed(cause:)`` for
    ///   wrong ones (EX_LPS_0710), ``IMAPRefusal/unavailable(_:cause:)`` when they cannot be judged now. Another error is
    ///   answered `NO [SERVERBUG]` and logged.
    func authenticate(_ credentials: SASLCredentials, _ facts: IMAPSessionFacts) async throws -> IMAPIdentity
}
