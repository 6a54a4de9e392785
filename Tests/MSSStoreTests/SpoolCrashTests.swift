import Glibc
import MSSCore
import MSSSMTP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

@Suite("The spool under crashes, damage and full disks", .serialized)
struct SpoolCrashTests {
    /// What a child does until it is killed: takes and settles messages, and writes down what it was promised.
    fileprivate static func live(_ root: String, _ ledger: String, until acknowledged: Int, seed: UInt64) async throws {
        let spool = try await Spool.open(root, master: TestFolder.master, configuration: TestFolder.small())
        let file = Glibc.open(ledger, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        @Sendable func note(_ line: String) {
            // One write of under PIPE_BUF bytes in append mode: whole lines.
            let bytes = Array((line + "\n").utf8)
            _ = Glibc.write(file, bytes, bytes.count)
        }
        let count = Guarded(0)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<6 {
                group.addTask {
                    for number in 0... {
                        let name = "\(seed)-\(task)-\(number)"
                        let size = 100 + (number * 997 + task * 131) % 9000
                        let content = noise(size, seed: seed &+ UInt64(size))
                        guard
                            let id = try? await spool.enqueue(
                                .to("b@d.test", "c@e.test", body: content, id: name), at: start)
                        else { return }
                        note("taken \(id) \(size)")
                        let total = count.withLock { count in
                            count += 1
                            return count
                        }
                        if total >= acknowledged { kill(getpid(), SIGKILL) }
                    }
                }
            }
            group.addTask {
                while true {
                    guard let jobs = try? await spool.lease(request(limit: 3)) else { return }
                    for job in jobs {
                        // Half the messages end; of the others one recipient stays.
                        let isEven = job.id.rawValue.utf8.last! % 2 == 0
                        guard isEven || job.destination.ascii == "d.test" else { continue }
                        note("settling \(job.id) \(job.destination)")
                        let served = job.message.envelope.recipients.map(\.address)
                        try? await spool.settle(job, DeliverySettlement(delivered: served), at: start)
                        note("settled \(job.id) \(job.destination)")
                    }
                    await Task.yield()
                }
            }
        }
    }

    /// What must be so after any number of lives, by what was written down.
    private static func check(_ spool: Spool, _ ledger: String) async throws {
        var taken: [String: Int] = [:]
        var settling: Set<String> = []
        var settled: Set<String> = []
        for line in try lines(ledger) {
            let words = line.split(separator: " ").map(String.init)
            switch words[0] {
            case "taken": taken[words[1]] = Int(words[2])
            case "settling": settling.insert(words[1] + words[2])
            default: settled.insert(words[1] + words[2])
            }
        }
        var waiting: Set<String> = []
        let jobs = try await spool.lease(request(limit: 1_000_000, perDestination: 1_000_000, seconds: 0))
        for job in jobs {
            waiting.insert(job.id.rawValue + job.destination.ascii)
            let bytes = try await job.message.content.bytes()
            let seed = UInt64(job.id.rawValue.split(separator: "-")[0])!
            #expect(bytes == noise(bytes.count, seed: seed &+ UInt64(bytes.count)))
            if let size = taken[job.id.rawValue] { #expect(bytes.count == size) }
        }
        #expect(waiting.count == jobs.count, "a share twice")
        for name in taken.keys {
            for destination in ["d.test", "e.test"] {
                let share = name + destination
                if settled.contains(share) {
                    #expect(!waiting.contains(share), "settled, and there again: \(share)")
                } else if !settling.contains(share) {
                    #expect(waiting.contains(share), "taken, and lost: \(share)")
                }
            }
        }
    }

    @Test("RFC 5321 §6.1: after kill -9, again and again, nothing acknowledged is lost and nothing settled comes back")
    func killed() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let (root, ledger) = (folder.spool, folder.path + "/ledger")
        for life in 0..<12 {
            let seed = UInt64(life + 1)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [root = root as String, ledger = ledger as String, seed = seed as UInt64] in
                try await SpoolCrashTests.live(root, ledger, until: 20 + Int(seed) * 7 % 60, seed: seed)
            }
            let spool = try await folder.open()
            try await SpoolCrashTests.check(spool, ledger)
            await spool.close()
        }
        #expect(try lines(ledger).count > 500)
    }

    @Test("two processes on one spool: the second is refused while the first lives, and let in when it is gone")
    func twoProcesses() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        let root = folder.spool
        await #expect(processExitsWith: .exitCode(7)) { [root = root as String] in
            do {
                _ = try await Spool.open(root, master: TestFolder.master, configuration: TestFolder.small())
            } catch StoreError.busy(_, let holder) {
                exit(holder.hasPrefix("pid ") ? 7 : 8)
            }
        }
        await spool.close()
    }

    /// A spool with a few messages, closed, and the path of its last segment.
    private static func filled(_ folder: TestFolder, _ count: Int = 5) async throws -> String {
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

    @Test("a full disk refuses messages, whole or not at all; what is there can be delivered, and makes room")
    func fullDisk() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        var configuration = TestFolder.small()
        configuration.diskLimit = 5 * configuration.segmentSize
        let full = try await folder.open(configuration)
        var taken = 0
        await #expect(throws: StoreError.diskFull(path: folder.spool)) {
            for _ in 0..<1000 {
                _ = try await full.enqueue(.to("b@d.test", body: noise(9000, seed: 1)), at: start)
                taken += 1
            }
        }
        #expect(taken > 10 && full.count == taken)
        let draft = full.draft()
        await #expect(throws: StoreError.diskFull(path: folder.spool)) {
            for _ in 0..<100 { try await draft.append(ByteBuffer(bytes: noise(9000, seed: 2))) }
        }
        // Attempts still end, and notices come of them.
        for job in try await full.lease(request()) {
            try await full.settle(
                job, DeliverySettlement(failed: [address("b@d.test")], notices: [.to("a@client.test", from: nil)]),
                at: start)
        }
        #expect(full.count == taken)
        for job in try await full.lease(request()) {
            try await full.settle(job, DeliverySettlement(delivered: [address("a@client.test")]), at: start)
        }
        #expect(full.count == 0)
        await draft.discard()
        // Room again, in the files that were there.
        _ = try await full.enqueue(.to("b@d.test", body: noise(9000, seed: 3), id: "after"), at: start)
        _ = try await full.enqueue(.to("b@d.test", body: noise(9000, seed: 3), id: "later"), at: start)
        #expect(try Folder.names(folder.spool).filter { $0.hasPrefix("0") }.count <= 5)
        await full.close()
        let spool = try await folder.open()
        #expect(spool.messages().map(\.id.rawValue) == ["after", "later"])
        await spool.close()
    }
}
