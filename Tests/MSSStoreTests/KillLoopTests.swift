import Glibc
import MSSConnector
import MSSCore
import MSSSMTP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

/// `Tests/run-kill-loop` sets it: the loop of the acceptance is 200, the suite's is short.
private let lives = getenv("MSS_KILLS").flatMap { Int(String(cString: $0)) } ?? 10

@Suite("kill -9 under load, from the promise to the mailbox", .serialized)
struct KillLoopTests {
    /// One life of an operator's process: messages come into the spool piece by piece and are promised, go from there into
    /// mailboxes under the key of their delivery, and are settled; with one of the promises it is killed.
    fileprivate static func live(_ root: String, _ ledger: String, life: Int) async {
        do { try await work(root, ledger, life) } catch { Child.fail(error, root) }
    }

    private static func work(_ root: String, _ ledger: String, _ life: Int) async throws {
        let spool = try await Spool.open(root + "/spool", master: TestFolder.master, configuration: TestFolder.small())
        let mail = try await MailStore.open(
            root + "/mail", master: TestFolder.master, configuration: TestFolder.smallMail)
        let file = Glibc.open(ledger, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let connector = ConnectorSpool(spool)
        // 1 to 60 promises: also lives that end as soon as they have begun. What else is under way is at any point then.
        let left = Guarded(1 + life * 37 % 60)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<6 {
                group.addTask { try await take(connector, file, life, task, left) }
            }
            for _ in 0..<4 { group.addTask { try await deliver(spool, mail) } }
            try await group.waitForAll()
        }
    }

    private static func take(
        _ spool: ConnectorSpool, _ file: Int32, _ life: Int, _ task: Int, _ left: Guarded<Int>
    ) async throws {
        for number in 0... {
            let id = "\(life)-\(task)-\(number)"
            let body = KillLoopTests.body(id)
            let draft = try await spool.draft()
            for start in stride(from: 0, to: body.count, by: 3000) {
                try await draft.append(ByteBuffer(bytes: body[start..<min(start + 3000, body.count)]))
            }
            let envelope = OutgoingEnvelope(
                sender: address("a@client.test"), recipients: [address("alice@hopital.test")])
            try await draft.commit(DeliveryID(id), envelope, with: [], at: start)
            // This is the 250.
            let line = Array((id + "\n").utf8)
            guard Glibc.write(file, line, line.count) == line.count else { throw StoreError.system("write", "ledger") }
            let isLast = left.withLock { left in
                left -= 1
                return left == 0
            }
            if isLast { kill(getpid(), SIGKILL) }
        }
    }

    private static func deliver(_ spool: Spool, _ mail: MailStore) async throws {
        while true {
            let jobs = try await spool.lease(request(limit: 3))
            for job in jobs {
                let target = MailTarget(alice, received: start, key: job.id.rawValue)
                try await mail.deliver(job.message.content, to: target)
                let served = job.message.envelope.recipients.map(\.address)
                try await spool.settle(job, DeliverySettlement(delivered: served), at: start)
            }
            if jobs.isEmpty { await Task.yield() }
        }
    }

    /// A message that says which one it is; one in five has a file of its own in the mailbox.
    private static func body(_ id: String) -> [UInt8] {
        let seed = id.utf8.reduce(UInt64(1)) { $0 &* 31 &+ UInt64($1) }
        let size = Int(seed % (seed % 5 == 0 ? 80_000 : 8000))
        return Array("Message-ID: \(id)\r\n\r\n".utf8) + noise(size, seed: seed)
    }

    @Test(
        "RFC 5321 §6.1: after each kill -9 every message promised is in the queue or in its mailbox, whole, and at the end in the mailbox once"
    )
    func loop() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let (root, ledger) = (folder.path, folder.path + "/ledger")
        let first = try await folder.openMail()
        try await first.create(alice)
        await first.close()
        var arrived: [String: Int] = [:]
        var next: UInt32 = 1
        var promised = 0
        for life in 0..<lives {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [root = root as String, ledger = ledger as String, life = life as Int] in
                await KillLoopTests.live(root, ledger, life: life)
            }
            #expect(Child.cause(root) == "")
            let spool = try await folder.open()
            let mail = try await folder.openMail()
            if life == lives - 1 { try await drain(spool, mail) }
            try await note(mail, from: &next, in: &arrived)
            let names = (try? lines(ledger).map(String.init)) ?? []
            for id in names.dropFirst(promised) where arrived[id] == nil {
                let waiting = try await spool.message(DeliveryID(id))
                let bytes = try await waiting?.message.content.bytes()
                #expect(bytes == Self.body(id), "promised, and lost: \(id)")
            }
            // Those of earlier lives are looked for at the end again.
            promised = names.count
            await spool.close()
            if life % 10 == 0 || life == lives - 1 { #expect(try await mail.verify().findings == []) }
            await mail.close()
        }
        let names = try lines(ledger).map(String.init)
        for id in names { #expect(arrived[id] == 1, "\(id): \(arrived[id] ?? 0) times") }
        // Nor is anything doubled that was not promised.
        #expect(arrived.values.allSatisfy { $0 == 1 })
        #expect(names.count > lives)
        print("kill -9: \(lives) lives, \(names.count) promised, \(arrived.count) in the mailbox, each once")
    }

    private func drain(_ spool: Spool, _ mail: MailStore) async throws {
        while let job = try await spool.lease(request(limit: 1)).first {
            try await mail.deliver(
                job.message.content, to: MailTarget(alice, received: start, key: job.id.rawValue))
            try await spool.settle(
                job, DeliverySettlement(delivered: job.message.envelope.recipients.map(\.address)), at: start)
        }
        #expect(spool.count == 0)
    }

    /// Reads what is new in the mailbox, every byte of it.
    private func note(_ mail: MailStore, from next: inout UInt32, in arrived: inout [String: Int]) async throws {
        let inbox = try await mail.inbox().id
        while let page = Optional(try await mail.messages(in: inbox, next...(.max), limit: 256)), !page.isEmpty {
            for message in page {
                let bytes = try await mail.content(of: message.uid, in: inbox).bytes()
                let line = String(decoding: bytes.prefix { $0 != 0x0D }, as: UTF8.self)
                let id = String(line.dropFirst("Message-ID: ".count))
                #expect(bytes == Self.body(id))
                arrived[id, default: 0] += 1
            }
            next = page.last!.uid + 1
        }
    }
}
