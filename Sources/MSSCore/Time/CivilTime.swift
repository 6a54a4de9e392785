/// A date and time of day in the proleptic Gregorian calendar, at some offset from UTC.
///
/// Only ``Timestamp/civil(offsetSeconds:)`` makes one, so its fields are always a real date.
public struct CivilTime: Sendable, Hashable {
    /// The astronomical year: 0 is 1 BCE.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, 1 to 31.
    public let day: Int
    /// The hour, 0 to 23.
    public let hour: Int
    /// The minute, 0 to 59.
    public let minute: Int
    /// The second, 0 to 59: POSIX time has no leap seconds.
    public let second: Int
    /// Nanoseconds after the second.
    public let nanosecond: Int
    /// The day of the week.
    public let weekday: Weekday
    /// The offset from UTC at which these fields hold, in seconds, east positive.
    public let offsetSeconds: Int

    /// A day of the week, numbered as ISO 8601 does.
    public enum Weekday: Int, Sendable, Hashable, CaseIterable {
        /// The days, Monday being 1.
        case monday = 1, tuesday, wednesday, thursday, friday, saturday, sunday
    }
}

extension Timestamp {
    /// The date and time in UTC.
    public var civil: CivilTime { civil() }

    /// The date and time at an offset from UTC, in seconds, east positive (beyond ±24 h: a programming error).
    public func civil(offsetSeconds: Int = 0) -> CivilTime {
        precondition((-86_400...86_400).contains(offsetSeconds))
        // At the ends of the time line the offset saturates: no caller can mean year 292,277,026,596.
        let (sum, overflow) = seconds.addingReportingOverflow(Int64(offsetSeconds))
        let local = overflow ? seconds : sum
        let (day, second) = local.flooredDivision(by: 86_400)
        let date = Civil.date(ofDay: day)
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).flooredDivision(by: 7).remainder
        return CivilTime(
            year: Int(date.year), month: date.month, day: date.day, hour: Int(second / 3600),
            minute: Int(second / 60 % 60), second: Int(second % 60), nanosecond: Int(nanoseconds),
            weekday: CivilTime.Weekday(rawValue: Int(weekday) + 1)!, offsetSeconds: offsetSeconds)
    }

    /// The time at which a calendar at `offsetSeconds` from UTC (east positive) shows this date and time.
    ///
    /// `hour: 24` is refused; years are astronomical (0 is 1 BCE), within ±999,999,999.
    public init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0,
        offsetSeconds: Int = 0
    ) throws(TimestampError) {
        guard Civil.years.contains(year) else { throw .outOfRange(.year) }
        guard (1...12).contains(month) else { throw .outOfRange(.month) }
        guard (1...Civil.days(inMonth: month, year: year)).contains(day) else { throw .outOfRange(.day) }
        guard (0...23).contains(hour) else { throw .outOfRange(.hour) }
        guard (0...59).contains(minute) else { throw .outOfRange(.minute) }
        guard (0...59).contains(second) else { throw .outOfRange(.second) }
        guard (0..<1_000_000_000).contains(nanosecond) else { throw .outOfRange(.fraction) }
        guard (-86_400...86_400).contains(offsetSeconds) else { throw .outOfRange(.zone) }
        let days = Civil.day(ofYear: Int64(year), month: month, day: day)
        let time = Int64(hour * 3600 + minute * 60 + second - offsetSeconds)
        self.init(seconds: days * 86_400 + time, nanoseconds: Int32(nanosecond))
    }
}

/// Days and dates of the proleptic Gregorian calendar. Years are counted from March, so that the leap day comes last
/// and 400 years are always 146,097 days.
enum Civil {
    /// The years that the parsers and initialisers accept: far inside the range of 64-bit seconds.
    static let years = -999_999_999...999_999_999

    static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func days(inMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 to a date.
    static func day(ofYear year: Int64, month: Int, day: Int) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let (era, yearOfEra) = marchYear.flooredDivision(by: 400)
        let monthFromMarch = Int64(month + (month > 2 ? -3 : 9))
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468  // from 0000-03-01 to 1970-01-01
    }

    /// The date `day` days after 1970-01-01.
    static func date(ofDay day: Int64) -> (year: Int64, month: Int, day: Int) {
        let (era, dayOfEra) = (day + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        let dayOfMonth = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfMonth)
    }
}

extension Int64 {
    /// Quotient rounded towards minus infinity, and the remainder, never negative, for a positive divisor.
    func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
