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

    /// The threshold to tell today: the tightest one reached, once; `nil` when there is nothing new to tell. Zero means
    /// that today is the last day, or that it is past.
    public func threshold(today: Day) -> Int? {
        let left = max(0, lastDay - today)
        guard let reached = CertificateExpiry.thresholds.last(where: { left <= $0 }) else { return nil }
        return told.map { reached < $0 } ?? true ? reached : nil
    }
}
