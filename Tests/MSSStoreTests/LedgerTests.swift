import Glibc
import MSSAccounts
import MSSConnector
import MSSCore
import MSSTestKit
import Testing

@testable import MSSStore

@Suite("The ledgers remember jobs and answers", .serialized)
struct LedgerTests {
    private let day = Duration.seconds(86_400)

    @Test("records of jobs outlive the process and the damage of their file, which is set aside")
    func jobs() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = folder.path + "/ledgers.sqlite"
        let first = try await SQLiteLedgers.open(path)
        let job = "cycle-de-vie"
        #expect(try await first.record(of: job) == JobRecord(job: job))
        let claimed = JobRecord(job: job, notBefore: start + .nanoseconds(7))
        #expect(try await first.replace(JobRecord(job: job), by: claimed))
        // Whoever saw an older record begins nothing.
        #expect(try await !first.replace(JobRecord(job: job), by: claimed))
        let done = JobRecord(job: job, lastDone: start, failures: 3, notBefore: nil)
        #expect(try await first.replace(claimed, by: done))
        await first.close()
        let second = try await SQLiteLedgers.open(path)
        #expect(try await second.records() == [done])
        #expect(second.replaced == nil)
        await second.close()

        var bytes = try TestFiles.read(path)
        for index in 4096..<bytes.count { bytes[index] = 0x5A }
        try TestFiles.write(bytes, to: path)
        let third = try await SQLiteLedgers.open(path)
        #expect(third.replaced == path + ".damaged-1")
        #expect(try await third.record(of: job) == JobRecord(job: job))
        #expect(try await third.replace(JobRecord(job: job), by: done))
        await third.close()
        try TestFiles.write(noise(10_000, seed: 1), to: path)
        let fourth = try await SQLiteLedgers.open(path)
        #expect(fourth.replaced == path + ".damaged-2")
        await fourth.close()
    }

    @Test("another application's base is refused and left alone")
    func foreign() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = folder.path + "/mail.sqlite"
        let store = try await folder.openMail()
        await store.close()
        rename(folder.mail + "/mail.sqlite", path)
        await #expect(throws: StoreError.notAStore(path: path)) { _ = try await SQLiteLedgers.open(path) }
    }

    @Test("of many processes one begins a run")
    func oneOfMany() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = folder.path + "/ledgers.sqlite"
        let ledgers = try await SQLiteLedgers.open(path)
        let other = try await SQLiteLedgers.open(path)
        await #expect(processExitsWith: .exitCode(9)) { [path = path as String] in
            let mine = try await SQLiteLedgers.open(path)
            let taken = JobRecord(job: "x", notBefore: start)
            exit(try await mine.replace(JobRecord(job: "x"), by: taken) ? 9 : 1)
        }
        for number in 0..<20 {
            let job = "job-\(number)"
            let winners = await withTaskGroup(of: Bool.self) { group in
                for one in 0..<8 {
                    group.addTask {
                        let new = JobRecord(job: job, notBefore: start + .seconds(Int64(one)))
                        return (try? await (one % 2 == 0 ? ledgers : other).replace(JobRecord(job: job), by: new))
                            ?? false
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 1)
        }
        #expect(try await ledgers.record(of: "x").notBefore == start)
        await ledgers.close()
        await other.close()
    }

    @Test(
        "RFC 3834 §2: a correspondent is answered once an interval, by all processes together; old answers are forgotten"
    )
    func replies() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = folder.path + "/ledgers.sqlite"
        let ledgers = try await SQLiteLedgers.open(path)
        let other = try await SQLiteLedgers.open(path)
        let (box, friend) = (MailboxID(1), "patient.1@patient.mssante.fr")
        #expect(try await ledgers.claim(box, to: friend, at: start, interval: day))
        #expect(try await !other.claim(box, to: friend, at: start + .seconds(86_399), interval: day))
        #expect(try await other.claim(MailboxID(2), to: friend, at: start, interval: day))
        #expect(try await other.claim(box, to: friend, at: start + day, interval: day))
        // The clock went back: a time to come silences nobody.
        #expect(try await ledgers.claim(box, to: friend, at: start, interval: day))
        #expect(try await !ledgers.claim(box, to: friend, at: start, interval: day))
        let winners = await withTaskGroup(of: Bool.self) { group in
            for one in 0..<16 {
                group.addTask {
                    (try? await (one % 2 == 0 ? ledgers : other).claim(
                        MailboxID(3), to: friend, at: start, interval: .seconds(60))) ?? false
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
        for number in 0..<100 { _ = try await ledgers.claim(box, to: "c\(number)", at: start, interval: day) }
        // The second mailbox's answer, a day old when another was noted, was forgotten with it.
        #expect(try await ledgers.replyCount() == 102)
        for number in 0..<2 {
            _ = try await ledgers.claim(box, to: "d\(number)", at: start + day + day, interval: day)
        }
        #expect(try await ledgers.replyCount() == 2)
        await ledgers.close()
        await other.close()
        let text = String(decoding: try TestFiles.read(path), as: UTF8.self)
        #expect(!text.contains("patient.mssante.fr"), "correspondents are digests")
    }

    /// What the child does: until there is no room, and again when there is.
    fileprivate static func fill(_ path: String) async throws {
        let ledgers = try await SQLiteLedgers.open(path)
        let first = try await ledgers.claim(MailboxID(1), to: "a", at: start, interval: .seconds(60))
        try Child.require(first, "the first answer")
        // SQLite's log has some 100 KB by now: less would refuse the first answer.
        limitFiles(to: 256 << 10)
        var taken = 0
        do {
            for number in 0..<5000 {
                let isNew = try await ledgers.claim(
                    MailboxID(2), to: "b\(number)", at: start, interval: .seconds(60))
                try Child.require(isNew, "answer \(number)")
                taken += 1
            }
            try Child.require(false, "written without room")
        } catch StoreError.diskFull {}
        try Child.require(taken > 0, "room for one")
        limitFiles(to: nil)
        let again = try await ledgers.claim(MailboxID(2), to: "b0", at: start, interval: .seconds(60))
        let last = try await ledgers.claim(MailboxID(2), to: "b\(taken)", at: start, interval: .seconds(60))
        try Child.require(!again, "what was kept is remembered")
        try Child.require(last, "what was refused was not kept")
        await ledgers.close()
    }

    @Test("a full disk refuses the answer and the run, nothing is lost, and both are possible again when there is room")
    func full() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = folder.path + "/ledgers.sqlite"
        let root = folder.path
        await #expect(processExitsWith: .success) { [path = path as String, root = root as String] in
            do { try await LedgerTests.fill(path) } catch { Child.fail(error, root) }
        }
        #expect(Child.cause(root) == "")
        let ledgers = try await SQLiteLedgers.open(path)
        #expect(ledgers.replaced == nil)
        await ledgers.close()
    }
}
