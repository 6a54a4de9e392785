public import MSSCore

/// What to search for: all conditions hold together; an empty query finds everything.
public struct TraceQuery: Sendable, Hashable {
    /// The mailbox concerned, in either case of letters.
    public var mailbox: MailAddress?
    /// The sender or one of the recipients.
    public var correspondent: MailAddress?
    /// The operator's identifier of a message.
    public var message: String?
    /// The identifier of the author, or of the person on whose behalf a delegate acted; applications, peers and
    /// components by their name.
    public var person: String?
    /// The kind of action, which also chooses the journal.
    public var action: TraceAction?
    /// No earlier action.
    public var from: Timestamp?
    /// Only earlier actions.
    public var until: Timestamp?
    /// The journals to search.
    public var families: Set<TraceFamily>
    /// How many records at most, newest first.
    public var limit: Int
    /// Where the page before ended: see ``TracePage/next``.
    public var before: [TraceFamily: UInt64]

    /// A query.
    public init(
        mailbox: MailAddress? = nil, correspondent: MailAddress? = nil, message: String? = nil, person: String? = nil,
        action: TraceAction? = nil, from: Timestamp? = nil, until: Timestamp? = nil,
        families: Set<TraceFamily> = Set(TraceFamily.allCases), limit: Int = 100, before: [TraceFamily: UInt64] = [:]
    ) {
        self.mailbox = mailbox
        self.correspondent = correspondent
        self.message = message
        self.person = person
        self.action = action
        self.from = from
        self.until = until
        self.families = families
        self.limit = limit
        self.before = before
    }

    var terms: [SearchTerm] {
        [
            mailbox.map { .mailbox($0) }, correspondent.map { .correspondent($0) }, message.map { .message($0) },
            person.map { .person($0) }, action.map { .action($0.code) },
        ].compactMap(\.self)
    }

    var searchedFamilies: [TraceFamily] {
        TraceFamily.allCases.filter { families.contains($0) && (action == nil || action?.family == $0) }
    }

    /// The period in nanoseconds, both ends included.
    var period: ClosedRange<Int64>? {
        let low = from?.indexed ?? .min
        let high = until.map { $0.indexed == .min ? .min : $0.indexed - 1 } ?? .max
        return low <= high ? low...high : nil
    }

    /// The query as a trace of the access tells it.
    var text: String {
        var words: [String] = []
        if let mailbox { words.append("mailbox=\(mailbox)") }
        if let correspondent { words.append("correspondent=\(correspondent)") }
        if let message { words.append("message=\(message)") }
        if let person { words.append("person=\(person)") }
        if let action { words.append("action=\(action)") }
        if let from { words.append("from=\(from)") }
        if let until { words.append("until=\(until)") }
        words.append("families=" + families.map(\.rawValue).sorted().joined(separator: "+"))
        return words.joined(separator: " ")
    }
}

/// A record as it is read.
public struct TraceRecord: Sendable, Hashable {
    /// The journal.
    public let family: TraceFamily
    /// The segment that holds it.
    public let segment: UInt64
    /// The number of the record in its journal.
    public let sequence: UInt64
    /// When the store wrote it.
    public let written: Timestamp
    /// The digest of the record before.
    public let previous: TraceDigest
    /// The event; once anonymised, without anything that leads to a person.
    public let event: TraceEvent
    /// Whether everything personal was erased at the end of the retention.
    public let isAnonymised: Bool
    let facts: RecordPart
    let personal: RecordPart

    init?(_ view: RecordView, _ bytes: UnsafeRawBufferPointer, family: TraceFamily, segment: UInt64) {
        facts = view.facts(bytes)
        personal = view.personal(bytes)
        guard let text = facts.bytes, let event = TraceEvent(family: family, facts: text, personal: personal.bytes)
        else { return nil }
        self.family = family
        self.segment = segment
        sequence = view.sequence
        written = Timestamp(seconds: view.seconds, nanoseconds: view.nanoseconds)
        previous = view.previous
        self.event = event
        isAnonymised = personal.isErased
    }
}

/// What a search found, newest first.
public struct TracePage: Sendable, Hashable {
    /// The records.
    public let records: [TraceRecord]
    /// For ``TraceQuery/before``, to get the next page; `nil` when there is no more.
    public let next: [TraceFamily: UInt64]?
}
