import MSSCore

extension MessageDate {
    /// Reads a header date: RFC 5322 §3.3, its obsolete forms (§4.3), and those of the wild: missing seconds or zone,
    /// two- and three-digit years, wrong or French day names, numeric months, `asctime` order, ISO 8601. What stands
    /// before a last semicolon (`Received`) is passed over. `nil` when no date can be read.
    public init?(parsing text: String) { self.init(parsing: Array(text.utf8)) }

    init?(parsing bytes: [UInt8]) {
        guard let scan = DateScan(bytes) else { return nil }
        self = scan.date
    }
}

/// Zones by name. RFC 5322 §4.3 and those that French mail holds; others are unknown.
private let zoneMinutesByName: [String: Int] = [
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "met": 60, "mez": 60,
    "cest": 120, "mest": 120, "mesz": 120, "eet": 120, "eest": 180, "msk": 180, "jst": 540,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
]

/// Month names by their first three or four letters, English and French.
private let monthsByName: [String: Int] = [
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11,
    "dec": 12, "janv": 1, "févr": 2, "fév": 2, "mars": 3, "avr": 4, "mai": 5, "juin": 6, "juil": 7, "août": 8,
    "sept": 9, "déc": 12,
]

/// One date, read word by word.
private struct DateScan {
    let date: MessageDate

    init?(_ bytes: [UInt8]) {
        guard var words = Self.words(bytes) else { return nil }
        // ISO 8601 in one word.
        if let first = words.first, let split = first.firstIndex(where: { $0 == "T" || $0 == "t" }),
            first.first?.isNumber == true, first[..<split].split(separator: "-").count == 3
        {
            let time = first[first.index(after: split)...]
            let zoneStart = time.firstIndex { $0 == "Z" || $0 == "z" || $0 == "+" || $0 == "-" } ?? time.endIndex
            words.replaceSubrange(0...0, with: [first[..<split], time[..<zoneStart]])
            if zoneStart < time.endIndex { words.insert(time[zoneStart...], at: 2) }
        }
        // `1-Jul-2003`, `2003-07-01`: one word for the date.
        if let place = words.firstIndex(where: { $0.first?.isNumber == true && !$0.contains(":") }),
            case let pieces = words[place].split(separator: "-"), pieces.count == 3
        {
            let isISO = pieces[0].utf8.count == 4
            words.replaceSubrange(place...place, with: isISO ? [pieces[2], pieces[1], pieces[0]] : pieces)
        }
        // Everything before the first number is a day name, except a month (asctime: `Wed Jun 30 21:49:08 1993`).
        var month: Int?
        while let word = words.first, word.first?.isNumber != true {
            month = Self.month(word)
            words.removeFirst()
        }
        guard let dayWord = words.first, let day = Self.number(dayWord) else { return nil }
        words.removeFirst()
        // A month before the day is asctime's, which the time follows; else it was a day name (`mar.` for mardi).
        if words.first?.contains(":") != true { month = nil }
        var year: Int?
        if month == nil {
            guard let word = words.first, let named = Self.month(word) ?? Self.number(word) else { return nil }
            month = named
            words.removeFirst()
            guard let word = words.first, let value = Self.number(word) else { return nil }
            year = Self.fullYear(value, digits: word.utf8.count)
            words.removeFirst()
        }
        guard var time = words.first else { return nil }
        words.removeFirst()
        // A zone glued to the time: `10:52:37+0200`.
        if let sign = time.firstIndex(where: { $0 == "+" || $0 == "-" }), time.contains(":") {
            words.insert(time[sign...], at: 0)
            time = time[..<sign]
        }
        guard let (hour, minute, second) = Self.time(time) else { return nil }
        if year == nil {
            // asctime: the year comes last, or before the zone, or after it.
            guard
                let place = words.firstIndex(where: {
                    $0.utf8.count == 4 && $0.utf8.allSatisfy(Ascii.isDigit)
                })
            else { return nil }
            year = Int(words.remove(at: place))
        }
        guard let month, let year, (0...9999).contains(year), second <= 60 else { return nil }
        let zone = Self.zone(words.first, next: words.dropFirst().first)
        // A leap second is the last one of its minute: POSIX time has none.
        guard
            let time = try? Timestamp(
                year: year, month: month, day: day, hour: hour, minute: minute, second: min(second, 59),
                offsetSeconds: (zone ?? 0) * 60)
        else { return nil }
        date = MessageDate(time, zoneMinutes: zone)
    }

    /// Words without comments, at most twelve; `nil` for an unreasonable value.
    private static func words(_ bytes: [UInt8]) -> [Substring]? {
        let start = bytes.lastIndex(of: UInt8(ascii: ";")).map { $0 + 1 } ?? 0
        var scanner = TokenScanner(Array(bytes[start...].prefix(512)))
        var plain: [UInt8] = []
        while let byte = scanner.current {
            if byte == UInt8(ascii: "(") {
                _ = scanner.comment()
                plain.append(Ascii.space)
            } else {
                plain.append(byte == Ascii.tab || byte == Ascii.cr || byte == Ascii.lf ? Ascii.space : byte)
                scanner.position += 1
            }
        }
        let words = HeaderText.string(plain).split(whereSeparator: { $0 == " " || $0 == "," })
        return words.isEmpty ? nil : Array(words.prefix(12))
    }

    private static func number(_ word: Substring) -> Int? {
        guard word.utf8.count <= 6, !word.isEmpty, word.utf8.allSatisfy(Ascii.isDigit) else { return nil }
        return Int(word)
    }

    private static func month(_ word: Substring) -> Int? {
        let name = word.lowercased().prefix { $0.isLetter }
        return monthsByName[String(name)] ?? monthsByName[String(name.prefix(4))]
            ?? (name.utf8.count >= 3
                ? monthsByName[String(name.prefix(3))].flatMap { isEnglishMonth(name, $0) ? $0 : nil } : nil)
    }

    /// A longer name must be the month's own: `Marxist` is no March.
    private static func isEnglishMonth(_ name: Substring, _ month: Int) -> Bool {
        let full = [
            "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
            "november", "december", "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
            "septembre", "octobre", "novembre", "décembre",
        ]
        return full[month - 1].hasPrefix(name) || full[month + 11].hasPrefix(name)
    }

    /// RFC 5322 §4.3.
    private static func fullYear(_ value: Int, digits: Int) -> Int {
        switch digits {
        case ...2: value < 50 ? 2000 + value : 1900 + value
        case 3: 1900 + value
        default: value
        }
    }

    /// `hh:mm[:ss[.fff]]`.
    private static func time(_ word: Substring) -> (Int, Int, Int)? {
        let fields = word.split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count == 2 || fields.count == 3, let hour = number(fields[0]), let minute = number(fields[1])
        else { return nil }
        guard fields.count == 3 else { return (hour, minute, 0) }
        guard let second = number(fields[2].prefix { $0 != "." }) else { return nil }
        return (hour, minute, second)
    }

    /// Minutes east of Greenwich; `nil` when unknown.
    private static func zone(_ word: Substring?, next: Substring?) -> Int? {
        guard let word, let first = word.first else { return nil }
        if first == "+" || first == "-" {
            let digits = word.dropFirst().filter { $0 != ":" }
            guard (1...4).contains(digits.utf8.count), let value = number(digits[...]) else { return nil }
            let minutes = digits.utf8.count <= 2 ? value * 60 : value / 100 * 60 + value % 100
            // RFC 5322 §3.3: `-0000` says nothing of the zone; no zone lies beyond a day.
            if first == "-", minutes == 0 { return nil }
            guard value % 100 < 60 || digits.utf8.count <= 2, minutes < 24 * 60 else { return nil }
            return first == "+" ? minutes : -minutes
        }
        let letters = word.prefix { $0.isLetter }
        guard let named = zoneMinutesByName[letters.lowercased()] else { return nil }
        // `GMT+0200`, `UTC +2`.
        let rest = word[letters.endIndex...]
        if named == 0, let sign = rest.first ?? next?.first, sign == "+" || sign == "-" {
            return zone(rest.isEmpty ? next : rest, next: nil) ?? 0
        }
        return named
    }
}
