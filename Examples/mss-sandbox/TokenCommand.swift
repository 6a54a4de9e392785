import ArgumentParser
import MSSCore
import MSSTestKit

/// Prints access tokens as Pro Santé Connect would give them, and bad ones: the sandbox's key signs, no server is asked.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Imprime un jeton d'accès Pro Santé Connect, bon ou mauvais.",
        discussion: """
            La clé de signature se trouve dans DOSSIER/psc.key : le Pro Santé Connect du bac à sable publie la clé \
            publique correspondante, et UserInfo reconnaît les jetons qu'elle a signés. Les identifiants des personnes \
            sont dans sandbox.json (operators[].persons[].subjectNameID).

            Défauts : \(TestTokenFlaw.allCases.map(\.rawValue).joined(separator: ", ")).
            """)

    @Argument(help: "Le dossier du bac à sable.") var directory: String
    @Argument(help: "L'identifiant national de la personne (8 et le numéro RPPS), tel que SubjectNameID le donne.")
    var person: String
    @Option(help: "L'émetteur ; par défaut le Pro Santé Connect du bac à sable.") var emetteur: String?
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
        var maker = try maker()
        if let emetteur { maker.issuer = emetteur }
        let contents = TestTokenMaker.Contents(
            person: person, issued: SystemWallClock().now(), lifetime: .seconds(duree))
        let token = try maker.token(contents, flaw: defaut?.flaw)
        print(xoauth2.map { TestTokenMaker.xoauth2(mailbox: $0, token: token) } ?? token)
    }

    /// The sandbox's maker; in a folder that is none, one with a key that is kept there from the first use on.
    private func maker() throws -> TestTokenMaker {
        if let sandbox = try? Sandbox(directory: directory) { return try sandbox.tokenMaker() }
        let issuer = "https://localhost:8444" + TestProSanteConnect.realm
        let path = "\(directory)/psc.key"
        if let key = try? TestFiles.read(path) {
            return try TestTokenMaker(issuer: issuer, privateKeyPEM: String(decoding: key, as: UTF8.self))
        }
        let maker = try TestTokenMaker(issuer: issuer)
        try TestFiles.write(maker.privateKeyPEM, to: path, mode: 0o600)
        return maker
    }
}

/// Answers for the persons on their telephones.
struct TelephoneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "telephone",
        abstract: "Accepte ou refuse les authentifications CIBA en attente, comme le feraient les professionnels.")

    enum Answer: String, ExpressibleByArgument, CaseIterable { case accepter, refuser }

    @Argument(help: "Le dossier du bac à sable.") var directory: String
    @Argument(help: "accepter ou refuser.") var answer: Answer

    func run() async throws {
        print(try await Sandbox(directory: directory).tell(.decide(approved: answer == .accepter)))
    }
}
