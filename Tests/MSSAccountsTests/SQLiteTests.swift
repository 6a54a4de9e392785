import Foundation
import GRDB
import MSSCore
import MSSTestKit
import Testing

@testable import MSSAccounts

@Suite struct SQLiteTests {
    private let folder = Folder()
    private var path: String { folder.file("accounts.sqlite") }

    @Test("A commit is on disk when it returns; a log that cannot be synced is an error, not a base that may forget")
    func durable() throws {
        let pool = try DurablePool.open(path, Configuration())
        #expect(try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
        try pool.close()
        // A link cannot be opened as a log.
        let other = folder.file("other.sqlite")
        try FileManager.default.createSymbolicLink(atPath: other + "-wal", withDestinationPath: path)
        #expect(throws: DatabaseError.self) { try DurablePool.open(other, Configuration()) }
    }

    private func mailbox(_ id: Int64) throws -> Mailbox {
        Mailbox(
            id: MailboxID(id), kind: .person, address: try directory("a\(id)@b.mssante.fr"), responsible: PersonID(1),
            createdAt: Timestamp(seconds: 1))
    }

    private func person(_ id: Int64) throws -> Person {
        Person(
            id: PersonID(id), identity: .national(.rpps(try RPPS(Numbers.rpps(Int(id))))), givenName: "A",
            familyName: String(repeating: "b", count: 300))
    }

    /// A base with a person and some mailboxes, closed: everything is in the file itself.
    private func makeBase(mailboxes: Int64 = 300) async throws {
        let repository = try SQLiteAccountRepository(path: path)
        let person = try person(1)
        let boxes = try (1...mailboxes).map { try mailbox($0) }
        try await repository.write { writer in
            try writer.save(person)
            for box in boxes { try writer.save(box) }
        }
        try await repository.close()
    }

    private func raw(_ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    // MARK: Migrations

    @Test(
        "A base of every past version is brought up to date with what it held",
        arguments: AccountSchema.migrator.migrations)
    func migrations(version: String) async throws {
        let queue = try DatabaseQueue(path: path)
        try AccountSchema.migrator.migrate(queue, upTo: version)
        let step = AccountSchema.migrator.migrations.firstIndex(of: version)! + 1
        let finess = try FINESS(Numbers.finess(1)).text
        try await queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO structure VALUES ('1\(finess)', 'Hôpital', 'EG', NULL, 0);
                    INSERT INTO person (id, identity, given_name, family_name, entitled, acts_for_structure, professions, authorised)
                        VALUES (7, '8\(Numbers.rpps(1))', 'Jeanne', 'Martin', 1, 0, '["10"]', 1);
                    INSERT INTO person_structure VALUES (7, 0, 0, '1\(finess)');
                    UPDATE counter SET value = 7 WHERE name = 'person';
                    """)
            if step >= 2 {
                try database.execute(
                    sql: """
                        INSERT INTO mailbox (id, kind, address, address_key, responsible, structure, shared, service, summary,
                            phone, unlisted, used, state, created_at, usable_since, test, automatic_reply, mark_quota_level)
                        VALUES (3, 'PER', 'Jeanne.Martin@b.mssante.fr', 'jeanne.martin@b.mssante.fr', 7, '1\(finess)', 0, '', '', '',
                            1, 0, 0, 5000000000, 5000000000, 0, 0, 0);
                        INSERT INTO delegation VALUES (3, 0, 7, 7, 0, NULL, 1, 1);
                        UPDATE counter SET value = 3 WHERE name = 'mailbox';
                        """)
            }
            if step >= 3 {
                try database.execute(
                    sql:
                        "INSERT INTO acceptance (person, version, at) VALUES (7, 'v1', 9); INSERT INTO deletion_request VALUES (3, 7, 11, NULL)"
                )
            }
            if step >= 4 {
                try database.execute(
                    sql: "INSERT INTO change (at, actor, operation, fields, refused) VALUES (1, 'system', 'x', '[]', 0)"
                )
            }
            if step >= 5 {
                try database.execute(
                    sql: """
                        INSERT INTO information (at, mailbox, address, newcomer, role, opened_by, opener, recipient)
                            VALUES (1, 3, 'a', 7, 'delegate', 'system', NULL, 7);
                        INSERT INTO clock VALUES (1, 5000000000);
                        """)
            }
        }
        try queue.close()

        let repository = try SQLiteAccountRepository(path: path)
        try await repository.read { (reader) throws in
            let person = try #require(try reader.person(PersonID(7)))
            #expect(
                person.professions == ["10"] && person.structures.map(\.number) == [finess]
                    && person.acceptedTerms == nil)
            #expect(try reader.persons(changedAfter: 0).count == 1)
            #expect(
                try reader.mailbox(at: try directory("jeanne.martin@b.mssante.fr"))?.isUnlistedByChoice
                    == (step >= 2 ? true : nil))
            #expect(try reader.mailboxes(changedAfter: 0).count == (step >= 2 ? 1 : 0))
            #expect(try reader.acceptances(by: PersonID(7)).count == (step >= 3 ? 1 : 0))
            #expect(try reader.pendingDeletionRequests().count == (step >= 3 ? 1 : 0))
            #expect(try reader.pendingChanges(limit: 9).count == (step >= 4 ? 1 : 0))
            #expect(try reader.pendingInformation(after: 0, limit: 9).map(\.role) == (step >= 5 ? [.delegate] : []))
            #expect(try reader.latestTime() == (step >= 5 ? Timestamp(seconds: 5) : nil))
        }
        #expect(try await repository.write { try $0.nextPersonID() } == PersonID(8))
        #expect(try await repository.write { try $0.nextMailboxID() } == MailboxID(step >= 2 ? 4 : 1))
    }

    @Test("A base of a later version is refused and left as it is")
    func tooNew() async throws {
        try await makeBase(mailboxes: 1)
        try raw("INSERT INTO grdb_migrations VALUES ('99-to-come')")
        #expect(throws: AccountStoreError.tooNew) { try SQLiteAccountRepository(path: path) }
    }

    // MARK: Damage

    @Test("A file that is no base of accounts is refused and left as it is")
    func foreign() async throws {
        try Data(
            "ceci n'est pas une base de comptes, et assez long pour n'en être pas une du tout, vraiment.".utf8.map {
                $0
            } + [UInt8](repeating: 65, count: 5_000)
        ).write(to: URL(filePath: path))
        let text = try Data(contentsOf: URL(filePath: path))
        #expect(throws: AccountStoreError.self) { try SQLiteAccountRepository(path: path) }
        #expect(try Data(contentsOf: URL(filePath: path)) == text)
        let other = folder.file("other.sqlite")
        let queue = try DatabaseQueue(path: other)
        try await queue.write { try $0.execute(sql: "CREATE TABLE t (x); PRAGMA application_id = 7") }
        try queue.close()
        let before = try Data(contentsOf: URL(filePath: other))
        #expect(throws: AccountStoreError.foreignFile) { try SQLiteAccountRepository(path: other) }
        #expect(try Data(contentsOf: URL(filePath: other)) == before)
    }

    @Test("A damaged base is named as such when it is opened", arguments: [1, 3, 7, 12])
    func damaged(page: Int) async throws {
        try await makeBase()
        var bytes = try Data(contentsOf: URL(filePath: path))
        try #require(bytes.count > 20 * 4_096)
        for index in (page * 4_096)..<(page * 4_096 + 600) { bytes[index] = 0xA5 }
        try bytes.write(to: URL(filePath: path))
        let error = #expect(throws: AccountStoreError.self) { try SQLiteAccountRepository(path: path) }
        guard case .corrupt = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("A base cut short is named as damaged")
    func truncated() async throws {
        try await makeBase()
        let bytes = try Data(contentsOf: URL(filePath: path))
        try bytes.prefix(bytes.count / 2).write(to: URL(filePath: path))
        #expect(throws: AccountStoreError.self) { try SQLiteAccountRepository(path: path) }
    }

    @Test("A reference that leads nowhere is found when the base is opened")
    func dangling() async throws {
        try await makeBase(mailboxes: 1)
        try raw("PRAGMA writable_schema = 0")
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try await queue.write { try $0.execute(sql: "DELETE FROM person") }
        try queue.close()
        #expect(throws: AccountStoreError.corrupt("foreign key")) { try SQLiteAccountRepository(path: path) }
    }

    @Test(
        "A row that holds nonsense is an error with its table, not the end of the process",
        arguments: [
            ("UPDATE mailbox SET address = 'x y@'", "mailbox"),
            ("UPDATE mailbox SET address_key = 'other@b.mssante.fr'", "mailbox"),
            ("UPDATE mailbox SET state = 1, state_reason = NULL", "mailbox"),
            ("UPDATE mailbox SET structure = NULL, forwarding = '@'", "mailbox"),
            ("UPDATE person SET identity = '810'", "person"), ("UPDATE person SET professions = '{'", "person"),
        ])
    func nonsense(_ sql: String, _ table: String) async throws {
        try await makeBase(mailboxes: 1)
        try raw(sql)
        let repository = try SQLiteAccountRepository(path: path)
        await #expect(throws: AccountStoreError.damagedRow(table)) {
            try await repository.read { (reader) throws in
                _ = try reader.person(PersonID(1))
                _ = try reader.mailbox(MailboxID(1))
            }
        }
    }

    // MARK: Disk and processes

    @Test("No room: the write is refused whole, what was there stays, and room heals it")
    func full() async throws {
        try await makeBase(mailboxes: 10)
        let size = try Data(contentsOf: URL(filePath: path)).count / 4_096
        var options = SQLiteAccountRepository.Options()
        options.maximumPages = size + 8
        let repository = try SQLiteAccountRepository(path: path, options: options)
        let before = try await repository.read { try $0.revision() }
        let persons = try (2...400).map { try person($0) }
        await #expect(throws: AccountStoreError.full) {
            try await repository.write { writer in for person in persons { try writer.save(person) } }
        }
        #expect(try await repository.read { try $0.persons(after: PersonID(0), limit: 999).count } == 1)
        #expect(try await repository.read { try $0.revision() } == before)
        let second = try person(2)
        try await repository.write { try $0.save(second) }
        try await repository.close()
        let roomy = try SQLiteAccountRepository(path: path)
        try await roomy.write { writer in for person in persons { try writer.save(person) } }
        #expect(try await roomy.read { try $0.persons(after: PersonID(0), limit: 999).count } == 400)
    }

    @Test("Two processes write to one base: each write counts once, and the index takes over the other's")
    func twoProcesses() async throws {
        try await makeBase(mailboxes: 1)
        let repository = try SQLiteAccountRepository(path: path)
        let index = try await RightsIndex(repository)
        let script = """
            import sqlite3, sys
            base = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
            base.execute("PRAGMA foreign_keys = ON")
            for number in range(100):
                base.execute("BEGIN IMMEDIATE")
                base.execute("UPDATE counter SET value = value + 1 WHERE name = 'revision'")
                base.execute("UPDATE mailbox SET used = used + 1, unlisted = 1, revision = (SELECT value FROM counter WHERE name = 'revision')")
                base.execute("COMMIT")
            """
        async let other = ExternalTool.run("python3", ["-c", script, path])
        for _ in 0..<100 {
            try await repository.write { writer in
                var mailbox = try writer.mailbox(MailboxID(1))!
                mailbox.used += 1
                try writer.save(mailbox)
            }
        }
        let result = try await other
        #expect(result.status == 0, "\(result.errors)")
        #expect(try await repository.read { try $0.mailbox(MailboxID(1))?.used } == 200)
        try await index.refresh()
        #expect(index.mailbox(at: try directory("a1@b.mssante.fr"))?.isUnlistedByChoice == true)
        #expect(try await index.refresh() == 0)
    }

    @Test("A base that another process holds is busy, after the patience asked for, and free again afterwards")
    func busy() async throws {
        try await makeBase(mailboxes: 1)
        var options = SQLiteAccountRepository.Options()
        options.patience = .milliseconds(50)
        let repository = try SQLiteAccountRepository(path: path, options: options)
        var unsafe = Configuration()
        unsafe.allowsUnsafeTransactions = true
        let holder = try DatabaseQueue(path: path, configuration: unsafe)
        try await holder.writeWithoutTransaction { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
        }
        let second = try person(2)
        await #expect(throws: AccountStoreError.busy) { try await repository.write { try $0.save(second) } }
        #expect(try await repository.read { try $0.person(PersonID(1)) } != nil)
        try await holder.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await repository.write { try $0.save(second) }
    }

    @Test("What was written is there after the base is opened again, and in its backup")
    func durable() async throws {
        try await makeBase()
        let repository = try SQLiteAccountRepository(path: path)
        #expect(try await repository.read { try $0.mailboxes(after: MailboxID(0), limit: 999).count } == 300)
        try await repository.backUp(to: folder.file("backup.sqlite"))
        let copy = try SQLiteAccountRepository(path: folder.file("backup.sqlite"))
        let (left, right) = (
            try await repository.read { try $0.mailboxes(after: MailboxID(0), limit: 999) },
            try await copy.read { try $0.mailboxes(after: MailboxID(0), limit: 999) }
        )
        #expect(left == right)
    }

    @Test("Times keep their nanoseconds and saturate where the base ends")
    func times() {
        for time in [
            Timestamp(seconds: -1, nanoseconds: 1), Timestamp(seconds: 0),
            Timestamp(seconds: 1_770_000_000, nanoseconds: 999_999_999),
        ] {
            #expect(Timestamp(storedNanoseconds: time.storedNanoseconds) == time)
        }
        #expect(Timestamp(seconds: .max).storedNanoseconds == .max)
        #expect(Timestamp(seconds: .min).storedNanoseconds == .min)
    }
}
