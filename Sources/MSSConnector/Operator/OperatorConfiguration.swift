public import MSSAccounts
public import MSSCore
public import MSSDNS
public import MSSIMAP
public import MSSPolicy
public import MSSProSanteConnect
public import MSSSMTP
public import MSSTLS
public import MSSWhitelist
public import NIOCore
import NIOPosix

/// A certificate of the operator with its key, as the whitelist names it for some of the operator's domains.
public struct OperatorIdentity: Sendable {
    /// A name for commands and logs.
    public var name: String
    /// Certificate and key.
    public var tls: TLSIdentity
    /// The server names (of the MX records) that are answered with it; those of no identity get the first one's.
    public var serverNames: [Domain]

    /// An identity.
    public init(name: String, tls: TLSIdentity, serverNames: [Domain] = []) {
        self.name = name
        self.tls = tls
        self.serverNames = serverNames
    }
}

/// What an operator is configured with: values only.
public struct OperatorConfiguration: Sendable {
    /// The name that its server gives itself: the host of its MX records.
    public var serverName: Domain
    /// Domains, limits, trust space and version.
    public var rules: ExchangeRules
    /// Its certificates, the ordinary one first.
    public var identities: [OperatorIdentity]
    /// Where other operators reach it.
    public var entryPoint: SMTPEntryPoint.Address
    /// The port where other operators are reached.
    public var deliveryPort = 25
    /// Its own addresses: no message is sent to them.
    public var ownAddresses: Set<IPAddress> = []
    /// The families of addresses that this machine can reach.
    public var addressFamilies: Set<AddressFamily> = [.ipv4, .ipv6]
    /// The entry points for client software; `nil` opens none.
    public var apiLPS: APILPSConfiguration?
    /// What all sessions of other operators together may cost.
    public var serverLimits = SMTPServerLimits()
    /// What one session of another operator may cost.
    public var sessionLimits = SMTPSessionLimits.operator
    /// Bounds of each TLS connection.
    public var tlsLimits = TLSLimits()
    /// How long another server is waited for.
    public var timeouts = SMTPTimeouts.delivery
    /// When an attempt is repeated, and when it is given up.
    public var retries = RetrySchedule.standard
    /// How much is sent at once.
    public var destinations = DestinationLimits()
    /// Deliveries into mailboxes at once.
    public var localDeliveries = 64
    /// A message from another operator with less octets than this, for one mailbox of ours, is put there before its
    /// sender is answered, without the queue (decision 0222). 0 has all go through the queue: where mailboxes are another
    /// system's, which may be slow. The embedded stores keep such a message in memory until then, and write it once.
    public var directDelivery = 120 << 10
    /// The longest time between two looks at the queue.
    public var queuePoll: Duration = .seconds(30)
    /// What is done about malware and messages that cannot be scanned.
    public var screening = ScreeningPolicy()
    /// When behaviour is out of the ordinary.
    public var anomalies = AnomalyThresholds()
    /// When the daily round is made.
    public var dailyRound = JobSchedule.daily(hour: 3, minute: 30)
    /// Days that messages stay in mailboxes; `nil` for as long as their holder wants (EX_GDT_5070).
    public var messageDays: Int?
    /// Who answers for the automatic-reply mailboxes (EX_GBM_4020), when the connector is to open those that lack.
    public var automaticReplyHolder: (responsible: PersonID, structure: StructureIdentifier?)?
    /// Whether notices of other mail systems are explained in French to the people who receive them (RE_GBM_4410).
    public var dressesNotices = true
    /// The name shown as the author of notices.
    public var authorName = "Service de messagerie MSSanté"
    /// Minutes east of Greenwich at a time; by default this machine's.
    public var zoneMinutes: @Sendable (Timestamp) -> Int = FrenchDeliveryNotices.localZoneMinutes
    /// How long what is under way may go on after a stop was asked for.
    public var grace: Duration = .seconds(30)

    /// A configuration; set the other properties where they differ from the ordinary.
    public init(
        serverName: Domain, rules: ExchangeRules, identities: [OperatorIdentity],
        entryPoint: SMTPEntryPoint.Address
    ) {
        precondition(!identities.isEmpty, "an operator has a certificate")
        self.serverName = serverName
        self.rules = rules
        self.identities = identities
        self.entryPoint = entryPoint
    }
}

/// What an operator works with: stores and services, each behind a protocol.
public struct OperatorServices: Sendable {
    /// The whitelist in force.
    public var whitelist: any Whitelist
    /// Judges the certificates of other operators: path and revocation.
    public var verifier: any PeerVerifier
    /// Asks the DNS.
    public var resolver: any DNSResolver
    /// Messages on their way.
    public var spool: any MessageSpool
    /// Messages in mailboxes.
    public var mailboxes: any MailboxDrop
    /// Who has which mailbox.
    public var directory: any AccountDirectory
    /// The accounts themselves, for the jobs; without them no daily round is made.
    public var accounts: Accounts?
    /// Traces.
    public var traces: any TraceRecorder
    /// When jobs ran.
    public var jobs: any JobLedger
    /// Who was answered automatically.
    public var replies: any ReplyLedger
    /// The scanner; `nil` only where every message is scanned elsewhere on its way (EX_SSI_5090).
    public var scanner: (any MalwareScanner)?
    /// What was blocked.
    public var quarantine: (any Quarantine)?
    /// How users are told things outside the trust space.
    public var notifications: (any NotificationChannel)?
    /// Verifies access tokens of Pro Santé Connect; without it no entry point takes them.
    public var tokens: AccessTokenVerifier?
    /// The operator's own method beside Pro Santé Connect (RE_LPS_0100); `nil` offers none.
    public var alternativeLogin: AlternativeLogin?
    /// Judges the certificates of applications (EX_LPS_1200); `nil` has ``verifier`` do it.
    public var applicationVerifier: (any PeerVerifier)?
    /// The mail as IMAP clients read it; needed where ``APILPSConfiguration`` opens entry points to read. The identities
    /// that it is asked for hold an ``AccessGrant`` as their grant.
    public var readableMailboxes: (any MailboxBackend)?
    /// Further jobs.
    public var furtherJobs: [ScheduledJob] = []
    /// Further services that run as long as the operator does: the whitelist's, the revocation lists'.
    public var background: [@Sendable () async -> Void] = []
    /// The time of day.
    public var clock: any WallClock = SystemWallClock()
    /// The event loops.
    public var group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton

    /// Services.
    public init(
        whitelist: any Whitelist, verifier: any PeerVerifier, resolver: any DNSResolver, spool: any MessageSpool,
        mailboxes: any MailboxDrop, directory: any AccountDirectory, accounts: Accounts?, traces: any TraceRecorder,
        jobs: any JobLedger, replies: any ReplyLedger, scanner: (any MalwareScanner)?
    ) {
        self.whitelist = whitelist
        self.verifier = verifier
        self.resolver = resolver
        self.spool = spool
        self.mailboxes = mailboxes
        self.directory = directory
        self.accounts = accounts
        self.traces = traces
        self.jobs = jobs
        self.replies = replies
        self.scanner = scanner
    }
}
