import MSSCore
import MSSHTTP
import MSSTestKit
import Testing

@testable import MSSTLS

@Suite("Revocation policies", .serialized)
struct RevocationCheckerTests {
    /// A trust space with a responder, and a transport to it.
    private struct Space {
        let pki: TestPKI
        let responder: OCSPResponder
        let transport: AsyncHTTPTransport
        let crls: CRLStore
        let alerts = Alerts()

        func verifier(
            _ order: RevocationPolicy.Order, scope: RevocationPolicy.Scope = .leaf,
            onUnknown: RevocationPolicy.UnknownChoice = .refuse, online: Bool = true, timeout: Duration = .seconds(60)
        ) throws -> PKIXVerifier {
            let ocsp = online ? OCSPClient(transport: transport, configuration: .init(timeout: timeout)) : nil
            return PKIXVerifier(
                trustStore: try Paths.store(pki),
                revocation: RevocationChecker(
                    policy: RevocationPolicy(order: order, scope: scope, onUnknown: onUnknown), crls: crls, ocsp: ocsp,
                    alert: { [alerts] alert in alerts.list.withLock { $0.append(alert) } }))
        }

        func issue(_ status: TestStatus = .good) throws -> TestCredential {
            try pki.issue(.server(commonName: "mx.example"), status: status)
        }

        func installCRLs() throws {
            _ = try crls.install(pki.fullCRL(), at: pki.now)
            _ = try crls.install(pki.fullCRL(of: .root), at: pki.now)
        }
    }

    private final class Alerts: Sendable {
        let list = Guarded<[RevocationAlert]>([])
        var count: Int { list.withLock { $0.count } }
    }

    private func withSpace(_ body: (Space) async throws -> Void) async throws {
        let pki = try TestPKI()
        let responder = try await OCSPResponder.start(pki)
        pki.endpoints = TestEndpoints(crlServer: "http://127.0.0.1:9", ocspResponder: responder.url)
        let space = Space(
            pki: pki, responder: responder, transport: try AsyncHTTPTransport(),
            crls: CRLStore(trustStore: try Paths.store(pki)))
        let result: Result<Void, any Error>
        do { result = .success(try await body(space)) } catch { result = .failure(error) }
        try await space.transport.shutDown()
        try await responder.stop()
        try result.get()
    }

    private func source(_ result: Result<VerifiedPeer, CertificateFailure>) throws -> RevocationEvidence.Source? {
        try result.get().revocation.items.first?.source
    }

    @Test("EX_OPE_5050: CRLs alone are decided inside the handshake, for the whole path")
    func crlOnly() async throws {
        try await withSpace { space in
            let verifier = try space.verifier(.crlOnly, scope: .path)
            let good = try space.issue()
            let bad = try space.issue(.revoked(.keyCompromise))
            #expect(
                verifier.verify(Paths.peer(good), at: space.pki.now).failure == .revocationUnknown(.noCRL))
            try space.installCRLs()
            let peer = try #require(verifier.verify(Paths.peer(good), at: space.pki.now).accepted)
            #expect(peer.revocation.items.count == 2)
            guard case .revoked(let revocation) = verifier.verify(Paths.peer(bad), at: space.pki.now).failure else {
                Issue.record("not revoked")
                return
            }
            #expect(revocation.reason == .keyCompromise && revocation.source == .crl && !revocation.isAuthority)
            space.pki.revokeIntermediate()
            _ = try space.crls.install(space.pki.fullCRL(of: .root), at: space.pki.now)
            guard case .revoked(let above) = verifier.verify(Paths.peer(good), at: space.pki.now).failure else {
                Issue.record("intermediate not revoked")
                return
            }
            #expect(above.isAuthority)
            #expect(space.responder.requestCount == 0)
        }
    }

    @Test("EX_OPE_5050: OCSP is asked after the handshake, once, and its answer remembered")
    func ocspOnly() async throws {
        try await withSpace { space in
            let verifier = try space.verifier(.ocspOnly)
            let good = try space.issue()
            let bad = try space.issue(.revoked(.superseded))
            #expect(verifier.verify(Paths.peer(good), at: space.pki.now).isPending)
            let first = await verifier.verifyFully(Paths.peer(good), at: space.pki.now)
            guard case .ocsp(.responder, _, _, _)? = try source(first) else {
                Issue.record("\(first)")
                return
            }
            let again = try #require(verifier.verify(Paths.peer(good), at: space.pki.now).accepted)
            guard case .ocsp(.cache, _, _, _)? = again.revocation.items.first?.source else {
                Issue.record("\(again)")
                return
            }
            #expect(space.responder.requestCount == 1)
            guard
                case .revoked(let revocation)? =
                    await verifier.verifyFully(Paths.peer(bad), at: space.pki.now).failure
            else {
                Issue.record("not revoked")
                return
            }
            #expect(revocation.source == .ocsp && revocation.reason == .superseded)
            #expect(verifier.verify(Paths.peer(bad), at: space.pki.now).failure != nil)
        }
    }

    @Test("a hundred handshakes with one peer ask the responder once")
    func singleFlight() async throws {
        try await withSpace { space in
            let verifier = try space.verifier(.ocspOnly)
            let peer = Paths.peer(try space.issue())
            let now = space.pki.now
            let accepted = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 {
                    group.addTask { (try? await verifier.verifyFully(peer, at: now).get()) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(accepted == 100)
            #expect(space.responder.requestCount == 1)
        }
    }

    @Test("a responder that fails in any way leaves the status unknown: refused, or let through with an alert")
    func responderFaults() async throws {
        try await withSpace { space in
            let faults: [OCSPResponder.Fault] = [.status(500), .close, .garbage, .half, .silence]
            for fault in faults {
                space.responder.fault = fault
                let strict = try space.verifier(
                    .ocspOnly, timeout: fault == .silence ? .milliseconds(100) : .seconds(60))
                guard
                    case .revocationUnknown? =
                        await strict.verifyFully(Paths.peer(try space.issue()), at: space.pki.now).failure
                else {
                    Issue.record("\(fault) accepted")
                    continue
                }
            }
            #expect(space.alerts.count == 0)
            space.responder.fault = .status(500)
            let soft = try space.verifier(.ocspOnly, onUnknown: .softFail)
            let peer = try await soft.verifyFully(Paths.peer(try space.issue()), at: space.pki.now).get()
            #expect(peer.revocation.isSoftFailed)
            #expect(space.alerts.count == 1)
        }
    }

    @Test("crlThenOCSP asks nobody while the CRL tells; ocspThenCRL falls back on it")
    func orders() async throws {
        try await withSpace { space in
            let good = try space.issue()
            let bad = try space.issue(.revoked(.keyCompromise))
            let crlFirst = try space.verifier(.crlThenOCSP)
            #expect(crlFirst.verify(Paths.peer(good), at: space.pki.now).isPending)
            try space.installCRLs()
            #expect(crlFirst.verify(Paths.peer(good), at: space.pki.now).accepted != nil)
            #expect(space.responder.requestCount == 0)

            let ocspFirst = try space.verifier(.ocspThenCRL)
            // What the CRL revokes is refused at once, whatever a responder would say.
            #expect(ocspFirst.verify(Paths.peer(bad), at: space.pki.now).failure != nil)
            space.responder.fault = .status(503)
            let fallback = await ocspFirst.verifyFully(Paths.peer(good), at: space.pki.now)
            guard case .crl? = try source(fallback) else {
                Issue.record("\(fallback)")
                return
            }
            #expect(space.responder.requestCount == 1)
        }
    }

    @Test("preferStaple: a stapled answer needs no network; a bad or missing one falls back")
    func staples() async throws {
        try await withSpace { space in
            let good = try space.issue()
            let bad = try space.issue(.revoked(.keyCompromise))
            let offline = try space.verifier(.preferStaple, online: false)
            let staple = try space.pki.ocspStaple(for: good)
            let peer = Paths.peer(good, .server)
            let accepted = await offline.verifyFully(peer, stapledOCSP: staple, at: space.pki.now)
            guard case .ocsp(.stapled, _, _, _)? = try source(accepted) else {
                Issue.record("\(accepted)")
                return
            }
            #expect(
                await offline.verifyFully(peer, at: space.pki.now).failure == .revocationUnknown(.noStaple))
            let stolen = try space.pki.ocspStaple(for: bad)
            #expect(
                await offline.verifyFully(peer, stapledOCSP: stolen, at: space.pki.now).failure
                    == .revocationUnknown(.badResponse(.certificateNotCovered)))
            guard
                case .revoked? =
                    await offline.verifyFully(Paths.peer(bad, .server), stapledOCSP: stolen, at: space.pki.now).failure
            else {
                Issue.record("revoked staple accepted")
                return
            }
            let online = try space.verifier(.preferStaple)
            #expect(await online.verifyFully(peer, stapledOCSP: stolen, at: space.pki.now).failure == nil)
            #expect(space.responder.requestCount == 1)
        }
    }

    @Test("GET is understood by responders too (RFC 6960 appendix A.1)")
    func get() async throws {
        try await withSpace { space in
            let client = OCSPClient(
                transport: space.transport, configuration: .init(sendsNonce: false, usesGET: true))
            let certificate = try Certificate(der: try space.issue().certificateDER)
            let issuer = try Certificate(der: space.pki.intermediate.certificateDER)
            #expect(try await client.status(of: certificate, issuer: issuer, at: space.pki.now).get().status == .good)
        }
    }

    @Test("the cache of answers is bounded: the oldest leaves")
    func cache() {
        var cache = BoundedCache<Int, Int>(capacity: 3)
        for number in 1...5 { cache[number] = number }
        #expect(cache.count == 3)
        #expect((1...5).map { cache[$0] } == [nil, nil, 3, 4, 5])
        cache[4] = 40
        #expect(cache.count == 3 && cache[4] == 40)
    }
}
