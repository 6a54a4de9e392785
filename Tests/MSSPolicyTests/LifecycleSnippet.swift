import Testing

// snippet: life-cycle
import MSSCore
import MSSPolicy
// end snippet

// snippet: life-cycle
func warn(
    _ facts: LifecycleFacts, at address: DirectoryMailAddress, _ record: LifecycleRecord, today: Day,
    over channel: some NotificationChannel, to contact: ContactPoint
) async -> LifecycleRecord {
    var record = record
    for action in Lifecycle().actions(for: facts, record, today: today) {
        guard let notice = OutOfBandNotice(for: action.kind, mailbox: address) else { continue }
        // One key for one warning: a channel that took it before a crash drops the second.
        let key = "\(action.mailbox)-\(notice.topic)-\(action.due)"
        guard (try? await channel.deliver(notice, to: contact, key: key)) != nil else { continue }
        record = record.applying(action, on: today)
    }
    return record
}
// end snippet

private struct Channel: NotificationChannel {
    var fails: Bool
    func deliver(_ notice: OutOfBandNotice, to contact: ContactPoint, key: String) async throws {
        if fails { throw NotificationFailure.refused(status: 500) }
    }
}

@Suite struct LifecycleSnippetTests {
    @Test("EX_GBM_4440: the snippet on the life cycle notes a warning only once a channel took it")
    func warnings() async throws {
        var facts = LifecycleFacts(mailbox: 1, kind: .person, createdOn: Day(number: 19_000))
        facts.lastConnection = Day(number: 20_000)
        let (today, address) = (Day(number: 20_050), try directory("jeanne.martin@h.mssante.fr"))
        let contact = ContactPoint.external(key: "x")
        let none = LifecycleRecord()
        let failed = await warn(facts, at: address, none, today: today, over: Channel(fails: true), to: contact)
        #expect(failed == none)
        let taken = await warn(facts, at: address, none, today: today, over: Channel(fails: false), to: contact)
        #expect(taken.unpublicationWarning == today)
    }
}
