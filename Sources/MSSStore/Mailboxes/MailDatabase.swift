import GRDB
import MSSCore

/// Short forms of what the statements of a mail store need.
extension Database {
    func run(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws {
        try cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
    }

    func one(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws -> Row? {
        try Row.fetchOne(try cachedStatement(sql: sql), arguments: StatementArguments(arguments))
    }

    func all(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws -> [Row] {
        try Row.fetchAll(try cachedStatement(sql: sql), arguments: StatementArguments(arguments))
    }

    func number(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws -> Int64 {
        try one(sql, arguments).map { $0[0] } ?? 0
    }
}

extension Timestamp {
    /// Nanoseconds since 1970, as the base keeps times; good until 2262.
    var stored: Int64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : product + Int64(nanoseconds)
    }

    init(stored: Int64) {
        var (seconds, rest) = stored.quotientAndRemainder(dividingBy: 1_000_000_000)
        if rest < 0 { (seconds, rest) = (seconds - 1, rest + 1_000_000_000) }
        self.init(seconds: seconds, nanoseconds: Int32(rest))
    }
}

extension StoreError {
    /// Writing the log or the base, and making its index of the log longer.
    private static let noRoom: [ResultCode] = [.SQLITE_IOERR_WRITE, .SQLITE_IOERR_SHMSIZE]

    /// SQLite's failures in the store's words.
    static func of(_ error: any Error, _ path: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        switch error.resultCode {
        case .SQLITE_FULL: return StoreError.diskFull(path: path)
        // No room shows as a failed write too, when it is a quota or a limit of the process that refuses.
        case .SQLITE_IOERR where noRoom.contains(error.extendedResultCode): return StoreError.diskFull(path: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return StoreError.damaged(path: path, offset: 0, reason: error.message ?? "corrupt")
        default: return StoreError.database(error.message ?? "\(error.resultCode)")
        }
    }
}

/// Keywords as a row keeps them.
enum MailKeywords {
    /// Sorted, each once whatever its case; what is no keyword (RFC 9051 §9 `flag-keyword`) is left out.
    static func normal(_ keywords: [String]) -> [String] {
        var seen: Set<String> = []
        return keywords.sorted().filter { keyword in
            let isAtom =
                (1...64).contains(keyword.utf8.count)
                && keyword.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"(){%*\"\\]".utf8.contains($0) }
            return isAtom && seen.insert(keyword.lowercased()).inserted
        }
    }

    static func text(_ keywords: [String]) -> String { normal(keywords).joined(separator: " ") }
    static func list(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}

extension MailMessage {
    static let columns = "folder, uid, size, received, flags, keywords, modseq"

    init(_ row: Row) {
        self.init(
            folder: MailFolderID(rawValue: row[0]), uid: row[1], size: row[2], received: Timestamp(stored: row[3]),
            flags: MailFlags(rawValue: row[4]), keywords: MailKeywords.list(row[5]), changeNumber: row[6])
    }
}

extension MailFolder {
    static let columns = """
        folder.id, mailbox.name, folder.name, folder.use, folder.validity, folder.next, folder.modseq, folder.messages,
        folder.octets, folder.unseen, folder.subscribed
        """

    init(_ row: Row) {
        self.init(
            id: MailFolderID(rawValue: row[0]), mailbox: MailboxName(row[1]), name: row[2],
            use: MailFolderUse(rawValue: row[3]) ?? .ordinary, validity: row[4], nextUID: row[5], changeNumber: row[6],
            messages: row[7], octets: row[8], unseen: row[9], isSubscribed: row[10])
    }
}

extension MailboxStatus {
    static let columns = "name, created, quota, octets, messages, modseq"

    init(_ row: Row) {
        self.init(
            name: MailboxName(row[0]), created: Timestamp(stored: row[1]), quota: row[2], octets: row[3],
            messages: row[4], changeNumber: row[5])
    }
}
