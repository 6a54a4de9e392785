public import MSSAccounts
public import MSSSASL
public import MSSTLS
public import MSSTraces

/// A login at an entry point of the API LPS, whatever the protocol.
public struct AccessAttempt: Sendable {
    /// The two kinds of entry points (§6.8.1).
    public enum EntryPoint: String, Sendable, Hashable, CaseIterable {
        /// Personal and organisational mailboxes, by Pro Santé Connect.
        case proSanteConnect = "psc"
        /// Application mailboxes, by a structure's certificate.
        case structureCertificate = "auth-cli"
    }

    /// What the mailbox is opened for.
    public enum Service: String, Sendable, Hashable, CaseIterable {
        /// To send (TM5.2P, TM5.4P).
        case submission
        /// To read (TM5.3P, TM5.4P).
        case imap

        /// The right that it takes.
        public var action: MailboxAction { self == .submission ? .send : .read }
    }

    /// Where.
    public var entryPoint: EntryPoint
    /// What for.
    public var service: Service
    /// What the client proves its identity with.
    public var credentials: SASLCredentials
    /// The client's certificate, as TLS verified it.
    public var certificate: Certificate?
    /// The technical means, for the trace.
    public var means: TraceMeans

    /// A login.
    public init(
        _ service: Service, at entryPoint: EntryPoint, _ credentials: SASLCredentials, certificate: Certificate? = nil,
        means: TraceMeans
    ) {
        self.service = service
        self.entryPoint = entryPoint
        self.credentials = credentials
        self.certificate = certificate
        self.means = means
    }
}

/// A mailbox that was opened: who uses it, as what.
public struct AccessGrant: Sendable, Hashable {
    /// The mailbox, as stores know it.
    public var mailbox: MailboxReference
    /// Who asks for things from now on.
    public var actor: Actor
    /// As what.
    public var capacity: Capacity
    /// Whom traces name: a delegate with the person on whose behalf (EX_GBM_5414).
    public var author: TraceAuthor
    /// How it was proven (EX_GDT_5060).
    public var authentication: TraceAuthentication
    /// Octets allowed in the mailbox; `nil` for no quota.
    public var quota: Int64?
}
