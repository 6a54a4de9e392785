import MSSAccounts
import MSSCore
import MSSHTTP
import MSSIMAP
import MSSProSanteConnect
import MSSSASL
import MSSSMTP
import MSSTLS
import MSSTestKit
import MSSTraces
import NIOCore

@testable import MSSConnector

/// An operator with the entry points of the API LPS, and the Pro Santé Connect that its users sign in with.
final class TestLPS: Sendable {
    let alpha: TestOperator
    let operation: Operator
    let psc: TestProSanteConnect
    let credentials: InMemoryAlternativeCredentials
    let code: OneTimePassword
    let mail: InMemoryMailboxes
    /// A certificate ORG AUTH_CLI of the hospital, and one of another structure.
    let application: TestCredential
    let stranger: TestCredential
    let laboratory: MailboxID
    private let transport: AsyncHTTPTransport

    static let password = "mot-de-passe"

    /// An operator; `laboratoire` is its application mailbox, and Paul a delegate of Jeanne's mailbox.
    init(clock: any WallClock = SystemWallClock(), terms: String? = nil) async throws {
        alpha = try await TestOperator("alpha", clock: clock, terms: terms)
        application = try TestPKI.shared.issue(
            .applicationClient(commonName: "Authentification MSS"),
            subject: TestStructure(name: "HOPITAL BEAUJOUR", identifier: alpha.finess.text))
        stranger = try TestPKI.shared.issue(
            .applicationClient(commonName: "Authentification MSS"),
            subject: TestStructure(name: "AUTRE HOPITAL", identifier: "1\(MadeUpNumbers.finess(2))"))
        var draft = MSSAccounts.Mailbox(
            id: MailboxID(0), kind: .application, address: Samples.directory("laboratoire@\(alpha.domain)"),
            responsible: alpha.director, createdAt: Timestamp(seconds: 0))
        draft.structure = alpha.finess
        draft.summary = "Laboratoire"
        laboratory = try await alpha.accounts.perform(.create(draft), by: TestOperator.administrator).mailbox!.id
        try await alpha.perform(
            .delegate(
                alpha.id("jeanne.martin"),
                Delegation(delegate: alpha.colleague, principal: alpha.doctor, from: Timestamp(seconds: 0))),
            by: .person(alpha.doctor))

        let https = try TestPKI.shared.issue(.server(commonName: "localhost", dnsNames: ["localhost"]))
        psc = try await TestProSanteConnect.start(
            credential: https,
            persons: [
                .init(identifier: TestLPS.rpps(1), givenName: "Jeanne", familyName: "MARTIN"),
                .init(identifier: TestLPS.rpps(2), givenName: "Paul", familyName: "DURAND"),
            ], clock: clock)
        transport = try AsyncHTTPTransport(
            HTTPTransportConfiguration(trustRoots: .pem(Array(TestPKI.shared.trustStorePEM.utf8))))
        let verifier = AccessTokenVerifier(
            IdentityProvider(.proSanteConnect(issuer: psc.issuer), transport: transport, clock: clock), clock: clock)
        let cost = PasswordHash.Cost(ln: 4, r: 8, p: 1)
        credentials = InMemoryAlternativeCredentials()
        code = .enrol()
        credentials.enrol(
            AlternativeCredential(
                person: TestLPS.rpps(1), password: PasswordHash(TestLPS.password, cost: cost)!, oneTimePassword: code))
        let alternative = AlternativeLogin(credentials, clock: clock, cost: cost)
        let host = alpha.host
        let mail = InMemoryMailboxes(clock: clock)
        self.mail = mail
        let list = Samples.whitelist([
            ("alpha.mssante.fr", try alpha.certificateName), ("beta.mssante.fr", Samples.name("mx.beta")),
        ])
        operation = try alpha.makeOperator(
            whitelist: list,
            change: { configuration in
                configuration.apiLPS = APILPSConfiguration(
                    submissionPSC: .init(host: host, address: .tcp(host: "127.0.0.1", port: 0)),
                    submissionCertificate: .init(host: host, address: .tcp(host: "127.0.0.1", port: 0)),
                    imapPSC: .init(host: host, address: .tcp(host: "127.0.0.1", port: 0)),
                    imapCertificate: .init(host: host, address: .tcp(host: "127.0.0.1", port: 0)))
            },
            services: { services in
                services.tokens = verifier
                services.alternativeLogin = alternative
                services.readableMailboxes = mail
            })
    }

    static func rpps(_ index: Int) -> String { "8\(MadeUpNumbers.rpps(index))" }

    /// A test with the operator running.
    static func running(_ body: (TestLPS) async throws -> Void) async throws {
        let lps = try await TestLPS()
        do { try await lps.operation.running { try await body(lps) } } catch {
            try await lps.stop()
            throw error
        }
        try await lps.stop()
    }

    func stop() async throws {
        try await psc.stop()
        try await transport.shutDown()
    }

    func port(_ entryPoint: AccessAttempt.EntryPoint, _ service: AccessAttempt.Service = .submission) -> Int {
        operation.clientAddress(service, entryPoint)!.port!
    }

    func token(_ index: Int, flaw: TestTokenFlaw? = nil, session: String = "session-1") throws -> String {
        try psc.token(for: TestLPS.rpps(index), flaw: flaw, session: session)
    }

    /// A login, as the entry point would pass it on.
    func open(
        _ mailbox: String, token: String, for service: AccessAttempt.Service = .submission,
        at entryPoint: AccessAttempt.EntryPoint = .proSanteConnect
    ) async -> Result<AccessGrant, AccessRefusal> {
        await open(
            AccessAttempt(
                service, at: entryPoint, .xoauth2(.init(user: mailbox, token: token)!),
                means: .init(channel: service.rawValue)))
    }

    /// A login with a certificate.
    func open(
        _ mailbox: String, certificate: TestCredential?, at entryPoint: AccessAttempt.EntryPoint = .structureCertificate
    ) async throws -> Result<AccessGrant, AccessRefusal> {
        await open(
            AccessAttempt(
                .submission, at: entryPoint, .plain(.init(user: mailbox, password: "")),
                certificate: try certificate.map { try Certificate(der: $0.certificateDER) },
                means: .init(channel: "submission")))
    }

    func open(_ attempt: AccessAttempt) async -> Result<AccessGrant, AccessRefusal> {
        do throws(AccessRefusal) { return .success(try await operation.accessGate.open(attempt)) } catch {
            return .failure(error)
        }
    }
}
