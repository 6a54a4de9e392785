import MSSAccounts
import MSSCore
import MSSTraces
import Testing

@testable import MSSConnector

@Suite("Changes of the accounts in the traces")
struct AccountChangeTests {
    @Test("EX_GDT_5030: each change is traced once with its author, before and after; a refusal with its requirement")
    func changes() async throws {
        let traces = InMemoryTraceRecorder()
        let journal = TracedAccountChanges(traces)
        var suspend = AccountChange(
            at: Samples.epoch, actor: "administrator:adele", operation: "suspend", mailbox: MailboxID(7),
            address: "jeanne.martin@alpha.mssante.fr",
            fields: [.init("state", before: "active", after: "suspended")])
        suspend.number = 1
        var refused = AccountChange(
            at: Samples.epoch, actor: "person:12", operation: "delegate", mailbox: MailboxID(7),
            outcome: .refused("EX_GBM_5411", "Non."))
        refused.number = 2
        try await journal.record([suspend, refused])
        // Handed over again, as after a lost answer.
        try await journal.record([suspend, refused])
        #expect(traces.events.count == 2)
        let first = traces.events[0]
        #expect(first.action == .suspendMailbox && first.outcome == .success)
        #expect(first.author == .administrator(TracePerson(identifier: "adele")))
        #expect(first.time == Samples.epoch)
        #expect(first.mailbox == Samples.address("jeanne.martin@alpha.mssante.fr"))
        #expect(first.changes.first == TraceChange("state", before: "active", after: "suspended"))
        let second = traces.events[1]
        #expect(second.action == .addDelegate && second.outcome == .refused)
        #expect(second.author == .person(TracePerson(identifier: "12")))
        #expect(second.request?.text == "comptes delegate")
        #expect(second.reply?.text == "[EX_GBM_5411] Non.")
    }

    @Test("A journal that fails is handed the same changes again, and keeps them then")
    func failure() async throws {
        struct Full: Error {}
        let traces = InMemoryTraceRecorder()
        let journal = TracedAccountChanges(traces)
        var change = AccountChange(at: Samples.epoch, actor: "system", operation: "mark")
        change.number = 9
        traces.fail(with: Full())
        await #expect(throws: Full.self) { try await journal.record([change]) }
        traces.fail(with: nil)
        try await journal.record([change])
        #expect(traces.events.map(\.author) == [.system("system")])
    }
}
