import Glibc
import MSSConnector
import MSSCore
import MSSSMTP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

@Suite("The quarantine keeps what was blocked, encrypted, for its time", .serialized)
struct QuarantineTests {
    private static func entry(_ id: String, at time: Timestamp = start) -> QuarantineEntry {
        QuarantineEntry(
            id: id, time: time, message: id, sender: address("a@client.test"),
            recipients: [address("b@d.test"), address("é@d.test")], findings: ["Eicar-Signature", "Autre"])
    }

    fileprivate static func open(
        _ root: String, _ configuration: QuarantineConfiguration = QuarantineConfiguration()
    ) async throws -> SealedQuarantine {
        try await SealedQuarantine.open(root, master: TestFolder.master, configuration: configuration)
    }

    @Test("EX_SSI_5090: what is kept is there after a restart, whole, and nothing of it can be read in the files")
    func restart() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let root = folder.path + "/q"
        let first = try await Self.open(root)
        let text = Array("X5O!P%@AP secret of a patient ".utf8)
        let contents = [0, 1, 65_536, 65_537, 200_000].map {
            Array(Array(repeating: text, count: 7000).joined().prefix($0))
        }
        for (index, content) in contents.enumerated() {
            try await first.keep(SMTPContent(content), Self.entry("m\(index)", at: start + .seconds(Int64(10 - index))))
        }
        await first.close()
        let again = try await Self.open(root)
        #expect(try await again.entries().map(\.id) == ["m4", "m3", "m2", "m1", "m0"])
        #expect(try await again.entries()[0] == Self.entry("m4", at: start + .seconds(6)))
        for (index, content) in contents.enumerated() {
            #expect(try await again.content(of: "m\(index)")?.bytes() == content)
        }
        #expect(try await again.content(of: "m9") == nil)
        for name in try Folder.names(root) {
            let bytes = try TestFiles.read(root + "/" + name)
            #expect(!String(decoding: bytes, as: UTF8.self).contains("secret of"))
            #expect(!String(decoding: bytes, as: UTF8.self).contains("client.test"))
        }
        await again.close()
        await #expect(throws: StoreError.wrongMasterKey(path: root)) {
            _ = try await SealedQuarantine.open(root, master: StoreMasterKey([UInt8](repeating: 8, count: 32)))
        }
    }

    @Test(
        "a released message goes to its recipients and leaves; a destroyed one leaves its key first; time ends the rest"
    )
    func decisions() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let root = folder.path + "/q"
        let quarantine = try await Self.open(
            root, QuarantineConfiguration(retention: .seconds(100), messageLimit: 1000, capacity: 1 << 20))
        for (index, id) in ["a", "b", "c", "d"].enumerated() {
            try await quarantine.keep(
                SMTPContent(noise(id == "d" ? 1001 : 1000, seed: 1)), Self.entry(id, at: start + .seconds(Int64(index)))
            )
        }
        let queue = InMemoryDeliveryQueue()
        try await quarantine.release("a", into: queue, at: start)
        let job = try #require(try await queue.lease(request()).first)
        #expect(job.id == DeliveryID("q-a"))
        #expect(try await job.message.content.bytes() == noise(1000, seed: 1))
        #expect(job.message.envelope.recipients.map(\.address) == Self.entry("a").recipients)
        await #expect(throws: StoreError.unknownMessage) { try await quarantine.release("a", into: queue, at: start) }
        // Of a message that was cut nobody gets the half.
        await #expect(throws: StoreError.tooLarge(bytes: 1000)) {
            try await quarantine.release("d", into: queue, at: start)
        }
        let file = try File(root + "/b.held", .read)
        let content = try #require(try await quarantine.content(of: "b"))
        try await quarantine.destroy("b")
        try await quarantine.destroy("b")
        #expect(try file.read(HeldFormat.headerCount, at: 0).allSatisfy { $0 == 0 })
        #expect(!Folder.exists(root + "/b.held"))
        // Who was reading it reads on.
        #expect(try await content.bytes().count == 1000)
        #expect(try await quarantine.expire(at: start + .seconds(101)) == [])
        #expect(try await quarantine.expire(at: start + .seconds(102)).map(\.id) == ["c"])
        // A clock that went back destroys nothing.
        #expect(try await quarantine.expire(at: start - .seconds(1000)) == [])
        #expect(try await quarantine.entries().map(\.id) == ["d"])
        try await quarantine.destroy("d")
        #expect(quarantine.octets == 0)
        await #expect(throws: StoreError.unknownMessage) {
            try await quarantine.keep(SMTPContent([]), Self.entry("../x"))
        }
        await quarantine.close()
        await #expect(throws: StoreError.closed) { _ = try await quarantine.entries() }
    }

    @Test("a damaged file is named and left, the others serve; damage within a message is found when it is read")
    func damaged() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let root = folder.path + "/q"
        let first = try await Self.open(root)
        for id in ["a", "b", "c", "d"] { try await first.keep(SMTPContent(noise(100_000, seed: 1)), Self.entry(id)) }
        await first.close()
        func flip(_ id: String, _ offset: (Int) -> Int) throws {
            var bytes = try TestFiles.read("\(root)/\(id).held")
            bytes[offset(bytes.count)] ^= 1
            try TestFiles.write(bytes, to: "\(root)/\(id).held")
        }
        try flip("a") { _ in 20 }
        try flip("b") { $0 - 30 }
        try flip("c") { _ in 70_000 }
        // One file under another's name.
        rename(root + "/d.held", root + "/e.held")
        let again = try await Self.open(root)
        #expect(again.damaged == ["a", "b", "e"].map { "\(root)/\($0).held" })
        #expect(try await again.entries().map(\.id) == ["c"])
        let content = try #require(try await again.content(of: "c"))
        await #expect(throws: StoreError.damaged(path: root + "/c.held", offset: 84 + 65_552, reason: "frame")) {
            _ = try await content.bytes()
        }
        await again.close()
    }

    @Test("no room: what was there stays, nothing half written does, and a kept message is one that was promised")
    func full() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let root = folder.path + "/q"
        let bounded = try await Self.open(root, QuarantineConfiguration(capacity: 250_000))
        try await bounded.keep(SMTPContent(noise(100_000, seed: 1)), Self.entry("a"))
        try await bounded.keep(SMTPContent(noise(100_000, seed: 2)), Self.entry("b"))
        await #expect(throws: StoreError.diskFull(path: root)) {
            try await bounded.keep(SMTPContent(noise(100_000, seed: 3)), Self.entry("c"))
        }
        try await bounded.destroy("a")
        try await bounded.keep(SMTPContent(noise(100_000, seed: 3)), Self.entry("c"))
        await bounded.close()
        await #expect(processExitsWith: .success) { [root = root as String] in
            let quarantine = try await QuarantineTests.open(root)
            limitFiles(to: 300_000)
            do {
                try await quarantine.keep(SMTPContent(noise(400_000, seed: 4)), QuarantineTests.entry("d"))
                preconditionFailure("kept without room")
            } catch StoreError.diskFull {}
            let ids = try await quarantine.entries().map(\.id)
            precondition(ids == ["b", "c"])
            limitFiles(to: nil)
            try await quarantine.keep(SMTPContent(noise(400_000, seed: 4)), QuarantineTests.entry("d"))
        }
        let again = try await Self.open(root)
        #expect(try Folder.names(root) == ["b.held", "c.held", "d.held", "lock", "store"])
        #expect(try await again.content(of: "d")?.bytes() == noise(400_000, seed: 4))
        await again.close()
    }

    @Test("after kill -9 while messages are kept, all that was promised is there; a second process is refused")
    func killed() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let (root, ledger) = (folder.path + "/q", folder.path + "/ledger")
        for life in 0..<3 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [root = root as String, ledger = ledger as String, life = life as Int] in
                let quarantine = try await QuarantineTests.open(root)
                let file = Glibc.open(ledger, O_WRONLY | O_CREAT | O_APPEND, 0o600)
                await withTaskGroup(of: Void.self) { group in
                    for task in 0..<4 {
                        group.addTask {
                            for number in 0... {
                                let id = "l\(life)-\(task)-\(number)"
                                guard
                                    (try? await quarantine.keep(
                                        SMTPContent(noise(50_000, seed: 5)), QuarantineTests.entry(id))) != nil
                                else { return }
                                let line = Array((id + "\n").utf8)
                                _ = Glibc.write(file, line, line.count)
                                if number == 5 { kill(getpid(), SIGKILL) }
                            }
                        }
                    }
                }
            }
            let quarantine = try await Self.open(root)
            let present = Set(try await quarantine.entries().map(\.id))
            for line in try lines(ledger) {
                #expect(present.contains(String(line)))
                #expect(try await quarantine.content(of: String(line))?.bytes() == noise(50_000, seed: 5))
            }
            #expect(quarantine.damaged == [])
            await #expect(processExitsWith: .exitCode(7)) { [root = root as String] in
                do { _ = try await QuarantineTests.open(root) } catch StoreError.busy { exit(7) }
            }
            await quarantine.close()
        }
    }
}
