import Glibc

/// An open file; closed with the last reference. Calls block.
final class File: Sendable {
    let descriptor: Int32
    let path: String

    enum Mode {
        case read, append, create, readWrite
    }

    init(_ path: String, _ mode: Mode) throws(TraceError) {
        let flags: Int32 =
            switch mode {
            case .read: O_RDONLY
            case .append: O_RDWR | O_APPEND
            case .create: O_RDWR | O_CREAT | O_TRUNC
            case .readWrite: O_RDWR | O_CREAT
            }
        descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw .system("open", path) }
    }

    deinit { close(descriptor) }

    func size() throws(TraceError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("stat", path) }
        return Int(status.st_size)
    }

    func write(_ bytes: [UInt8]) throws(TraceError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + offset, bytes.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system("write", path)
            }
            offset += count
        }
    }

    func write(_ bytes: [UInt8], at position: Int) throws(TraceError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress! + offset, bytes.count - offset, off_t(position + offset))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system("write", path)
            }
            offset += count
        }
    }

    /// Up to `count` bytes at a position; fewer at the end of the file.
    func read(_ count: Int, at position: Int) throws(TraceError) -> [UInt8] {
        var failure: TraceError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let read = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(position + filled))
                if read < 0 {
                    if errno == EINTR { continue }
                    failure = .system("read", path)
                    return
                }
                if read == 0 { return }
                filled += read
            }
        }
        if let failure { throw failure }
        return bytes
    }

    func readAll() throws(TraceError) -> [UInt8] { try read(try size(), at: 0) }

    /// On disk when it returns; data and size, not the times.
    func synchronize() throws(TraceError) {
        guard fdatasync(descriptor) == 0 else { throw .system("sync", path) }
    }

    func truncate(to size: Int) throws(TraceError) {
        while ftruncate(descriptor, off_t(size)) != 0 {
            guard errno == EINTR else { throw .system("truncate", path) }
        }
    }

    /// Overwrites everything with zeros, on disk when it returns. On media that write elsewhere (flash, copy-on-write)
    /// the operator's encryption at rest must do the rest.
    func overwrite() throws(TraceError) {
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        let size = try size()
        var position = 0
        while position < size {
            let count = min(zeros.count, size - position)
            try write(count == zeros.count ? zeros : Array(zeros[..<count]), at: position)
            position += count
        }
        try synchronize()
    }
}

extension TraceError {
    /// The last system error.
    static func system(_ operation: String, _ path: String) -> TraceError {
        switch errno {
        case ENOSPC: .diskFull(path: path)
        case EDQUOT: .quotaExceeded(path: path)
        case EFBIG: .fileTooLarge(path: path)
        case let code: .system(operation: operation, path: path, code: code)
        }
    }
}

/// What the store does with names in folders.
enum Folder {
    static func make(_ path: String) throws(TraceError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system("mkdir", path) }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The names in a folder, sorted.
    static func names(_ path: String) throws(TraceError) -> [String] {
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
    static func synchronize(_ path: String) throws(TraceError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("sync", path) }
    }

    /// Writes a whole file that appears at once or not at all, on disk when it returns.
    static func write(_ bytes: [UInt8], to path: String) throws(TraceError) {
        let temporary = path + ".new"
        let file = try File(temporary, .create)
        try file.write(bytes)
        try file.synchronize()
        try rename(temporary, to: path)
    }

    static func rename(_ old: String, to new: String) throws(TraceError) {
        guard Glibc.rename(old, new) == 0 else { throw .system("rename", new) }
        try synchronize(parent(of: new))
    }

    static func remove(_ path: String) throws(TraceError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw .system("remove", path) }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
