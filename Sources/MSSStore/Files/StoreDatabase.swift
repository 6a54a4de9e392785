import GRDB
import MSSAccounts
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
            let pool = try DurablePool.open(path, configuration)
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
