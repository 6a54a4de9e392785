import Foundation
import MSSCore
import Testing

@testable import MSSWhitelist

@Suite("Acceptance, schedule, signer rule and store")
struct PolicyTests {
    @Test("a list from the future, older, of the same date with other content, or much smaller is not accepted")
    func acceptance() throws {
        let rules = WhitelistAcceptance()
        let now = Lists.generated + .seconds(3600)
        func list(_ count: Int, _ offset: Int) throws -> WhitelistSnapshot {
            try Lists.snapshot(
                (0..<count).map { ("d\($0).fr", Lists.certificate) }, generated: Lists.generated + .seconds(offset))
        }
        let current = try list(10, 0)
        func fault(_ candidate: WhitelistSnapshot, _ digest: [UInt8] = [2], shrinking: Bool = false)
            -> WhitelistRejection?
        {
            rules.firstFault(
                of: candidate, digest: digest, replacing: current, digest: [1], at: now, allowsShrinking: shrinking)
        }
        #expect(try fault(list(10, 60)) == nil)
        #expect(try fault(list(8, 60)) == nil)
        #expect(try fault(list(7, 60)) == .muchSmaller(domains: 7, current: 10))
        #expect(try fault(list(7, 60), shrinking: true) == nil)
        #expect(
            try fault(list(10, -1), shrinking: true)
                == .olderThanCurrent(generated: Lists.generated - .seconds(1), current: Lists.generated))
        #expect(try fault(list(10, 0)) == .sameDateOtherContent(generated: Lists.generated))
        #expect(try fault(list(10, 0), [1]) == nil)
        #expect(try fault(list(10, 3600 + 600)) == nil)
        #expect(try fault(list(10, 3600 + 601)) == .fromTheFuture(generated: Lists.generated + .seconds(4201)))
        let first = rules.firstFault(of: try list(1, -99_999), digest: [1], replacing: nil, digest: nil, at: now)
        #expect(first == nil)
    }

    @Test("EX_2.2_5010: a list is asked for at least daily, at a random time; failures are retried with back-off")
    func schedule() {
        var schedule = WhitelistSchedule()
        let now = Lists.generated
        #expect(schedule.wait(at: now) == .zero)
        for random in [0, 0.5, 0.999] {
            schedule.succeeded(at: now, random: random)
            #expect(schedule.wait(at: now) <= .seconds(24 * 3600))
            #expect(schedule.wait(at: now) >= .seconds(22 * 3600))
        }
        var waits: [Duration] = []
        for _ in 0..<100 {
            schedule.failed(at: now, random: 0)
            waits.append(schedule.wait(at: now))
        }
        let expected: [Duration] = [60, 120, 240, 480, 960, 1920, 3600].map { .seconds($0) }
        #expect(Array(waits.prefix(upTo: 7)) == expected)
        #expect(waits.last == .seconds(3600))
        schedule.failed(at: now, random: 0.999)
        #expect(schedule.wait(at: now) < .seconds(5400))
        schedule.succeeded(at: now, random: 0)
        #expect(schedule.failures == 0)
        #expect(schedule.wait(at: now + .seconds(25 * 3600)) == .zero)
        // The clock went back ten years.
        #expect(schedule.wait(at: now - .seconds(10 * 365 * 86_400)) == .seconds(24 * 3600))
    }

    @Test("EX_2.2_5050: the signer is issued by ANS and attributed to ANS")
    func signerRule() throws {
        let rule = WhitelistSignerRule.ans
        let issuer = try DistinguishedName(
            rfc4514: "CN=AC IGC-SANTE ELEMENTAIRE ORGANISATIONS,OU=IGC-SANTE,OU=0002 187512751,O=ASIP-SANTE,C=FR")
        let bySIRET = try DistinguishedName(
            rfc4514: "CN=Liste Blanche,OU=318751275100020,O=AGENCE DU NUMERIQUE EN SANTE,ST=Paris (75),C=FR")
        let bySIREN = try DistinguishedName(rfc4514: "CN=Liste Blanche,OU=2187512751,O=ASIP,C=FR")
        #expect(rule.firstFault(issuer: issuer, subject: bySIRET) == nil)
        #expect(rule.firstFault(issuer: issuer, subject: bySIREN) == nil)
        for (issuerText, subjectText) in [
            ("CN=AC,OU=0002 000000000,O=ASIP-SANTE,C=FR", bySIRET.rfc4514),
            ("CN=AC,O=0002 187512751,C=FR", bySIRET.rfc4514),
        ] {
            let other = try DistinguishedName(rfc4514: issuerText)
            #expect(
                try rule.firstFault(issuer: other, subject: DistinguishedName(rfc4514: subjectText)) == .issuer(other))
        }
        for text in [
            "CN=Liste Blanche,OU=1750712184,O=AGENCE DU NUMERIQUE EN SANTE,ST=Paris (75),C=FR",
            "CN=Liste Blanche,O=AGENCE DU NUMERIQUE EN SANTE,C=FR",
            "CN=318751275100020,OU=AGENCE,O=AGENCE,C=FR", "CN=Liste Blanche,OU=318751275100020,O=AGENCE,C=BE",
        ] {
            let other = try DistinguishedName(rfc4514: text)
            #expect(rule.firstFault(issuer: issuer, subject: other) == .subject(other), "\(text)")
        }
    }

    static func record(_ offset: Int, digest: String) -> WhitelistRecord {
        WhitelistRecord(
            digest: digest, generated: Lists.generated + .seconds(offset), verifiedAt: Lists.generated,
            confirmedAt: Lists.generated + .seconds(99), signer: "CN=a\\, b,C=FR", signerFingerprint: "ff",
            domainCount: 3,
            validators: WhitelistValidators(url: "https://x/y", entityTag: "\"a:b\"", lastModified: "Thu, 13 Mar 2025"))
    }

    @Test("a record reads back as written; a damaged one is no record")
    func recordText() {
        let record = PolicyTests.record(0, digest: "abc")
        #expect(WhitelistRecord(text: record.text) == record)
        var bare = record
        bare.validators = nil
        #expect(WhitelistRecord(text: bare.text) == bare)
        #expect(WhitelistRecord(text: String(record.text.dropFirst(10))) == nil)
        #expect(WhitelistRecord(text: "") == nil)
        var hostile = record
        hostile.validators?.entityTag = "\"x\"\nsha256: 000"
        #expect(WhitelistRecord(text: hostile.text)?.digest == "abc")
    }

    @Test("EX_2.2_5035: the folder keeps the last copies byte for byte, the latest first, and no temporary file")
    func fileStore() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mss-whitelist-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = FileWhitelistStore(directory: folder.path, limit: 3)
        #expect(try await store.copies().isEmpty)
        for number in 0..<5 {
            try await store.save(
                [UInt8](repeating: UInt8(number), count: 100_000), PolicyTests.record(number, digest: "d\(number)"))
        }
        let copies = try await store.copies()
        #expect(copies.count == 3)
        for (copy, number) in zip(copies, [4, 3, 2]) {
            let (document, record) = try await copy.load()
            #expect(document == [UInt8](repeating: UInt8(number), count: 100_000))
            #expect(record == PolicyTests.record(number, digest: "d\(number)"))
        }
        var confirmed = PolicyTests.record(4, digest: "d4")
        confirmed.confirmedAt = Lists.generated + .seconds(1000)
        try await store.update(confirmed)
        #expect(try await store.copies()[0].load().record == confirmed)
        // What a crash left behind goes with the next copy.
        try Data([1]).write(to: folder.appendingPathComponent(".liste-x.xml.tmp-1"))
        try await store.save([9], PolicyTests.record(9, digest: "d9"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count == 6 && names.allSatisfy { $0.hasPrefix("liste-") })
        #expect(try await FileWhitelistStore(directory: folder.path).copies().first?.load().document == [9])
    }

    @Test("a store that cannot be written or read says where")
    func storeFailures() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("mss-whitelist-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let store = FileWhitelistStore(directory: file.path)
        await #expect {
            try await store.save([1], PolicyTests.record(0, digest: "d"))
        } throws: { ($0 as? WhitelistStorageError)?.step == .write }
        await #expect { try await store.copies() } throws: { ($0 as? WhitelistStorageError)?.step == .list }
        let failure = WhitelistStorageError(.write, path: "/x", code: 28)
        #expect(failure.requirement == "EX_2.2_5035" && failure.explanation.contains("/x"))
    }
}
