public import MSSCore
public import MSSSMTP
public import MSSTLS

/// The entry points for client software (§6.8), as values. What is `nil` is not opened.
public struct APILPSConfiguration: Sendable {
    /// One entry point.
    public struct EntryPoint: Sendable {
        /// The host that the SRV record names (EX_LPS_0300).
        public var host: Domain
        /// Where to listen; port 587 is EX_LPS_0400's.
        public var address: SMTPEntryPoint.Address
        /// What the server shows of itself; `nil` shows the operator's first certificate.
        public var identity: TLSIdentity?

        /// An entry point.
        public init(host: Domain, address: SMTPEntryPoint.Address, identity: TLSIdentity? = nil) {
            self.host = host
            self.address = address
            self.identity = identity
        }
    }

    /// Submission for personal and organisational mailboxes (TM5.2P).
    public var submissionPSC: EntryPoint?
    /// Submission for application mailboxes (TM5.4P).
    public var submissionCertificate: EntryPoint?
    /// What one session may cost, and how long it may last (EX_LPS_1000).
    public var sessionLimits = SMTPSessionLimits.apiLPS
    /// What all sessions may: apart from other operators' server, so that neither starves the other.
    public var serverLimits: SMTPServerLimits = {
        var limits = SMTPServerLimits()
        // EX_LPS_0110: no filter by address. A hospital's workstations stand behind one.
        limits.connectionsPerPeer = limits.connections
        return limits
    }()

    /// A configuration.
    public init(submissionPSC: EntryPoint? = nil, submissionCertificate: EntryPoint? = nil) {
        self.submissionPSC = submissionPSC
        self.submissionCertificate = submissionCertificate
    }
}
