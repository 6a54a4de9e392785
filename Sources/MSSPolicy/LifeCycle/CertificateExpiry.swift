/// Warnings before a certificate of the operator or of a structure expires.
public struct CertificateExpiry: Sendable, Hashable {
    /// Days before the end at which someone is told.
    public static let thresholds = [60, 30, 15, 7, 3, 1, 0]

    /// The certificate, under a name that its owner understands.
    public var name: String
    /// The last day on which it is valid.
    public var lastDay: Day
    /// The threshold that was last told; `nil` before the first.
    public var told: Int?

    /// A certificate.
    public init(name: String, lastDay: Day, told: Int? = nil) {
        self.name = name
        self.lastDay = lastDay
        self.told = told
    }

    /// What is to be told today, with the day since which it is due: earlier than today when runs were missed; `nil` when
    /// there is nothing new to tell. ``told`` is the threshold of the last warning that a channel took.
    public func warning(today: Day) -> Warning? {
        threshold(today: today).map { Warning(name: name, threshold: $0, due: lastDay.adding(days: -$0)) }
    }

    /// A warning to give.
    public struct Warning: Sendable, Hashable {
        /// The certificate.
        public let name: String
        /// Days before its end that were reached: what ``CertificateExpiry/told`` becomes once the warning is given.
        public let threshold: Int
        /// The day since which the warning is due.
        public let due: Day

        /// A warning.
        public init(name: String, threshold: Int, due: Day) {
            self.name = name
            self.threshold = threshold
            self.due = due
        }
    }

    /// The threshold to tell today: the tightest one reached, once; `nil` when there is nothing new to tell. Zero means
    /// that today is the last day, or that it is past.
    public func threshold(today: Day) -> Int? {
        let left = max(0, lastDay - today)
        guard let reached = CertificateExpiry.thresholds.last(where: { left <= $0 }) else { return nil }
        return told.map { reached < $0 } ?? true ? reached : nil
    }
}
