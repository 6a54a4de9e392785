import COpenSSLShim
import Foundation
import GRDB
import Glibc
public import MSSAccounts
public import MSSConnector
public import MSSCore

/// What the connector must remember beside mail: when jobs ran, and who was answered automatically. One SQLite file, for
/// every process of the operator on this machine.
///
/// Nothing in it is irreplaceable: a job that runs once more does no harm, a correspondent who is answered twice hardly.
/// So a damaged file is set aside and a new one begun, which ``replaced`` tells; mail does not wait for a restore
/// (Decision 0180).
public final class SQLiteLedgers: JobLedger, ReplyLedger {
    /// The file.
    public let path: String
    /// Where the damaged file went that was found at this path; `nil` when there was none.
    public let replaced: String?
    private let pool: DatabasePool
    /// Correspondents are kept as digests under it.
    private let salt: [UInt8]

    /// Answers forgotten at each new one at most: the table shrinks in small steps.
    static let pruned = 64

    private init(_ path: String) throws {
        self.path = path
        // Of several processes that start together one makes the file, or sets it aside.
        let lock = try File(path + ".lock", .create)
        while flock(lock.descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw StoreError.system("lock", path) }
        }
        defer { flock(lock.descriptor, LOCK_UN) }
        do {
            pool = try SQLiteLedgers.openSound(path)
            replaced = nil
        } catch StoreError.damaged {
            replaced = try SQLiteLedgers.setAside(path)
            pool = try SQLiteLedgers.openSound(path)
        }
        do { salt = try SQLiteLedgers.salt(pool) } catch { throw StoreError.of(error, path) }
    }

    /// Opens the ledgers, making the file when there is none. Several processes may have it open.
    ///
    /// - Throws: ``StoreError``: `notAStore` for another kind of file, `diskFull`.
    public static func open(_ path: String) async throws -> SQLiteLedgers {
        try await offPool { try SQLiteLedgers(path) }
    }

    private static func openSound(_ path: String) throws -> DatabasePool {
        let pool = try StoreDatabase.open(path, applicationID: LedgerSchema.applicationID, LedgerSchema.migrator)
        do {
            let report = try pool.read { try String.fetchAll($0, sql: "PRAGMA quick_check(1)") }
            guard report == ["ok"] else {
                throw StoreError.damaged(path: path, offset: 0, reason: report.first ?? "quick_check")
            }
            return pool
        } catch {
            try? pool.close()
            throw StoreError.of(error, path)
        }
    }

    private static func setAside(_ path: String) throws(StoreError) -> String {
        var number = 1
        while Folder.exists("\(path).damaged-\(number)") { number += 1 }
        try Folder.rename(path, to: "\(path).damaged-\(number)")
        // The log belongs to the file that is gone.
        for suffix in ["-wal", "-shm"] { try Folder.remove(path + suffix) }
        return "\(path).damaged-\(number)"
    }

    private static func salt(_ pool: DatabasePool) throws -> [UInt8] {
        let fresh = try randomBytes(16)
        return try pool.writeWithoutTransaction { database in
            try database.run("INSERT OR IGNORE INTO salt (only_row, value) VALUES (1, ?)", [Data(fresh)])
            return try database.one("SELECT value FROM salt").map { [UInt8]($0[0] as Data) } ?? fresh
        }
    }

    /// Ends every connection. What is asked later fails.
    public func close() async { _ = try? await offPool { [pool] in StoreDatabase.close(pool) } }

    /// Copies the ledgers as they are now to another file, while they are in use.
    public func backUp(to path: String) async throws {
        try await offPool { [pool] in try StoreDatabase.backUp(pool, to: path) }
    }

    /// One immediate transaction: what it reads nobody changes before it ends.
    private func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.writeWithoutTransaction { database in
                var value: Value?
                try database.inTransaction(.immediate) {
                    value = try body(database)
                    return .commit
                }
                return value!  // set by the closure, which returned
            }
        } catch { throw StoreError.of(error, path) }
    }

    // MARK: Jobs

    /// What is known of a job.
    public func record(of job: String) async throws -> JobRecord {
        do { return try await pool.read { try SQLiteLedgers.record($0, job) } } catch {
            throw StoreError.of(error, path)
        }
    }

    /// Replaces a record if it is still the same; durable when it returns.
    public func replace(_ old: JobRecord, by new: JobRecord) async throws -> Bool {
        try await write { database in
            guard try SQLiteLedgers.record(database, old.job) == old else { return false }
            try database.run(
                """
                INSERT INTO job (name, done, failures, not_before) VALUES (?, ?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET done = excluded.done, failures = excluded.failures,
                    not_before = excluded.not_before
                """, [new.job, new.lastDone?.stored, new.failures, new.notBefore?.stored])
            return true
        }
    }

    private static func record(_ database: Database, _ job: String) throws -> JobRecord {
        let row = try database.one("SELECT done, failures, not_before FROM job WHERE name = ?", [job])
        guard let row else { return JobRecord(job: job) }
        return JobRecord(
            job: job, lastDone: (row[0] as Int64?).map { Timestamp(stored: $0) }, failures: row[1],
            notBefore: (row[2] as Int64?).map { Timestamp(stored: $0) })
    }

    /// Every job that ever ran, by name.
    public func records() async throws -> [JobRecord] {
        do {
            return try await pool.read { database in
                try database.all("SELECT name FROM job ORDER BY name").map {
                    try SQLiteLedgers.record(database, $0[0])
                }
            }
        } catch { throw StoreError.of(error, path) }
    }

    // MARK: Automatic replies

    /// Notes an answer unless there was one within the interval; durable when it returns.
    public func claim(
        _ mailbox: MailboxID, to correspondent: String, at time: Timestamp, interval: Duration
    ) async throws -> Bool {
        let pair = Data(try digest(mailbox, correspondent))
        let now = time.stored
        let until = (time + interval).stored
        return try await write { database in
            if let row = try database.one("SELECT at FROM reply WHERE pair = ?", [pair]) {
                let last = Timestamp(stored: row[0])
                if AutomaticReplyTime.silences(last, at: time, interval) { return false }
            }
            try database.run(
                "DELETE FROM reply WHERE pair IN (SELECT pair FROM reply WHERE until <= ? LIMIT ?)",
                [now, SQLiteLedgers.pruned])
            try database.run(
                """
                INSERT INTO reply (pair, at, until) VALUES (?, ?, ?)
                ON CONFLICT (pair) DO UPDATE SET at = excluded.at, until = excluded.until
                """, [pair, now, until])
            return true
        }
    }

    /// Who was answered by whom may say something of a patient: the base keeps sixteen bytes of a digest.
    private func digest(_ mailbox: MailboxID, _ correspondent: String) throws(StoreError) -> [UInt8] {
        var writer = ByteWriter()
        writer.blob(salt)
        writer.integer(mailbox.rawValue)
        writer.text(correspondent)
        var digest = [UInt8](repeating: 0, count: 32)
        guard mss_sha256(writer.bytes, writer.bytes.count, &digest) == 1 else { throw .cryptography }
        return Array(digest.prefix(16))
    }

    /// Answers remembered.
    func replyCount() async throws -> Int { try await pool.read { Int(try $0.number("SELECT count(*) FROM reply")) } }
}

/// The tables, as the steps that made them. A step that was ever released is never edited: a new one is added.
enum LedgerSchema {
    /// `PRAGMA application_id`: « MSSL ».
    static let applicationID: Int64 = 0x4D53_534C

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-jobs-replies") { try $0.execute(sql: ledgers) }
        return migrator
    }

    private static let ledgers = """
        CREATE TABLE job (
            name TEXT PRIMARY KEY, done INTEGER, failures INTEGER NOT NULL, not_before INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE salt (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), value BLOB NOT NULL) STRICT;
        CREATE TABLE reply (
            pair BLOB PRIMARY KEY, at INTEGER NOT NULL, until INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX reply_until ON reply (until);
        PRAGMA application_id = \(applicationID);
        """
}
