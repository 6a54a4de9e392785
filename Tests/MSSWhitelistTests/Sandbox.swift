import Foundation
import MSSCore
import MSSHTTP
import MSSTLS
import MSSTestKit

@testable import MSSWhitelist

/// The HTTPS server of the list, a connector's service over it, and a folder for its copies.
struct Sandbox: Sendable {
    let pki = TestPKI.shared
    let server: WhitelistServer
    let transport: AsyncHTTPTransport
    let folder: String
    let crls: CRLStore
    let verifier: WhitelistVerifier
    /// The certificate of an operator that the lists let speak for `domain`.
    let peer: TestCredential
    let domain: Domain

    static let published = SystemWallClock().now() - .seconds(86_400)

    /// A list of a hundred made-up domains and the operator's.
    static func list(_ peer: TestCredential, age: Duration = .zero, count: Int = 100) -> TestWhitelist {
        var list = WhitelistGenerator(count: count, generated: Timestamp(seconds: (published - age).seconds)).make()
        list.authorize(peer, for: "ch-bac-a-sable.mssante.fr")
        return list
    }

    init() async throws {
        peer = try pki.issue(.server(commonName: "mss.bac-a-sable.fr"))
        domain = try Domain("ch-bac-a-sable.mssante.fr")
        server = try await WhitelistServer.start(Sandbox.list(peer, age: .seconds(86_400)))
        try server.publish(Sandbox.list(peer))
        transport = try AsyncHTTPTransport(
            HTTPTransportConfiguration(trustRoots: .pem(Array(pki.trustStorePEM.utf8))))
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("mss-bac-\(UUID().uuidString)").path
        let trustStore = try TrustStore(
            authorities: [Certificate(der: pki.root.certificateDER), Certificate(der: pki.intermediate.certificateDER)])
        crls = CRLStore(trustStore: trustStore)
        _ = try crls.install(pki.fullCRL(of: .root), at: SystemWallClock().now())
        _ = try crls.install(pki.fullCRL(of: .intermediate), at: SystemWallClock().now())
        verifier = try WhitelistVerifier(
            trustStore: trustStore,
            certificates: PKIXVerifier(
                trustStore: trustStore,
                revocation: RevocationChecker(policy: RevocationPolicy(order: .crlOnly), crls: crls)))
    }

    func source(timeout: Duration = .seconds(20), maximumBytes: Int = 4 << 20) -> HTTPWhitelistSource {
        HTTPWhitelistSource(url: server.url, transport: transport, maximumBytes: maximumBytes, timeout: timeout)
    }

    func service(
        source: (any WhitelistSource)? = nil, store: (any WhitelistStore)? = nil,
        clock: any WallClock = SystemWallClock(),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in throw CancellationError() }
    ) -> WhitelistService {
        WhitelistService(
            source: source ?? self.source(), store: store ?? FileWhitelistStore(directory: folder),
            verifier: verifier, clock: clock, sleep: sleep)
    }

    /// The operator's certificate name, as its certificate gives it.
    func peerName() throws -> DistinguishedName { try Certificate(der: peer.certificateDER).subject }

    func close() async throws {
        try await transport.shutDown()
        try await server.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Runs a test over a sandbox and closes it.
    static func run(_ test: (Sandbox) async throws -> Void) async throws {
        let sandbox = try await Sandbox()
        do { try await test(sandbox) } catch {
            try await sandbox.close()
            throw error
        }
        try await sandbox.close()
    }
}

/// A source that gives what it is told.
actor ScriptedSource: WhitelistSource {
    private var answers: [Result<WhitelistFetch, WhitelistFetchFailure>]
    private(set) var shown: [WhitelistValidators?] = []

    init(_ answers: [Result<WhitelistFetch, WhitelistFetchFailure>]) { self.answers = answers }

    func fetch(unlike validators: WhitelistValidators?) async throws(WhitelistFetchFailure) -> WhitelistFetch {
        shown.append(validators)
        guard !answers.isEmpty else { throw .status(503) }
        return try answers.removeFirst().get()
    }
}

extension AsyncStream<WhitelistEvent> {
    /// The next alert.
    func nextAlert() async -> WhitelistAlert? {
        for await event in self { if case .alert(let alert) = event { return alert } }
        return nil
    }
}
