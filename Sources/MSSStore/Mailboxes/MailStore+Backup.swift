import COpenSSLShim
import Foundation
import GRDB
import MSSCore

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
    private static let list = "backup.sha256"

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
        try Folder.make(destination)
        guard try Folder.names(destination).isEmpty else { throw StoreError.notEmpty(path: destination) }
        for name in ["volumes", "keys"] { try Folder.make(destination + "/" + name) }
        let base = destination + "/" + MailStore.base
        let copy = try DatabaseQueue(path: base)
        try pool.backup(to: copy)
        var files = ["store"]
        // Keys first: of a mailbox that is deleted from now on, the copy holds noise as well.
        for name in try Folder.names(folder + "/keys") where name.hasSuffix(".key") { files.append("keys/" + name) }
        for name in files {
            guard let bytes = try? File(folder + "/" + name, .read).readAll(), bytes.contains(where: { $0 != 0 }) else {
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
            try MailStore.copy(try volumes.file(number), upTo: end, to: destination + "/" + name)
            files.append(name)
        }
        return try MailStore.writeList(destination, messages)
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
            try database.run("DELETE FROM folder WHERE mailbox = ?", [id])
            try database.run("DELETE FROM delivery WHERE mailbox = ?", [id])
            try database.run("DELETE FROM mailbox WHERE id = ?", [id])
        }
        try database.run("DELETE FROM blob WHERE uses <= 0")
        try database.run(
            """
            UPDATE volume SET live = (
                SELECT coalesce(sum(size + 16 * max(1, (size + 65535) / 65536)), 0) FROM blob WHERE volume = number)
            """)
    }

    private static func copy(_ source: File, upTo end: Int, to path: String) throws {
        let file = try File(path, .create)
        var position = 0
        while position < end {
            let bytes = try source.read(min(1 << 20, end - position), at: position)
            guard !bytes.isEmpty else { throw StoreError.damaged(path: source.path, offset: position, reason: "end") }
            try file.write(bytes, at: position)
            position += bytes.count
        }
        try file.synchronize()
    }

    /// The files of a backup, by their names in it.
    private static func files(_ root: String) throws -> [String] {
        var files = try Folder.names(root).filter { $0 == "store" || $0 == base }
        for name in ["keys", "volumes"] { files += try Folder.names(root + "/" + name).map { name + "/" + $0 } }
        return files
    }

    /// Lines as `sha256sum` writes and checks them.
    private static func writeList(_ root: String, _ messages: Int) throws -> MailBackup {
        var text = ""
        var backup = MailBackup(files: 0, bytes: 0, messages: messages)
        for name in try files(root) {
            let file = try File(root + "/" + name, .read)
            try file.synchronize()
            text += "\(try digest(file))  \(name)\n"
            backup.files += 1
            backup.bytes += Int64(try file.size())
        }
        for name in ["keys", "volumes"] { try Folder.synchronize(root + "/" + name) }
        try Folder.write(Array(text.utf8), to: root + "/" + list)
        return backup
    }

    private static func digest(_ file: File) throws -> String {
        guard let stream = mss_sha256_stream_new() else { throw StoreError.cryptography }
        defer { mss_sha256_stream_free(stream) }
        var position = 0
        while true {
            let bytes = try file.read(1 << 20, at: position)
            if bytes.isEmpty { break }
            guard mss_sha256_stream_add(stream, bytes, bytes.count) == 1 else { throw StoreError.cryptography }
            position += bytes.count
        }
        var digest = [UInt8](repeating: 0, count: 32)
        guard mss_sha256_stream_peek(stream, &digest) == 1 else { throw StoreError.cryptography }
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Makes a store of a backup, in an empty or missing folder; the backup is not changed. Every file is compared with
    /// its digest on the way. The restored store is then opened, and verified, as any other.
    ///
    /// - Throws: ``StoreError/notAStore(path:)`` for a folder without a list, ``StoreError/missing(path:)`` and
    ///   ``StoreError/damaged(path:offset:reason:)`` for a backup that is not what was written.
    public static func restore(_ backup: String, to folder: String) async throws {
        try await offPool {
            guard let list = try? File(backup + "/" + list, .read).readAll() else {
                throw StoreError.notAStore(path: backup)
            }
            try Folder.make(folder)
            guard try Folder.names(folder).isEmpty else { throw StoreError.notEmpty(path: folder) }
            for name in ["volumes", "keys"] { try Folder.make(folder + "/" + name) }
            for line in String(decoding: list, as: UTF8.self).split(separator: "\n") {
                let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
                guard words.count == 2 else { throw StoreError.notAStore(path: backup) }
                let name = words[1].drop { $0 == " " }
                // A list is not trusted to name other places.
                guard !name.contains(".."), !name.hasPrefix("/") else { throw StoreError.notAStore(path: backup) }
                let source = try File(backup + "/" + name, .read)
                try copy(source, upTo: try source.size(), to: folder + "/" + name)
                guard try digest(try File(folder + "/" + name, .read)) == words[0] else {
                    throw StoreError.damaged(path: source.path, offset: 0, reason: "digest")
                }
            }
            for name in ["keys", "volumes", ""] { try Folder.synchronize(folder + "/" + name) }
        }
    }
}
