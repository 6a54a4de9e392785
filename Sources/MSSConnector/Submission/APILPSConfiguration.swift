public import MSSCore
public import MSSIMAP
public import MSSSMTP

/// The entry points for client software (§6.8), as values. What is `nil` is not opened.
public struct APILPSConfiguration: Sendable {
    /// One entry point.
    public struct EntryPoint: Sendable {
        /// The host that the SRV record names (EX_LPS_0300).
        public var host: Domain
        /// Where to listen; ports 587 and 143 are EX_LPS_0400's and EX_LPS_0500's.
        public var address: SMTPEntryPoint.Address

        /// An entry point.
        public init(host: Domain, address: SMTPEntryPoint.Address) {
            self.host = host
            self.address = address
        }
    }

    /// Submission for personal and organisational mailboxes (TM5.2P).
    public var submissionPSC: EntryPoint?
    /// Submission for application mailboxes (TM5.4P).
    public var submissionCertificate: EntryPoint?
    /// Reading of personal and organisational mailboxes (TM5.3P).
    public var imapPSC: EntryPoint?
    /// Reading of application mailboxes (TM5.4P).
    public var imapCertificate: EntryPoint?
    /// What the servers show of themselves, the first one where a client asks for no name of another; none shows the
    /// operator's first certificate.
    public var identities: [OperatorIdentity] = []
    /// What one submission session may cost, and how long it may last (EX_LPS_1000).
    public var sessionLimits = SMTPSessionLimits.apiLPS
    /// What all of them may: apart from other operators' server, so that neither starves the other.
    public var serverLimits: SMTPServerLimits = {
        var limits = SMTPServerLimits()
        // EX_LPS_0110: no filter by address. A hospital's workstations stand behind one.
        limits.connectionsPerPeer = limits.connections
        return limits
    }()
    /// What one reading session may cost, and how long it may last (EX_LPS_1000).
    public var imapSessionLimits = IMAPSessionLimits()
    /// What all of them may.
    public var imapServerLimits: IMAPServerLimits = {
        var limits = IMAPServerLimits()
        limits.connectionsPerPeer = limits.connections
        return limits
    }()

    /// A configuration.
    public init(
        submissionPSC: EntryPoint? = nil, submissionCertificate: EntryPoint? = nil, imapPSC: EntryPoint? = nil,
        imapCertificate: EntryPoint? = nil
    ) {
        self.submissionPSC = submissionPSC
        self.submissionCertificate = submissionCertificate
        self.imapPSC = imapPSC
        self.imapCertificate = imapCertificate
    }

    /// Whether mail is read here.
    var opensReading: Bool { imapPSC != nil || imapCertificate != nil }
}
