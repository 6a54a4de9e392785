import Dispatch
import Glibc
import MSSCore

/// Writes each notice as a line of JSON to a file, synced before it returns: for an operator whose own tools send.
public struct FileNotificationChannel: NotificationChannel {
    /// The path of the file.
    public let path: String

    /// A channel into a file, made on first use and readable by its owner alone.
    public init(path: String) { self.path = path }

    /// Appends the notice and syncs the file.
    public func deliver(_ notice: OutOfBandNotice, to contact: ContactPoint, key: String) async throws {
        let line = NoticeJSON.encode(notice, to: contact, key: key) + [0x0A]
        let path = path
        // A sync waits for the disk: not on a thread of the cooperative pool.
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try FileNotificationChannel.append(line, to: path) })
            }
        }
    }

    private static func append(_ line: [UInt8], to path: String) throws {
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw NotificationFailure.file(errno) }
        defer { close(file) }
        // One writer at a time, so that a failed line can be taken back without another's.
        guard flock(file, LOCK_EX) == 0 else { throw NotificationFailure.file(errno) }
        let end = lseek(file, 0, SEEK_END)
        var written = 0
        while written < line.count {
            let count = line[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let failure = errno
                ftruncate(file, end)
                throw NotificationFailure.file(failure)
            }
            written += count
        }
        guard fsync(file) == 0 else { throw NotificationFailure.file(errno) }
    }
}
