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
