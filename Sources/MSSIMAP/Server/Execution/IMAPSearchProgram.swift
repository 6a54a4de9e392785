import MSSMessage

/// A search in the terms of one mailbox: sets are UIDs, texts are folded. Asked with what is known of a message, it says
/// yes, no, or that more must be known. No IO.
indirect enum IMAPSearchProgram: Sendable {
    case constant(Bool)
    case flag(IMAPFlag, Bool)
    case header(SearchedFieldName, FoldedText)
    case body(FoldedText)
    case text(FoldedText)
    case received(IMAPSearchKey.DateRelation, IMAPDay)
    case sent(IMAPSearchKey.DateRelation, IMAPDay)
    case larger(Int64)
    case smaller(Int64)
    case uids(NumberRanges)
    case modSeq(Int64)
    case not(IMAPSearchProgram)
    case any([IMAPSearchProgram])
    case all([IMAPSearchProgram])

    init(_ key: IMAPSearchKey, in mailbox: SelectedMailbox, saved: NumberRanges) {
        func uids(_ set: IMAPSequenceSet, byUID: Bool) -> IMAPSearchProgram {
            guard let ranges = set.resolved(largest: mailbox.largest(byUID: byUID)) else { return .uids(saved) }
            if byUID { return .uids(ranges) }
            // Numbers that are not there match nothing.
            let count = UInt32(mailbox.uids.count)
            return .uids(
                NumberRanges(
                    joining: ranges.ranges.filter { $0.lowerBound <= count }
                        .flatMap { mailbox.uids.ranges(Int($0.lowerBound - 1)..<Int(min($0.upperBound, count))) }))
        }
        self =
            switch key {
            case .all: .constant(true)
            case .flag(let flag, let isSet): .flag(flag, isSet)
            case .recent(let isRecent): .constant(!isRecent)
            case .header(let name, let text): .header(SearchedFieldName(name), FoldedText(text))
            case .body(let text): .body(FoldedText(text))
            case .text(let text): .text(FoldedText(text))
            case .received(let relation, let day): .received(relation, day)
            case .sent(let relation, let day): .sent(relation, day)
            case .larger(let size): .larger(size)
            case .smaller(let size): .smaller(size)
            case .uid(let set): uids(set, byUID: true)
            case .sequence(let set): uids(set, byUID: false)
            case .modSeq(let number): .modSeq(number)
            case .not(let key): .not(IMAPSearchProgram(key, in: mailbox, saved: saved))
            case .or(let one, let other):
                .any([one, other].map { IMAPSearchProgram($0, in: mailbox, saved: saved) })
            case .and(let keys): .all(keys.map { IMAPSearchProgram($0, in: mailbox, saved: saved) })
            }
    }

    /// What is known of a message.
    struct Known {
        var uid: UInt32
        var message: IMAPMessage?
        var header: SearchedHeader?
        /// The texts of the body, folded.
        var body: [FoldedText]?
    }

    /// Whether a message matches; `nil` when more must be known of it.
    func matches(_ known: Known) -> Bool? {
        switch self {
        case .constant(let value): value
        case .flag(let flag, let isSet): known.message.map { $0.flags.contains(flag) == isSet }
        case .larger(let size): known.message.map { Int64($0.size) > size }
        case .smaller(let size): known.message.map { Int64($0.size) < size }
        case .uids(let ranges): ranges.contains(known.uid)
        case .modSeq(let number): known.message.map { $0.changeNumber >= number }
        case .received(let relation, let day): known.message.map { relation.holds(IMAPDay($0.received), day) }
        case .sent(let relation, let day):
            known.header.map { header in
                guard let date = header.block.date else { return false }
                return relation.holds(IMAPDay(date.timestamp, offsetSeconds: (date.zoneMinutes ?? 0) * 60), day)
            }
        case .header(let name, let text): known.header.map { $0.contains(name, text) }
        case .body(let text): known.body.map { parts in parts.contains { $0.contains(text) } }
        case .text(let text):
            if let header = known.header, header.contains(text) {
                true
            } else {
                known.body.map { parts in parts.contains { $0.contains(text) } }
            }
        case .not(let program): program.matches(known).map { !$0 }
        case .any(let programs): Self.combine(programs, known, decisive: true)
        case .all(let programs): Self.combine(programs, known, decisive: false)
        }
    }

    /// Whether it asks for nothing of messages but their UIDs and what is written in them, and does ask for that: then
    /// their flags need not be looked up.
    var asksContentAlone: Bool {
        switch self {
        case .header, .body, .text, .sent: true
        case .not(let program): program.asksContentAlone
        case .any(let programs): programs.allSatisfy(\.asksContentAlone)
        case .all(let programs):
            programs.contains(where: \.asksContentAlone)
                && programs.allSatisfy { program in
                    if case .uids = program { return true }
                    return program.asksContentAlone
                }
        case .constant, .flag, .received, .larger, .smaller, .uids, .modSeq: false
        }
    }

    private static func combine(
        _ programs: [IMAPSearchProgram], _ known: Known, decisive: Bool
    ) -> Bool? {
        var isOpen = false
        for program in programs {
            switch program.matches(known) {
            case decisive?: return decisive
            case nil: isOpen = true
            default: break
            }
        }
        return isOpen ? nil : !decisive
    }
}

extension IMAPSearchKey.DateRelation {
    func holds(_ date: IMAPDay, _ day: IMAPDay) -> Bool {
        switch self {
        case .before: date < day
        case .on: date == day
        case .since: date >= day
        }
    }
}
