import GRDB

/// What changed in a folder, as of one moment.
public struct MailFolderChanges: Sendable {
    /// The folder.
    public var folder: MailFolder
    /// Messages that are new or changed, by UID.
    public var messages: [MailMessage]
    /// UIDs that vanished, ascending.
    public var vanished: [UInt32]
}

extension MailStore {
    // A `+` takes a column out of the choice of an index: SQLite would rather look at every message of the folder, which
    // are in order, than sort the few that changed.
    private static let allMessages =
        "SELECT \(MailMessage.columns) FROM message WHERE folder = ? AND +modseq > ? ORDER BY uid"
    static let changedMessages =
        "SELECT \(MailMessage.columns) FROM message WHERE folder = ? AND modseq > ? ORDER BY +uid"
    static let vanishedMessages = "SELECT uid FROM vanished WHERE folder = ? AND modseq > ? ORDER BY +uid"

    /// What changed in a folder of a mailbox, read in one snapshot: messages with a greater change number than `number`,
    /// UIDs that vanished with a greater one than `vanishedSince`.
    ///
    /// - Throws: ``StoreError/unknownFolder`` when the mailbox has no such folder.
    public func changes(
        in id: MailFolderID, of mailbox: MailboxName, since number: Int64, vanishedSince: Int64
    ) async throws -> MailFolderChanges {
        try await read { database in
            let row = try database.one(
                """
                SELECT \(MailFolder.columns) FROM folder JOIN mailbox ON mailbox.id = folder.mailbox
                WHERE folder.id = ? AND mailbox.name = ?
                """, [id.rawValue, mailbox.rawValue])
            guard let row else { throw StoreError.unknownFolder }
            let folder = MailFolder(row)
            // Nothing is newer than the folder: most looks end here.
            let messages =
                number >= folder.changeNumber
                ? []
                : try MailMessage.list(
                    database, number <= 0 ? Self.allMessages : Self.changedMessages, [id.rawValue, number])
            let vanished: [UInt32] =
                vanishedSince >= folder.changeNumber
                ? []
                : try database.all(Self.vanishedMessages, [id.rawValue, vanishedSince]).map { $0[0] }
            return MailFolderChanges(folder: folder, messages: messages, vanished: vanished)
        }
    }

    /// Messages of a folder of a mailbox by ranges of UIDs, in their order.
    ///
    /// - Throws: ``StoreError/unknownFolder`` when the mailbox has no such folder.
    public func messages(
        in id: MailFolderID, of mailbox: MailboxName, _ ranges: [ClosedRange<UInt32>]
    ) async throws -> [MailMessage] {
        try await read { database in
            let isThere = try database.one(
                "SELECT 1 FROM folder JOIN mailbox ON mailbox.id = folder.mailbox WHERE folder.id = ? AND mailbox.name = ?",
                [id.rawValue, mailbox.rawValue])
            guard isThere != nil else { throw StoreError.unknownFolder }
            return try ranges.flatMap { range in
                try MailMessage.list(
                    database,
                    "SELECT \(MailMessage.columns) FROM message WHERE folder = ? AND uid BETWEEN ? AND ? ORDER BY uid",
                    [id.rawValue, range.lowerBound, range.upperBound])
            }
        }
    }

    /// Marks a folder as one that clients show, or not.
    public func setSubscribed(_ isSubscribed: Bool, _ folder: MailFolderID) async throws {
        try await write { writer in
            try writer.database.run(
                "UPDATE folder SET subscribed = ? WHERE id = ?", [isSubscribed, folder.rawValue])
        }
    }
}
