import MSSCore

extension DERReader {
    /// A time as RFC 5280 §4.1.2.5 allows it: `YYMMDDHHMMSSZ` (1950 to 2049) or `YYYYMMDDHHMMSSZ`, seconds present,
    /// no fraction, always Zulu.
    mutating func readTime() throws(DERError) -> Timestamp {
        let element = try readAny()
        let content = bytes[element.content]
        let yearDigits: Int
        switch element.tag {
        case DERTag.utcTime: yearDigits = 2
        case DERTag.generalizedTime: yearDigits = 4
        default: throw .unexpectedTag
        }
        guard content.count == yearDigits + 11, content.last == UInt8(ascii: "Z") else { throw .invalidValue }
        var digits: [Int] = []
        digits.reserveCapacity(content.count - 1)
        for byte in content.dropLast() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { throw .invalidValue }
            digits.append(Int(byte) - 0x30)
        }
        var year = digits.prefix(yearDigits).reduce(0) { $0 * 10 + $1 }
        if yearDigits == 2 { year += year >= 50 ? 1900 : 2000 }
        func pair(_ index: Int) -> Int { digits[yearDigits + 2 * index] * 10 + digits[yearDigits + 2 * index + 1] }
        guard
            let time = Timestamp.civilUTC(
                year: year, month: pair(0), day: pair(1), hour: pair(2), minute: pair(3), second: pair(4))
        else { throw .invalidValue }
        return time
    }

    /// A GeneralizedTime where the standard allows nothing else (RFC 6960 §4.2.1).
    mutating func readGeneralizedTime() throws(DERError) -> Timestamp {
        guard nextTag == DERTag.generalizedTime else { throw nextTag == nil ? .truncated : .unexpectedTag }
        return try readTime()
    }
}

extension Timestamp {
    /// A time from its calendar parts in UTC; `nil` when there is no such date or time.
    static func civilUTC(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) -> Timestamp? {
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), (1...lengths[month - 1]).contains(day), (0..<24).contains(hour),
            (0..<60).contains(minute), (0..<60).contains(second), year >= 0
        else { return nil }
        let before = year - 1
        let leapDays = year > 0 ? before / 4 - before / 100 + before / 400 + 1 : 0
        var days = year * 365 + leapDays - 719_528  // days from 0000-01-01 to 1970-01-01
        for index in 0..<(month - 1) { days += lengths[index] }
        days += day - 1
        return Timestamp(seconds: Int64(days * 86400 + hour * 3600 + minute * 60 + second))
    }
}
