import ArgumentParser
import Foundation
import MSSCore
import MSSDNS
import MSSHTTP
import MSSIMAP
import MSSProSanteConnect
import MSSSASL
import MSSSMTP
import MSSTLS
import NIOCore

/// What the software remembers between two commands: the mailbox, its servers, and what it is opened with.
struct Session: Codable {
    /// How the mailbox is opened.
    enum Access: Codable {
        /// With tokens of Pro Santé Connect: a personal or organisational mailbox.
        case tokens(Tokens)
        /// With a structure's certificate: an application mailbox.
        case certificate(file: String, key: String)
    }

    /// Tokens as they are kept. A product keeps them in the system's keyring.
    struct Tokens: Codable {
        var access: String
        /// Seconds since 1970.
        var expires: Int64
        var refresh: String?
        /// The software as Pro Santé Connect knows it.
        var client: String?
        var secret: String?
    }

    var address: String
    var surroundings: Surroundings
    var servers: Servers
    var access: Access
}

/// The session that a command works in.
struct SessionOptions: ParsableArguments {
    @Option(help: "Le fichier de session, tel que « login » l'écrit.") var session = "mss-lps.json"

    func load() throws -> Session {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: session)) else {
            throw ToldFailure("\(session) n'est pas lisible : commencez par « mss-lps login ».")
        }
        return try JSONDecoder().decode(Session.self, from: bytes)
    }

    /// Writes it, for its owner alone: whoever has the tokens has the mailbox.
    func save(_ value: Session) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try? FileManager.default.removeItem(atPath: session)
        guard
            FileManager.default.createFile(
                atPath: session, contents: try encoder.encode(value), attributes: [.posixPermissions: 0o600])
        else { throw ToldFailure("\(session) ne peut pas être écrit.") }
    }
}

/// An open door to the mailbox: credentials of the moment, clients of both servers.
struct Door {
    let session: Session
    let imap: IMAPClient
    private let tls: ReloadableTLSContext
    /// Where tokens are renewed.
    private let psc: ProSanteConnect?
    private let credentials: @Sendable () async throws -> SASLCredentials

    init(_ options: SessionOptions) throws {
        let session = try options.load()
        self.session = session
        let address = session.address
        switch session.access {
        case .certificate(let file, let key):
            // EX_LPS_1200: the certificate proves the structure, the login of PLAIN names the mailbox.
            tls = try session.surroundings.tls(identity: try TLSIdentity(certificateFile: file, keyFile: key))
            credentials = { .plain(PlainCredentials(user: address, password: "")) }
            psc = nil
        case .tokens(let tokens):
            tls = try session.surroundings.tls(identity: nil)
            let psc = try Door.provider(session, tokens)
            self.psc = psc
            let source = Door.source(session, tokens, psc, options)
            // Asked at every connection: tokens live for minutes (client requirement 1.10).
            credentials = {
                guard let credentials = XOAUTH2Credentials(user: address, token: try await source.accessToken()) else {
                    throw ToldFailure("Le jeton n'est pas utilisable.")
                }
                return .xoauth2(credentials)
            }
        }
        let server = session.servers.reading
        var configuration = IMAPClientConfiguration(
            host: server.address, port: server.port, serverName: server.name, tls: tls, credentials: credentials)
        // Stands in the operator's traces beside each access (EX_GDT_5060).
        configuration.identification = ["name": "mss-lps", "version": "1"]
        imap = IMAPClient(configuration)
    }

    /// Tokens that renew themselves; the file is written when they do.
    private static func source(
        _ session: Session, _ tokens: Session.Tokens, _ psc: ProSanteConnect?, _ options: SessionOptions
    ) -> any TokenSource {
        guard let refresh = tokens.refresh, let client = tokens.client, let psc else {
            return FixedToken(tokens.access)
        }
        let known = TokenSet(
            accessToken: tokens.access, expires: Timestamp(seconds: tokens.expires), refreshToken: refresh)
        return RefreshingTokens(psc.client, tokens: known) { fresh in
            guard let fresh else { return }
            var session = session
            session.access = .tokens(Session.Tokens(fresh, client: client, secret: tokens.secret))
            try? options.save(session)
        }
    }

    private static func provider(_ session: Session, _ tokens: Session.Tokens) throws -> ProSanteConnect? {
        guard tokens.refresh != nil, let client = tokens.client else { return nil }
        return try ProSanteConnect(session.surroundings, client: client, secret: tokens.secret)
    }

    /// Does something behind the door, and closes it whatever comes of it.
    static func with<Value: Sendable>(
        _ options: SessionOptions, _ body: (Door) async throws -> Value
    ) async throws -> Value {
        let door = try Door(options)
        let result: Result<Value, any Error>
        do { result = .success(try await body(door)) } catch { result = .failure(error) }
        await door.imap.close()
        try? await door.psc?.transport.shutDown()
        return try result.get()
    }

    /// Sends through the operator (TM5.2P, TM5.4P).
    func send(_ message: SMTPOutgoingMessage) async throws -> SMTPTransactionResult {
        let server = session.servers.submission
        guard let address = IPAddress(server.address) else { throw ToldFailure("Adresse illisible.") }
        let client = SMTPClient(
            SMTPDestination(.address(address, port: server.port), serverName: server.name),
            SMTPClientConfiguration(
                session: SMTPClientSessionConfiguration(clientName: .domain(try Domain("poste.invalid"))), tls: tls,
                comparesServerName: true, credentials: credentials))
        do {
            let result = try await client.send(message)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    /// Does something with the messages of a folder, in a session that is closed afterwards.
    static func opened<Value: Sendable>(
        _ options: SessionOptions, _ folder: String = "INBOX",
        _ body: @Sendable (IMAPConnection) async throws -> Value
    ) async throws -> Value {
        try await ToldFailure.explaining {
            guard let name = IMAPMailboxName(folder) else { throw ToldFailure("« \(folder) » n'est pas un dossier.") }
            return try await Door.with(options) { door in try await door.imap.perform(in: name, body) }
        }
    }
}

extension Session.Tokens {
    /// Tokens of a sign-in.
    init(_ tokens: TokenSet, client: String?, secret: String?) {
        self.init(
            access: tokens.accessToken, expires: tokens.expires.seconds, refresh: tokens.refreshToken, client: client,
            secret: secret)
    }
}
