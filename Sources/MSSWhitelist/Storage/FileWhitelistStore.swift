import Glibc
import MSSCore

/// Keeps the last verified lists in a folder, as received, each with its record beside it.
///
/// A copy is written to a temporary file, brought to disk, renamed, and the folder brought to disk: after a crash or a
/// power cut the folder holds either the whole copy or nothing of it. Processes that share a folder write to it one after
/// the other (`flock` on the folder).
public struct FileWhitelistStore: WhitelistStore {
    private let directory: String
    private let limit: Int
    /// Called between writing a temporary file and giving it its name: tests die here.
    private let beforeRename: @Sendable (_ name: String) -> Void

    /// Largest file read back: the largest document that a source takes.
    static let maximumBytes = HTTPWhitelistSource.defaultMaximumBytes

    /// A store of at most `limit` copies in a folder of its own, which is made when missing.
    public init(directory: String, limit: Int = 5) { self.init(directory: directory, limit: limit) { _ in } }

    init(directory: String, limit: Int = 5, beforeRename: @escaping @Sendable (_ name: String) -> Void) {
        self.directory = directory
        self.limit = max(1, limit)
        self.beforeRename = beforeRename
    }

    /// The copies in the folder, the latest generation first.
    public func copies() async throws(WhitelistStorageError) -> [any StoredWhitelist] {
        try await offPool { () throws(WhitelistStorageError) -> [any StoredWhitelist] in
            try names().map { FileCopy(path: "\(directory)/\($0)") }
        }
    }

    /// Keeps a copy and removes those beyond the limit.
    public func save(_ document: [UInt8], _ record: WhitelistRecord) async throws(WhitelistStorageError) {
        try await offPool { () throws(WhitelistStorageError) in
            let folder = try Folder(making: directory)
            let name = Self.name(record)
            // The record first: a document is never without it, a lone record is harmless.
            try write(Array(record.text.utf8), to: "\(name).record", folder)
            try write(document, to: "\(name).xml", folder)
            try removeOldest()
        }
    }

    /// Rewrites the record of a copy.
    public func update(_ record: WhitelistRecord) async throws(WhitelistStorageError) {
        try await offPool { () throws(WhitelistStorageError) in
            let folder = try Folder(making: directory)
            let name = Self.name(record)
            // A copy that is no longer kept needs no record: another process may have removed it.
            guard access("\(directory)/\(name).xml", F_OK) == 0 else { return }
            try write(Array(record.text.utf8), to: "\(name).record", folder)
        }
    }

    /// `liste-YYYYMMDDThhmmssZ-<digest>`: names sort by generation.
    private static func name(_ record: WhitelistRecord) -> String {
        let time = record.generated.xsdDateTime.filter { $0 != "-" && $0 != ":" && $0 != "." }
        return "liste-\(time)-\(record.digest.prefix(16))"
    }

    /// The documents of the folder, the latest generation first.
    private func names() throws(WhitelistStorageError) -> [String] {
        try files().filter { $0.hasPrefix("liste-") && $0.hasSuffix(".xml") }.sorted(by: >)
    }

    private func files() throws(WhitelistStorageError) -> [String] {
        guard let folder = opendir(directory) else {
            guard errno != ENOENT else { return [] }
            throw WhitelistStorageError(.list, path: directory, code: errno)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }

    /// Removes copies beyond the limit, and what a crash left of copies being written. With the folder locked, nobody else
    /// is writing one.
    private func removeOldest() throws(WhitelistStorageError) {
        // What cannot be removed is in nobody's way.
        for name in try names().dropFirst(limit) { unlink("\(directory)/\(name)") }
        let left = Set(try files())
        for name in left {
            let isLeftover = name.hasPrefix(".liste-") && name.contains(".tmp-")
            let isLoneRecord =
                name.hasPrefix("liste-") && name.hasSuffix(".record") && !left.contains("\(name.dropLast(7)).xml")
            if isLeftover || isLoneRecord { unlink("\(directory)/\(name)") }
        }
    }

    private func write(_ bytes: [UInt8], to name: String, _ folder: borrowing Folder) throws(WhitelistStorageError) {
        let path = "\(directory)/\(name)"
        let temporary = "\(directory)/.\(name).tmp-\(getpid())"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard file >= 0 else { throw WhitelistStorageError(.write, path: temporary, code: errno) }
        var isOpen = true
        defer {
            if isOpen { close(file) }
        }
        do throws(WhitelistStorageError) {
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw WhitelistStorageError(.write, path: temporary, code: errno) }
                written += count
            }
            guard fsync(file) == 0 else { throw WhitelistStorageError(.synchronise, path: temporary, code: errno) }
            isOpen = false
            guard close(file) == 0 else { throw WhitelistStorageError(.write, path: temporary, code: errno) }
            beforeRename(name)
            guard rename(temporary, path) == 0 else { throw WhitelistStorageError(.rename, path: path, code: errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        // The new name itself must reach the disk.
        guard fsync(folder.descriptor) == 0 else {
            throw WhitelistStorageError(.synchronise, path: directory, code: errno)
        }
    }

    /// The folder, open and locked against the other writers of this and of other processes; a writer that dies lets go.
    private struct Folder: ~Copyable {
        let descriptor: Int32

        init(making path: String) throws(WhitelistStorageError) {
            guard mkdir(path, 0o750) == 0 || errno == EEXIST else {
                throw WhitelistStorageError(.createDirectory, path: path, code: errno)
            }
            let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard folder >= 0 else { throw WhitelistStorageError(.write, path: path, code: errno) }
            while flock(folder, LOCK_EX) != 0 {
                let code = errno
                guard code == EINTR else {
                    close(folder)
                    throw WhitelistStorageError(.write, path: path, code: code)
                }
            }
            descriptor = folder
        }

        deinit { close(descriptor) }
    }

    private struct FileCopy: StoredWhitelist {
        let path: String
        var label: String { path }

        func load() async throws(WhitelistStorageError) -> (document: [UInt8], record: WhitelistRecord?) {
            try await offPool { () throws(WhitelistStorageError) -> ([UInt8], WhitelistRecord?) in
                let document = try Self.read(path, maximum: FileWhitelistStore.maximumBytes)
                let record = try? Self.read("\(path.dropLast(4)).record", maximum: 64 << 10)
                return (document, record.flatMap { WhitelistRecord(text: String(decoding: $0, as: UTF8.self)) })
            }
        }

        private static func read(_ path: String, maximum: Int) throws(WhitelistStorageError) -> [UInt8] {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw WhitelistStorageError(.read, path: path, code: errno) }
            defer { close(file) }
            var status = stat()
            guard fstat(file, &status) == 0 else { throw WhitelistStorageError(.read, path: path, code: errno) }
            guard status.st_size <= maximum else { throw WhitelistStorageError(.tooLarge, path: path, code: 0) }
            var failure: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
                while count < buffer.count {
                    let more = Glibc.read(file, buffer.baseAddress! + count, buffer.count - count)
                    if more < 0, errno == EINTR { continue }
                    if more < 0 { failure = errno }
                    if more <= 0 { break }
                    count += more
                }
            }
            guard failure == 0 else { throw WhitelistStorageError(.read, path: path, code: failure) }
            return bytes
        }
    }
}
