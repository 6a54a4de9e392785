import ArgumentParser
import Foundation
import MSSCore
import MSSDNS
import MSSHTTP
import MSSIMAP
import MSSProSanteConnect

/// Step 2: who opens the mailbox. A person signs in at Pro Santé Connect, by redirection or on her telephone; an
/// application has its structure's certificate.
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Trouve les serveurs, authentifie, et note la session.",
        discussion: """
            Un seul des moyens : --jeton (un jeton déjà obtenu), --redirection (navigateur), --ciba (application e-CPS, \
            par l'identifiant national), --certificat et --cle (application, ORG AUTH_CLI).
            """)
    @Argument(help: "L'adresse de la boîte.") var address: String
    @Option(help: "Un jeton d'accès, par exemple de « mss-sandbox token ».") var jeton: String?
    @Option(help: ArgumentHelp("L'URL de redirection déclarée à PSC.", valueName: "url")) var redirection: String?
    @Option(help: ArgumentHelp("L'identifiant national (8 et le RPPS).", valueName: "identifiant")) var ciba: String?
    @Option(help: "Le certificat ORG AUTH_CLI (PEM, avec l'intermédiaire).") var certificat: String?
    @Option(help: "Sa clé (PEM).") var cle: String?
    @Option(help: "Le client_id du logiciel auprès de PSC.") var client: String?
    @Option(help: "Un fichier qui contient son secret.") var secret: String?
    @OptionGroup(title: "Alentours") var given: SurroundingsOptions
    @OptionGroup var options: SessionOptions

    func validate() throws {
        let ways = [jeton, redirection, ciba, certificat].compactMap(\.self).count
        guard ways == 1, (certificat == nil) == (cle == nil) else {
            throw ValidationError("Choisissez --jeton, --redirection, --ciba, ou --certificat avec --cle.")
        }
    }

    func run() async throws {
        try await ToldFailure.explaining {
            let surroundings = given.values
            let resolver = try surroundings.resolver()
            let servers = try await Servers.find(
                try MailAddress(address), certificat == nil ? .proSanteConnect : .structureCertificate, resolver)
            let session = Session(
                address: address, surroundings: surroundings, servers: servers, access: try await access())
            try options.save(session)
            // The proof is in the opening: a wrong mailbox or an expired token is told here.
            let count = try await Door.opened(options) { connection in
                try await connection.status(of: .inbox, [.messages])[.messages] ?? 0
            }
            say("Boîte \(address) ouverte sur \(servers.reading.name) : \(count) messages.")
            say("Session : \(options.session)")
        }
    }

    private func access() async throws -> Session.Access {
        func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
        if let certificat, let cle { return .certificate(file: absolute(certificat), key: absolute(cle)) }
        if let jeton { return .tokens(Session.Tokens(access: jeton, expires: 0)) }
        let secretText = try secret.map {
            try String(contentsOfFile: $0, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let psc = try ProSanteConnect(given.values, client: client, secret: secretText)
        let signedIn: Result<TokenSet, any Error>
        do {
            signedIn = .success(try await ciba == nil ? byRedirection(psc.client) : byTelephone(psc.client))
        } catch { signedIn = .failure(error) }
        try await psc.transport.shutDown()
        let tokens = try signedIn.get()
        return .tokens(Session.Tokens(tokens, client: psc.identifier, secret: psc.secret))
    }

    /// In a product the browser comes back to the software; here the person brings back the address it ended at.
    private func byRedirection(_ client: ProSanteConnectClient) async throws -> TokenSet {
        let request = try await client.beginSignIn(redirect: redirection ?? "")
        say("Ouvrez dans un navigateur :\n\(request.url)\nPuis collez ici l'adresse où il revient :")
        guard let callback = readLine(strippingNewline: true) else { throw ToldFailure("Rien n'a été collé.") }
        return try await client.finish(request, callback: callback)
    }

    /// The same message on the screen and on the telephone, for the person to compare.
    private func byTelephone(_ client: ProSanteConnectClient) async throws -> TokenSet {
        let message = String((0..<4).map { _ in "23456789".randomElement()! })  // not empty
        let request = try await client.askTelephone(of: ciba ?? "", message: message)
        say("Confirmez sur votre téléphone la demande qui affiche : \(message)")
        return try await client.tokens(for: request)
    }
}
