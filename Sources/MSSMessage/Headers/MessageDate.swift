public import MSSCore

/// A date of a message header: the moment, and the zone in which it was written (RFC 5322 §3.3).
public struct MessageDate: Hashable, Sendable {
    /// The moment.
    public var timestamp: Timestamp
    /// Minutes east of Greenwich; `nil` when the zone was unknown (`-0000`, an unknown name, none).
    public var zoneMinutes: Int?

    /// A date; by default written in UTC.
    public init(_ timestamp: Timestamp, zoneMinutes: Int? = 0) {
        self.timestamp = timestamp
        self.zoneMinutes = zoneMinutes
    }

    /// The date as RFC 5322 §3.3 writes it, for example `Tue, 1 Jul 2003 10:52:37 +0200`.
    public var rfc5322: String {
        let local = CivilTime(seconds: timestamp.seconds &+ Int64((zoneMinutes ?? 0) * 60))
        let zone = zoneMinutes ?? 0
        let magnitude = abs(zone)
        // RFC 5322 §3.3: "-0000" says that nothing is known of the local zone.
        let sign = zoneMinutes == nil || zone < 0 ? "-" : "+"
        return CivilTime.dayNames[local.weekday] + ", \(local.day) " + CivilTime.monthNames[local.month - 1] + " "
            + digits(local.year, 4) + " " + digits(local.hour, 2) + ":" + digits(local.minute, 2) + ":"
            + digits(local.second, 2) + " " + sign + digits(magnitude / 60, 2) + digits(magnitude % 60, 2)
    }
}

private func digits(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}

/// Civil fields of the proleptic Gregorian calendar, for header dates.
struct CivilTime {
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int
    /// 0 is Sunday.
    var weekday: Int

    static let dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    static let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The civil time `seconds` after 1970-01-01T00:00:00.
    init(seconds: Int64) {
        let total = Int(seconds)
        var days = total / 86_400
        var rest = total % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        hour = rest / 3600
        minute = rest % 3600 / 60
        second = rest % 60
        weekday = ((days % 7) + 11) % 7
        // Days since 0000-03-01, in eras of 400 years: the year then ends with its leap day.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days from 1970-01-01 to a civil date.
    static func days(year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Days in a month of a year.
    static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
