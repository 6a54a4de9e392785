import Glibc

/// Where things lie in the data folder.
public struct OperatorLayout: Sendable, Hashable {
    /// The data folder.
    public let root: String

    /// The layout of a data folder.
    public init(_ root: String) { self.root = root.hasSuffix("/") ? String(root.dropLast()) : root }

    /// Messages on their way.
    public var queue: String { "\(root)/file" }
    /// Messages in mailboxes.
    public var mail: String { "\(root)/courrier" }
    /// The base of accounts.
    public var accounts: String { "\(root)/comptes/comptes.sqlite" }
    /// The credentials of the operator's own method (RE_LPS_0100).
    public var credentials: String { "\(root)/comptes/acces.sqlite" }
    /// The journal of traces.
    public var traces: String { "\(root)/traces" }
    /// Copies of the whitelist.
    public var whitelist: String { "\(root)/liste-blanche" }
    /// Revocation lists.
    public var revocation: String { "\(root)/crl" }
    /// What was blocked.
    public var quarantine: String { "\(root)/quarantaine" }
    /// Ledgers of jobs and replies.
    public var ledgers: String { "\(root)/registres" }

    /// Makes the folders that are not there, mode 0700; refuses a data folder that others may look into.
    func make() throws(OperatorFailure) {
        for folder in [root, "\(root)/comptes", whitelist, revocation, quarantine, ledgers] {
            if mkdir(folder, 0o700) != 0, errno != EEXIST {
                throw .folder(path: folder, reason: String(cString: strerror(errno)))
            }
        }
        var status = stat()
        guard stat(root, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw .folder(path: root, reason: "ce n'est pas un dossier")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .folder(path: root, reason: "d'autres comptes que celui du service y ont accès (chmod 0700)")
        }
    }

    /// Octets free for an ordinary user, and in all, on the disk of the data.
    public var space: (free: UInt64, total: UInt64)? {
        var status = statvfs()
        guard statvfs(root, &status) == 0 else { return nil }
        return (UInt64(status.f_bavail) * UInt64(status.f_frsize), UInt64(status.f_blocks) * UInt64(status.f_frsize))
    }
}
