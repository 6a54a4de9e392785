import ArgumentParser
import MSSOperator

extension MailboxesCommand {
    struct Modify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "modifier",
            abstract: "Change la description, le responsable ou la structure d'une boîte (EX_GBM_5410).",
            discussion: "À la demande de ses titulaires. Ce qui n'est pas donné reste.")
        @Argument(help: "Son adresse.") var address: String
        @Option(help: "Description, pour l'annuaire.") var description: String?
        @Option(help: "Service, pour l'annuaire.") var service: String?
        @Option(name: .customLong("telephone"), help: "Téléphone, pour l'annuaire.") var phone: String?
        @Option(name: .customLong("responsable"), help: "L'identité du nouveau responsable.") var responsible: String?
        @Option(help: "FINESS ou SIRET de rattachement (EX_PBA_5012).") var structure: String?
        @Flag(name: .customLong("mutualisee"), help: "Plusieurs sites la partagent : un FINESS juridique convient.")
        var isShared = false
        @OptionGroup var connection: Connection

        func run() async throws {
            var arguments = ModifyMailbox.Arguments(address: address)
            arguments.description = description
            arguments.service = service
            arguments.phone = phone
            arguments.responsible = responsible
            arguments.structure = structure
            arguments.isShared = isShared
            try await MailboxesCommand.show(ModifyMailbox.self, arguments, connection)
        }
    }

    struct Suspended: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "suspendues",
            abstract: "Liste les boîtes suspendues et leurs motifs, par structure (RE_GBM_4430).",
            discussion: "Pour les remettre à ceux qui répondent des structures.")
        @Option(help: "Seulement de cette structure : FINESS ou SIRET.") var structure: String?
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(
                    ListSuspended.self, ListSuspended.Arguments(structure: structure)
                ) { reply in say(reply.lines.joined(separator: "\n")) }
            }
        }
    }

    struct TypeTen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "type-10",
            abstract: "Inventaire des boîtes personnelles sans identifiant national (EX_GBM_4312).",
            discussion: "« comptes identite » en fait passer une au RPPS de son titulaire.")
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                try await connection.perform(ListTypeTen.self, AdminNothing()) { entries in
                    let rows = entries.map { [$0.address, $0.holder.name, $0.holder.identity] }
                    say(rows.isEmpty ? "Toutes les boîtes personnelles ont un identifiant national." : Table.text(rows))
                }
            }
        }
    }
}
