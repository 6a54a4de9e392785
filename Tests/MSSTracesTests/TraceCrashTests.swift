import Foundation
import Glibc
import MSSCore
import MSSTLS
import MSSTestKit
import Testing

@testable import MSSTraces

/// What a child process of these tests does; it knows only what it is given.
private enum Child {
    static func open(_ root: String, _ pem: [String]) async throws -> TraceStore {
        try await TraceStore.open(
            root, signer: try TestStore.signer(pem: pem), configuration: TraceConfiguration(segmentSize: 32 << 10))
    }

    static var pem: [String] { TestStore.pem }
}

@Suite struct TraceCrashTests {
    @Test(
        "After kill -9 every trace whose durability was announced is there, and the chain holds",
        arguments: [3, 40, 150])
    func killed(after acknowledged: Int) async throws {
        let test = try TestStore()
        defer { test.remove() }
        let (root, ledger, pem) = (test.root, test.folder + "/ledger", Child.pem)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [root = root as String, ledger = ledger as String, pem = pem as [String], acknowledged] in
            let store = try await Child.open(root, pem)
            let file = Glibc.open(ledger, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            // Several tasks keep the writer busy; the process dies in the middle of it.
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for number in 0... {
                            guard let receipt = try? await store.record(received(task * 1_000_000 + number)) else {
                                return
                            }
                            // One write of under PIPE_BUF bytes in append mode: whole lines.
                            let line = Array("\(receipt.sequence) M\(task * 1_000_000 + number)\n".utf8)
                            _ = Glibc.write(file, line, line.count)
                            if receipt.sequence >= UInt64(acknowledged) { kill(getpid(), SIGKILL) }
                        }
                    }
                }
            }
        }
        let announced = String(decoding: try TestFiles.read(ledger), as: UTF8.self).split(separator: "\n")
        #expect(announced.count >= acknowledged / 2)

        let store = try await TraceStore.open(
            root, signer: try TestStore.signer(), configuration: TraceConfiguration())
        let page = try await store.reader.search(TraceQuery(action: .receiveMessage, limit: 1_000_000), auditor)
        let found = Dictionary(
            uniqueKeysWithValues: page.records.map { ("\($0.sequence)", $0.event.message?.identifier ?? "") })
        for line in announced {
            let words = line.split(separator: " ")
            #expect(found[String(words[0])] == String(words[1]))
        }
        try await store.close()
        let result = try await test.verify(anchored: false)
        #expect(result.isSound && result.findings == [])
    }

    @Test(
        "A record torn by a crash is set aside, told and traced; everything before it stays",
        arguments: [1, 9, 60, 300])
    func tornTail(bytes: Int) async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try await store.record((1...10).map { received($0) })
        try await store.close()
        // Half of the next record, as a write cut off by a power failure leaves it.
        let path = test.path(.functional, "0000000001.segment")
        let whole = try TestFiles.read(path)
        let first = try whole.withUnsafeBytes { try RecordView($0, at: SegmentHeader.count) }
        try TestFiles.write(whole + whole[first.range].prefix(bytes), to: path)
        #expect(try await test.verify().findings == [.unfinished(.functional, bytes: min(bytes, first.range.count))])

        let again = try await test.open()
        let notice = try #require(test.notices.all.first)
        guard case .tailSetAside(.functional, let count, let aside) = notice else {
            Issue.record("\(notice)")
            return
        }
        #expect(count == min(bytes, first.range.count))
        #expect(try TestFiles.read(aside) == Array(whole[first.range].prefix(bytes)))
        let page = try await again.reader.search(TraceQuery(limit: 100), auditor)
        #expect(page.records.filter { $0.event.action == .receiveMessage }.count == 10)
        #expect(page.records.filter { $0.event.action == .setTailAside }.count == 1)
        #expect(try await again.record(received(11)).sequence == 12)
        try await again.close()
        #expect(try await test.verify().findings == [])
    }

    @Test("A second process is refused while the first writes, and let in when it is gone")
    func twoProcesses() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let (root, pem) = (test.root, Child.pem)
        let store = try await test.open()
        await #expect(processExitsWith: .exitCode(7)) { [root = root as String, pem = pem as [String]] in
            do {
                _ = try await Child.open(root, pem)
            } catch TraceError.busy {
                exit(7)
            }
        }
        try await store.close()
        await #expect(processExitsWith: .success) { [root = root as String, pem = pem as [String]] in
            let store = try await Child.open(root, pem)
            try await store.record(received(1))
            // Not closed: the kernel frees the lock.
        }
        let again = try await test.open()
        #expect(try await again.record(received(2)).sequence == 2)
        try await again.close()
    }

    @Test("A full disk refuses the traces it has no room for, leaves no half record, and goes on when there is room")
    func fullDisk() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let (root, pem) = (test.root, Child.pem)
        await #expect(processExitsWith: .success) { [root = root as String, pem = pem as [String]] in
            let store = try await Child.open(root, pem)
            try await store.record(received(1))
            // The kernel refuses to let a file grow beyond this, in the middle of a write, as a full disk does.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 4000, rlim_max: rlim_t.max)
            precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            do {
                try await store.record((2...30).map { received($0) })
                preconditionFailure("written without room")
            } catch TraceError.fileTooLarge {}
            limit.rlim_cur = rlim_t.max
            precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            let receipt = try await store.record(received(31))
            precondition(receipt.sequence == 2)
            try await store.close()
        }
        let result = try await test.verify(anchored: false)
        #expect(result.findings == [] && result.records == 2)
    }
}
