public import ArgumentParser
import Foundation
import MSSOperator

/// The mailboxes and who has them.
struct MailboxesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bal",
        abstract: "Les boîtes aux lettres et ceux qui les ont ; chaque changement est tracé à votre nom.",
        subcommands: [
            List.self, Show.self, Create.self, Suspend.self, Reactivate.self, Delete.self, CoHolder.self, Delegate.self,
            ListeRouge.self, Export.self, Modify.self, Suspended.self, TypeTen.self, Terms.self,
            Absence.self, Forwarding.self, PurgeSent.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "lister", abstract: "Liste les boîtes aux lettres.")
        @Option(name: .customLong("domaine"), help: "Seulement de ce domaine.") var domain: String?
        @Option(name: .customLong("apres"), help: "Seulement les numéros au-delà de celui-ci.") var after: Int64 = 0
        @Option(name: .customLong("nombre"), help: "Combien, au plus.") var limit = 1000
        @Flag(name: .customLong("supprimees"), help: "Les boîtes supprimées aussi.") var includesDeleted = false
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                var arguments = ListMailboxes.Arguments()
                arguments.domain = domain
                arguments.includesDeleted = includesDeleted
                arguments.after = after
                arguments.limit = limit
                try await connection.perform(ListMailboxes.self, arguments) { reply in
                    let rows = reply.mailboxes.map { one in
                        ["\(one.number)", one.kindName, one.state, one.isTest ? "test" : "", one.address]
                    }
                    if !rows.isEmpty { say(Table.text(rows)) }
                    if let next = reply.next { say("Il y en a d'autres : --apres \(next)") }
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "montrer", abstract: "Montre une boîte aux lettres.")
        @Argument(help: "Son adresse.") var address: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await MailboxesCommand.show(ShowMailbox.self, MailboxArguments(address: address), connection)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "creer", abstract: "Crée une boîte aux lettres, et au besoin son responsable et sa structure.")
        @Argument(help: "Son adresse.") var address: String
        @Option(name: .customLong("type"), help: "PER, ORG, CAB ou APP.") var kind: String
        @Option(name: .customLong("responsable"), help: "RPPS (11 chiffres) ou L<structure>:<identifiant local>.")
        var responsible: String
        @Option(name: .customLong("prenom"), help: "Pour un responsable encore inconnu.") var givenName: String?
        @Option(name: .customLong("nom"), help: "Pour un responsable encore inconnu.") var familyName: String?
        @Flag(
            name: .customLong("habilite"),
            help: "Le responsable est habilité par la loi à échanger des données de santé.")
        var isEntitled = false
        @Flag(name: .customLong("representant"), help: "Le responsable agit au nom de la structure (EX_GBM_4220).")
        var actsForStructure = false
        @Option(name: .customLong("structure"), help: "FINESS ou SIRET de rattachement.") var structure: String?
        @Option(name: .customLong("nom-structure"), help: "Pour une structure encore inconnue.") var structureName:
            String?
        @Option(name: .customLong("entite"), help: "EJ ou EG, pour un FINESS encore inconnu.") var structureEntity:
            String?
        @Option(help: "Service, pour l'annuaire.") var service = ""
        @Option(help: "Description, pour l'annuaire.") var description = ""
        @Option(name: .customLong("telephone"), help: "Téléphone, pour l'annuaire.") var phone = ""
        @Option(help: "Octets permis.") var quota: Int64?
        @Flag(name: .customLong("liste-rouge"), help: "L'usager demande la liste rouge.") var isUnlisted = false
        @Flag(name: .customLong("test"), help: "Boîte de test.") var isTest = false
        @OptionGroup var connection: Connection

        func run() async throws {
            var arguments = CreateMailbox.Arguments(kind: kind, address: address, responsible: responsible)
            arguments.givenName = givenName
            arguments.familyName = familyName
            arguments.isEntitled = isEntitled
            arguments.actsForStructure = actsForStructure
            arguments.structure = structure
            arguments.structureName = structureName
            arguments.structureEntity = structureEntity
            arguments.service = service
            arguments.description = description
            arguments.phone = phone
            arguments.quota = quota
            arguments.isUnlisted = isUnlisted
            arguments.isTest = isTest
            try await MailboxesCommand.show(CreateMailbox.self, arguments, connection)
        }
    }

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "suspendre",
            abstract: "Suspend une boîte : ni accès ni message, rien n'est perdu (RE_GBM_4420).")
        @Argument(help: "Son adresse.") var address: String
        @Option(name: .customLong("motif"), help: "Pourquoi.") var reason: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await MailboxesCommand.show(
                SuspendMailbox.self, SuspendMailbox.Arguments(address: address, reason: reason), connection)
        }
    }

    struct Reactivate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reactiver", abstract: "Lève une suspension (RE_GBM_4440).")
        @Argument(help: "Son adresse.") var address: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await MailboxesCommand.show(ReactivateMailbox.self, MailboxArguments(address: address), connection)
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "supprimer", abstract: "Supprime une boîte et ses messages, irrévocablement (EX_GBM_6010).")
        @Argument(help: "Son adresse.") var address: String
        @Option(name: .customLong("confirmer"), help: "L'adresse encore une fois.") var confirmation: String
        @OptionGroup var connection: Connection

        func validate() throws {
            guard address == confirmation else {
                throw ValidationError("--confirmer doit répéter l'adresse : la suppression est irrévocable.")
            }
        }

        func run() async throws {
            try await MailboxesCommand.show(DeleteMailbox.self, MailboxArguments(address: address), connection)
        }
    }

    struct CoHolder: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cotitulaire", abstract: "Ajoute ou retire un cotitulaire (EX_GBM_5410).")
        @Argument(help: "ajouter ou retirer.") var change: Change
        @Argument(help: "L'adresse de la boîte.") var address: String
        @Argument(help: "L'identité de la personne.") var person: String
        @OptionGroup var connection: Connection

        func run() async throws {
            let arguments = ChangeCoHolder.Arguments(address: address, person: person, isAdded: change == .ajouter)
            try await MailboxesCommand.show(ChangeCoHolder.self, arguments, connection)
        }
    }

    struct Delegate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delegue", abstract: "Ajoute, change ou retire une délégation (EX_GBM_5413).")
        @Argument(help: "ajouter ou retirer.") var change: Change
        @Argument(help: "L'adresse de la boîte.") var address: String
        @Argument(help: "L'identité du délégué.") var delegate: String
        @Option(name: .customLong("pour"), help: "L'identité de qui délègue.") var principal: String
        @Option(name: .customLong("depuis"), help: "Date ou date et heure ; maintenant par défaut.") var from: String?
        @Option(name: .customLong("jusqua"), help: "Date ou date et heure.") var until: String?
        @Flag(name: .customLong("lecture-seule"), help: "Sans envoi.") var readsOnly = false
        @OptionGroup var connection: Connection

        func run() async throws {
            var arguments = ChangeDelegate.Arguments(
                address: address, delegate: delegate, principal: principal, isAdded: change == .ajouter)
            arguments.from = from
            arguments.until = until
            arguments.maySend = !readsOnly
            try await MailboxesCommand.show(ChangeDelegate.self, arguments, connection)
        }
    }

    struct ListeRouge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "liste-rouge", abstract: "Note le choix de l'usager (EX_PBA_5040).")
        @Argument(help: "Son adresse.") var address: String
        @Argument(help: "oui ou non.") var choice: Choice
        @OptionGroup var connection: Connection

        enum Choice: String, ExpressibleByArgument { case oui, non }

        func run() async throws {
            let arguments = ChooseListeRouge.Arguments(address: address, isUnlisted: choice == .oui)
            try await MailboxesCommand.show(ChooseListeRouge.self, arguments, connection)
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "exporter", abstract: "Écrit les messages d'une boîte suspendue, en mbox ou en fichiers EML.",
            discussion: "Le service écrit lui-même : le dossier doit être accessible à son compte.")
        @Argument(help: "Son adresse.") var address: String
        @Option(name: .customLong("vers"), help: "Le dossier, vide ou absent.") var folder: String
        @Option(name: .customLong("forme"), help: "mbox ou eml.") var form = ExportMailbox.Arguments.Form.mbox
        @Option(name: .customLong("motif"), help: "Qui l'a demandé et pourquoi : pour la trace.") var reason: String
        @OptionGroup var connection: Connection

        func run() async throws {
            try await explained {
                let path = URL(fileURLWithPath: folder).standardizedFileURL.path
                try await connection.perform(
                    ExportMailbox.self,
                    ExportMailbox.Arguments(address: address, folder: path, form: form, reason: reason),
                    timeout: .seconds(3600)
                ) { reply in say("\(reply.messages) messages écrits dans \(reply.folder).") }
            }
        }
    }

    enum Change: String, ExpressibleByArgument { case ajouter, retirer }

    /// Performs a command that answers with a mailbox, and shows it.
    static func show<Command: AdminCommand>(
        _ command: Command.Type, _ arguments: Command.Arguments, _ connection: Connection
    ) async throws where Command.Reply == MailboxDetails {
        try await explained {
            try await connection.perform(command, arguments) { details in say(details.lines.joined(separator: "\n")) }
        }
    }
}

extension ExportMailbox.Arguments.Form: ExpressibleByArgument {}
