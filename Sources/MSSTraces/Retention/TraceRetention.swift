public import MSSCore

/// How long the traces of each family are kept and what comes then (EX_GDT_5070). The controller of the processing
/// decides; the defaults are those the Référentiel gives as illustration: ten years and one year.
public struct TraceRetention: Sendable, Hashable {
    /// A length of time by the calendar.
    public enum Period: Sendable, Hashable {
        /// Whole years.
        case years(Int)
        /// Whole days.
        case days(Int)
    }

    /// What happens at the end.
    public enum Ending: String, Sendable, Hashable, CaseIterable {
        /// Whole segments are overwritten and removed; their seals stay.
        case deletion
        /// Everything that leads to a person is overwritten; action, time, result, kinds and sizes stay, still
        /// provable.
        case anonymisation
    }

    /// The rule of one family.
    public struct Rule: Sendable, Hashable {
        /// How long.
        public let period: Period
        /// What then.
        public let ending: Ending

        /// A rule.
        public init(_ period: Period, _ ending: Ending = .deletion) {
            self.period = period
            self.ending = ending
        }

        /// Records written before this time are to be erased. The 29 February counts back to the 1 March.
        func cutoff(_ now: Timestamp) throws(TraceError) -> Timestamp {
            switch period {
            case .days(let days):
                guard days > 0 else { throw .retention }
                return now - .seconds(Int64(days) * 86_400)
            case .years(let years):
                guard years > 0 else { throw .retention }
                let civil = now.civil
                let isLeapDay = civil.month == 2 && civil.day == 29
                let start = try? Timestamp(
                    year: civil.year - years, month: isLeapDay ? 3 : civil.month, day: isLeapDay ? 1 : civil.day)
                guard let start else { throw .retention }
                return start
            }
        }
    }

    /// For functional traces.
    public var functional: Rule
    /// For technical traces.
    public var technical: Rule

    /// Ten years and one year, then deletion, unless told otherwise.
    public init(functional: Rule = Rule(.years(10)), technical: Rule = Rule(.years(1))) {
        self.functional = functional
        self.technical = technical
    }

    subscript(family: TraceFamily) -> Rule { family == .functional ? functional : technical }
}

/// What was erased of a segment at the end of its retention; signed by the operator and kept with the seal.
public struct TraceErasure: Sendable, Hashable {
    /// The identity of the store, in hexadecimal.
    public let store: String
    /// The journal.
    public let family: TraceFamily
    /// The number of the segment.
    public let segment: UInt64
    /// The number of its first record.
    public let first: UInt64
    /// The number of its last record.
    public let last: UInt64
    /// Digest of its last record, as in the seal.
    public let head: TraceDigest
    /// What was done.
    public let ending: TraceRetention.Ending
    /// The number of the functional trace that tells who had it done.
    public let trace: UInt64
    /// When.
    public let erased: Timestamp
    /// SHA-256 of the DER of the signer's certificate.
    public let certificate: TraceDigest

    private static let title = "mss-trace-erasure-1"

    /// The text that is signed.
    public var text: String {
        """
        \(TraceErasure.title)
        store: \(store)
        family: \(family.rawValue)
        segment: \(segment)
        first: \(first)
        last: \(last)
        head: \(head)
        ending: \(ending.rawValue)
        trace: \(trace)
        erased: \(erased.seconds)
        certificate: \(certificate)

        """
    }

    init(
        _ seal: TraceSeal, _ ending: TraceRetention.Ending, trace: UInt64, at time: Timestamp,
        by certificate: TraceDigest
    ) {
        store = seal.store
        family = seal.family
        segment = seal.segment
        first = seal.first
        last = seal.last
        head = seal.head
        self.ending = ending
        self.trace = trace
        erased = Timestamp(seconds: time.seconds)
        self.certificate = certificate
    }

    /// Reads a statement; `nil` unless the text is, to the byte, what ``text`` writes.
    public init?(text: String) {
        var fields = SignedFields(text, title: TraceErasure.title)
        guard let store = fields.next("store"), let family = fields.next("family").flatMap(TraceFamily.init),
            let segment = fields.number("segment"), let first = fields.number("first"),
            let last = fields.number("last"), let head = fields.digest("head"),
            let ending = fields.next("ending").flatMap(TraceRetention.Ending.init), let trace = fields.number("trace"),
            let erased = fields.time("erased"), let certificate = fields.digest("certificate")
        else { return nil }
        self.store = store
        self.family = family
        self.segment = segment
        self.first = first
        self.last = last
        self.head = head
        self.ending = ending
        self.trace = trace
        self.erased = erased
        self.certificate = certificate
        guard self.text == text else { return nil }
    }

    /// Whether the statement speaks of what the seal speaks of.
    func fits(_ seal: TraceSeal) -> Bool {
        store == seal.store && family == seal.family && segment == seal.segment && first == seal.first
            && last == seal.last && head == seal.head
    }
}
