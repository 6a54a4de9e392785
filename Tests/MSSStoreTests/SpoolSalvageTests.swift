import Glibc
import MSSCore
import MSSSMTP
import MSSTestKit
import Testing

@testable import MSSStore

@Suite("A damaged spool gives way to a new one with all that can be read")
struct SpoolSalvageTests {
    private func salvage(
        _ folder: TestFolder, to name: String = "aside", _ configuration: SpoolConfiguration = TestFolder.small()
    ) async throws -> SpoolSalvage {
        try await Spool.salvage(
            folder.spool, settingAside: folder.path + "/" + name, master: TestFolder.master,
            configuration: configuration)
    }

    /// Changes an octet of the file in which this content lies, in the middle of it.
    private func damage(_ folder: String, _ number: UInt64, of spool: Spool) async throws {
        let chunk = try #require(spool.state.withLock { $0.index.entries[number]?.content.chunks.first })
        await spool.close()
        let file = try File(SpoolLayout(root: folder).segment(chunk.segment), .readWrite)
        let place = Int(chunk.offset) + SpoolRecord.frame + Int(chunk.count) / 2
        try file.write([try file.read(1, at: place)[0] ^ 1], at: place)
    }

    @Test("RFC 5321 §6.1: what is whole goes on as it stood; what is not is named with its envelope, and kept aside")
    func goesOn() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        var spool = try await folder.open()
        // Several segments, messages of several pieces.
        let long = noise(70_000, seed: 1)
        let first = try await spool.enqueue(.to("b@d.test", "c@d.test", "e@f.test", body: long, id: "first"), at: start)
        _ = try await spool.enqueue(.to("x@y.test", from: nil, body: noise(20_000, seed: 2), id: "broken"), at: start)
        let held = try await spool.enqueue(.to("h@d.test", id: "held"), at: start + .seconds(1))
        try await spool.hold(held, true)
        _ = try await spool.enqueue(.to("last@d.test", body: noise(30_000, seed: 3)), at: start + .seconds(2))
        for job in try await spool.lease(request(perDestination: 1)) where job.id == first {
            guard job.destination.ascii == "d.test" else { continue }
            try await spool.settle(
                job,
                DeliverySettlement(
                    delivered: [address("b@d.test")], deferred: [address("c@d.test")],
                    nextAttempt: start + .seconds(600), delayWasNotified: true, reason: "busy"), at: start)
        }
        let before = spool.messages().filter { $0.id != DeliveryID("broken") }
        try await damage(folder.spool, 2, of: spool)
        await #expect(throws: StoreError.self) { try await folder.open() }

        let result = try await salvage(folder)
        #expect(result.messages == 3 && result.octets == 100_003)
        #expect(result.lost.map(\.summary.id.rawValue) == ["broken"])
        let envelope = try #require(result.lost.first?.envelope)
        #expect(envelope.sender == nil && envelope.recipients.map(\.address.text) == ["x@y.test"])
        #expect(result.notices.contains(.messageDamaged(DeliveryID("broken"))))

        spool = try await folder.open()
        let after = spool.messages()
        func facts(_ one: SpoolSummary) -> String {
            "\(one.id) \(one.arrival) \(one.size) \(one.isHeld) "
                + one.shares.map { "\($0.destination) \($0.due) \($0.attempts) \($0.reason ?? "")" }.joined(
                    separator: ";")
        }
        // One share was leased without an end: it is due as it was.
        #expect(after.map(facts) == before.map(facts))
        let jobs = try await spool.lease(request(at: start + .seconds(600)))
        let deferred = try #require(jobs.first { $0.id == first && $0.destination.ascii == "d.test" })
        #expect(deferred.message.envelope.recipients.map(\.address.text) == ["c@d.test"])
        #expect(deferred.attempts == 1 && deferred.delayWasNotified)
        #expect(try await deferred.message.content.bytes() == long)
        await spool.close()
        // What was damaged is where it was said to be.
        await #expect(throws: StoreError.self) {
            try await Spool.open(folder.path + "/aside", master: TestFolder.master, configuration: TestFolder.small())
        }
    }

    @Test("the name of a lost message is given to no other, also after the next start")
    func names() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        _ = try await spool.enqueue(.to("b@d.test", body: noise(2000, seed: 1)), at: start)
        let lost = try await spool.enqueue(.to("b@d.test", body: noise(2000, seed: 2)), at: start)
        _ = try await spool.enqueue(.to("b@d.test", body: noise(2000, seed: 3)), at: start)
        try await spool.drop(DeliveryID("s3"))
        try await damage(folder.spool, 2, of: spool)
        let result = try await salvage(folder)
        #expect(result.messages == 1 && result.lost.map(\.summary.id) == [lost])
        let new = try await folder.open()
        #expect(try await new.enqueue(.to("b@d.test"), at: start) == DeliveryID("s4"))
        await new.close()
    }

    @Test("a damaged segment is kept as it is, also when nothing that can be read is in it")
    func kept() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        _ = try await spool.enqueue(.to("b@d.test", body: noise(2000, seed: 1), id: "unknown"), at: start)
        _ = try await spool.enqueue(.to("b@d.test", id: "gone"), at: start)
        try await spool.drop(DeliveryID("gone"))
        let entry = try #require(spool.state.withLock { $0.index.entries[1] })
        await spool.close()
        let layout = SpoolLayout(root: folder.spool)
        var segment = try TestFiles.read(layout.segment(entry.segment))
        segment[Int(entry.offset) + SpoolRecord.frame] ^= 1
        try TestFiles.write(segment, to: layout.segment(entry.segment))
        let result = try await salvage(folder)
        #expect(result.messages == 0 && result.lost.isEmpty)
        #expect(result.notices.contains { if case .damaged = $0 { true } else { false } })
        let aside = SpoolLayout(root: folder.path + "/aside")
        #expect(try TestFiles.read(aside.segment(entry.segment)) == segment)
    }

    @Test("nothing changes while a process has it open, where it cannot be put, or when there is no room")
    func refused() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        for number in 0..<6 {
            _ = try await spool.enqueue(.to("b@d.test", body: noise(60_000, seed: UInt64(number))), at: start)
        }
        await #expect {
            _ = try await salvage(folder)
        } throws: { error in if case StoreError.busy = error { true } else { false } }
        await spool.close()
        #expect(mkdir(folder.path + "/full", 0o700) == 0)
        try TestFiles.write([1], to: folder.path + "/full/file")
        await #expect(throws: StoreError.notEmpty(path: folder.path + "/full")) {
            try await salvage(folder, to: "full")
        }
        var small = TestFolder.small()
        small.diskLimit = 5 * small.segmentSize
        await #expect {
            _ = try await salvage(folder, to: "small", small)
        } throws: { error in if case StoreError.diskFull = error { true } else { false } }
        // Nothing is left of the attempt, least of all what filled the disk.
        #expect(!Folder.exists(folder.path + "/small"))
        let again = try await folder.open()
        #expect(again.count == 6)
        await again.close()
        // A sound one comes over whole.
        let result = try await salvage(folder, to: "other")
        #expect(result.messages == 6 && result.lost.isEmpty && result.notices.isEmpty)
    }
}
