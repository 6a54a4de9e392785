import MSSCore

/// What a connector counts, for supervision (EX_SSI_5080, EX_SSI_5120, RE_SSI_5010).
public final class ConnectorMetrics: Sendable {
    /// The numbers at one moment.
    public struct Snapshot: Sendable, Hashable {
        /// Messages taken from other operators.
        public var received = 0
        /// Messages taken from this operator's users, administrators and jobs.
        public var submitted = 0
        /// Refusals of peers, senders, recipients and messages, by requirement.
        public var refused: [String: Int] = [:]
        /// Recipients served in mailboxes of ours.
        public var deliveredHere = 0
        /// Recipients served by other operators.
        public var deliveredElsewhere = 0
        /// Attempts for a recipient that will be repeated.
        public var deferred = 0
        /// Recipients given up.
        public var failed = 0
        /// Time from the queue's taking a message to a recipient's being served.
        public var deliveryTime = Histogram(bounds: [1, 10, 60, 600, 3600, ConnectorMetrics.deliveryTarget, 86_400])
        /// Recipients served within the target of RE_SSI_5010.
        public var withinTarget = 0
        /// Recipients served later than that, or given up after it.
        public var beyondTarget = 0
        /// Time of scanning a message.
        public var scanTime = Histogram(bounds: [0.01, 0.05, 0.2, 1, 5, 30])
        /// Messages with malware.
        public var infected = 0
        /// Certificates of peers that were accepted in handshakes, by side: `entree` and `sortie`.
        public var handshakes: [String: Int] = [:]
        /// Certificates of peers that were refused, by requirement, empty for none.
        public var refusedPeers: [String: Int] = [:]
        /// Handshakes with other operators that failed at our entry, by reason.
        public var failedHandshakes: [String: Int] = [:]
        /// Logins of client software, by where and how they ended.
        public var logins: [Login: Int] = [:]
        /// Anomalies told, by kind.
        public var anomalies: [String: Int] = [:]

        /// The share of recipients served within the target; 1 when there was none.
        public var targetRatio: Double {
            let total = withinTarget + beyondTarget
            return total == 0 ? 1 : Double(withinTarget) / Double(total)
        }
    }

    /// A kind of login at the API LPS.
    public struct Login: Sendable, Hashable {
        /// How a login ended.
        public enum Outcome: String, Sendable, Hashable, CaseIterable {
            /// The mailbox was opened.
            case accepted = "accepte"
            /// EX_LPS_0710's answer.
            case refused = "refuse"
            /// It could not be judged.
            case unavailable = "indisponible"
        }

        /// To send or to read.
        public var service: AccessAttempt.Service
        /// Where.
        public var entryPoint: AccessAttempt.EntryPoint
        /// How it ended.
        public var outcome: Outcome

        /// A kind of login.
        public init(service: AccessAttempt.Service, entryPoint: AccessAttempt.EntryPoint, outcome: Outcome) {
            self.service = service
            self.entryPoint = entryPoint
            self.outcome = outcome
        }
    }

    /// Counts of values by upper bounds, as Prometheus has them.
    public struct Histogram: Sendable, Hashable {
        /// The upper bounds, in seconds.
        public let bounds: [Double]
        /// How many values lie at or below each bound and above the one before; the last is for what is above all.
        public private(set) var counts: [Int]
        /// The sum of the values.
        public private(set) var sum = 0.0

        /// No value yet.
        public init(bounds: [Double]) {
            self.bounds = bounds
            counts = Array(repeating: 0, count: bounds.count + 1)
        }

        /// Values in all.
        public var count: Int { counts.reduce(0, +) }

        mutating func add(_ duration: Duration) {
            let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
            counts[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
            sum += seconds
        }
    }

    /// Seconds in which a message should be in the recipient's mailbox: four hours (RE_SSI_5010).
    public static let deliveryTarget = 4.0 * 3600

    private let state = Guarded(Snapshot())

    /// Nothing counted yet.
    public init() {}

    /// The numbers now.
    public var snapshot: Snapshot { state.withLock { $0 } }

    func received() { state.withLock { $0.received += 1 } }
    func submitted() { state.withLock { $0.submitted += 1 } }
    func infected() { state.withLock { $0.infected += 1 } }
    func scanned(in duration: Duration) { state.withLock { $0.scanTime.add(duration) } }

    func shookHands(_ side: String) { state.withLock { $0.handshakes[side, default: 0] += 1 } }
    func found(_ kind: Anomaly.Kind) { state.withLock { $0.anomalies[kind.rawValue, default: 0] += 1 } }

    func login(_ attempt: AccessAttempt, _ outcome: Login.Outcome) {
        let login = Login(service: attempt.service, entryPoint: attempt.entryPoint, outcome: outcome)
        state.withLock { $0.logins[login, default: 0] += 1 }
    }

    func refusedPeer(_ requirement: RequirementID?) {
        state.withLock { $0.refusedPeers[requirement?.rawValue ?? "", default: 0] += 1 }
    }

    func handshakeFailed(_ reason: String) { state.withLock { $0.failedHandshakes[reason, default: 0] += 1 } }

    func refused(_ requirement: RequirementID?) {
        state.withLock { $0.refused[requirement?.rawValue ?? "", default: 0] += 1 }
    }

    /// What a settlement of the queue says.
    func settled(delivered: Int, here: Bool, failed: Int, deferred: Int, after age: Duration) {
        let isLate = age > .seconds(Int64(ConnectorMetrics.deliveryTarget))
        state.withLock { state in
            if here { state.deliveredHere += delivered } else { state.deliveredElsewhere += delivered }
            state.failed += failed
            state.deferred += deferred
            for _ in 0..<delivered { state.deliveryTime.add(age) }
            if isLate {
                state.beyondTarget += delivered + failed
            } else {
                state.withinTarget += delivered
            }
        }
    }
}
