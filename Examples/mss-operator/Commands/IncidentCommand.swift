public import ArgumentParser
import Foundation
import MSSCore
import MSSOperator

/// The declaration of an incident to ANS.
struct IncidentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "incident",
        abstract: "Prépare la déclaration d'un incident à l'ANS (EX_SSI_5180), avec les faits que §6.9.5.3 demande.",
        discussion: """
            Ce qui n'est pas donné est marqué « À COMPLÉTER ». Quand le service tourne, ses constats sont joints et la \
            déclaration est tracée à votre nom ; quand il ne tourne pas, elle est faite quand même. Sortie : 0 complète, \
            1 à compléter.
            """)

    @Option(
        name: .customLong("nature"),
        help: "echanges, liste-blanche, annuaire, certificats, perte, spam, extractions ou securite (répétable).")
    var natures: [IncidentDeclaration.Nature]
    @Option(
        name: .customLong("detecte"), help: "Date et heure de détection (2026-11-21T08:00:00Z) ; maintenant par défaut."
    )
    var detected: String?
    @Flag(name: .customLong("programmee"), help: "Interruption programmée.") var isPlanned = false
    @Option(name: .customLong("retablissement"), help: "Date et heure attendues du rétablissement.") var expectedEnd:
        String?
    @Option(name: .customLong("details"), help: "Ce qui s'est passé.") var details: String?
    @Option(name: .customLong("impacts"), help: "Ce que cela fait aux usagers et aux autres opérateurs.") var impacts:
        String?
    @Option(name: .customLong("structure"), help: "FINESS géographique ou SIRET.") var structure: String?
    @Option(name: .customLong("raison-sociale"), help: "Raison sociale.") var companyName: String?
    @Option(name: .customLong("nom"), help: "Nom du déclarant.") var familyName: String?
    @Option(name: .customLong("prenom"), help: "Prénom du déclarant.") var givenName: String?
    @Option(name: .customLong("fonction"), help: "Fonction dans la structure.") var role: String?
    @Option(name: .customLong("courriel"), help: "Adresse électronique hors de l'espace de confiance.") var mail:
        String?
    @Option(name: .customLong("telephone"), help: "Téléphone.") var phone: String?
    @Option(name: .customLong("vers"), help: "Le fichier à écrire ; la sortie par défaut.") var file: String?
    @OptionGroup var connection: Connection

    private struct Result: Encodable {
        var subject: String
        var to: String
        var phone: String
        var deadline: String
        var missing: [String]
        var text: String
    }

    func run() async throws {
        try await explained {
            let settings = try OperatorSettings(contentsOf: Connection.settingsFile(connection.configuration))
            var declaration = IncidentDeclaration(
                version: settings.identity.version, detected: try detected.map(time) ?? SystemWallClock().now(),
                natures: natures, domains: settings.identity.domains, serverName: settings.identity.serverName)
            declaration.isPlanned = isPlanned
            declaration.expectedEnd = try expectedEnd.map(time)
            declaration.details = details
            declaration.impacts = impacts
            declaration.declarant.structure = structure
            declaration.declarant.companyName = companyName
            declaration.declarant.familyName = familyName
            declaration.declarant.givenName = givenName
            declaration.declarant.role = role
            declaration.declarant.mail = mail
            declaration.declarant.phone = phone
            if let wrong = declaration.contradictions.first { throw ValidationError("Déclaration refusée : \(wrong).") }
            do {
                declaration.observations = try await connection.client().perform(
                    DeclareIncident.self,
                    DeclareIncident.Arguments(natures: natures, detected: declaration.detected.xsdDateTime)
                ).observations
            } catch let failure as AdminFailure {
                complain("Sans constats du service, et sans trace : \(failure.explanation)")
            }
            let text = declaration.frenchText
            if let file { try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .withoutOverwriting) }
            let result = Result(
                subject: declaration.subject, to: IncidentDeclaration.mail, phone: declaration.phone,
                deadline: declaration.deadline.xsdDateTime, missing: declaration.missing, text: text)
            try LocalOptions.show(result, asJSON: connection.json) {
                [file.map { "Déclaration écrite dans \($0)." } ?? text]
            }
            if !declaration.missing.isEmpty {
                complain("À compléter : \(declaration.missing.joined(separator: " ; ")).")
                throw ExitCode(1)
            }
        }
    }

    private func time(_ text: String) throws -> Timestamp {
        guard let time = try? Timestamp(xsdDateTime: text) else {
            throw ValidationError("« \(text) » n'est pas une date et heure (2026-11-21T08:00:00Z).")
        }
        return time
    }
}

extension IncidentDeclaration.Nature: ExpressibleByArgument {}
