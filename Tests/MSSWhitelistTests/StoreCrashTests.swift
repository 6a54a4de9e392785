import Foundation
import Glibc
import MSSCore
import MSSTestKit
import Testing

@testable import MSSWhitelist

@Suite("Copies on disk, crashes and neighbours")
struct StoreCrashTests {
    private static func folder() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("mss-crash-\(UUID().uuidString)").path
    }

    /// A copy whose bytes tell which one it is.
    private static func document(_ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 200_000 + number)
    }

    private static func record(_ number: Int) -> WhitelistRecord {
        PolicyTests.record(number, digest: "digest-\(number)")
    }

    /// Every copy is whole, with its own record or none.
    private static func check(_ folder: String) async throws -> [Int] {
        var numbers: [Int] = []
        for copy in try await FileWhitelistStore(directory: folder).copies() {
            let (document, record) = try await copy.load()
            let number = document.count - 200_000
            #expect(document == StoreCrashTests.document(number))
            if let record { #expect(record == StoreCrashTests.record(number)) }
            numbers.append(number)
        }
        return numbers
    }

    @Test(
        "EX_2.2_5035: killed before a file gets its name, a process leaves the copies it had, whole; the next save clears up",
        arguments: ["record", "xml"])
    func killed(_ file: String) async throws {
        let folder = StoreCrashTests.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await FileWhitelistStore(directory: folder).save(StoreCrashTests.document(1), StoreCrashTests.record(1))
        await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String, file = file as String] in
            let store = FileWhitelistStore(directory: folder) { if $0.hasSuffix(file) { kill(getpid(), SIGKILL) } }
            try await store.save(StoreCrashTests.document(2), StoreCrashTests.record(2))
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(left.contains { $0.contains(".tmp-") }, "the crash came before the rename")
        #expect(try await StoreCrashTests.check(folder) == [1])

        // The lock died with its holder: the next writer does not wait, and clears up.
        try await FileWhitelistStore(directory: folder).save(StoreCrashTests.document(3), StoreCrashTests.record(3))
        #expect(try await StoreCrashTests.check(folder) == [3, 1])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.count == 4 && names.allSatisfy { $0.hasPrefix("liste-") }, "\(names)")
    }

    @Test("two processes that write to one folder spoil nothing of each other's")
    func twoProcesses() async throws {
        let folder = StoreCrashTests.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        async let first: Void = StoreCrashTests.writer(folder, first: 0)
        async let second: Void = StoreCrashTests.writer(folder, first: 1)
        _ = await (first, second)
        #expect(try await StoreCrashTests.check(folder) == [39, 38, 37, 36, 35])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.count == 10 && names.allSatisfy { $0.hasPrefix("liste-") }, "\(names)")
    }

    /// Another process writes every other copy.
    private static func writer(_ folder: String, first: Int) async {
        await #expect(processExitsWith: .success) { [folder = folder as String, first = first as Int] in
            let store = FileWhitelistStore(directory: folder)
            for number in stride(from: first, to: 40, by: 2) {
                try await store.save(StoreCrashTests.document(number), StoreCrashTests.record(number))
                try await store.update(StoreCrashTests.record(number))
            }
        }
    }

    @Test("a record cut anywhere is no record, or one that says less; it never says another thing")
    func tornRecord() throws {
        let whole = StoreCrashTests.record(7)
        let text = Array(whole.text.utf8)
        for count in 0..<text.count {
            guard let torn = WhitelistRecord(text: String(decoding: text.prefix(count), as: UTF8.self)) else {
                continue
            }
            var expected = whole
            expected.validators = torn.validators
            #expect(torn == expected)
            if let validators = torn.validators {
                #expect(validators.url == whole.validators?.url)
                #expect(validators.entityTag == nil || validators.entityTag == whole.validators?.entityTag)
                #expect(validators.lastModified == nil)
            }
        }
    }

    @Test("EX_2.2_5035: with a torn record the copy serves; a torn or empty copy gives way to the one before")
    func tornFiles() async throws {
        try await Sandbox.run { sandbox in
            let service = sandbox.service()
            _ = try await service.refresh().get()
            var next = Sandbox.list(sandbox.peer)
            next.generated = next.generated + .seconds(60)
            try sandbox.server.publish(next)
            _ = try await service.refresh().get()
            let path = try await FileWhitelistStore(directory: sandbox.folder).copies()[0].label
            let record = path.replacing(".xml", with: ".record")
            let text = try Data(contentsOf: URL(fileURLWithPath: record))
            try text.prefix(text.count / 2).write(to: URL(fileURLWithPath: record))
            let restarted = sandbox.service()
            #expect(await restarted.loadCopy())
            #expect(restarted.snapshot?.generated == next.generated)
            // What the record said of the server is lost with it: the list is asked for whole.
            let before = sandbox.server.unchangedCount
            #expect(try await restarted.refresh().get() == .unchanged)
            #expect(sandbox.server.unchangedCount == before)

            let document = try Data(contentsOf: URL(fileURLWithPath: path))
            for length in [document.count / 2, 0] {
                try document.prefix(length).write(to: URL(fileURLWithPath: path))
                let again = sandbox.service(source: ScriptedSource([]))
                let events = again.events()
                #expect(await again.loadCopy())
                #expect(again.snapshot?.generated == Timestamp(seconds: Sandbox.published.seconds))
                guard case .copyRefused(.signature, path)? = await events.nextAlert()?.cause else {
                    Issue.record("no alert")
                    return
                }
            }
        }
    }
}
