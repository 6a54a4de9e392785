import ArgumentParser
import Foundation
import MSSCore
import MSSOperator

/// Makes the files with which an operator begins.
struct QuickstartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quickstart",
        abstract:
            "Prépare un nouvel opérateur : configuration commentée, clés, enregistrements DNS, unités systemd, alertes.",
        discussion: "Rien n'est lancé, rien n'est demandé à personne ; le dossier doit être vide ou absent.")

    @Argument(help: "Le dossier à remplir, par exemple /etc/mssante.") var folder: String
    @Option(name: .customLong("domain"), help: "Un domaine de l'opérateur (répétable, le principal en premier).")
    var domains: [String]
    @Option(name: .customLong("serveur"), help: "Nom du serveur (MX) ; mss.DOMAINE par défaut.") var server: String?
    @Flag(name: .customLong("test"), help: "Espace de confiance de test.") var isTest = false
    @Option(name: .customLong("compte"), help: "Compte du service.") var account = "mssante"
    @Option(name: .customLong("programme"), help: "Chemin de mss-operator dans les unités.")
    var program = "/usr/local/bin/mss-operator"
    @Option(
        name: .customLong("adresse-psc"),
        help:
            "Adresse IP où les logiciels entrent par Pro Santé Connect (ports 587 et 143) ; avec --adresse-certificat.")
    var peopleAddress: String?
    @Option(
        name: .customLong("adresse-certificat"),
        help: "Adresse IP, une autre, où les logiciels entrent par certificat (ports 587 et 143).")
    var applicationsAddress: String?
    @Flag(name: .customLong("json"), help: "Réponse en JSON.") var json = false

    private struct Result: Encodable {
        var folder: String
        var files: [String]
        var nextSteps: [String]
    }

    private var clientAddresses: Quickstart.ClientAddresses? {
        get throws {
            guard peopleAddress != nil || applicationsAddress != nil else { return nil }
            let both = Quickstart.ClientAddresses(people: peopleAddress ?? "", applications: applicationsAddress ?? "")
            guard let both else {
                throw ValidationError(
                    "--adresse-psc et --adresse-certificat vont ensemble : deux adresses IP différentes.")
            }
            return both
        }
    }

    func run() async throws {
        try await explained {
            let path = URL(fileURLWithPath: folder).standardizedFileURL.path
            guard !domains.isEmpty else { throw ValidationError("Donnez au moins un --domain.") }
            var request = Quickstart.Request(domains: try domains.map { try Domain($0) })
            request.serverName = try server.map { try Domain($0) }
            request.isTest = isTest
            request.account = account
            request.program = program
            request.clientAddresses = try clientAddresses
            let quickstart = try Quickstart(folder: path, request)
            let made = try quickstart.make()
            let result = Result(folder: path, files: made.map(\.name), nextSteps: quickstart.nextSteps)
            try LocalOptions.show(result, asJSON: json) {
                ["Faits dans \(path) :"] + made.map { "  \($0.name) : \($0.purpose)" } + ["", "À faire ensuite :"]
                    + quickstart.nextSteps.enumerated().map { "  \($0.offset + 1). \($0.element)" }
            }
        }
    }
}
