import Glibc
import MSSStore
import MSSTestKit

/// A file system of a few megabytes: a tmpfs of root's, where this machine lets one be mounted. The suites of the stores
/// have the same under a limit on file sizes, for everybody.
struct SmallDisk: Sendable {
    let path: String

    static let isPossible: Bool = {
        guard geteuid() == 0, let path = try? TestFiles.temporaryDirectory("mss-mount") else { return false }
        defer { rmdir(path) }
        guard mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0 else { return false }
        return umount2(path, 2) == 0
    }()

    init(megabytes: Int) throws {
        path = try TestFiles.temporaryDirectory("mss-disk")
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m,mode=700") == 0 else {
            throw StoreError.system(operation: "mount", path: path, code: errno)
        }
    }

    /// MNT_DETACH: whoever still has a file open keeps it.
    func remove() {
        umount2(path, 2)
        rmdir(path)
    }

    /// Takes all the room that is left.
    func fill() {
        let file = open(path + "/plein", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let zeros = [UInt8](repeating: 1, count: 4096)
        while write(file, zeros, zeros.count) > 0 {}
        while write(file, zeros, 1) > 0 {}
        close(file)
    }

    func release() { unlink(path + "/plein") }
}
