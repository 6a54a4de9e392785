import Glibc

/// The system's sentence for the last error.
func systemReason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

/// A file that cannot be read or written; the text is the system's reason.
struct FileError: Error, CustomStringConvertible {
    let description: String
}

/// Whole files, within a bound. These calls block: not for event loops.
enum BoundedFile {
    /// The bytes of a regular file.
    static func read(_ path: String, maximumBytes: Int) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileError(description: systemReason()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(description: systemReason()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(description: "not a regular file") }
        return try read(descriptor, maximumBytes: maximumBytes)
    }

    /// The bytes of an open file, from its position to its end.
    static func read(_ descriptor: CInt, maximumBytes: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        let chunk = 1 << 16
        while true {
            let before = bytes.count
            guard before <= maximumBytes else { throw FileError(description: "larger than \(maximumBytes) bytes") }
            bytes.append(contentsOf: repeatElement(0, count: chunk))
            let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + before, chunk) }
            if count < 0, errno == EINTR {
                bytes.removeLast(chunk)
                continue
            }
            guard count >= 0 else { throw FileError(description: systemReason()) }
            bytes.removeLast(chunk - count)
            if count == 0 { return bytes }
        }
    }

    /// Replaces a file so that after a crash either the old or the new content is there, whole.
    static func writeAtomically(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(FileError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let temporary = "\(path).\(getpid()).tmp"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw FileError(description: systemReason()) }
        var failure: FileError?
        var offset = 0
        while failure == nil, offset < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + offset, bytes.count - offset) }
            if count > 0 { offset += count } else if errno != EINTR { failure = FileError(description: systemReason()) }
        }
        if failure == nil, fsync(descriptor) != 0 { failure = FileError(description: systemReason()) }
        if close(descriptor) != 0, failure == nil { failure = FileError(description: systemReason()) }
        if failure == nil, rename(temporary, path) != 0 { failure = FileError(description: systemReason()) }
        if let failure {
            unlink(temporary)
            throw failure
        }
        // The rename itself lasts only once the directory is synced.
        let parent = open(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { throw FileError(description: systemReason()) }
        defer { close(parent) }
        guard fsync(parent) == 0 else { throw FileError(description: systemReason()) }
    }
}

/// Runs work that blocks (disk, long parsing) on a thread of its own, off the cooperative pool.
func offPool<Success: Sendable>(_ work: @escaping @Sendable () -> Success) async -> Success {
    await withCheckedContinuation { continuation in
        let box = ThreadWork { continuation.resume(returning: work()) }
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        let retained = Unmanaged.passRetained(box)
        let result = pthread_create(
            &thread, &attributes,
            { argument in
                Unmanaged<ThreadWork>.fromOpaque(argument!).takeRetainedValue().body()
                return nil
            }, retained.toOpaque())
        pthread_attr_destroy(&attributes)
        if result != 0 {  // no thread to be had: late is better than never
            retained.takeRetainedValue().body()
        }
    }
}

private final class ThreadWork: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
