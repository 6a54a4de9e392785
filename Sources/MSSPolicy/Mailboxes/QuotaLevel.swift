/// How full a mailbox is (EX_GBM_4470, 1.7 draft).
public enum QuotaLevel: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// Below 80 %.
    case free = 0
    /// 80 % or more.
    case high = 80
    /// 90 % or more.
    case veryHigh = 90
    /// All of it: nothing is received or sent any more.
    case full = 100

    /// The level of a usage; a mailbox without a quota is ever free.
    ///
    /// - Parameters:
    ///   - used: octets in use.
    ///   - quota: octets allowed.
    public init(used: Int64, quota: Int64?) {
        guard let quota, quota > 0, used > 0 else {
            self = .free
            return
        }
        // Compared in hundredths, without the overflow of used × 100.
        let wide = { (share: Int64) in quota.multipliedFullWidth(by: share) }
        let needed = used.multipliedFullWidth(by: 100)
        let reaches = { (share: Int64) in
            let bound = wide(share)
            return (needed.high, needed.low) >= (bound.high, bound.low)
        }
        self = reaches(100) ? .full : reaches(90) ? .veryHigh : reaches(80) ? .high : .free
    }

    /// Emptier is less.
    public static func < (left: QuotaLevel, right: QuotaLevel) -> Bool { left.rawValue < right.rawValue }
}
