import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import MSSWhitelist
import Testing

// snippet: make
func makeWhitelist(
    url: String, authorities: TrustStore, revocation: RevocationChecker, transport: any HTTPTransport, folder: String
) throws -> WhitelistService {
    let certificates = PKIXVerifier(trustStore: authorities, revocation: revocation)
    return WhitelistService(
        source: HTTPWhitelistSource(url: url, transport: transport),
        store: FileWhitelistStore(directory: folder),
        verifier: try WhitelistVerifier(trustStore: authorities, certificates: certificates))
}
// end snippet

// snippet: keep
func keep(_ whitelist: WhitelistService, own: Set<DistinguishedName>) async {
    let events = whitelist.events()
    async let running: Void = whitelist.run()
    for await event in events {
        switch event {
        case .alert(let alert): print(alert.explanation)
        case .installed(_, _, let changes):
            for change in changes where change.concerns(domains: [], certificateNames: own) {
                print(change.explanation)
            }
        case .confirmed: break
        }
    }
    await running
}
// end snippet

// snippet: ask
func mayDeliver(_ peer: Certificate, for domain: Domain, by whitelist: some Whitelist) -> String? {
    switch whitelist.decide(peer.subject, for: domain) {
    case .allowed: nil
    case .refused(let refusal): "\(refusal.requirement?.rawValue ?? "") \(refusal.explanation)"
    }
}
// end snippet

@Suite("The article of the documentation")
struct WhitelistSnippetTests {
    @Test("the snippets keep a list fetched from the sandbox, answer from it, and stop when cancelled")
    func article() async throws {
        try await Sandbox.run { sandbox in
            let whitelist = try makeWhitelist(
                url: sandbox.server.url, authorities: sandbox.crls.trustStore,
                revocation: RevocationChecker(policy: RevocationPolicy(order: .crlOnly), crls: sandbox.crls),
                transport: sandbox.transport, folder: sandbox.folder)
            let peer = try Certificate(der: sandbox.peer.certificateDER)
            #expect(mayDeliver(peer, for: sandbox.domain, by: whitelist)?.hasPrefix("EX_2.2_5035") == true)
            let events = whitelist.events()
            let keeping = Task { await keep(whitelist, own: [peer.subject]) }
            for await event in events { if case .installed = event { break } }
            #expect(mayDeliver(peer, for: sandbox.domain, by: whitelist) == nil)
            let other = try Domain("autre.mssante.fr")
            #expect(mayDeliver(peer, for: other, by: whitelist)?.hasPrefix("EX_3.2_5060") == true)
            keeping.cancel()
            await keeping.value
        }
    }
}
