/// What a session shows of the mailbox that it has selected: message numbers stand for UIDs until the client was told
/// otherwise, whatever happens in the mailbox meanwhile (RFC 9051 §7.5.1). No IO.
struct SelectedMailbox: Sendable {
    let id: IMAPMailboxID
    let name: IMAPMailboxName
    let validity: UInt32
    let isReadOnly: Bool
    /// UIDs by message number, ascending.
    private(set) var uids = UIDList()
    /// The change number up to which new and changed messages were told.
    private(set) var changeNumber: Int64 = 0
    /// The change number up to which vanished messages were told.
    private(set) var vanishedNumber: Int64 = 0
    /// Keywords that were told.
    private(set) var keywords: Set<IMAPFlag> = []
    /// Change numbers that the client knows of already: of what it changed itself.
    var told: [UInt32: Int64] = [:]

    init(_ overview: IMAPMailboxOverview, isReadOnly: Bool) {
        id = overview.mailbox.id
        name = overview.mailbox.name
        validity = overview.mailbox.validity
        self.isReadOnly = isReadOnly
        uids = UIDList(overview.uids)
        changeNumber = overview.mailbox.changeNumber
        vanishedNumber = changeNumber
        keywords = overview.keywords
    }

    /// What a client is to be told.
    struct News {
        /// Message numbers that are gone, each as it is when those before it are gone; and their UIDs.
        var expunged: [(number: UInt32, uid: UInt32)] = []
        /// Messages in all, when there are new ones.
        var exists: Int?
        /// Messages whose flags changed, by their numbers afterwards.
        var changed: [(number: UInt32, message: IMAPMessage)] = []
        /// Whether keywords appeared.
        var hasNewKeywords = false
    }

    /// Takes changes in. Without `expunges` the vanished messages keep their numbers for now.
    mutating func apply(_ changes: IMAPMailboxChanges, expunges: Bool) -> News {
        var news = News()
        if expunges {
            news.expunged = remove(changes.vanished)
            vanishedNumber = changes.mailbox.changeNumber
        }
        let last = uids.last ?? 0
        let new = changes.messages.filter { $0.uid > last }
        for message in changes.messages {
            for flag in message.flags where flag.isKeyword && keywords.insert(flag).inserted {
                news.hasNewKeywords = true
            }
            guard message.uid <= last, told[message.uid] != message.changeNumber else { continue }
            if let number = number(of: message.uid) { news.changed.append((number, message)) }
        }
        if !new.isEmpty {
            for message in new { uids.append(message.uid) }
            news.exists = uids.count
        }
        changeNumber = changes.mailbox.changeNumber
        told = [:]
        return news
    }

    /// Takes UIDs out; those that were there, from the first.
    mutating func remove(_ gone: [UInt32]) -> [(number: UInt32, uid: UInt32)] {
        gone.isEmpty ? [] : uids.remove(Set(gone))
    }

    /// The number of a message; `nil` when the session does not show it.
    func number(of uid: UInt32) -> UInt32? { uids.number(of: uid) }

    /// The UIDs of a set of numbers or UIDs that the session shows, ascending; `nil` when a message number is not
    /// there, which is a fault of the client (RFC 9051 §9 `seq-number`).
    func uids(of set: NumberRanges, byUID: Bool) -> [UInt32]? {
        if byUID {
            return set.ranges.flatMap { range in
                let end = range.upperBound == .max ? uids.count : uids.index(atLeast: range.upperBound + 1)
                return uids[uids.index(atLeast: range.lowerBound)..<end]
            }
        }
        guard set.ranges.last.map({ Int($0.upperBound) <= uids.count }) ?? true else { return nil }
        return set.ranges.flatMap { uids[Int($0.lowerBound - 1)..<Int($0.upperBound)] }
    }

    /// The largest number or UID, which `*` stands for.
    func largest(byUID: Bool) -> UInt32 { byUID ? uids.last ?? 0 : UInt32(uids.count) }

    /// Notes that the client was told of changes that it made itself.
    mutating func note(_ messages: [IMAPMessage]) {
        for message in messages { told[message.uid] = message.changeNumber }
    }
}
