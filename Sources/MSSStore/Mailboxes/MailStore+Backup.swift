import GRDB
public import MSSCore

/// What a backup holds.
public struct MailBackup: Sendable, Hashable {
    /// Files.
    public var files: Int
    /// Their bytes.
    public var bytes: Int64
    /// Messages.
    public var messages: Int
}

extension MailStore {
    /// Copies the store as it is at one moment to an empty or missing folder, while it is in use (EX_SSI_5110). Nothing is
    /// decrypted: the copy is read with the same master key, which must be kept elsewhere.
    ///
    /// A list of the files with their digests is written last: a folder without it is no backup.
    ///
    /// - Throws: ``StoreError/notEmpty(path:)``.
    @discardableResult
    public func backUp(to destination: String) async throws -> MailBackup {
        try await volumes.holding {
            try await offPool { [self] in
                do { return try copy(to: destination) } catch { throw StoreError.of(error, destination) }
            }
        }
    }

    private func copy(to destination: String) throws -> MailBackup {
        try Folder.makeEmpty(destination)
        for name in ["volumes", "keys"] { try Folder.make(destination + "/" + name) }
        let base = destination + "/" + MailStore.base
        let copy = try DatabaseQueue(path: base)
        try pool.backup(to: copy)
        var files = ["store"]
        // Keys first: of a mailbox that is deleted from now on, the copy holds noise as well.
        for name in try Folder.names(folder + "/keys") where name.hasSuffix(".key") { files.append("keys/" + name) }
        for name in files {
            // Deleted meanwhile. What cannot be read for another cause must not leave the copy without a word.
            guard let bytes = try content(folder + "/" + name), bytes.contains(where: { $0 != 0 }) else {
                guard name != "store" else { throw StoreError.missing(path: folder + "/" + name) }
                continue
            }
            let file = try File(destination + "/" + name, .create)
            try file.write(bytes, at: 0)
            try file.synchronize()
        }
        let messages = try copy.write { database in
            try prune(database, destination)
            return Int(try database.number("SELECT count(*) FROM message"))
        }
        let ends = try copy.read { database in
            try database.all("SELECT number, end FROM volume").map { (number: $0[0] as UInt32, end: $0[1] as Int) }
        }
        try copy.writeWithoutTransaction { try $0.execute(sql: "VACUUM") }
        try copy.close()
        for (number, end) in ends {
            let name = "volumes/\(Folder.name(number)).volume"
            try BackupList.copy(try volumes.file(number), upTo: end, to: destination + "/" + name)
        }
        let content = try BackupList.writeBlocking(destination)
        return MailBackup(files: content.files, bytes: content.bytes, messages: messages)
    }

    private func content(_ path: String) throws(StoreError) -> [UInt8]? {
        do throws(StoreError) { return try File(path, .read).readAll() } catch {
            if case .missing = error { return nil }
            throw error
        }
    }

    /// Takes out mailboxes whose key is not in the copy: made or deleted while it was made.
    private func prune(_ database: Database, _ destination: String) throws {
        for row in try database.all("SELECT id FROM mailbox") {
            let id: Int64 = row[0]
            guard !Folder.exists("\(destination)/keys/\(MailKeys.name(id))") else { continue }
            let used = try database.all(
                """
                SELECT message.blob, count(*) FROM message JOIN folder ON folder.id = message.folder
                WHERE folder.mailbox = ? GROUP BY message.blob
                """, [id])
            for row in used {
                let (blob, count): (Int64, Int64) = (row[0], row[1])
                try database.run("UPDATE blob SET uses = uses - ? WHERE id = ?", [count, blob])
            }
            try database.run(
                "DELETE FROM message WHERE folder IN (SELECT id FROM folder WHERE mailbox = ?)", [id])
            try database.run("DELETE FROM vanished WHERE folder IN (SELECT id FROM folder WHERE mailbox = ?)", [id])
            try database.run(
                "DELETE FROM summary_page WHERE folder IN (SELECT id FROM folder WHERE mailbox = ?)", [id])
            try database.run("DELETE FROM folder WHERE mailbox = ?", [id])
            try database.run("DELETE FROM delivery WHERE mailbox = ?", [id])
            try database.run("DELETE FROM mailbox WHERE id = ?", [id])
        }
        try database.run("DELETE FROM blob WHERE uses <= 0")
        try database.run("DELETE FROM summary WHERE blob NOT IN (SELECT id FROM blob)")
        try database.run(
            """
            UPDATE volume SET live = (
                SELECT coalesce(sum(size + 16 * max(1, (size + 65535) / 65536)), 0) FROM blob WHERE volume = number)
            """)
    }

    /// Gives every folder another `UIDVALIDITY`, as a restored store must before anybody reads it: since the backup, numbers
    /// may have been given to messages that are not in it, and will be given again (RFC 9051 §2.3.1.1).
    ///
    /// Clients download again what they kept.
    public func renewValidities(at now: Timestamp) async throws {
        let floor = min(max(now.seconds, 1), 0xFFFF_0000)
        try await write { writer in
            for mailbox in try writer.database.all("SELECT id FROM mailbox") {
                let id: Int64 = mailbox[0]
                try writer.database.run("UPDATE mailbox SET validity = max(validity, ?) WHERE id = ?", [floor, id])
                for folder in try writer.database.all("SELECT id FROM folder WHERE mailbox = ? ORDER BY id", [id]) {
                    try writer.database.run("UPDATE mailbox SET validity = validity + 1 WHERE id = ?", [id])
                    try writer.database.run(
                        "UPDATE folder SET validity = (SELECT validity FROM mailbox WHERE id = ?) WHERE id = ?",
                        [id, folder[0] as Int64])
                }
            }
        }
    }

    /// Makes a store of a backup, in an empty or missing folder; the backup is not changed. Every file is compared with
    /// its digest on the way. The restored store is then opened, and verified, as any other.
    ///
    /// - Throws: ``StoreError/notAStore(path:)`` for a folder without a list, ``StoreError/missing(path:)`` and
    ///   ``StoreError/damaged(path:offset:reason:)`` for a backup that is not what was written.
    public static func restore(_ backup: String, to folder: String) async throws {
        try await BackupList.restore(backup, to: folder)
    }
}
