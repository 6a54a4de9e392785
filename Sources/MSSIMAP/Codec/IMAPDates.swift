public import MSSCore
import MSSSASL

/// A day of the calendar, as searches name it (RFC 9051 §9 `date`): zones do not count.
public struct IMAPDay: Sendable, Hashable, Comparable {
    /// Days since 1 January 1970.
    public let days: Int64

    /// A day by its number.
    public init(days: Int64) { self.days = days }

    /// The day of a time at an offset from UTC, in seconds.
    public init(_ time: Timestamp, offsetSeconds: Int = 0) {
        let local = time.seconds + Int64(offsetSeconds)
        days = local >= 0 ? local / 86_400 : -((86_399 - local) / 86_400)
    }

    /// By date.
    public static func < (left: IMAPDay, right: IMAPDay) -> Bool { left.days < right.days }

    /// The day as `d-Mon-yyyy`.
    public var wire: String {
        let civil = Timestamp(seconds: days * 86_400).civil
        return "\(civil.day)-\(IMAPDates.months[civil.month - 1])-\(IMAPDates.padded(civil.year, 4))"
    }
}

enum IMAPDates {
    static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    static func padded(_ number: Int, _ width: Int, _ fill: Character = "0") -> String {
        let text = String(number)
        return String(repeating: fill, count: max(0, width - text.count)) + text
    }

    /// `INTERNALDATE` (RFC 9051 §9 `date-time`), in UTC, without its quotes.
    static func dateTime(_ time: Timestamp) -> String {
        let civil = time.civil
        return "\(padded(civil.day, 2, " "))-\(months[civil.month - 1])-\(padded(civil.year, 4)) "
            + "\(padded(civil.hour, 2)):\(padded(civil.minute, 2)):\(padded(civil.second, 2)) +0000"
    }
}

extension IMAPReader {
    /// `date`: quoted or not.
    mutating func day() throws(IMAPSyntaxError) -> IMAPDay {
        let isQuoted = take(.quote)
        let (year, month, day) = try date()
        if isQuoted { try expect(.quote) }
        guard let time = try? Timestamp(year: year, month: month, day: day) else { throw .malformedDate }
        return IMAPDay(time)
    }

    private mutating func date() throws(IMAPSyntaxError) -> (year: Int, month: Int, day: Int) {
        _ = take(.space)  // date-day-fixed
        let day = run(\.isDigit)
        guard (1...2).contains(day.count), take(UInt8(ascii: "-")) else { throw .malformedDate }
        let name = asciiUppercased(run(\.isLetter))
        guard let month = IMAPDates.months.firstIndex(where: { $0.uppercased() == name }), take(UInt8(ascii: "-"))
        else {
            throw .malformedDate
        }
        let year = run(\.isDigit)
        guard year.count == 4, let yearNumber = year.decimal(), let dayNumber = day.decimal() else {
            throw .malformedDate
        }
        return (yearNumber, month + 1, dayNumber)
    }

    /// `date-time`, quoted.
    mutating func dateTime() throws(IMAPSyntaxError) -> Timestamp {
        try expect(.quote)
        let (year, month, day) = try date()
        guard take(.space) else { throw .malformedDate }
        var numbers: [Int] = []
        for separator in [UInt8(ascii: ":"), UInt8(ascii: ":"), .space] {
            let digits = run(\.isDigit)
            guard digits.count == 2, let number = digits.decimal(), take(separator) else { throw .malformedDate }
            numbers.append(number)
        }
        let isWest = current == UInt8(ascii: "-")
        guard isWest || current == UInt8(ascii: "+") else { throw .malformedDate }
        position += 1
        let zone = run(\.isDigit)
        guard zone.count == 4, let zoneNumber = zone.decimal(), take(.quote) else { throw .malformedDate }
        let offset = (zoneNumber / 100 * 60 + zoneNumber % 100) * 60 * (isWest ? -1 : 1)
        guard zoneNumber % 100 < 60, abs(offset) <= 86_400,
            let time = try? Timestamp(
                year: year, month: month, day: day, hour: numbers[0], minute: numbers[1], second: min(numbers[2], 59),
                offsetSeconds: offset)
        else { throw .malformedDate }
        return time
    }
}
