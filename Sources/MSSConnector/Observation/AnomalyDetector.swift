public import MSSCore

/// Behaviour that is out of the ordinary (EX_SSI_5090, 1.7 draft: "tentatives répétées d'authentification",
/// "comportements anormaux").
public struct Anomaly: Sendable, Hashable {
    /// The kinds.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Authentications that fail again and again.
        case authenticationFailures
        /// A peer refused again and again: in the handshake, by the whitelist.
        case refusedPeer
        /// A peer that names unknown mailboxes again and again: it may be looking for addresses.
        case unknownRecipients
        /// Malware again and again from one sender.
        case malware
        /// A mailbox that sends far more than it used to.
        case volume
        /// Refused rights again and again: somebody tries doors.
        case deniedAccess
    }

    /// The kind.
    public var kind: Kind
    /// Whose behaviour: an address, a certificate's subject, a mailbox; never content.
    public var source: String
    /// How often, within ``window``.
    public var count: Int
    /// The time counted over.
    public var window: Duration
    /// When it was seen.
    public var time: Timestamp

    /// One French sentence for the administrator.
    public var explanation: String {
        let minutes = window.components.seconds / 60
        return switch kind {
        case .authenticationFailures:
            "\(count) échecs d'authentification en \(minutes) minutes depuis « \(source) »."
        case .refusedPeer: "\(count) connexions refusées en \(minutes) minutes au serveur « \(source) »."
        case .unknownRecipients:
            "\(count) destinataires inconnus en \(minutes) minutes demandés par « \(source) »."
        case .malware: "\(count) messages malveillants en \(minutes) minutes émis par « \(source) »."
        case .volume: "\(count) destinataires en \(minutes) minutes : volume d'envoi inhabituel de « \(source) »."
        case .deniedAccess: "\(count) accès refusés en \(minutes) minutes à « \(source) »."
        }
    }
}

/// When behaviour is out of the ordinary.
public struct AnomalyThresholds: Sendable, Hashable {
    /// How many of a kind, within which time, are one too many.
    public struct Threshold: Sendable, Hashable {
        /// How many.
        public var count: Int
        /// Within which time.
        public var window: Duration

        /// A threshold.
        public init(_ count: Int, within window: Duration) {
            precondition(count > 0 && window > .zero)
            self.count = count
            self.window = window
        }
    }

    /// The thresholds of the kinds; a kind without one is not watched.
    public var thresholds: [Anomaly.Kind: Threshold]
    /// How many times its usual volume a mailbox must send, beside the threshold of ``Anomaly/Kind/volume``.
    public var volumeFactor: Double

    /// Thresholds. The text gives no numbers; these are meant to be silent on an ordinary day.
    public init(
        thresholds: [Anomaly.Kind: Threshold] = [
            .authenticationFailures: Threshold(10, within: .seconds(600)),
            .refusedPeer: Threshold(5, within: .seconds(600)),
            .unknownRecipients: Threshold(50, within: .seconds(3600)),
            .malware: Threshold(3, within: .seconds(3600)),
            .volume: Threshold(400, within: .seconds(3600)),
            .deniedAccess: Threshold(10, within: .seconds(600)),
        ], volumeFactor: Double = 5
    ) {
        self.thresholds = thresholds
        self.volumeFactor = volumeFactor
    }
}

/// Counts what happens and tells when it is too much: a pure value, time passed in.
///
/// Each source has a counter a kind, over windows that follow each other; within one window an anomaly is told once. What
/// is usual for a mailbox is learnt as a moving average over windows. Memory is bounded: of too many sources the quietest
/// are forgotten.
public struct AnomalyDetector: Sendable {
    private struct Key: Hashable {
        var kind: Anomaly.Kind
        var source: String
    }

    private struct Counter {
        var begin: Timestamp
        var count = 0
        var isTold = false
        /// The moving average of former windows.
        var usual = 0.0
    }

    /// When behaviour is out of the ordinary.
    public let thresholds: AnomalyThresholds
    /// Sources remembered at most.
    public let capacity: Int
    private var counters: [Key: Counter] = [:]

    /// A detector that has seen nothing.
    public init(_ thresholds: AnomalyThresholds = AnomalyThresholds(), capacity: Int = 50_000) {
        precondition(capacity > 0)
        self.thresholds = thresholds
        self.capacity = capacity
    }

    /// Sources remembered.
    public var count: Int { counters.count }

    /// Notes something; gives an anomaly the moment it becomes one.
    public mutating func note(
        _ kind: Anomaly.Kind, _ source: String, count: Int = 1, at now: Timestamp
    ) -> Anomaly? {
        guard let threshold = thresholds.thresholds[kind], count > 0 else { return nil }
        let key = Key(kind: kind, source: source)
        if counters[key] == nil, counters.count >= capacity { forget(now) }
        var counter = counters[key] ?? Counter(begin: now)
        roll(&counter, threshold.window, now)
        counter.count += count
        defer { counters[key] = counter }
        guard !counter.isTold, counter.count >= threshold.count,
            kind != .volume || Double(counter.count) >= counter.usual * thresholds.volumeFactor
        else { return nil }
        counter.isTold = true
        return Anomaly(kind: kind, source: source, count: counter.count, window: threshold.window, time: now)
    }

    /// Begins a new window when the last one is over. A clock that went back begins one as well.
    private func roll(_ counter: inout Counter, _ window: Duration, _ now: Timestamp) {
        guard now < counter.begin || now >= counter.begin + window else { return }
        // Empty windows in between count as well; after many, nothing is left of the average.
        let passed = max(1, Int(((now - counter.begin) / window).rounded(.down)))
        counter.usual = counter.usual * 0.75 + Double(counter.count) * 0.25
        for _ in 1..<min(passed, 64) { counter.usual *= 0.75 }
        counter.begin = now
        counter.count = 0
        counter.isTold = false
    }

    /// Makes room: half of the sources, those whose window began longest ago.
    private mutating func forget(_ now: Timestamp) {
        let begins = counters.values.map(\.begin).sorted()
        let limit = begins[begins.count / 2]
        counters = counters.filter { $0.value.begin > limit }
    }
}
