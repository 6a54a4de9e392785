package import GRDB
import Glibc

/// SQLite bases whose commits are on disk when they return (decision 0231).
package enum DurablePool {
    /// Opens a base with a write-ahead log.
    ///
    /// - Throws: `DatabaseError`.
    package static func open(_ path: String, _ configuration: Configuration) throws -> DatabasePool {
        try synchronizeLog(path)
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB turns it off with the log (`synchronous = NORMAL`), after the connection was prepared: it is asked for
        // afterwards, and looked at.
        try pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
                throw DatabaseError(message: "synchronous = FULL is not taken")
            }
        }
        return pool
    }

    /// What a process that was killed has written to the log and not synced counts from now on: it is told as kept, and
    /// messages leave the queue for it. So it is on disk first.
    private static func synchronizeLog(_ path: String) throws {
        let log = Glibc.open(path + "-wal", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard log >= 0 else {
            guard errno == ENOENT else { throw failure(.SQLITE_CANTOPEN) }
            return
        }
        defer { close(log) }
        guard fdatasync(log) == 0 else { throw failure(.SQLITE_IOERR_FSYNC) }
    }

    private static func failure(_ code: ResultCode) -> DatabaseError {
        DatabaseError(resultCode: code, message: "log not synced, errno \(errno)")
    }
}
