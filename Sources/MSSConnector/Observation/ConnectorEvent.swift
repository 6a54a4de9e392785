import MSSAccounts
public import MSSCore
public import MSSSMTP

/// What happens in a connector that somebody may have to act on.
public enum ConnectorEvent: Sendable {
    /// A peer was refused: in the handshake or by its certificate's name.
    case peerRefused(PeerIncident)
    /// A message or a recipient was refused.
    case refused(ExchangeRefusal, peer: String?)
    /// Malware was found.
    case malware([String], message: DeliveryID, sender: MailAddress?)
    /// A message could not be scanned.
    case scanFailed(ScanFailure, message: DeliveryID)
    /// What was blocked could not be kept in the quarantine.
    case quarantineFailed(message: DeliveryID)
    /// Traces are not being kept: no message is taken until they are.
    case tracesFailed(String)
    /// Traces are being kept again.
    case tracesRestored
    /// Behaviour that is out of the ordinary (EX_SSI_5090, 1.7 draft).
    case anomaly(Anomaly)
    /// A domain has no automatic-reply mailbox (EX_GBM_4020).
    case noAutomaticReplyMailbox(Domain)
    /// A job failed; English, for the log.
    case jobFailed(String, reason: String)
    /// The clock shows a time that the daily jobs must not believe.
    case clockDoubted(days: Int)
}

/// A peer that was refused.
public struct PeerIncident: Sendable, Hashable {
    /// The subject of its certificate, if it showed one that can be read.
    public var subject: String?
    /// Its address, if known.
    public var address: String?
    /// The requirement enforced.
    public var requirement: RequirementID?
    /// The French sentence for the reader.
    public var explanation: String

    /// An incident.
    public init(subject: String?, address: String?, requirement: RequirementID?, explanation: String) {
        self.subject = subject
        self.address = address
        self.requirement = requirement
        self.explanation = explanation
    }
}

/// Hands events to whoever listens. A slow listener loses the oldest; nobody is held up.
public final class EventHub: Sendable {
    private let broadcast = EventBroadcast<ConnectorEvent>()

    /// A hub without listeners.
    public init() {}

    /// What happens from now on.
    public func events(buffering limit: Int = 1024) -> AsyncStream<ConnectorEvent> {
        broadcast.subscribe(buffering: limit)
    }

    /// Tells all listeners.
    public func send(_ event: ConnectorEvent) { broadcast.send(event) }
}
