import MSSAccounts
import MSSCore
import MSSPolicy
import MSSTestKit
import Testing

@testable import MSSOperator

/// The rules of the Référentiel are asked by a working operator, whoever changes its accounts.
@Suite("An operator's accounts obey the rules", .serialized)
struct AccountRuleTests {
    /// A mailbox that a rule refuses.
    struct Refused: Sendable, CustomTestStringConvertible {
        let requirement: RequirementID
        let kind: String
        let address: String
        var change: @Sendable (inout CreateMailbox.Arguments) -> Void = { _ in }
        var settings: @Sendable (inout OperatorSettings) -> Void = { _ in }
        var testDescription: String { "\(requirement) \(address)" }
    }

    private static let cases = [
        Refused(requirement: "EX_GBM_3010", kind: "APP", address: "automate@alpha.mssante.fr") { $0.structure = nil },
        Refused(requirement: "EX_GBM_4000", kind: "ORG", address: "service-cardiologie@alpha.mssante.fr") {
            $0.isTest = true
        },
        Refused(requirement: "EX_GBM_4220", kind: "ORG", address: "service-cardiologie@alpha.mssante.fr") {
            $0.isEntitled = false
        },
        Refused(requirement: "EX_GBM_4300", kind: "ORG", address: "service'cardiologie@alpha.mssante.fr"),
        Refused(requirement: "EX_GBM_4310", kind: "ORG", address: "jeanne.martin@alpha.mssante.fr"),
        Refused(requirement: "EX_GBM_4311", kind: "PER", address: "docteur@alpha.mssante.fr"),
        Refused(
            requirement: "EX_GBM_4312", kind: "PER", address: "jeanne.martin@alpha.mssante.fr",
            change: {
                $0.responsible = "L1750712184:jmartin"
                $0.structure = nil
            }, settings: { $0.identity.version = .v1_7draft }),
        Refused(
            requirement: "EX_PBA_5011", kind: "PER", address: "jeanne.martin@alpha.mssante.fr",
            change: { $0.structure = nil }, settings: { $0.identity.hasFINESS = true }),
        Refused(requirement: "EX_PBA_5220", kind: "PER", address: "jeanne.martin@alpha.mssante.fr") {
            $0.structureEntity = "EJ"
        },
    ]

    private static func arguments(_ kind: String, _ address: String) -> CreateMailbox.Arguments {
        var arguments = CreateMailbox.Arguments(kind: kind, address: address, responsible: doctor)
        arguments.givenName = "Jeanne"
        arguments.familyName = "Martin"
        arguments.isEntitled = true
        arguments.structure = "750712184"
        arguments.structureName = "Hôpital"
        arguments.structureEntity = "EG"
        if kind != "PER" { arguments.description = "Secrétariat" }
        return arguments
    }

    @Test(
        "EX_GBM_3010, EX_GBM_4000, EX_GBM_4220, EX_GBM_4300, EX_GBM_4310, EX_GBM_4311, EX_GBM_4312, EX_PBA_5011, EX_PBA_5220: a mailbox that breaks the rule is not opened",
        arguments: cases)
    func refused(_ refused: Refused) async throws {
        let world = try CommandWorld { refused.settings(&$0) }
        defer { world.remove() }
        try await world.withNode { node, context in
            var arguments = Self.arguments(refused.kind, refused.address)
            refused.change(&arguments)
            do {
                _ = try await CreateMailbox.run(arguments, context)
                Issue.record("\(refused.address) was opened")
            } catch { #expect((error as? any ExplainedFailure)?.requirement == refused.requirement, "\(error)") }
            let list = try await ListMailboxes.run(ListMailboxes.Arguments(), context)
            #expect(list.mailboxes.isEmpty)
        }
    }

    @Test("EX_GBM_3010, EX_GBM_3040: every kind is opened, and people read three names of kinds only")
    func kinds() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { _, context in
            var practice = Self.arguments("CAB", "cabinet-du-port@alpha.mssante.fr")
            practice.structure = nil
            let wanted = [
                (Self.arguments("PER", "jeanne.martin@alpha.mssante.fr"), "personnelle"),
                (Self.arguments("ORG", "service-cardiologie@alpha.mssante.fr"), "organisationnelle"),
                (Self.arguments("APP", "automate@alpha.mssante.fr"), "applicative"), (practice, "organisationnelle"),
            ]
            for (arguments, name) in wanted {
                let made = try await CreateMailbox.run(arguments, context)
                #expect(made.lines.contains("Type : \(name)"), "\(made.lines)")
                #expect(!made.lines.contains { $0.contains(arguments.kind) })
            }
            let list = try await ListMailboxes.run(ListMailboxes.Arguments(), context).mailboxes
            #expect(Set(list.map(\.kindName)) == ["personnelle", "organisationnelle", "applicative"])
        }
    }

    @Test("EX_GBM_4312, EX_PBA_5100: mailboxes of type 10 are inventoried, and move to the RPPS of their holders")
    func typeTen() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { node, context in
            let address = "jeanne.martin@alpha.mssante.fr"
            var arguments = Self.arguments("PER", address)
            arguments.responsible = "L1750712184:jmartin"
            _ = try await CreateMailbox.run(arguments, context)
            var other = Self.arguments("PER", "paul.durand@alpha.mssante.fr")
            other.responsible = colleague
            other.givenName = "Paul"
            other.familyName = "Durand"
            _ = try await CreateMailbox.run(other, context)
            let found = try await ListTypeTen.run(AdminNothing(), context)
            #expect(found.map(\.address) == [address])
            #expect(found.map(\.holder.identity) == ["L1750712184:jmartin"])
            let taken = ChangeIdentity.Arguments(person: "L1750712184:jmartin", identity: colleague)
            await #expect(throws: AccountStoreError.identityTaken) { _ = try await ChangeIdentity.run(taken, context) }
            let moved = try await ChangeIdentity.run(
                ChangeIdentity.Arguments(person: "L1750712184:jmartin", identity: doctor), context)
            #expect(moved.identity == "8" + doctor)
            #expect(try await ListTypeTen.run(AdminNothing(), context).isEmpty)
            let shown = try await ShowMailbox.run(MailboxArguments(address: address), context)
            #expect(shown.responsible?.identity == "8" + doctor)
        }
    }

    @Test("EX_GBM_4310: a description that names a person is refused later too, and the former one stays")
    func description() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        try await world.withNode { _, context in
            let address = "service-cardiologie@alpha.mssante.fr"
            _ = try await CreateMailbox.run(Self.arguments("ORG", address), context)
            var change = ModifyMailbox.Arguments(address: address)
            change.description = "Jeanne Martin"
            do {
                _ = try await ModifyMailbox.run(change, context)
                Issue.record("it was changed")
            } catch { #expect((error as? any ExplainedFailure)?.requirement == "EX_GBM_4310", "\(error)") }
            let now = try await ShowMailbox.run(MailboxArguments(address: address), context)
            #expect(now.description == "Secrétariat")
        }
    }
}
