import ArgumentParser

@main
struct Sandbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mss-sandbox",
        abstract: "Un espace de confiance MSSanté de test, sur cette machine.",
        discussion: """
            Tout est vrai sauf les clés : hiérarchie de certification à la forme de l'IGC-Santé de test, liste blanche \
            signée et servie en HTTPS, CRL et répondeur OCSP. Rien n'écoute hors de la boucle locale.
            """,
        subcommands: [
            PKICommand.self, CertificateCommand.self, WhitelistCommand.self, ServeCommand.self, FaultCommand.self,
        ])
}
