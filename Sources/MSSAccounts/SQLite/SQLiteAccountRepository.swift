import Dispatch
import GRDB
import GRDBSQLite
import Glibc
import MSSCore

/// Accounts in an SQLite file: write-ahead log, foreign keys, one writer and many readers, several processes.
public final class SQLiteAccountRepository: AccountRepository {
    private let pool: DatabasePool

    /// How a base is opened.
    public struct Options: Sendable, Hashable {
        /// How long a write waits for another process.
        public var patience: Duration = .seconds(5)
        /// Whether the whole file is checked when it is opened; the time grows with the file.
        public var checksIntegrity = true
        /// Most pages of the file, 4 KiB each; `nil` for no bound but the disk's.
        public var maximumPages: Int?

        /// The ordinary options.
        public init() {}
    }

    /// Opens a base, makes it when there is none, and brings an older one up to date.
    ///
    /// Throws ``AccountStoreError``; the file is not touched when it is foreign, damaged or too new.
    public init(path: String, options: Options = Options()) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        let patience = options.patience.components
        configuration.busyMode = .timeout(Double(patience.seconds) + Double(patience.attoseconds) * 1e-18)
        let maximumPages = options.maximumPages
        configuration.prepareDatabase { database in
            if let maximumPages { try database.execute(sql: "PRAGMA max_page_count = \(maximumPages)") }
        }
        pool = try StoreFailure.translating {
            try SQLiteAccountRepository.refuseForeignFile(path)
            // A commit is on disk when it returns, and a trace with it (EX_GDT_5030).
            let pool = try DurablePool.open(path, configuration)
            try pool.read { try SQLiteAccountRepository.inspect($0, options) }
            try AccountSchema.migrator.migrate(pool)
            return pool
        }
    }

    /// A look before the write-ahead log is turned on, which would change another application's file.
    private static func refuseForeignFile(_ path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        // No file yet: one will be made.
        guard let queue = try? DatabaseQueue(path: path, configuration: configuration) else { return }
        defer { try? queue.close() }
        try queue.read { database in
            let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
            let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            guard application == AccountSchema.applicationID || (application == 0 && tables == 0) else {
                throw AccountStoreError.foreignFile
            }
        }
    }

    private static func inspect(_ database: Database, _ options: Options) throws {
        if try AccountSchema.migrator.hasBeenSuperseded(database) { throw AccountStoreError.tooNew }
        guard options.checksIntegrity else { return }
        let report = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
        guard report == ["ok"] else { throw AccountStoreError.corrupt(report.first ?? "quick_check") }
        guard try Row.fetchOne(database, sql: "PRAGMA foreign_key_check") == nil else {
            throw AccountStoreError.corrupt("foreign key")
        }
    }

    /// Reads one snapshot.
    public func read<Result: Sendable>(
        _ body: @Sendable (any AccountReader) throws -> Result
    ) async throws -> Result {
        try await translating {
            try await withoutActuallyEscaping(body) { body in
                try await pool.read { database in try body(SQLiteSession(database)) }
            }
        }
    }

    /// Writes in one immediate transaction.
    public func write<Result: Sendable>(
        _ body: @Sendable (any AccountWriter) throws -> Result
    ) async throws -> Result {
        try await translating {
            try await withoutActuallyEscaping(body) { body in
                try await pool.writeWithoutTransaction { database in
                    try SQLiteAccountRepository.transaction(database, body)
                }
            }
        }
    }

    /// One transaction; a failure is named while the connection still knows what the system said.
    private static func transaction<Result>(
        _ database: Database, _ body: (any AccountWriter) throws -> Result
    ) throws -> Result {
        do {
            var result: Result?
            try database.inTransaction(.immediate) {
                result = try body(SQLiteSession(database))
                return .commit
            }
            // The closure returned: it set the result.
            return result!
        } catch let error as DatabaseError {
            throw StoreFailure.of(error, system: SystemFailure.last(database))
        }
    }

    /// Copies the base as it is now to another file, while it is in use.
    public func backUp(to path: String) async throws {
        try await translating {
            let destination = try DatabaseQueue(path: path)
            try pool.backup(to: destination)
            try destination.close()
        }
    }

    /// Ends every connection, the log first written into the file, so that the file alone is the base.
    public func close() async throws {
        try await translating {
            try await withCheckedThrowingContinuation { continuation in
                // It waits for readers, whose tasks need the threads of the cooperative pool: not on one of these.
                DispatchQueue.global().async { [pool] in
                    continuation.resume(
                        with: Result {
                            try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
                            try pool.close()
                        })
                }
            }
        }
    }

    private func translating<Result>(_ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch let error as DatabaseError { throw StoreFailure.of(error) }
    }
}

/// What the operating system said when SQLite last failed to write.
enum SystemFailure {
    /// `errno` of the last failed call on the files of a connection; 0 when there was none. SQLite keeps it with each
    /// file: a commit that fails in the write-ahead log tells it nowhere else.
    static func last(_ database: Database) -> CInt {
        guard let connection = database.sqliteConnection else { return 0 }
        var code: CInt = 0
        // The log, or the journal, is where writes go first. Its methods are NULL while it is not open.
        var log: UnsafeMutablePointer<sqlite3_file>?
        if sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK, let log,
            let control = log.pointee.pMethods?.pointee.xFileControl
        {
            _ = control(log, SQLITE_FCNTL_LAST_ERRNO, &code)
        }
        if code == 0 { sqlite3_file_control(connection, "main", SQLITE_FCNTL_LAST_ERRNO, &code) }
        return code == 0 ? sqlite3_system_errno(connection) : code
    }
}

/// SQLite's failures in the words of ``AccountStoreError``.
enum StoreFailure {
    static func translating<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as DatabaseError { throw of(error) }
    }

    /// - Parameter system: `errno` of the failed call, which tells a full disk from a quota and a limit of the process.
    static func of(_ error: DatabaseError, system: CInt = 0) -> AccountStoreError {
        let message = error.message ?? ""
        switch error.resultCode {
        case .SQLITE_FULL: return .full
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .busy
        case .SQLITE_NOTADB: return .foreignFile
        case .SQLITE_CORRUPT: return .corrupt(message)
        case .SQLITE_CONSTRAINT:
            switch error.extendedResultCode {
            case .SQLITE_CONSTRAINT_FOREIGNKEY: return .danglingReference
            case .SQLITE_CONSTRAINT_UNIQUE where message.contains("person.identity"): return .identityTaken
            case .SQLITE_CONSTRAINT_UNIQUE where message.contains("mailbox"): return .addressTaken
            default: return .unavailable(message)
            }
        case .SQLITE_IOERR, .SQLITE_CANTOPEN:
            switch system {
            case ENOSPC: return .full
            case EDQUOT: return .quotaExceeded
            case EFBIG: return .fileTooLarge
            default: return .unavailable(system == 0 ? message : "\(message), errno \(system)")
            }
        default: return .unavailable(message)
        }
    }
}
