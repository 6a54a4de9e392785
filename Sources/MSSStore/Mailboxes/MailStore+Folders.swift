import GRDB
import MSSCore

extension MailStore {
    /// The folders of a mailbox, by name, INBOX first.
    ///
    /// - Throws: ``StoreError/unknownMailbox``.
    public func folders(of mailbox: MailboxName) async throws -> [MailFolder] {
        try await read { database in
            let rows = try database.all(
                """
                SELECT \(MailFolder.columns) FROM folder JOIN mailbox ON mailbox.id = folder.mailbox
                WHERE mailbox.name = ? ORDER BY folder.use <> 1, folder.name
                """, [mailbox.rawValue])
            guard !rows.isEmpty else { throw StoreError.unknownMailbox }
            return rows.map(MailFolder.init)
        }
    }

    /// A folder as it is now; `nil` when it was deleted.
    public func folder(_ id: MailFolderID) async throws -> MailFolder? {
        try await read { database in
            try database.one(
                """
                SELECT \(MailFolder.columns) FROM folder JOIN mailbox ON mailbox.id = folder.mailbox
                WHERE folder.id = ?
                """, [id.rawValue]
            ).map(MailFolder.init)
        }
    }

    /// Makes a folder.
    ///
    /// - Throws: ``StoreError/folderExists``, ``StoreError/unknownMailbox``.
    @discardableResult
    public func createFolder(
        _ name: String, in mailbox: MailboxName, use: MailFolderUse = .ordinary
    ) async throws -> MailFolderID {
        try await write { writer in
            let id = try writer.mailbox(mailbox)
            guard try writer.database.one("SELECT 1 FROM folder WHERE mailbox = ? AND name = ?", [id, name]) == nil,
                name.uppercased() != "INBOX", !name.isEmpty
            else { throw StoreError.folderExists }
            return MailFolderID(rawValue: try writer.createFolder(id, name, use))
        }
    }

    /// Renames a folder, and those below it with it.
    ///
    /// - Throws: ``StoreError/folderIsFixed`` for INBOX, ``StoreError/folderExists``, ``StoreError/unknownFolder``.
    public func rename(_ folder: MailFolderID, to name: String) async throws {
        try await write { writer in
            let database = writer.database
            let row = try database.one("SELECT mailbox, name, use FROM folder WHERE id = ?", [folder.rawValue])
            guard let row else { throw StoreError.unknownFolder }
            let (mailbox, old, use): (Int64, String, Int64) = (row[0], row[1], row[2])
            guard use != MailFolderUse.inbox.rawValue else { throw StoreError.folderIsFixed }
            guard try database.one("SELECT 1 FROM folder WHERE mailbox = ? AND name = ?", [mailbox, name]) == nil,
                name.uppercased() != "INBOX", !name.isEmpty, !name.hasPrefix(old + "/")
            else { throw StoreError.folderExists }
            let all = try database.all("SELECT id, name FROM folder WHERE mailbox = ?", [mailbox])
            for row in all {
                let (id, present): (Int64, String) = (row[0], row[1])
                guard id == folder.rawValue || present.hasPrefix(old + "/") else { continue }
                let new = id == folder.rawValue ? name : name + present.dropFirst(old.count)
                guard id == folder.rawValue || !all.contains(where: { $0[1] as String == new }) else {
                    throw StoreError.folderExists
                }
                try database.run("UPDATE folder SET name = ? WHERE id = ?", [new, id])
            }
            _ = try writer.change(mailbox)
        }
    }

    /// Deletes a folder with its messages; folders below it stay.
    ///
    /// - Throws: ``StoreError/folderIsFixed`` for INBOX, ``StoreError/unknownFolder``.
    public func deleteFolder(_ folder: MailFolderID) async throws {
        try await write { writer in
            let database = writer.database
            let row = try database.one(
                "SELECT mailbox, use, messages, octets FROM folder WHERE id = ?", [folder.rawValue])
            guard let row else { throw StoreError.unknownFolder }
            let (mailbox, use, messages, octets): (Int64, Int64, Int64, Int64) = (row[0], row[1], row[2], row[3])
            guard use != MailFolderUse.inbox.rawValue else { throw StoreError.folderIsFixed }
            try writer.emptyFolder(folder.rawValue)
            try database.run("DELETE FROM folder WHERE id = ?", [folder.rawValue])
            try database.run(
                "UPDATE mailbox SET messages = messages - ?, octets = octets - ? WHERE id = ?",
                [messages, octets, mailbox])
            _ = try writer.change(mailbox)
        }
    }

    /// The numbers of changes of a mailbox, from now on: whoever waits for news (IDLE) gets the latest, and asks for the
    /// folders and messages with a greater number than the last one seen.
    public func changes(of mailbox: MailboxName) -> AsyncStream<Int64> { listeners.changes(of: mailbox) }
}

extension MailWriter {
    /// The number of a mailbox.
    func mailbox(_ name: MailboxName) throws -> Int64 {
        guard let row = try database.one("SELECT id FROM mailbox WHERE name = ?", [name.rawValue]) else {
            throw StoreError.unknownMailbox
        }
        return row[0]
    }

    /// Makes a folder with a `UIDVALIDITY` that no folder of the mailbox ever had.
    func createFolder(_ mailbox: Int64, _ name: String, _ use: MailFolderUse) throws -> Int64 {
        let number = try change(mailbox)
        let row = try database.one(
            "UPDATE mailbox SET validity = validity + 1 WHERE id = ? RETURNING validity", [mailbox])
        guard let row else { throw StoreError.unknownMailbox }
        try database.run(
            """
            INSERT INTO folder (mailbox, name, use, validity, next, modseq, messages, octets, unseen)
            VALUES (?, ?, ?, ?, 1, ?, 0, 0, 0)
            """, [mailbox, name, use.rawValue, row[0] as Int64, number])
        return database.lastInsertedRowID
    }

    /// Takes all messages out of a folder, without a trace of them.
    func emptyFolder(_ folder: Int64) throws {
        for row in try database.all("SELECT blob FROM message WHERE folder = ?", [folder]) { try release(row[0]) }
        try database.run("DELETE FROM message WHERE folder = ?", [folder])
        try database.run("DELETE FROM vanished WHERE folder = ?", [folder])
        try database.run("DELETE FROM summary_page WHERE folder = ?", [folder])
    }

    /// The folder of a delivery, made when it is not there.
    func folder(_ mailbox: Int64, _ target: MailTarget.Folder) throws -> (id: Int64, validity: UInt32) {
        let row: Row?
        switch target {
        case .use(let use):
            row = try database.one(
                "SELECT id, validity FROM folder WHERE mailbox = ? AND use = ? ORDER BY id LIMIT 1",
                [mailbox, use.rawValue])
        case .named(let name):
            row = try database.one("SELECT id, validity FROM folder WHERE mailbox = ? AND name = ?", [mailbox, name])
        }
        if let row { return (row[0], row[1]) }
        let id: Int64
        switch target {
        case .use(let use): id = try createFolder(mailbox, use == .ordinary ? "Messages" : use.name, use)
        case .named(let name): id = try createFolder(mailbox, name, .ordinary)
        }
        return (id, UInt32(try database.number("SELECT validity FROM folder WHERE id = ?", [id])))
    }
}
