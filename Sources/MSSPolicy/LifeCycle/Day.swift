public import MSSCore

/// A calendar day: what the delays of the Référentiel count in.
public struct Day: Sendable, Hashable, Comparable {
    /// Days since 1970-01-01.
    public let number: Int32

    /// The day with this number since 1970-01-01.
    public init(number: Int32) { self.number = number }

    /// The day of a time at an offset from UTC, in seconds, east positive.
    public init(_ time: Timestamp, offsetSeconds: Int = 0) {
        let local = time.seconds.addingReportingOverflow(Int64(offsetSeconds))
        let seconds = local.overflow ? time.seconds : local.partialValue
        // Floored: the day before 1970 is -1.
        let day = (seconds - (seconds >= 0 ? 0 : 86_399)) / 86_400
        number = Int32(clamping: day)
    }

    /// A date of the Gregorian calendar.
    public init(year: Int, month: Int, day: Int) throws(TimestampError) {
        self.init(try Timestamp(year: year, month: month, day: day))
    }

    /// Midnight UTC.
    public var start: Timestamp { Timestamp(seconds: Int64(number) * 86_400) }

    /// The day `days` later; earlier when negative. Saturates.
    public func adding(days: Int) -> Day {
        Day(number: Int32(clamping: Int64(number) + Int64(Int32(clamping: days))))
    }

    /// The same date `months` later, or the last day of that month when it has none: 31 January and one month are 28 or
    /// 29 February.
    public func adding(months: Int) -> Day {
        let date = start.civil
        let (years, month) = (date.year * 12 + date.month - 1 + months).quotientAndFlooredRemainder(by: 12)
        for day in stride(from: date.day, through: 28, by: -1) {
            if let result = try? Day(year: years, month: month + 1, day: day) { return result }
        }
        // Every month has a 28th: only a day below it came here, and it exists in every month of the years accepted.
        return (try? Day(year: years, month: month + 1, day: date.day)) ?? self
    }

    /// Days from `right` to `left`.
    public static func - (left: Day, right: Day) -> Int { Int(left.number) - Int(right.number) }

    /// Earlier is less.
    public static func < (left: Day, right: Day) -> Bool { left.number < right.number }
}

extension Day: CustomStringConvertible {
    /// `2026-11-21`.
    public var description: String { String(start.xsdDateTime.prefix { $0 != "T" }) }

    /// As French readers write it: `21/11/2026`.
    public var french: String {
        let date = start.civil
        let two = { (number: Int) in (number < 10 ? "0" : "") + String(number) }
        return "\(two(date.day))/\(two(date.month))/\(date.year)"
    }
}

extension Int {
    /// The quotient rounded down and the remainder, never negative.
    fileprivate func quotientAndFlooredRemainder(by divisor: Int) -> (Int, Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
