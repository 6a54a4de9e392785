import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import MSSXML
import MSSXMLSignature
import Testing

@testable import MSSWhitelist

@Suite("The list kept by a connector")
struct ServiceTests {
    @Test("EX_2.2_5030, EX_2.2_5040: the list is fetched, verified, stored as received and answers lookups")
    func firstFetch() async throws {
        try await Sandbox.run { sandbox in
            let service = sandbox.service()
            let name = try sandbox.peerName()
            #expect(service.decide(name, for: sandbox.domain) == .refused(.noList))
            #expect(try await service.refresh().get() == .installed([]))
            #expect(service.decide(name, for: sandbox.domain).isAllowed)
            #expect(service.contains(sandbox.domain))
            let status = service.status
            #expect(status.record?.generated == Timestamp(seconds: Sandbox.published.seconds))
            #expect(status.record?.signer == sandbox.server.signer.subject)
            #expect(status.lastFailure == nil && status.failureCount == 0)
            #expect(status.age.map { $0 >= .seconds(86_400) } == true)
            #expect(status.diagnosticCount == service.snapshot?.diagnostics.count)
            let copies = try await FileWhitelistStore(directory: sandbox.folder).copies()
            #expect(copies.count == 1)
            #expect(try await copies[0].load().document == sandbox.server.signedList)
        }
    }

    @Test("EX_2.2_5010: an unchanged list is not sent again, also after a restart; a changed one tells its changes")
    func conditionalFetch() async throws {
        try await Sandbox.run { sandbox in
            let service = sandbox.service()
            try await service.refresh().get()
            #expect(try await service.refresh().get() == .unchanged)
            #expect(sandbox.server.unchangedCount == 1)

            let restarted = sandbox.service()
            #expect(await restarted.loadCopy())
            #expect(try await restarted.refresh().get() == .unchanged)
            #expect(sandbox.server.unchangedCount == 2)

            var next = Sandbox.list(sandbox.peer)
            next.generated = next.generated + .seconds(3600)
            let other = try sandbox.pki.issue(.server(commonName: "mss.autre.fr"))
            next.authorize(other, for: "autre.mssante.fr")
            try sandbox.server.publish(next)
            let otherName = try Certificate(der: other.certificateDER).subject
            #expect(
                try await restarted.refresh().get()
                    == .installed([.domainAdded(Domain("autre.mssante.fr")), .certificateAdded(otherName)]))
        }
    }

    /// What each fault must be called.
    static func isExpected(_ failure: WhitelistFailure, for fault: WhitelistFault) -> Bool {
        switch (fault, failure) {
        case (.error, .fetch(.status(500))), (.empty, .fetch(.empty)): true
        case (.refusal, .fetch(.transport)), (.silence, .fetch(.transport)), (.slow, .fetch(.transport)),
            (.truncated, .fetch(.transport)), (.endless, .fetch(.transport)):
            true
        case (.older, .rejected(.olderThanCurrent)), (.future, .rejected(.fromTheFuture)),
            (.muchSmaller, .rejected(.muchSmaller)), (.wrongRoot, .content(.wrongRoot)),
            (.otherHolder, .signerRule(.subject)), (.otherKind, .signerCertificate(.wrongUsage)),
            (.revokedSigner, .signerCertificate(.revoked)):
            true
        case (_, .signature(let failure)):
            switch (fault, failure.reason) {
            case (.half, .document), (.missingClosingTag, .document): true
            case (.doctype, .document(let xml)): xml.reason == .documentTypeDeclaration
            case (.page, .notSigned), (.unsigned, .notSigned), (.tampered, .digestMismatch),
                (.expiredSigner, .signerExpired), (.lookalikeSigner, .signerUntrusted),
                (.otherKind, .signerUsage), (.bareKey, .keyNotAllowed), (.weakAlgorithm, .algorithm),
                (.wrapped, .shape), (.smuggled, .shape), (.twoSignatures, .severalSignatures):
                true
            default: false
            }
        default: false
        }
    }

    @Test(
        "EX_2.2_5035, EX_2.2_5040, EX_2.2_5050: a bad list is refused for what it is, and the last verified list answers",
        arguments: WhitelistFault.allCases)
    func fault(_ fault: WhitelistFault) async throws {
        try await Sandbox.run { sandbox in
            let timeout: Duration = fault == .silence || fault == .slow ? .seconds(1) : .seconds(20)
            let service = sandbox.service(source: sandbox.source(timeout: timeout))
            // Slow machines must still get the first, good list.
            let first = sandbox.service()
            try await first.refresh().get()
            #expect(await service.loadCopy())
            let before = try #require(service.snapshot)

            try sandbox.server.apply(fault)
            if fault == .revokedSigner {
                _ = try sandbox.crls.install(sandbox.pki.fullCRL(of: .intermediate), at: SystemWallClock().now())
            }
            // The faulty list must not pass for the one already held.
            let events = service.events()
            let result = await service.refresh()
            guard case .failure(let failure) = result else {
                Issue.record("\(fault): accepted")
                return
            }
            #expect(ServiceTests.isExpected(failure, for: fault), "\(fault): \(failure)")
            #expect(failure.requirement != nil && failure.explanation.hasSuffix("."))

            let after = try #require(service.snapshot)
            #expect(after.storage === before.storage)
            #expect(try service.decide(sandbox.peerName(), for: sandbox.domain).isAllowed)
            #expect(try !service.contains(Domain("pirate.mssante.fr")))
            #expect(service.status.lastFailure == failure && service.status.failureCount == 1)
            let alert = try #require(await events.nextAlert())
            #expect(alert.cause == .refused(failure) && alert.requirement == failure.requirement)
            #expect(try await FileWhitelistStore(directory: sandbox.folder).copies().count == 1)

            // The next good list is taken.
            try sandbox.server.apply(nil)
            var next = Sandbox.list(sandbox.peer)
            next.generated = next.generated + .seconds(60)
            try sandbox.server.publish(next)
            _ = try await first.refresh().get()
            #expect(first.snapshot?.generated == next.generated)
        }
    }

    @Test("a list that shrank much is taken when an administrator agrees")
    func agreedShrinking() async throws {
        try await Sandbox.run { sandbox in
            let service = sandbox.service()
            try await service.refresh().get()
            var small = Sandbox.list(sandbox.peer, count: 60)
            small.entries.removeFirst(50)
            small.generated = small.generated + .seconds(60)
            try sandbox.server.publish(small)
            let refused = await service.refresh()
            guard case .failure(.rejected(.muchSmaller)) = refused else { Issue.record("\(refused)"); return }
            guard case .installed(let changes) = try await service.refresh(allowsShrinking: true).get() else {
                Issue.record("unchanged")
                return
            }
            #expect(!changes.isEmpty)
            #expect(service.snapshot?.generated == small.generated)
        }
    }

    @Test("RE_2.2_5010: a local copy that was altered is refused at load, with an alert, and the one before serves")
    func alteredCopy() async throws {
        try await Sandbox.run { sandbox in
            let service = sandbox.service()
            try await service.refresh().get()
            var next = Sandbox.list(sandbox.peer)
            next.generated = next.generated + .seconds(60)
            try sandbox.server.publish(next)
            try await service.refresh().get()
            let copies = try await FileWhitelistStore(directory: sandbox.folder).copies()
            #expect(copies.count == 2)
            var bytes = try await copies[0].load().document
            let place = try #require(bytes.firstRange(of: Array("mss.bac-a-sable.fr".utf8))?.lowerBound)
            bytes[place] = UInt8(ascii: "M") ^ 1
            try Data(bytes).write(to: URL(fileURLWithPath: copies[0].label))

            let restarted = sandbox.service(source: ScriptedSource([]))
            let events = restarted.events()
            #expect(await restarted.loadCopy())
            #expect(restarted.snapshot?.generated == Timestamp(seconds: Sandbox.published.seconds))
            guard case .copyRefused(.signature(let failure), let copy)? = await events.nextAlert()?.cause else {
                Issue.record("no alert")
                return
            }
            #expect(failure.reason == .digestMismatch && copy == copies[0].label)
        }
    }

    @Test("EX_2.2_5035: without network a restart serves the local copy; a missing record changes nothing")
    func restartWithoutNetwork() async throws {
        try await Sandbox.run { sandbox in
            try await sandbox.service().refresh().get()
            let store = FileWhitelistStore(directory: sandbox.folder)
            let label = try await store.copies()[0].label
            try FileManager.default.removeItem(atPath: label.replacing(".xml", with: ".record"))
            try sandbox.server.apply(.refusal)
            let restarted = sandbox.service()
            #expect(await restarted.loadCopy())
            #expect(try restarted.decide(sandbox.peerName(), for: sandbox.domain).isAllowed)
            let result = await restarted.refresh()
            guard case .failure(.fetch(.transport)) = result else { Issue.record("\(result)"); return }
            #expect(try restarted.decide(sandbox.peerName(), for: sandbox.domain).isAllowed)
            // Nothing to load: no list, and it says so.
            let empty = sandbox.service(store: MemoryWhitelistStore())
            #expect(await !empty.loadCopy())
            #expect(try empty.decide(sandbox.peerName(), for: sandbox.domain) == .refused(.noList))
        }
    }

    @Test("a local copy whose signer has expired since still serves, with an alert; a download by it does not")
    func expiredSinceDownload() async throws {
        try await Sandbox.run { sandbox in
            try await sandbox.service().refresh().get()
            let later = FixedWallClock(sandbox.server.signer.notAfter + .seconds(86_400))
            let restarted = sandbox.service(
                source: ScriptedSource([
                    .success(.document(sandbox.server.signedList, WhitelistValidators(url: "https://x")))
                ]), clock: later)
            let events = restarted.events()
            #expect(await restarted.loadCopy())
            #expect(await events.nextAlert()?.cause == .signerExpired)
            #expect(try restarted.decide(sandbox.peerName(), for: sandbox.domain).isAllowed)
            let result = await restarted.refresh()
            guard case .failure(.signature(let failure)) = result else { Issue.record("\(result)"); return }
            #expect(failure.reason == .signerExpired)
        }
    }

    @Test("RE_2.2_5010: at a local load an unknown revocation lets through, at a download the policy decides")
    func unknownRevocation() async throws {
        try await Sandbox.run { sandbox in
            try await sandbox.service().refresh().get()
            let trustStore = try TrustStore(
                authorities: [
                    Certificate(der: sandbox.pki.root.certificateDER),
                    Certificate(der: sandbox.pki.intermediate.certificateDER),
                ])
            // No CRL at all.
            let verifier = try WhitelistVerifier(
                trustStore: trustStore,
                certificates: PKIXVerifier(
                    trustStore: trustStore,
                    revocation: RevocationChecker(
                        policy: RevocationPolicy(order: .crlOnly), crls: CRLStore(trustStore: trustStore))))
            let service = WhitelistService(
                source: sandbox.source(), store: FileWhitelistStore(directory: sandbox.folder), verifier: verifier)
            #expect(await service.loadCopy())
            let fresh = WhitelistService(source: sandbox.source(), store: MemoryWhitelistStore(), verifier: verifier)
            let result = await fresh.refresh()
            guard case .failure(.signerCertificate(.revocationUnknown)) = result else {
                Issue.record("\(result)")
                return
            }
            #expect(fresh.snapshot == nil)
        }
    }
}
