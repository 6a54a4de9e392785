import Foundation
import MSSCore
import MSSTestKit
import MSSXMLSignature
import Testing

@testable import MSSWhitelist

/// Lists with odd content, well signed, over the sandbox server: what is told, and what stays in force.
@Suite("Odd content, well signed")
struct OddListTests {
    /// Signs a text as the agency, by xmlsec, which signs any document, and serves it.
    private static func publish(_ text: String, by sandbox: Sandbox) throws {
        let signer = sandbox.server.signer
        var pem = Array(signer.privateKeyPEM.utf8)
        let key = try SigningKey(zeroing: &pem, certificatesDER: [signer.certificateDER])
        sandbox.server.publish(signed: try SignatureSigner(key: key).sign(text.utf8))
    }

    private static func next(_ sandbox: Sandbox) -> TestWhitelist {
        var list = Sandbox.list(sandbox.peer)
        list.generated = list.generated + .seconds(60)
        return list
    }

    @Test("an empty name, a DN that does not parse, duplicates and a bad date are told by entry, and spoil no other")
    func oddEntries() async throws {
        try await Sandbox.run { sandbox in
            let service = sandbox.service()
            _ = try await service.refresh().get()
            var list = OddListTests.next(sandbox)
            let (count, peer) = (list.entries.count, sandbox.peer.subject)
            func add(_ name: String, _ certificateName: String) {
                list.entries.append(
                    .init(name: name, certificateName: certificateName, updated: Timestamp(seconds: 0)))
            }
            add("", peer)
            add("sans-dn.mssante.fr", "pas un DN")
            add("pas un domaine", peer)
            add(sandbox.domain.ascii.uppercased(), peer)
            add("date.mssante.fr", peer)
            let text = String(decoding: WhitelistWriter.write(list), as: UTF8.self)
            // The last entry's date.
            let place = try #require(text.range(of: "<DateMAJ>1970-01-01T00:00:00Z", options: .backwards))
            try OddListTests.publish(text.replacingCharacters(in: place, with: "<DateMAJ>hier"), by: sandbox)

            guard case .installed = try await service.refresh().get() else { Issue.record("unchanged"); return }
            let told = try #require(service.snapshot).diagnostics
            func oddities(_ offset: Int) -> [WhitelistDiagnostic] { told.filter { $0.entry == count + offset } }
            #expect(oddities(1).map(\.oddity) == [.emptyName])
            guard case .invalidCertificateName? = oddities(2).first?.oddity,
                case .invalidName? = oddities(3).first?.oddity
            else { Issue.record("\(told)"); return }
            #expect(oddities(2).first?.name == "sans-dn.mssante.fr")
            #expect(oddities(4).map(\.oddity).contains(.duplicate(of: count)))
            guard case .invalidUpdate? = oddities(5).first?.oddity else { Issue.record("\(told)"); return }

            let name = try sandbox.peerName()
            #expect(service.decide(name, for: sandbox.domain).isAllowed)
            #expect(try service.decide(name, for: Domain("date.mssante.fr")).isAllowed)
            // An entry that lets nobody in leaves no trace in the list.
            let dropped = try Domain("sans-dn.mssante.fr")
            #expect(service.decide(name, for: dropped) == .refused(.unknownDomain(dropped)))
            #expect(try #require(service.snapshot).domains.contains(dropped) == false)
        }
    }

    @Test(
        "EX_2.2_5035: a list whose own date is missing or no date is refused, and the last verified list answers",
        arguments: [
            ("<DateDeGeneration>", "<DateDeGeneration>le "), ("DateDeGeneration>", "Autre>"),
            ("<ListeDomaines>", "<ListeDomaines></ListeDomaines><ListeDomaines>"),
        ])
    func badDates(_ old: String, _ new: String) async throws {
        try await Sandbox.run { sandbox in
            let service = sandbox.service()
            _ = try await service.refresh().get()
            let before = try #require(service.snapshot)
            let text = String(decoding: WhitelistWriter.write(OddListTests.next(sandbox)), as: UTF8.self)
            try OddListTests.publish(text.replacing(old, with: new), by: sandbox)
            guard case .failure(.content(let failure)) = await service.refresh() else {
                Issue.record("accepted")
                return
            }
            #expect(failure.requirement == "EX_2.2_5035" && failure.explanation.hasSuffix("."))
            #expect(service.snapshot?.storage === before.storage)
        }
    }

    @Test("instructions, comments and CDATA in a signed list change nothing of what it says")
    func otherMarkup() async throws {
        try await Sandbox.run { sandbox in
            let service = sandbox.service()
            _ = try await service.refresh().get()
            let list = OddListTests.next(sandbox)
            let plain = String(decoding: WhitelistWriter.write(list), as: UTF8.self)
            for (index, change) in [
                ("<ListeDomaines>", "<ListeDomaines><?instruction x?>"),
                ("<ListeDomaines>", "<ListeDomaines><!-- x -->"),
                ("<Nom>ch-bac-a-sable.mssante.fr", "<Nom>ch-<?x?>bac<!-- - -->-a-<![CDATA[sable]]>.mssante.fr"),
            ].enumerated() {
                var dated = list
                dated.generated = list.generated + .seconds(Int64(index))
                let text = plain.replacing(list.generated.xsdDateTime, with: dated.generated.xsdDateTime)
                try OddListTests.publish(text.replacing(change.0, with: change.1), by: sandbox)
                #expect(try await service.refresh().get() == .installed([]))
                #expect(try service.decide(sandbox.peerName(), for: sandbox.domain).isAllowed)
            }
        }
    }

    @Test("a source in memory gives its list once, tells it unchanged afterwards, and fails when told to")
    func memorySource() async throws {
        try await Sandbox.run { sandbox in
            let source = MemoryWhitelistSource(sandbox.server.signedList)
            let service = sandbox.service(source: source, store: MemoryWhitelistStore())
            #expect(try await service.refresh().get() == .installed([]))
            #expect(try await service.refresh().get() == .unchanged)
            await source.fail(.status(503))
            #expect(await service.refresh() == .failure(.fetch(.status(503))))
            try sandbox.server.publish(OddListTests.next(sandbox))
            await source.publish(sandbox.server.signedList)
            #expect(try await service.refresh().get() == .installed([]))
            #expect(service.contains(sandbox.domain))
        }
    }
}
