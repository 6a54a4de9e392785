import Foundation
import GRDB
import Glibc
import MSSCore
import MSSTestKit
import Testing

@testable import MSSAccounts

/// What the processes of these tests share.
private enum Child {
    struct NoRules: AccountRules {
        func findings(on proposal: MailboxProposal, reader: any AccountReader) -> [AccountFinding] { [] }
    }

    /// Takes nothing: the traces stay in the base, beside what they tell of.
    struct DeafJournal: AccountJournal {
        struct Deaf: Error {}
        func record(_ changes: [AccountChange]) async throws { throw Deaf() }
    }

    static func accounts(_ path: String) throws -> Accounts {
        Accounts(repository: try SQLiteAccountRepository(path: path), rules: NoRules(), journal: DeafJournal())
    }

    static func person(_ number: Int64) -> Person {
        // A literal that is right cannot fail.
        let identity = PersonIdentity.local(structure: .finess(try! FINESS("750000010")), name: "p\(number)")
        return Person(
            id: PersonID(number), identity: identity, givenName: "A", familyName: String(repeating: "b", count: 300))
    }

    /// A base with one person and one mailbox.
    static func prepare(_ path: String) async throws {
        let repository = try SQLiteAccountRepository(path: path)
        try await repository.write { writer in
            try writer.save(person(1))
            try writer.save(
                Mailbox(
                    id: MailboxID(1), kind: .person, address: try directory("a@b.mssante.fr"), responsible: PersonID(1),
                    createdAt: Timestamp(seconds: 1)))
        }
        try await repository.close()
    }
}

@Suite struct AccountsCrashTests {
    private let folder = Folder()
    private var path: String { folder.file("accounts.sqlite") }

    @Test(
        "After kill -9 every change that was announced is there with its trace, and no change is there without",
        arguments: [1, 20, 90])
    func killed(after acknowledged: Int) async throws {
        try await Child.prepare(path)
        let (path, ledger) = (path, folder.file("ledger"))
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, ledger = ledger as String, acknowledged] in
            let accounts = try Child.accounts(path)
            let file = Glibc.open(ledger, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            // Somebody else writes too, so that the end comes at any point of a transaction.
            let other = Task {
                for number in 2... { try await accounts.repository.write { try $0.save(Child.person(Int64(number))) } }
            }
            for quota in 1... {
                try await accounts.perform(.setQuota(MailboxID(1), Int64(quota)), by: .system)
                let line = Array("\(quota)\n".utf8)
                _ = Glibc.write(file, line, line.count)
                if quota >= acknowledged { kill(getpid(), SIGKILL) }
            }
            try await other.value
        }
        let announced = String(decoding: try TestFiles.read(ledger), as: UTF8.self).split(separator: "\n").count
        #expect(announced == acknowledged)
        // Opening checks the whole file.
        let repository = try SQLiteAccountRepository(path: path)
        try await repository.read { (reader) throws in
            let mailbox = try #require(try reader.mailbox(MailboxID(1)))
            let traces = try reader.pendingChanges(limit: 10_000)
            #expect(mailbox.quota == Int64(traces.count) && traces.count >= announced)
            #expect(traces.last?.fields.last?.after == mailbox.quota.map { String($0) })
        }
    }

    @Test("kill -9 inside a transaction leaves nothing of it")
    func killedInside() async throws {
        try await Child.prepare(path)
        let path = path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let repository = try SQLiteAccountRepository(path: path)
            try await repository.write { writer in
                // More than the cache of the connection holds: some of it stands in the log already.
                for number in 2...20_000 { try writer.save(Child.person(Int64(number))) }
                kill(getpid(), SIGKILL)
            }
        }
        let repository = try SQLiteAccountRepository(path: path)
        #expect(try await repository.read { try $0.persons(after: PersonID(0), limit: 99).count } == 1)
        #expect(try await repository.write { try $0.nextPersonID() } == PersonID(2))
    }

    @Test("A limit on file sizes refuses the write whole and by its name, and the base goes on when it is lifted")
    func fileSizeLimit() async throws {
        try await Child.prepare(path)
        let path = path
        await #expect(processExitsWith: .success) { [path = path as String] in
            let repository = try SQLiteAccountRepository(path: path)
            // The kernel refuses to let a file grow beyond this, in the middle of a write, as a full disk does.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 300_000, rlim_max: rlim_t.max)
            precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            do {
                try await repository.write { writer in
                    for number in 2...2_000 { try writer.save(Child.person(Int64(number))) }
                }
                exit(3)
            } catch {
                // An error that nobody catches ends a child as a broken precondition does: the status tells them apart.
                guard error as? AccountStoreError == .fileTooLarge else { exit(4) }
            }
            let count = try await repository.read { try $0.persons(after: PersonID(0), limit: 9_999).count }
            precondition(count == 1)
            limit.rlim_cur = rlim_t.max
            precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            try await repository.write { writer in
                for number in 2...2_000 { try writer.save(Child.person(Int64(number))) }
            }
            try await repository.close()
        }
        let repository = try SQLiteAccountRepository(path: path)
        #expect(try await repository.read { try $0.persons(after: PersonID(0), limit: 9_999).count } == 2_000)
    }

    @Test(
        "What the system says of a failed write is told as it is",
        arguments: [
            (ENOSPC, AccountStoreError.full), (EDQUOT, .quotaExceeded), (EFBIG, .fileTooLarge),
            (EIO, .unavailable("disk, errno 5")),
        ])
    func names(_ code: CInt, _ expected: AccountStoreError) {
        #expect(
            StoreFailure.of(DatabaseError(resultCode: .SQLITE_IOERR_WRITE, message: "disk"), system: code) == expected)
        #expect(StoreFailure.of(DatabaseError(resultCode: .SQLITE_FULL)) == .full)
    }

    @Test("Two processes of this library write to one base: no write is lost and each is counted once")
    func twoProcesses() async throws {
        try await Child.prepare(path)
        let path = path
        let repository = try SQLiteAccountRepository(path: path)
        async let own: Void = {
            for _ in 0..<60 {
                try await repository.write { writer in
                    var mailbox = try writer.mailbox(MailboxID(1))!
                    mailbox.used += 1
                    try writer.save(mailbox)
                }
            }
        }()
        await #expect(processExitsWith: .success) { [path = path as String] in
            let accounts = try Child.accounts(path)
            for _ in 0..<60 {
                try await accounts.repository.write { writer in
                    var mailbox = try writer.mailbox(MailboxID(1))!
                    mailbox.used += 1
                    try writer.save(mailbox)
                }
            }
        }
        try await own
        #expect(try await repository.read { try $0.mailbox(MailboxID(1))?.used } == 120)
        #expect(try await repository.read { try $0.revision() } == 122)
    }

    @Test("Mailboxes that changed far apart are read without all that lies between them")
    func runs() {
        #expect(SQLiteSession.runs([]) == [])
        #expect(SQLiteSession.runs([5, 1, 2, 40, 9_000]) == [1...5, 40...40, 9_000...9_000])
        #expect(SQLiteSession.runs([1, 33]) == [1...33])
    }
}
