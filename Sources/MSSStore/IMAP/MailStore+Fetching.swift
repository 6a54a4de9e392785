import Foundation
import GRDB
import GRDBSQLite
import MSSIMAP
import NIOCore

/// A message of a folder with what was asked for of it.
struct MailFetched: Sendable {
    var message: MailMessage
    var summary: IMAPMessageSummary?
    /// Where its octets lie; `nil` when they were not asked for, or when its key is not what was written.
    var place: MailPlace?
    /// All of them, when they are few.
    var octets: ByteBuffer?
}

extension MailStore {
    /// Octets of short messages that are read ahead: one look at the base and the disk serves some dozens of them.
    static let ahead = 1 << 20

    /// Messages of a folder of a mailbox by ranges of UIDs, in their order, with what is needed of them: found, read and
    /// decrypted in one step (decision 0221). What is missing of summaries, and of their pages, is made and kept.
    ///
    /// - Parameters:
    ///   - ranges: ascending.
    ///   - ahead: so many octets of short messages are read at once at most.
    ///   - usesPages: whether summaries are read from pages (decision 0225) where many are asked for.
    /// - Throws: ``StoreError/unknownFolder`` when the mailbox has no such folder.
    func fetch(
        _ ranges: [ClosedRange<UInt32>], _ needs: IMAPFetchNeeds, in folder: MailFolderID, of mailbox: MailboxName,
        ahead: Int = MailStore.ahead, usesPages: Bool = true
    ) async throws -> [MailFetched] {
        guard !needs.isEmpty else {
            return try await messages(in: folder, of: mailbox, ranges).map { MailFetched(message: $0) }
        }
        let (rows, missing, pages) = try await read { [keys, volumes] database in
            let place = try SummaryPages.Place(database, folder, of: mailbox)
            let pages =
                usesPages && !needs.contains(.content)
                ? try SummaryPages(database, place, ranges, needs, keys) : SummaryPages(ranges)
            var look = Look(owner: place.owner, needs: needs, keys: keys, volumes: volumes, limit: ahead)
            for (range, isPaged) in pages.parts {
                if isPaged {
                    try look.take(range, pages, database, folder)
                } else {
                    try look.take(range, database, folder)
                }
            }
            return (look.found, look.missing, pages.missing)
        }
        if !pages.isEmpty { await makePages(pages, in: folder, of: mailbox) }
        guard !missing.isEmpty else { return rows }
        var found = rows
        let made = try await summarise(missing.map(\.message), in: folder)
        for (index, message) in missing { found[index].summary = made[message.uid] }
        return found
    }

    /// The rows of one look, as they are read. On a thread of the base.
    private struct Look {
        let owner: Int64
        let needs: IMAPFetchNeeds
        let keys: MailKeys
        let volumes: MailVolumes
        var found: [MailFetched] = []
        /// Those whose summary is to be made, by their place among them.
        var missing: [(index: Int, message: Unsummarised)] = []
        /// How many octets are read ahead at most.
        let limit: Int
        private var ahead = 0

        init(owner: Int64, needs: IMAPFetchNeeds, keys: MailKeys, volumes: MailVolumes, limit: Int) {
            (self.owner, self.needs, self.keys, self.volumes, self.limit) = (owner, needs, keys, volumes, limit)
        }

        private var needsSummary: Bool { !needs.isDisjoint(with: .summary) }

        /// Takes the messages of a range.
        mutating func take(_ range: ClosedRange<UInt32>, _ database: Database, _ folder: MailFolderID) throws {
            try database.each(
                needsSummary ? Self.withSummary : Self.withoutSummary,
                [folder.rawValue, range.lowerBound, range.upperBound]
            ) { try take($0) }
        }

        /// Takes the messages of a range whose summaries lie in pages; those that do not by themselves.
        mutating func take(
            _ range: ClosedRange<UInt32>, _ pages: SummaryPages, _ database: Database, _ folder: MailFolderID
        ) throws {
            try database.each(
                "SELECT \(MailMessage.columns) FROM message WHERE folder = ? AND uid BETWEEN ? AND ? ORDER BY uid",
                [folder.rawValue, range.lowerBound, range.upperBound]
            ) { row in
                let message = MailMessage(row)
                if let summary = pages.summary(of: message.uid) {
                    found.append(MailFetched(message: message, summary: summary))
                } else {
                    try take(message.uid...message.uid, database, folder)
                }
            }
        }

        private static let withSummary = select("summary.sealed", "LEFT JOIN summary ON summary.blob = message.blob")
        private static let withoutSummary = select("NULL", "")

        private static func select(_ summary: String, _ join: String) -> String {
            """
            SELECT message.folder, message.uid, message.size, message.received, message.flags, message.keywords,
                message.modseq, message.key, message.blob, blob.name, blob.volume, blob.offset, \(summary)
            FROM message JOIN blob ON blob.id = message.blob \(join)
            WHERE message.folder = ? AND message.uid BETWEEN ? AND ? ORDER BY message.uid
            """
        }

        private mutating func take(_ row: Row) throws {
            var fetched = MailFetched(message: MailMessage(row))
            defer { found.append(fetched) }
            let name = (row[9] as ColumnOctets).bytes
            guard let key = try keys.unwrap((row[7] as ColumnOctets).bytes, for: owner, blob: name) else { return }
            let place = MailPlace(
                volume: row[10], offset: row[11], size: fetched.message.size, name: name, key: key)
            if needsSummary {
                let sealed = (row[12] as ColumnOctets?)?.bytes
                if let sealed, !sealed.isEmpty { fetched.summary = try SummaryFormat.open(sealed, name, key) }
                // An empty one: there is none, it would be too long.
                if fetched.summary == nil, sealed?.isEmpty != true {
                    missing.append(
                        (found.count, Unsummarised(uid: fetched.message.uid, blob: row[8], place: place)))
                }
            }
            guard needs.contains(.content) || fetched.summary == nil else { return }
            fetched.place = place
            guard (1...BlobFormat.frame).contains(place.size), ahead + place.size <= limit else { return }
            // What cannot be read now is read again when it is asked for, and told then.
            fetched.octets = try? place.octets(volumes)
            ahead += place.size
        }
    }

    /// What a session must know of a folder of a mailbox that it selects, in one snapshot.
    ///
    /// - Throws: ``StoreError/unknownFolder`` when the mailbox has no such folder.
    func overview(
        of id: MailFolderID, of mailbox: MailboxName
    ) async throws -> (folder: MailFolder, uids: [UInt32], keywords: [String], firstUnseen: Int?) {
        try await read { database in
            let row = try database.one(
                """
                SELECT \(MailFolder.columns) FROM folder JOIN mailbox ON mailbox.id = folder.mailbox
                WHERE folder.id = ? AND mailbox.name = ?
                """, [id.rawValue, mailbox.rawValue])
            guard let row else { throw StoreError.unknownFolder }
            let folder = MailFolder(row)
            var uids: [UInt32] = []
            uids.reserveCapacity(folder.messages)
            var keywords: Set<String> = []
            var firstUnseen: Int?
            try database.each(
                "SELECT uid, flags, keywords FROM message WHERE folder = ? ORDER BY uid", [id.rawValue]
            ) { row in
                uids.append(row[0])
                if firstUnseen == nil, (row[1] as Int64) & MailFlags.seen.rawValue == 0 { firstUnseen = uids.count }
                let text: String = row[2]
                if !text.isEmpty { keywords.insert(text) }
            }
            return (folder, uids, keywords.flatMap(MailKeywords.list), firstUnseen)
        }
    }
}

/// The octets of a column, copied once.
struct ColumnOctets: DatabaseValueConvertible, StatementColumnConvertible {
    let bytes: [UInt8]

    init?(sqliteStatement: SQLiteStatement, index: CInt) {
        let start = sqlite3_column_blob(sqliteStatement, index)
        let count = Int(sqlite3_column_bytes(sqliteStatement, index))
        bytes = start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) } ?? []
    }

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    var databaseValue: DatabaseValue { Data(bytes).databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> ColumnOctets? {
        Data.fromDatabaseValue(value).map { ColumnOctets([UInt8]($0)) }
    }
}

extension MailPlace {
    /// All octets of a message of one frame; `nil` when they are not what was written. Blocks.
    fileprivate func octets(_ volumes: MailVolumes) throws -> ByteBuffer? {
        let sealed = try volumes.file(volume).read(BlobFormat.count(size), at: offset)
        guard sealed.count == BlobFormat.count(size) else { return nil }
        var plain = ByteBuffer()
        var isWhole = false
        try plain.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
            isWhole = try sealed.withBytes { sealed throws(StoreError) in
                try BlobFormat.open(sealed, index: 0, isLast: true, name, key, to: target.baseAddress!)
            }
            return isWhole ? size : 0
        }
        return isWhole ? plain : nil
    }
}
