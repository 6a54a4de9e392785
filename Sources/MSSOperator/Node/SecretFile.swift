import Glibc
import MSSTLS

/// A passphrase in a file of its own (EX_SSI_5100).
enum SecretFile {
    /// The first line of a file of ours or of root that nobody else can read; `nil` when it is not such a file.
    static func read(_ path: String) -> SecretBytes? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0,
            status.st_uid == geteuid() || status.st_uid == 0
        else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        defer { for index in buffer.indices { buffer[index] = 0 } }
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return SecretBytes(buffer[..<count].prefix { $0 != 0x0A && $0 != 0x0D })
    }
}
