internal import Crypto
internal import FoundationEssentials
internal import MSSJSON
public import MSSCore
internal import _CryptoExtras

/// A Pro Santé Connect of our own, over real HTTPS: discovery, keys that rotate, a consent page, tokens, CIBA, UserInfo,
/// the end of sessions, and failures on demand.
///
/// Paths are those of the real service below the realm; the consent page stands at `/auth` as the wallet's does.
public final class TestProSanteConnect: Sendable {
    /// A person who can sign in.
    public struct Person: Sendable, Hashable {
        /// `SubjectNameID`.
        public var identifier: String
        /// The given name.
        public var givenName: String
        /// The family name.
        public var familyName: String

        /// A person.
        public init(identifier: String, givenName: String, familyName: String) {
            self.identifier = identifier
            self.givenName = givenName
            self.familyName = familyName
        }
    }

    /// What can go wrong with the service.
    public enum Fault: String, Sendable, Hashable, CaseIterable {
        /// Connections are dropped.
        case down = "arret"
        /// Every answer is 503.
        case error = "erreur"
        /// Connections stay open without an answer.
        case silence
        /// Every answer is a page of HTML with status 200.
        case page
        /// UserInfo knows no session.
        case refusal = "refus"
        /// UserInfo has no `SubjectNameID`.
        case noIdentity = "sans-identite"
        /// UserInfo speaks of somebody else.
        case otherSubject = "autre-sujet"
        /// The key set is empty.
        case noKeys = "sans-cles"
    }

    /// Clients that may ask for tokens: identifier and secret, `nil` for public ones.
    public static let clients: [String: String?] = ["editeur-de-test": "secret-de-test", "editeur-public": nil]

    struct State {
        var makers: [TestTokenMaker]
        var persons: [Person]
        var fault: Fault?
        var requests: [String: Int] = [:]
        var sessions = 0
        var ended: Set<String> = []
        var codes: [String: Grant] = [:]
        var refreshTokens: [String: Grant] = [:]
        var backchannel: [String: Backchannel] = [:]
        var tokenLifetime = Duration.seconds(120)
    }

    /// What a code or a refresh token stands for.
    struct Grant {
        var person: String
        var client: String
        var session: String
        var nonce: String?
        var redirect: String = ""
        var challenge: String?
    }

    /// A CIBA request.
    struct Backchannel {
        var grant: Grant
        var approved: Bool?
        var polls = 0
    }

    /// The issuer.
    public let issuer: String
    /// The base URL of the server.
    public let url: String
    let clock: any WallClock
    let state: Guarded<State>
    private let server: Guarded<TestHTTPServer?>

    /// The path of the realm.
    public static let realm = "/auth/realms/esante-wallet"

    /// Starts the service.
    ///
    /// - Parameters:
    ///   - credential: its certificate, for `localhost`.
    ///   - privateKeyPEM: a signing key made before; `nil` makes one.
    public static func start(
        port: Int = 0, credential: TestCredential, persons: [Person] = [], privateKeyPEM: String? = nil,
        clock: any WallClock = SystemWallClock()
    ) async throws -> TestProSanteConnect {
        // The issuer holds the port, which is known once the server listens.
        let holder = Guarded<TestProSanteConnect?>(nil)
        let server = try await TestHTTPServer.start(port: port, credential: credential) { request in
            holder.withLock { $0 }?.answer(request) ?? .response(status: 503)
        }
        let issuer = server.url + realm
        let key =
            try privateKeyPEM.map { try _RSA.Signing.PrivateKey(pemRepresentation: $0) }
            ?? TestKeys.pool.key(for: realm)
        let service = TestProSanteConnect(
            server: server, issuer: issuer, maker: try TestTokenMaker(issuer: issuer, key: key, keyID: nil),
            persons: persons, clock: clock)
        holder.withLock { $0 = service }
        return service
    }

    private init(
        server: TestHTTPServer, issuer: String, maker: TestTokenMaker, persons: [Person], clock: any WallClock
    ) {
        self.issuer = issuer
        self.clock = clock
        url = server.url
        state = Guarded(State(makers: [maker], persons: persons))
        self.server = Guarded(server)
    }

    /// Stops the service.
    public func stop() async throws {
        let running = server.withLock { server in
            defer { server = nil }
            return server
        }
        try await running?.stop()
    }

    // MARK: Control

    /// What goes wrong; `nil` for nothing.
    public var fault: Fault? {
        get { state.withLock { $0.fault } }
        set {
            state.withLock { $0.fault = newValue }
            server.withLock { $0 }?.refusesConnections = newValue == .down
        }
    }

    /// How long access tokens are valid.
    public var tokenLifetime: Duration {
        get { state.withLock { $0.tokenLifetime } }
        set { state.withLock { $0.tokenLifetime = newValue } }
    }

    /// Makes tokens with the present key.
    public var maker: TestTokenMaker { state.withLock { $0.makers[0] } }

    /// The URL of the discovery document.
    public var discovery: String { issuer + "/.well-known/wallet-openid-configuration" }

    /// Adds a person.
    public func add(_ person: Person) { state.withLock { $0.persons.append(person) } }

    /// An access token of a person, or a bad one.
    public func token(for person: String, flaw: TestTokenFlaw? = nil, session: String = "session-1") throws -> String {
        var contents = TestTokenMaker.Contents(
            person: person, issued: clock.now(), lifetime: tokenLifetime, session: session)
        contents.assurance = "eidas1"
        return try maker.token(contents, flaw: flaw)
    }

    /// Signs with a new key from now on.
    ///
    /// - Parameter keepsFormer: whether the former key stays in the set, as it does until its last token is over.
    public func rotate(keepsFormer: Bool = true) throws {
        let next = try TestTokenMaker(issuer: issuer, key: .init(keySize: .bits2048), keyID: nil)
        state.withLock { $0.makers = [next] + (keepsFormer ? $0.makers : []) }
    }

    /// Ends a session: UserInfo and the token endpoint no longer know it.
    public func end(session: String) { state.withLock { _ = $0.ended.insert(session) } }

    /// Decides a CIBA request as the person on the telephone would.
    public func decide(_ request: String, approved: Bool) {
        state.withLock { $0.backchannel[request]?.approved = approved }
    }

    /// The CIBA requests that wait for a decision.
    public var waiting: [String] {
        state.withLock { $0.backchannel.filter { $0.value.approved == nil }.map(\.key).sorted() }
    }

    /// How often a path below the realm was asked for, `/protocol/openid-connect/userinfo` for example.
    public func requests(to path: String) -> Int { state.withLock { $0.requests[path] ?? 0 } }
}
