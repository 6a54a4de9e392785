import COpenSSLShim
import Glibc

/// The list of a backup's files with their digests, as `sha256sum` writes and checks it. Written last: a folder without
/// it is no backup (EX_SSI_5110).
public enum BackupList {
    /// The name of the list in the backup's folder.
    public static let name = "backup.sha256"

    /// What a backup holds.
    public struct Content: Sendable, Hashable {
        /// Files, the list apart.
        public var files = 0
        /// Their bytes.
        public var bytes: Int64 = 0
    }

    /// Writes the list of every file below a folder; all of it is on the disk when it returns.
    @discardableResult
    public static func write(_ root: String) async throws -> Content { try await offPool { try writeBlocking(root) } }

    /// Compares every file of a backup with its digest.
    ///
    /// - Throws: ``StoreError/notAStore(path:)`` for a folder without a list, ``StoreError/missing(path:)`` and
    ///   ``StoreError/damaged(path:offset:reason:)`` for a backup that is not what was written.
    public static func verify(_ backup: String) async throws -> Content {
        try await offPool { try each(backup) { path, _ in try digest(try File(path, .read)) } }
    }

    /// Copies a backup to an empty or missing folder, comparing every file with its digest on the way; the backup is not
    /// changed.
    ///
    /// - Throws: what ``verify(_:)`` throws, and ``StoreError/notEmpty(path:)``.
    @discardableResult
    public static func restore(_ backup: String, to folder: String) async throws -> Content {
        try await offPool { try restoreBlocking(backup, to: folder) }
    }

    // MARK: Files

    static func writeBlocking(_ root: String) throws -> Content {
        var (text, content) = ("", Content())
        for name in try files(root, "") where name != BackupList.name {
            let file = try File(root + "/" + name, .read)
            try file.synchronize()
            text += "\(try digest(file))  \(name)\n"
            content.files += 1
            content.bytes += Int64(try file.size())
        }
        for folder in try folders(root) { try Folder.synchronize(folder) }
        try Folder.write(Array(text.utf8), to: root + "/" + BackupList.name)
        return content
    }

    static func restoreBlocking(_ backup: String, to folder: String) throws -> Content {
        guard Folder.exists(backup + "/" + name) else { throw StoreError.notAStore(path: backup) }
        try Folder.makeEmpty(folder)
        let content = try each(backup) { path, name in
            var parent = folder
            for part in name.split(separator: "/").dropLast() {
                parent += "/\(part)"
                try Folder.make(parent)
            }
            let source = try File(path, .read)
            try copy(source, upTo: try source.size(), to: folder + "/" + name)
            return try digest(try File(folder + "/" + name, .read))
        }
        for folder in try folders(folder) { try Folder.synchronize(folder) }
        return content
    }

    /// Goes through the list; `body` returns the digest of what it found.
    private static func each(
        _ backup: String, _ body: (_ path: String, _ name: String) throws -> String
    ) throws -> Content {
        guard let list = try? File(backup + "/" + name, .read).readAll() else {
            throw StoreError.notAStore(path: backup)
        }
        var content = Content()
        for line in String(decoding: list, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard words.count == 2 else { throw StoreError.notAStore(path: backup) }
            let name = String(words[1].drop { $0 == " " })
            // A list is not trusted to name other places.
            guard !name.split(separator: "/").contains(".."), !name.hasPrefix("/") else {
                throw StoreError.notAStore(path: backup)
            }
            let path = backup + "/" + name
            guard try body(path, name) == words[0] else {
                throw StoreError.damaged(path: path, offset: 0, reason: "digest")
            }
            content.files += 1
            content.bytes += Int64(try File(path, .read).size())
        }
        return content
    }

    /// The files below a folder, by their names from there.
    private static func files(_ root: String, _ prefix: String) throws(StoreError) -> [String] {
        var files: [String] = []
        for name in try Folder.names(root) {
            let path = root + "/" + name
            if Folder.isFolder(path) {
                files += try BackupList.files(path, prefix + name + "/")
            } else {
                files.append(prefix + name)
            }
        }
        return files
    }

    /// A folder and all below it.
    private static func folders(_ root: String) throws(StoreError) -> [String] {
        var folders = [root]
        for name in try Folder.names(root) where Folder.isFolder(root + "/" + name) {
            folders += try BackupList.folders(root + "/" + name)
        }
        return folders
    }

    /// Copies the beginning of a file; what is shorter was cut.
    static func copy(_ source: File, upTo end: Int, to path: String) throws(StoreError) {
        let file = try File(path, .create)
        var position = 0
        while position < end {
            let bytes = try source.read(min(1 << 20, end - position), at: position)
            guard !bytes.isEmpty else { throw .damaged(path: source.path, offset: position, reason: "end") }
            try file.write(bytes, at: position)
            position += bytes.count
        }
        try file.synchronize()
    }

    static func digest(_ file: File) throws(StoreError) -> String {
        guard let stream = mss_sha256_stream_new() else { throw .cryptography }
        defer { mss_sha256_stream_free(stream) }
        var position = 0
        while true {
            let bytes = try file.read(1 << 20, at: position)
            if bytes.isEmpty { break }
            guard mss_sha256_stream_add(stream, bytes, bytes.count) == 1 else { throw .cryptography }
            position += bytes.count
        }
        var digest = [UInt8](repeating: 0, count: 32)
        guard mss_sha256_stream_peek(stream, &digest) == 1 else { throw .cryptography }
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
