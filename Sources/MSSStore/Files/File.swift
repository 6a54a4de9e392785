import Glibc

/// An open file; closed with the last reference. Calls block.
final class File: Sendable {
    let descriptor: Int32
    let path: String
    /// Whether what the disk answers with an error reads as zeros, for salvage: a bad sector costs what lies in it.
    private let zeroesUnreadable: Bool

    enum Mode {
        case read, readWrite, create
    }

    init(_ path: String, _ mode: Mode, zeroesUnreadable: Bool = false) throws(StoreError) {
        let flags: Int32 =
            switch mode {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .create: O_RDWR | O_CREAT
            }
        descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        self.path = path
        self.zeroesUnreadable = zeroesUnreadable
        guard descriptor >= 0 else { throw errno == ENOENT ? .missing(path: path) : .system("open", path) }
    }

    deinit { close(descriptor) }

    func size() throws(StoreError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("stat", path) }
        return Int(status.st_size)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(StoreError) {
        var offset = 0
        while offset < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress! + offset, bytes.count - offset, off_t(position + offset))
            if count < 0 {
                if errno == EINTR { continue }
                throw .system("write", path)
            }
            offset += count
        }
    }

    func write(_ bytes: [UInt8], at position: Int) throws(StoreError) {
        let result = bytes.withUnsafeBytes { bytes -> Result<Void, StoreError> in
            do throws(StoreError) { return .success(try write(bytes, at: position)) } catch { return .failure(error) }
        }
        try result.get()
    }

    /// Fills `buffer` from a position; returns how much, less than asked at the end of the file only.
    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int) throws(StoreError) -> Int {
        var filled = 0
        // Halved where the disk fails, so that what lies around a bad block is read.
        var most = Int.max
        while filled < buffer.count {
            let wanted = min(buffer.count - filled, most)
            let count = pread(descriptor, buffer.baseAddress! + filled, wanted, off_t(position + filled))
            if count < 0 {
                if errno == EINTR { continue }
                guard errno == EIO, zeroesUnreadable else { throw .system("read", path) }
                // To the end of the block: no disk loses less at once.
                let block = File.block - (position + filled) % File.block
                if wanted > block {
                    most = max(wanted / 2, block)
                } else {
                    memset(buffer.baseAddress! + filled, 0, wanted)
                    filled += wanted
                    most = File.block
                }
                continue
            }
            if count == 0 { break }
            filled += count
            if most < .max / 2 { most *= 2 }
        }
        return filled
    }

    private static let block = 4096

    /// Up to `count` bytes at a position; fewer at the end of the file.
    func read(_ count: Int, at position: Int) throws(StoreError) -> [UInt8] {
        var failure: StoreError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(StoreError) { filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: position) } catch
            {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    func readAll() throws(StoreError) -> [UInt8] { try read(try size(), at: 0) }

    /// On disk when it returns; data and size, not the times.
    func synchronize() throws(StoreError) {
        guard fdatasync(descriptor) == 0 else { throw .system("sync", path) }
    }

    func truncate(to size: Int) throws(StoreError) {
        while ftruncate(descriptor, off_t(size)) != 0 { guard errno == EINTR else { throw .system("truncate", path) } }
    }

    private static let zeros = [UInt8](repeating: 0, count: 1 << 20)

    /// Writes zeros over a range. Blocks that were written need no change of the file system's own data when they are
    /// written again, which is what makes a later `fdatasync` cheap; blocks that were only reserved would.
    func fill(_ range: Range<Int>) throws(StoreError) {
        var position = range.lowerBound
        while position < range.upperBound {
            let count = min(File.zeros.count, range.upperBound - position)
            try write(count == File.zeros.count ? File.zeros : Array(File.zeros[..<count]), at: position)
            position += count
        }
    }
}

extension StoreError {
    /// The last system error.
    static func system(_ operation: String, _ path: String) -> StoreError {
        switch errno {
        // EFBIG: the limit on file sizes of the process; EDQUOT: the user's share.
        case ENOSPC, EDQUOT, EFBIG: .diskFull(path: path)
        case let code: .system(operation: operation, path: path, code: code)
        }
    }
}
