import Glibc

/// Reads files that hold private keys (EX_SSI_5100).
///
/// What is checked is the opened file, not its name, so that nothing can be exchanged in between: a regular file that
/// belongs to us or to root, whose mode gives nothing to group and others. These calls block: not for event loops.
enum KeyFile {
    /// A key with its chain in PEM, or a PKCS#12 container, is a few KB.
    static let maximumBytes = 256 * 1024

    static func read(_ path: String) throws(KeyError) -> SecretBytes {
        // O_NOFOLLOW: the last component must be the file itself, so that who may write the directory of a link cannot
        // choose another key. O_NONBLOCK: a FIFO must not hold us up.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let reason = errno == ELOOP ? "is a symbolic link" : systemReason()
            throw .unreadable(path: path, reason: reason)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, reason: systemReason()) }
        if let reason = complaint(about: status) { throw .loosePermissions(path: path, reason: reason) }
        guard status.st_size <= maximumBytes else { throw .tooLarge }

        var problem: KeyError?
        // One byte more than the size: a file that grew meanwhile is noticed.
        let secret = SecretBytes(capacity: Int(status.st_size) + 1) { buffer in
            var filled = 0
            while filled < buffer.count {
                let count = Glibc.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
                if count < 0, errno == EINTR { continue }
                if count < 0 { problem = .unreadable(path: path, reason: systemReason()) }
                guard count > 0 else { return filled }
                filled += count
            }
            problem = .unreadable(path: path, reason: "changed while it was read")
            return filled
        }
        if let problem { throw problem }
        return secret
    }

    private static func complaint(about status: stat) -> String? {
        guard status.st_mode & S_IFMT == S_IFREG else { return "not a regular file" }
        guard status.st_uid == geteuid() || status.st_uid == 0 else { return "belongs to another user" }
        guard status.st_mode & 0o077 == 0 else {
            return "mode \(String(status.st_mode & 0o777, radix: 8)) gives access to group or others"
        }
        return nil
    }
}
