import ArgumentParser
import FrenchCommandLine

@main
struct SandboxTool: FrenchCommandLine {
    static let configuration = CommandConfiguration(
        commandName: "mss-sandbox",
        abstract: "Un espace de confiance MSSanté de test, sur cette machine.",
        discussion: """
            Tout est vrai sauf les clés : hiérarchie de certification à la forme de l'IGC-Santé de test, liste blanche \
            signée et servie en HTTPS, CRL, répondeur OCSP, serveur de noms, Pro Santé Connect, opérateurs prêts à démarrer. Rien n'écoute \
            hors de la boucle locale. Tout est décrit dans DOSSIER/sandbox.json (Documentation/Sandbox.md).
            """,
        subcommands: [
            CreateCommand.self, RunCommand.self, FaultCommand.self, CertificateCommand.self, RevokeCommand.self,
            AuthorizeCommand.self, MessageCommand.self, WhitelistCommand.self, TokenCommand.self,
            TelephoneCommand.self,
        ])
}
