public import MSSAccounts
import MSSCore
import MSSTraces

/// Hands the changes of the accounts to the traces (EX_GDT_5030: with before and after, delegations included).
///
/// The accounts keep each change until it was handed over, and hand it over at least once. What this process has taken
/// already is dropped by its number; after a crash in between, a change may stand in the traces twice, with the same
/// number.
public actor TracedAccountChanges: AccountJournal {
    private let recorder: any TraceRecorder
    private var last: Int64 = 0

    /// A journal over traces.
    public init(_ recorder: any TraceRecorder) { self.recorder = recorder }

    /// Keeps changes, in order.
    public func record(_ changes: [AccountChange]) async throws {
        let known = last
        let new = changes.filter { $0.number == 0 || $0.number > known }
        guard !new.isEmpty else { return }
        try await recorder.trace(new.map(TracedAccountChanges.event))
        last = max(last, new.map(\.number).max() ?? 0)
    }

    static func event(_ change: AccountChange) -> TraceEvent {
        var event = TraceEvent(
            action(change.operation), by: author(change.actor), at: change.at,
            mailbox: change.address.flatMap { try? MailAddress($0) }, means: TraceMeans(channel: "comptes"),
            // A word alone may look like Base64, which traces mask.
            request: TraceText("comptes \(change.operation)"))
        if case .refused(let requirement, let explanation) = change.outcome {
            event.outcome = .refused
            event.reply = TraceText((requirement.map { "[\($0)] " } ?? "") + explanation)
        }
        event.changes = change.fields.map { TraceChange($0.name, before: $0.before, after: $0.after) }
        event.changes.append(TraceChange("numero", before: nil, after: "\(change.number)"))
        if let person = change.person {
            event.changes.append(TraceChange("personne", before: nil, after: "\(person.rawValue)"))
        }
        if let mailbox = change.mailbox {
            event.changes.append(TraceChange("bal", before: nil, after: "\(mailbox.rawValue)"))
        }
        return event
    }

    /// The author as `Actor.text` has it.
    private static func author(_ text: String) -> TraceAuthor {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        switch (parts.first, parts.count) {
        case ("person", 2): return .person(TracePerson(identifier: parts[1]))
        case ("administrator", 2): return .administrator(TracePerson(identifier: parts[1]))
        case ("application", 2): return .application(parts[1])
        default: return .system(text)
        }
    }

    private static func action(_ operation: String) -> TraceAction {
        switch operation {
        case "create": .createMailbox
        case "suspend": .suspendMailbox
        case "reactivate": .resumeMailbox
        case "delete": .deleteMailbox
        case "delegate": .addDelegate
        case "removeDelegation": .removeDelegate
        case "addCoHolder": .addCoHolder
        case "removeCoHolder": .removeCoHolder
        case "changeResponsible": .changeResponsible
        case "setUnlisted": .chooseListeRouge
        case "acceptTerms", "noteAcceptance": .acceptTerms
        case "tellFirstUse": .informUser
        default: .changeMailbox
        }
    }
}
