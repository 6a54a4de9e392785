import ArgumentParser
import MSSCore
import MSSTestKit

/// Prints access tokens as Pro Santé Connect would give them, and bad ones: the sandbox's key signs, no server is asked.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Imprime un jeton d'accès Pro Santé Connect, bon ou mauvais.",
        discussion: """
            La clé de signature se trouve dans DOSSIER/psc.key (créée au premier usage) : le Pro Santé Connect du bac à \
            sable publie la clé publique correspondante, et UserInfo reconnaît les jetons qu'elle a signés.

            Défauts : \(TestTokenFlaw.allCases.map(\.rawValue).joined(separator: ", ")).
            """)

    @Argument(help: "Le dossier du bac à sable.") var directory: String
    @Argument(help: "L'identifiant national de la personne (8 et le numéro RPPS), tel que SubjectNameID le donne.")
    var person: String
    @Option(help: "L'émetteur : l'adresse du Pro Santé Connect du bac à sable.")
    var emetteur = ProviderKey.issuer
    @Option(help: ArgumentHelp("Ce qui cloche dans le jeton.", valueName: "defaut")) var defaut: Defect?
    @Option(help: "La durée de validité, en secondes.") var duree: Int = 120
    @Option(help: "Une adresse de boîte aux lettres : imprime la réponse SASL XOAUTH2 en base64 au lieu du jeton.")
    var xoauth2: String?

    /// A flaw by its name on the command line.
    struct Defect: ExpressibleByArgument {
        let flaw: TestTokenFlaw

        init?(argument: String) {
            guard let flaw = TestTokenFlaw(rawValue: argument) else { return nil }
            self.flaw = flaw
        }
    }

    func run() async throws {
        guard (1...86_400).contains(duree) else { throw ValidationError("La durée va de 1 à 86400 secondes.") }
        let maker = try TestTokenMaker(issuer: emetteur, privateKeyPEM: ProviderKey(directory).pem())
        let contents = TestTokenMaker.Contents(
            person: person, issued: SystemWallClock().now(), lifetime: .seconds(duree))
        let token = try maker.token(contents, flaw: defaut?.flaw)
        print(xoauth2.map { TestTokenMaker.xoauth2(mailbox: $0, token: token) } ?? token)
    }
}

/// The signing key of the sandbox's Pro Santé Connect.
struct ProviderKey {
    /// The issuer when the service listens on its port by default.
    static let issuer = "https://localhost:8444" + TestProSanteConnect.realm

    let path: String

    init(_ directory: String) { path = "\(directory)/psc.key" }

    /// The key, made at the first use.
    func pem() throws -> String {
        if let bytes = try? TestFiles.read(path) { return String(decoding: bytes, as: UTF8.self) }
        let pem = try TestTokenMaker(issuer: ProviderKey.issuer).privateKeyPEM
        try TestFiles.write(pem, to: path, mode: 0o600)
        return pem
    }
}
