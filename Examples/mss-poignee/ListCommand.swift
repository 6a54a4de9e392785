import ArgumentParser
import MSSCore
import MSSTLS
import MSSWhitelist

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "liste",
        abstract: "Télécharge et vérifie la liste blanche, garde la dernière bonne, répond à des questions.")

    @Argument(help: "Le dossier du bac à sable.") var directory: String
    @Option(
        help: ArgumentHelp("Ce certificat peut-il parler pour ce domaine ?", valueName: "domaine=certificat"))
    var question: [String] = []

    func run() async throws {
        try await TrustSpace.use(directory) { try await run(in: $0) }
    }

    private func run(in space: TrustSpace) async throws {
        let refresh = await space.refreshList()
        say(refresh.line)
        if let list = space.whitelist.snapshot {
            say(
                "En vigueur : générée le \(list.generated.xsdDateTime), \(list.domainCount) domaines, "
                    + "\(list.diagnostics.count) bizarreries signalées.")
        }
        for item in question {
            let parts = item.split(separator: "=").map(String.init)
            guard parts.count == 2 else { throw ValidationFailure("Question attendue : domaine=certificat.") }
            let name = try space.identity(parts[1]).chain[0].subject
            say("\(parts[0]), \(name.commonName ?? name.rfc4514) :")
            switch space.whitelist.decide(name, for: try Domain(parts[0])) {
            case .allowed(let entry): say("  oui, par l'entrée « \(entry.domain) » : \(entry.certificateName.rfc4514)")
            case .refused(let refusal): say("  non. \(refusal.told)")
            }
        }
        if !refresh.isAccepted { throw ExitCode(1) }
    }
}
