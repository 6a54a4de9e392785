import Glibc

/// What stores do with names in folders.
enum Folder {
    static func make(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system("mkdir", path) }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether a path is a folder; a link to one is none.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes a folder for a backup; one that holds something is refused.
    static func makeEmpty(_ path: String) throws(StoreError) {
        try make(path)
        guard try names(path).isEmpty else { throw .notEmpty(path: path) }
    }

    /// The names in a folder, sorted.
    static func names(_ path: String) throws(StoreError) -> [String] {
        guard let stream = opendir(path) else { throw .system("list", path) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // An entry is shorter than the structure: only what the name takes may be read.
            let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
            let name = String(cString: start.assumingMemoryBound(to: CChar.self))
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The entries of a folder, on disk when it returns.
    static func synchronize(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("sync", path) }
    }

    /// Writes a whole file that appears at once or not at all, on disk when it returns.
    static func write(_ bytes: [UInt8], to path: String) throws(StoreError) {
        let temporary = path + ".new"
        let file = try File(temporary, .create)
        try file.truncate(to: 0)
        try file.write(bytes, at: 0)
        try file.synchronize()
        try rename(temporary, to: path)
    }

    static func rename(_ old: String, to new: String) throws(StoreError) {
        guard Glibc.rename(old, new) == 0 else { throw .system("rename", new) }
        try synchronize(parent(of: new))
    }

    /// Has two folders of one file system change places, in one step.
    static func exchange(_ first: String, _ second: String) throws(StoreError) {
        // Glibc has it since 2.28, but shows it to C with _GNU_SOURCE only, which Swift's module is not made with.
        typealias RenameAt2 = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        let exchange: UInt32 = 2  // RENAME_EXCHANGE
        guard let symbol = dlsym(nil, "renameat2") else {
            throw .system(operation: "exchange", path: first, code: ENOSYS)
        }
        let renameat2 = unsafeBitCast(symbol, to: RenameAt2.self)
        guard renameat2(AT_FDCWD, first, AT_FDCWD, second, exchange) == 0 else { throw .system("exchange", first) }
        try synchronize(parent(of: first))
        if parent(of: second) != parent(of: first) { try synchronize(parent(of: second)) }
    }

    /// Removes a folder with the files in it.
    static func removeFiles(_ path: String) throws(StoreError) {
        for name in try names(path) { try remove(path + "/" + name) }
        guard rmdir(path) == 0 else { throw .system("remove", path) }
        try synchronize(parent(of: path))
    }

    static func remove(_ path: String) throws(StoreError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw .system("remove", path) }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A number with ten digits, so that names sort as numbers do.
    static func name(_ number: UInt32) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 10 - digits.utf8.count) + digits
    }

    /// The numbers of the files `0000000001.suffix`.
    static func numbers(_ path: String, _ suffix: String) throws(StoreError) -> [UInt32] {
        try names(path).compactMap { file in
            guard file.hasSuffix("." + suffix), let number = UInt32(file.dropLast(suffix.utf8.count + 1)) else {
                return nil
            }
            return name(number) + "." + suffix == file ? number : nil
        }
    }
}

/// The lock of the one process, freed with the last reference and by the kernel when the process dies.
final class StoreLock: Sendable {
    private let file: File

    init(_ path: String) throws(StoreError) {
        file = try File(path, .create)
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw .system("lock", path) }
            let holder = String(decoding: (try? file.readAll()) ?? [], as: UTF8.self)
            throw .busy(path: Folder.parent(of: path), holder: holder.isEmpty ? "?" : holder)
        }
        try file.truncate(to: 0)
        // On a full disk the lock holds without saying whose it is.
        try? file.write(Array("pid \(getpid())".utf8), at: 0)
    }

    // Closing the file would not do while a child of this process, begun at this moment, still has it.
    deinit { release() }

    /// Lets another process in, before the last reference goes.
    func release() { flock(file.descriptor, LOCK_UN) }
}
