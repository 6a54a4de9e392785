import Glibc
import MSSStore

/// Small files that commands write.
enum Files {
    static func make(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw StoreError.system(operation: "mkdir", path: path, code: errno)
        }
    }

    static func makeEmpty(_ path: String) throws {
        try make(path)
        guard let stream = opendir(path) else { throw StoreError.system(operation: "list", path: path, code: errno) }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
            let name = String(cString: start.assumingMemoryBound(to: CChar.self))
            guard name == "." || name == ".." else { throw StoreError.notEmpty(path: path) }
        }
    }

    /// Writes a new file; one that is there is refused.
    static func write(_ text: String, to path: String, mode: UInt32) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw StoreError.system(operation: "open", path: path, code: errno) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        var position = 0
        while position < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + position, bytes.count - position) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StoreError.system(operation: "write", path: path, code: errno) }
            position += count
        }
    }

    /// A small file; `nil` when it cannot be read.
    static func read(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= limit {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
        return nil
    }
}

extension Files {
    static func remove(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw StoreError.system(operation: "remove", path: path, code: errno)
        }
    }
}
