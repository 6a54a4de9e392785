import GRDB
import MSSCore

/// How the SQLite bases of this library are opened.
enum StoreDatabase {
    /// Opens a base, makes it when there is none, and brings an older one up to date.
    ///
    /// - Parameters:
    ///   - applicationID: what `PRAGMA application_id` says of a base of this kind.
    ///   - patience: seconds that a write waits for another process.
    /// - Throws: ``StoreError``: `notAStore` for a file of another kind or a later version, `damaged`, `diskFull`.
    static func open(
        _ path: String, applicationID: Int64, _ migrator: DatabaseMigrator, patience: Double = 5
    ) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(patience)
        configuration.prepareDatabase { database in
            // Names of folders, keywords and correspondents may say something of a patient: what is deleted is overwritten.
            try database.execute(sql: "PRAGMA secure_delete = ON")
        }
        do {
            try synchronizeLog(path)
            let pool = try DatabasePool(path: path, configuration: configuration)
            try syncEveryCommit(pool)
            try pool.read { database in
                let found = try database.number("PRAGMA application_id")
                let tables = try database.number("SELECT count(*) FROM sqlite_master")
                guard found == applicationID || (found == 0 && tables == 0),
                    try !migrator.hasBeenSuperseded(database)
                else { throw StoreError.notAStore(path: path) }
            }
            try migrator.migrate(pool)
            return pool
        } catch { throw StoreError.of(error, path) }
    }

    /// What a process that was killed has written to the log and not synced counts from now on: it is told as kept, and
    /// messages leave the queue for it. So it is on disk first.
    private static func synchronizeLog(_ path: String) throws(StoreError) {
        guard Folder.exists(path + "-wal") else { return }
        try File(path + "-wal", .read).synchronize()
    }

    /// A commit is on disk when it returns. GRDB turns that off with the log (`synchronous = NORMAL`), after the connection
    /// was prepared: it is asked for afterwards, and looked at.
    private static func syncEveryCommit(_ pool: DatabasePool) throws {
        try pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            guard try database.number("PRAGMA synchronous") == 2 else {
                throw DatabaseError(message: "synchronous = FULL is not taken")
            }
        }
    }

    /// Copies a base as it is now to another file, while it is in use.
    static func backUp(_ pool: DatabasePool, to path: String) throws {
        do {
            let copy = try DatabaseQueue(path: path)
            try pool.backup(to: copy)
            try copy.close()
        } catch { throw StoreError.of(error, path) }
    }

    /// Writes the log into the base, so that the file alone is all of it, and ends every connection.
    static func close(_ pool: DatabasePool) {
        // Readers may delay the first, and another process the second: the next one to open finds log and base.
        _ = try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try? pool.close()
    }
}
