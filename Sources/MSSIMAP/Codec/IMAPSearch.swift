/// What `SEARCH`, `SORT` and `THREAD` look for (RFC 9051 §6.4.4, RFC 5256, RFC 7162).
public indirect enum IMAPSearchKey: Sendable, Hashable {
    /// How a date is compared.
    public enum DateRelation: String, Sendable, Hashable {
        /// Before the day.
        case before = "BEFORE"
        /// On the day.
        case on = "ON"
        /// On the day or later.
        case since = "SINCE"
    }

    /// Every message.
    case all
    /// Has a flag or keyword, or has it not.
    case flag(IMAPFlag, Bool)
    /// `NEW`, `OLD` (RFC 3501): no message is recent here, so these are nothing and all.
    case recent(Bool)
    /// A header field holds the text; an empty text means that the field is there.
    case header(String, String)
    /// The body holds the text.
    case body(String)
    /// Header or body hold the text.
    case text(String)
    /// By `INTERNALDATE`.
    case received(DateRelation, IMAPDay)
    /// By the `Date` field.
    case sent(DateRelation, IMAPDay)
    /// More octets than this.
    case larger(Int64)
    /// Fewer octets than this.
    case smaller(Int64)
    /// By UID.
    case uid(IMAPSequenceSet)
    /// By message number.
    case sequence(IMAPSequenceSet)
    /// Changed at this number or later.
    case modSeq(Int64)
    /// Not this.
    case not(IMAPSearchKey)
    /// One of both.
    case or(IMAPSearchKey, IMAPSearchKey)
    /// All of these.
    case and([IMAPSearchKey])
}

/// What a search returns (RFC 4731, RFC 5182).
public struct IMAPSearchReturn: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8
    /// A set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The smallest number.
    public static let min = IMAPSearchReturn(rawValue: 1)
    /// The largest number.
    public static let max = IMAPSearchReturn(rawValue: 2)
    /// All numbers.
    public static let all = IMAPSearchReturn(rawValue: 4)
    /// How many.
    public static let count = IMAPSearchReturn(rawValue: 8)
    /// Keeps them as `$`.
    public static let save = IMAPSearchReturn(rawValue: 16)

    static let names: [(String, IMAPSearchReturn)] = [
        ("MIN", .min), ("MAX", .max), ("ALL", .all), ("COUNT", .count), ("SAVE", .save),
    ]
}

/// A search as asked.
public struct IMAPSearchRequest: Sendable, Hashable {
    /// Whether UIDs are returned.
    public var byUID: Bool
    /// What is returned by `ESEARCH`; `nil` for the response of RFC 3501.
    public var returns: IMAPSearchReturn?
    /// What is looked for.
    public var key: IMAPSearchKey

    /// A search.
    public init(byUID: Bool, returns: IMAPSearchReturn? = nil, _ key: IMAPSearchKey) {
        self.byUID = byUID
        self.returns = returns
        self.key = key
    }
}

/// What `SORT` goes by (RFC 5256 §3).
public struct IMAPSortCriterion: Sendable, Hashable {
    /// The property.
    public enum Key: String, Sendable, Hashable, CaseIterable {
        /// `INTERNALDATE`.
        case arrival = "ARRIVAL"
        /// The first `Cc` address.
        case cc = "CC"
        /// When it was sent.
        case date = "DATE"
        /// The first author's address.
        case from = "FROM"
        /// Octets.
        case size = "SIZE"
        /// The base subject.
        case subject = "SUBJECT"
        /// The first `To` address.
        case to = "TO"
    }

    /// The property.
    public var key: Key
    /// Whether the largest comes first.
    public var isReversed: Bool

    /// A criterion.
    public init(_ key: Key, isReversed: Bool = false) {
        self.key = key
        self.isReversed = isReversed
    }
}
