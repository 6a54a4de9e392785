import Glibc
import MSSCore
import MSSSMTP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

/// What the disk lost or changed.
extension SpoolCrashTests {
    /// A spool with a few messages, closed, and the path of its last segment.
    static func filled(_ folder: TestFolder, _ count: Int = 5) async throws -> String {
        let spool = try await folder.open()
        for number in 0..<count {
            _ = try await spool.enqueue(
                .to("b@d.test", body: noise(1000, seed: UInt64(number)), id: "m\(number)"), at: start)
        }
        await spool.close()
        return SpoolLayout(root: folder.spool).segment(1)
    }

    @Test(
        "a write that a power cut tore is cut off and told, wherever it was torn", arguments: [1, 20, 100, 700, 1000])
    func torn(bytes: Int) async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = try await SpoolCrashTests.filled(folder)
        var segment = try TestFiles.read(path)
        let end = try #require(segment.lastIndex { $0 != 0 })
        for index in (end + 1 - bytes)...end { segment[index] = 0 }
        try TestFiles.write(segment, to: path)
        let notices = Notices<SpoolNotice>()
        let spool = try await folder.open(TestFolder.small(notices: notices))
        // The last message's transaction is under 300 bytes; before it stands its content.
        #expect(spool.count == 4)
        guard case .tornTail(path, _, _)? = notices.all.first else {
            Issue.record("\(notices.all)")
            return
        }
        for job in try await spool.lease(request()) { #expect(try await job.message.content.bytes().count == 1000) }
        _ = try await spool.enqueue(.to("b@d.test", id: "after"), at: start)
        await spool.close()
        // The torn bytes are still there, and still not taken for damage.
        let again = try await folder.open()
        #expect(again.count == 5)
        await again.close()
    }

    @Test("within one write sectors reach the disk in any order: what stands behind a hole of it is cut off too")
    func hole() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        _ = try await spool.enqueue(.to("b@d.test", id: "before"), at: start)
        let before = try #require(try TestFiles.read(SpoolLayout(root: folder.spool).segment(1)).lastIndex { $0 != 0 })
        // One transaction and two contents, written at once.
        let draft = spool.draft()
        try await draft.append(ByteBuffer(bytes: noise(1000, seed: 1)))
        try await draft.commit(
            nil, OutgoingEnvelope(sender: nil, recipients: [address("b@d.test")]),
            with: [.to("c@d.test", body: noise(1000, seed: 2))], at: start)
        await spool.close()
        let path = SpoolLayout(root: folder.spool).segment(1)
        var segment = try TestFiles.read(path)
        for index in (before + 100)..<(before + 612) { segment[index] = 0 }
        try TestFiles.write(segment, to: path)
        let again = try await folder.open()
        #expect(again.messages().map(\.id) == [DeliveryID("before")])
        await again.close()
    }

    @Test("a byte that changed after it was synced is damage: the spool says where and does not open")
    func flipped() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = try await SpoolCrashTests.filled(folder)
        let whole = try TestFiles.read(path)
        let end = try #require(whole.lastIndex { $0 != 0 })
        var random = SplitMix(state: 7)
        var opened = 0
        // In the last write it cannot be told from a torn one; everywhere before it can.
        for _ in 0..<25 {
            let place = random.next(end - 2500)
            guard place < 72 || place >= SpoolRecord.headerCount else { continue }  // zeros behind the header's key
            var segment = whole
            segment[place] ^= 1 << UInt8(random.next(8))
            try TestFiles.write(segment, to: path)
            do {
                let spool = try await folder.open()
                // Behind a record and before the next multiple of 16 there is nothing to change.
                let jobs = try await spool.lease(request())
                #expect(jobs.count == 5)
                for (number, job) in jobs.enumerated() {
                    #expect(try await job.message.content.bytes() == noise(1000, seed: UInt64(number)))
                }
                await spool.close()
                opened += 1
            } catch StoreError.damaged(path, let offset, _) { #expect(offset <= place) }
        }
        #expect(opened <= 2)
        try TestFiles.write(whole, to: path)
        let spool = try await folder.open()
        #expect(spool.count == 5)
        await spool.close()
    }

    @Test("salvage opens with what can be read, holds the message that misses a piece, and names it")
    func salvage() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = try await SpoolCrashTests.filled(folder)
        var segment = try TestFiles.read(path)
        // Inside the content of the first message.
        segment[SpoolRecord.headerCount + 300] ^= 1
        try TestFiles.write(segment, to: path)
        await #expect(throws: StoreError.self) { try await folder.open() }
        let notices = Notices<SpoolNotice>()
        let spool = try await folder.open(TestFolder.small(.salvage, notices: notices))
        #expect(notices.all.contains(.messageDamaged(DeliveryID("m0"))))
        #expect(spool.count == 5)
        #expect(spool.messages().first { $0.id == DeliveryID("m0") }?.isDamaged == true)
        #expect(try await spool.lease(request()).map(\.id.rawValue) == ["m1", "m2", "m3", "m4"])
        try await spool.drop(DeliveryID("m0"))
        await spool.close()
    }

    @Test(
        "salvage reads a segment whose manifest is damaged: in its head, its tag, its content",
        arguments: [0, 8, 16, 32])
    func damagedManifest(place: Int) async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = try await SpoolCrashTests.filled(folder)
        var segment = try TestFiles.read(path)
        segment[SpoolRecord.headerCount + place] ^= 1
        try TestFiles.write(segment, to: path)
        await #expect(throws: StoreError.damaged(path: path, offset: SpoolRecord.headerCount, reason: "manifest")) {
            try await folder.open()
        }
        let notices = Notices<SpoolNotice>()
        let spool = try await folder.open(TestFolder.small(.salvage, notices: notices))
        guard case .damaged(path, SpoolRecord.headerCount, _)? = notices.all.first, notices.all.count == 1 else {
            Issue.record("\(notices.all)")
            return
        }
        let jobs = try await spool.lease(request())
        #expect(jobs.map(\.id.rawValue) == ["m0", "m1", "m2", "m3", "m4"])
        for (number, job) in jobs.enumerated() {
            #expect(try await job.message.content.bytes() == noise(1000, seed: UInt64(number)))
        }
        // What is accepted now stands in a segment that knows this one.
        _ = try await spool.enqueue(.to("b@d.test", id: "after"), at: start)
        await spool.close()
        let again = try await folder.open(TestFolder.small(.salvage))
        #expect(again.count == 6)
        await again.close()
    }

    @Test("salvage opens a spool whose one segment is cut within its manifest, and says so", arguments: [0, 20, 40])
    func cutManifest(count: Int) async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = try await SpoolCrashTests.filled(folder)
        try TestFiles.write(Array(try TestFiles.read(path).prefix(SpoolRecord.headerCount + count)), to: path)
        await #expect(throws: StoreError.damaged(path: path, offset: SpoolRecord.headerCount, reason: "manifest")) {
            try await folder.open()
        }
        let notices = Notices<SpoolNotice>()
        let spool = try await folder.open(TestFolder.small(.salvage, notices: notices))
        #expect(notices.all == [.damaged(path: path, offset: SpoolRecord.headerCount, bytes: count)])
        #expect(spool.count == 0)
        _ = try await spool.enqueue(.to("b@d.test", id: "after"), at: start)
        await spool.close()
        let again = try await folder.open(TestFolder.small(.salvage))
        #expect(again.messages().map(\.id) == [DeliveryID("after")])
        await again.close()
    }

    @Test(
        "of several segments the last, or all, have a damaged manifest: salvage finds every message that has not left",
        arguments: [false, true])
    func damagedManifests(all: Bool) async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        for number in 0..<6 {
            _ = try await spool.enqueue(
                .to("b@d.test", body: noise(30_000, seed: UInt64(number)), id: "m\(number)"), at: start)
        }
        // The words that these have left stand in the last segment.
        let done = try #require(try await spool.lease(request(limit: 1)).first)
        try await spool.settle(done, DeliverySettlement(delivered: [address("b@d.test")]), at: start)
        try await spool.drop(DeliveryID("m3"))
        await spool.close()
        let layout = SpoolLayout(root: folder.spool)
        let numbers = try Folder.numbers(layout.root, "segment")
        #expect(numbers.count >= 3)
        for number in all ? numbers : numbers.suffix(1) {
            var segment = try TestFiles.read(layout.segment(number))
            segment[SpoolRecord.headerCount + SpoolRecord.frame] ^= 1
            try TestFiles.write(segment, to: layout.segment(number))
        }
        await #expect(throws: StoreError.self) { try await folder.open() }
        let salvaged = try await folder.open(TestFolder.small(.salvage))
        let jobs = try await salvaged.lease(request())
        #expect(jobs.map(\.id.rawValue) == ["m1", "m2", "m4", "m5"])
        for (job, number) in zip(jobs, [1, 2, 4, 5]) {
            #expect(try await job.message.content.bytes() == noise(30_000, seed: UInt64(number)))
        }
        await salvaged.close()
    }

    @Test("a piece that is damaged while the spool is open is found when it is read, not sent")
    func damagedLater() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        _ = try await spool.enqueue(.to("b@d.test", body: noise(1000, seed: 1)), at: start)
        let job = try #require(try await spool.lease(request()).first)
        let path = SpoolLayout(root: folder.spool).segment(1)
        let file = try File(path, .readWrite)
        let place = SpoolRecord.headerCount + 300
        try file.write([try file.read(1, at: place)[0] ^ 1], at: place)
        await #expect {
            _ = try await job.message.content.bytes()
        } throws: { error in
            if case StoreError.damaged(path, _, _) = error { true } else { false }
        }
        await spool.close()
    }

    @Test("a segment that disappeared is named")
    func missingSegment() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = try await SpoolCrashTests.filled(folder)
        let spool = try await folder.open()
        await spool.close()
        unlink(path)
        await #expect(throws: StoreError.missing(path: path)) { try await folder.open() }
    }
}
