import Glibc
import MSSAccounts
import MSSConnector
import MSSCore
import MSSSMTP
import MSSStore
import MSSTestKit
import MSSTraces
import Testing

@testable import MSSOperator

@Suite("bal: mailboxes and who has them, by command", .serialized)
struct MailboxCommandTests {
    private static let jeanne = "jeanne.martin@alpha.mssante.fr"

    private func create(
        _ context: AdminContext, _ address: String, _ identity: String, kind: String = "PER"
    ) async throws -> MailboxDetails {
        var arguments = CreateMailbox.Arguments(kind: kind, address: address, responsible: identity)
        arguments.givenName = "Jeanne"
        arguments.familyName = "Martin"
        arguments.isEntitled = true
        if kind == "ORG" {
            arguments.structure = "750712184"
            arguments.structureName = "Hôpital"
            arguments.structureEntity = "EG"
            arguments.description = "Secrétariat"
        }
        return try await CreateMailbox.run(arguments, context)
    }

    @Test(
        "EX_GBM_4471, EX_GBM_4480, EX_GBP_3050: what holders choose is entered for them, shown, refused where it must be, ended"
    )
    func choices() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { node, context in
            let made = try await create(context, Self.jeanne, doctor)
            // The number by which settings name a person.
            #expect(made.lines.contains { $0.hasSuffix("personne n° \(made.responsible?.number ?? 0)") })
            let away = try await SetAbsence.run(
                SetAbsence.Arguments(address: Self.jeanne, text: "Absente.", until: "2099-01-01"), context)
            #expect(away.hasAutomaticReply && away.lines.contains("Réponse automatique : oui"))
            await #expect(throws: (any Error).self) {
                try await SetAbsence.run(SetAbsence.Arguments(address: Self.jeanne, text: "", until: nil), context)
            }
            await #expect(throws: AdminFailure.self) {
                try await SetAbsence.run(
                    SetAbsence.Arguments(address: Self.jeanne, text: "x", from: "demain"), context)
            }
            let back = try await SetAbsence.run(SetAbsence.Arguments(address: Self.jeanne, text: nil), context)
            #expect(!back.hasAutomaticReply)
            // Not to herself, not out of the trust space.
            for address in [Self.jeanne, "jeanne.martin@gmail.com"] {
                await #expect(throws: (any Error).self) {
                    try await SetForwarding.run(SetForwarding.Arguments(address: Self.jeanne, to: address), context)
                }
            }
            let purged = try await SetPurge.run(SetPurge.Arguments(address: Self.jeanne, days: 90), context)
            #expect(purged.lines.contains("Purge des envoyés : après 90 jours"))
            await #expect(throws: AccountOperationError.badNumber) {
                try await SetPurge.run(SetPurge.Arguments(address: Self.jeanne, days: 0), context)
            }
            let kept = try await SetPurge.run(SetPurge.Arguments(address: Self.jeanne, days: nil), context)
            #expect(kept.purgesSentAfterDays == nil)
        }
    }

    @Test(
        "EX_GBM_4230, EX_SSI_5155: created, listed, shown, suspended with its reason, reactivated; each change traced by name"
    )
    func life() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { node, context in
            let made = try await create(context, Self.jeanne, doctor)
            #expect(
                made.summary.kind == "PER" && made.summary.state == "active"
                    && made.responsible?.identity == "8" + doctor)
            let list = try await ListMailboxes.run(ListMailboxes.Arguments(), context)
            #expect(list.mailboxes.map(\.address) == [Self.jeanne] && list.next == nil)
            await #expect(throws: AdminFailure.self) {
                _ = try await create(context, "x@beta.mssante.fr", colleague)
            }
            await #expect(throws: AccountStoreError.addressTaken) {
                _ = try await create(context, Self.jeanne, doctor)
            }
            let suspended = try await SuspendMailbox.run(
                SuspendMailbox.Arguments(address: Self.jeanne, reason: "départ"), context)
            #expect(suspended.summary.state == "suspendue" && suspended.suspension?.contains("départ") ?? false)
            #expect(suspended.lines.contains { $0.contains("suspendue") && $0.contains("départ") })
            let back = try await ReactivateMailbox.run(MailboxArguments(address: Self.jeanne), context)
            #expect(back.summary.state == "active")
            let red = try await ChooseListeRouge.run(
                ChooseListeRouge.Arguments(address: Self.jeanne, isUnlisted: true), context)
            #expect(red.isUnlisted)
            try await node.accounts.deliverChanges()
            for action in ["mailbox.create", "mailbox.suspend", "mailbox.resume", "liste-rouge.choose"] {
                let found = try await SearchTraces.run(
                    SearchTraces.Arguments(criteria: TraceCriteria(action: action), purpose: "exploitation:essai"),
                    context)
                #expect(found.records.contains { $0.line.contains("adele.admin") }, "\(action)")
            }
        }
    }

    @Test("EX_GBM_5410, EX_GBM_5413: co-holders and delegates come and go")
    func holders() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { _, context in
            _ = try await create(context, Self.jeanne, doctor)
            _ = try await create(context, "paul.durand@alpha.mssante.fr", colleague)
            let shared = "service-cardiologie@alpha.mssante.fr"
            _ = try await create(context, shared, doctor, kind: "ORG")
            let more = try await ChangeCoHolder.run(
                ChangeCoHolder.Arguments(address: shared, person: colleague, isAdded: true), context)
            #expect(more.coHolders.map(\.identity) == ["8" + colleague])
            let delegated = try await ChangeDelegate.run(
                ChangeDelegate.Arguments(
                    address: Self.jeanne, delegate: colleague, principal: doctor, isAdded: true), context)
            #expect(delegated.delegates.count == 1 && delegated.lines.contains { $0.hasPrefix("Délégué") })
            var until = ChangeDelegate.Arguments(
                address: Self.jeanne, delegate: colleague, principal: doctor, isAdded: true)
            until.until = "2100-01-01"
            until.maySend = false
            let changed = try await ChangeDelegate.run(until, context)
            #expect(changed.delegates.map(\.until) == ["2100-01-01T00:00:00Z"] && !changed.delegates[0].maySend)
            let shown = try await ShowMailbox.run(MailboxArguments(address: Self.jeanne), context)
            #expect(shown.delegates == changed.delegates)
            let alone = try await ChangeDelegate.run(
                ChangeDelegate.Arguments(
                    address: Self.jeanne, delegate: colleague, principal: doctor, isAdded: false), context)
            #expect(alone.delegates.isEmpty)
            let fewer = try await ChangeCoHolder.run(
                ChangeCoHolder.Arguments(address: shared, person: colleague, isAdded: false), context)
            #expect(fewer.coHolders.isEmpty)
            await #expect(throws: AdminFailure.self) {
                _ = try await ChangeCoHolder.run(
                    ChangeCoHolder.Arguments(address: shared, person: "123", isAdded: true), context)
            }
        }
    }

    @Test(
        "RE_GBM_4450, EX_SSI_5155: a suspended mailbox alone is exported, as mbox or EML, byte for byte, the reason traced"
    )
    func export() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { node, context in
            let made = try await create(context, Self.jeanne, doctor)
            let reference = MailboxReference(
                id: MailboxID(made.summary.number), address: try DirectoryMailAddress(Self.jeanne))
            let message = Array("Subject: un\r\n\r\nFrom here\r\n".utf8)
            for key in ["a", "b"] {
                _ = try await node.mail.deliver(
                    MailboxDelivery(SMTPContent(message), to: reference, key: key, received: context.now))
            }
            func arguments(_ form: ExportMailbox.Arguments.Form) -> ExportMailbox.Arguments {
                ExportMailbox.Arguments(
                    address: Self.jeanne, folder: "\(world.root)/\(form.rawValue)", form: form,
                    reason: "demande du 3 mai")
            }
            await #expect(throws: AdminFailure.self) { _ = try await ExportMailbox.run(arguments(.eml), context) }
            _ = try await SuspendMailbox.run(SuspendMailbox.Arguments(address: Self.jeanne, reason: "départ"), context)
            #expect(try await ExportMailbox.run(arguments(.eml), context).messages == 2)
            #expect(try TestFiles.read(world.root + "/eml/1/1.eml") == message)
            #expect(try TestFiles.read(world.root + "/eml/1/NOM") == Array("INBOX\n".utf8))
            #expect(try await ExportMailbox.run(arguments(.mbox), context).messages == 2)
            let mbox = String(
                decoding: try TestFiles.read("\(world.root)/mbox/\(Self.jeanne).mbox"), as: UTF8.self)
            #expect(mbox.components("From MAILER-DAEMON") == 2 && mbox.components(">From here") == 2)
            let trace = ExportMailbox.trace(arguments(.eml))
            #expect(trace?.request.contains("demande du 3 mai") ?? false)
        }
    }

    @Test(
        "EX_GBM_6010, EX_GBM_6021: a deleted mailbox's messages are gone with its key, its address is kept from others")
    func deletion() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { node, context in
            let made = try await create(context, Self.jeanne, doctor)
            let reference = MailboxReference(
                id: MailboxID(made.summary.number), address: try DirectoryMailAddress(Self.jeanne))
            _ = try await node.mail.deliver(
                MailboxDelivery(SMTPContent(Array("x\r\n".utf8)), to: reference, key: "a", received: context.now))
            let gone = try await DeleteMailbox.run(MailboxArguments(address: Self.jeanne), context)
            #expect(gone.summary.state == "supprimee")
            #expect(try await node.mail.status(MailboxName("\(made.summary.number)")) == nil)
            await #expect(throws: (any Error).self) { _ = try await create(context, Self.jeanne, colleague) }
            await #expect(throws: AdminFailure.self) {
                _ = try await ShowMailbox.run(MailboxArguments(address: Self.jeanne), context)
            }
        }
    }
}

extension String {
    /// How often a text is in it.
    fileprivate func components(_ text: String) -> Int { ranges(of: text).count }
}
