import MSSAccounts
import MSSConnector
import MSSCore
import MSSSMTP
import MSSStore
import MSSTLS
import MSSTestKit
import MSSTraces
import Testing

@testable import MSSOperator

@Suite("bal: what holders may have changed, and what responsibles are told", .serialized)
struct MailboxUpkeepTests {
    private static let team = "service-cardiologie@alpha.mssante.fr"

    private func create(_ context: AdminContext, _ address: String, _ identity: String, kind: String) async throws {
        var arguments = CreateMailbox.Arguments(kind: kind, address: address, responsible: identity)
        arguments.givenName = identity == doctor ? "Jeanne" : "Paul"
        arguments.familyName = identity == doctor ? "Martin" : "Durand"
        arguments.isEntitled = true
        if kind == "ORG" {
            arguments.structure = "750712184"
            arguments.structureName = "Hôpital"
            arguments.structureEntity = "EG"
            arguments.description = "Secrétariat"
        }
        _ = try await CreateMailbox.run(arguments, context)
    }

    @Test("EX_GBM_5410: description, service and responsible are changed; the traces hold before, after and by whom")
    func describe() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { node, context in
            try await create(context, Self.team, doctor, kind: "ORG")
            try await create(context, "paul.durand@alpha.mssante.fr", colleague, kind: "PER")
            let nothing = ModifyMailbox.Arguments(address: Self.team)
            await #expect(throws: AdminFailure.self) { _ = try await ModifyMailbox.run(nothing, context) }
            var change = nothing
            change.description = "Consultations"
            change.responsible = colleague
            let changed = try await ModifyMailbox.run(change, context)
            #expect(changed.description == "Consultations" && changed.responsible?.identity == "8" + colleague)
            try await node.accounts.deliverChanges()
            let (reader, access) = try TraceCommands.reader(context, purpose: "exploitation:essai", .search)
            func traces(_ action: String) async throws -> [TraceEvent] {
                try await reader.search(TraceCriteria(action: action).query(limit: 100), access).records.map(\.event)
            }
            let administrator = TraceAuthor.administrator(CommandWorld.administrator)
            let described = try await traces("mailbox.change").filter { event in
                event.changes.contains { $0.before == "Secrétariat" && $0.after == "Consultations" }
            }
            #expect(described.map(\.author) == [administrator])
            let named = try await traces("responsible.change")
            #expect(named.map(\.author) == [administrator])
        }
    }

    @Test("EX_GDT_5070: the times of the settings are those that the nightly round and the quarantine keep")
    func retention() async throws {
        let world = try CommandWorld { settings in
            settings.data.messageDays = 45
            settings.data.quarantineDays = 3
        }
        defer { world.remove() }
        try await world.withNode { node, context in
            try await create(context, "paul.durand@alpha.mssante.fr", colleague, kind: "PER")
            let address = try DirectoryMailAddress("paul.durand@alpha.mssante.fr")
            let mailbox = try #require(try await node.repository.read { try $0.mailbox(at: address) })
            for days in [46, 44] {
                _ = try await node.mail.deliver(
                    MailboxDelivery(
                        SMTPContent(noise(2000, seed: 1)), to: MailboxReference(mailbox), key: "k\(days)",
                        received: context.now - .seconds(Int64(days + 1) * 86_400)))
            }
            let round = "cycle-de-vie"
            let before = JobRecord(job: round, lastDone: context.now - .seconds(2 * 86_400))
            #expect(try await node.jobs.replace(JobRecord(job: round), by: before))
            await node.connector.scheduler.runDue()
            let inbox = try #require(
                try await node.mail.folders(of: MailboxName("\(mailbox.id.rawValue)")).first { $0.use == .inbox })
            #expect(try await node.mail.messages(in: inbox.id).count == 1)
            let quarantine = try #require(node.quarantine as? SealedQuarantine)
            #expect(quarantine.configuration.retention == .seconds(3 * 86_400))
        }
    }

    @Test("EX_PBA_5012: a mailbox is attached to a geographic FINESS when its user asks; an unknown one is refused")
    func attach() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { _, context in
            try await create(context, "jeanne.martin@alpha.mssante.fr", doctor, kind: "PER")
            var asked = ModifyMailbox.Arguments(address: "jeanne.martin@alpha.mssante.fr")
            asked.structure = "750712184"
            let change = asked
            await #expect(throws: AdminFailure.self) { _ = try await ModifyMailbox.run(change, context) }
            try await create(context, Self.team, colleague, kind: "ORG")
            #expect(try await ModifyMailbox.run(change, context).structure == "1750712184")
        }
    }

    @Test("EX_PBA_5040: liste rouge is nobody's by default, and changed at any time")
    func listeRouge() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { _, context in
            let address = "jeanne.martin@alpha.mssante.fr"
            try await create(context, address, doctor, kind: "PER")
            let first = try await ShowMailbox.run(MailboxArguments(address: address), context)
            #expect(!first.isUnlisted && first.lines.contains("Liste rouge : non"))
            for choice in [true, false] {
                let now = try await ChooseListeRouge.run(
                    ChooseListeRouge.Arguments(address: address, isUnlisted: choice), context)
                #expect(now.isUnlisted == choice)
            }
        }
    }

    @Test("RE_GBM_4430: the suspended mailboxes of a structure are listed with their reasons, for its responsible")
    func suspended() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { _, context in
            #expect(try await ListSuspended.run(ListSuspended.Arguments(), context).lines.count == 1)
            try await create(context, Self.team, doctor, kind: "ORG")
            try await create(context, "secretariat@alpha.mssante.fr", doctor, kind: "ORG")
            try await create(context, "paul.durand@alpha.mssante.fr", colleague, kind: "PER")
            for (address, reason) in [(Self.team, "mésusage constaté"), ("paul.durand@alpha.mssante.fr", "départ")] {
                _ = try await SuspendMailbox.run(SuspendMailbox.Arguments(address: address, reason: reason), context)
            }
            let all = try await ListSuspended.run(ListSuspended.Arguments(), context)
            #expect(all.mailboxes.map(\.reason) == ["départ", "mésusage constaté"])
            let one = try await ListSuspended.run(ListSuspended.Arguments(structure: "750712184"), context)
            #expect(one.mailboxes.map(\.address) == [Self.team])
            #expect(one.mailboxes[0].kind == "organisationnelle" && one.mailboxes[0].responsible == "Jeanne Martin")
            #expect(one.lines[0] == "Structure Hôpital (1750712184)")
            #expect(one.lines[1].hasSuffix("motif : mésusage constaté"))
            _ = try await ReactivateMailbox.run(MailboxArguments(address: Self.team), context)
            let after = try await ListSuspended.run(ListSuspended.Arguments(structure: "750712184"), context)
            #expect(after.mailboxes.isEmpty)
        }
    }

    @Test("RE_OPE_5040: supervision sees at once an authority that is not among those whose fingerprints were compared")
    func authorities() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { node, _ in
            let bare = await node.metrics()
            #expect(!bare.contains("mss_authorities_unknown"))
            let prints = node.trust.verifier.trustStore.authorities.map(\.sha256Fingerprint.hexadecimal)
            let file = world.root + "/autorites/empreintes.txt"
            try TestFiles.write(prints[0] + "\n", to: file)
            let some = await node.metrics()
            #expect(some.contains("\nmss_authorities_unknown \(prints.count - 1)\n"), "\(some)")
            try TestFiles.write(prints.joined(separator: "\n"), to: file)
            let all = await node.metrics()
            #expect(all.contains("\nmss_authorities_unknown 0\n"))
        }
        #expect(AlertRules.yaml.contains("mss_authorities_unknown > 0"))
    }
}
