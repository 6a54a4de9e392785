import Foundation
import GRDB
public import MSSCore
import MSSIMAP

extension MailStore {
    /// Messages of a folder, in the order of their UIDs.
    ///
    /// - Parameters:
    ///   - uids: only these.
    ///   - number: only those that changed after this number (`CHANGEDSINCE`, RFC 7162).
    ///   - limit: as many at most.
    public func messages(
        in folder: MailFolderID, _ uids: ClosedRange<UInt32> = 1...(.max), changedSince number: Int64 = 0,
        limit: Int = .max
    ) async throws -> [MailMessage] {
        try await read { database in
            try database.all(
                """
                SELECT \(MailMessage.columns) FROM message
                WHERE folder = ? AND uid BETWEEN ? AND ? AND modseq > ? ORDER BY uid LIMIT ?
                """, [folder.rawValue, uids.lowerBound, uids.upperBound, number, limit]
            ).map(MailMessage.init)
        }
    }

    /// The UIDs of messages that left a folder after a change of this number (`VANISHED`, RFC 7162 §3.2.5.1).
    public func vanished(from folder: MailFolderID, since number: Int64) async throws -> [UInt32] {
        try await read { database in
            try database.all(Self.vanishedMessages, [folder.rawValue, number]).map { $0[0] }
        }
    }

    /// Changes flags and keywords; durable when it returns.
    ///
    /// - Parameters:
    ///   - uids: messages that are not there are left out.
    ///   - number: leaves alone those that changed after this number (`UNCHANGEDSINCE`).
    public func setFlags(
        _ change: MailFlagChange, _ flags: MailFlags, keywords: [String] = [], of uids: [UInt32],
        in folder: MailFolderID, unchangedSince number: Int64? = nil
    ) async throws -> MailFlagOutcome {
        let keywords = MailKeywords.normal(keywords)
        return try await write { writer in
            let database = writer.database
            let mailbox = try writer.mailbox(of: folder)
            var outcome = MailFlagOutcome(messages: [], conflicts: [])
            var modseq: Int64?
            var unseen: Int64 = 0
            let update = try database.cachedStatement(
                sql: "UPDATE message SET flags = ?, keywords = ?, modseq = ? WHERE folder = ? AND uid = ?")
            for range in NumberRanges(uids).ranges {
                let present = try MailMessage.list(
                    database,
                    "SELECT \(MailMessage.columns) FROM message WHERE folder = ? AND uid BETWEEN ? AND ? ORDER BY uid",
                    [folder.rawValue, range.lowerBound, range.upperBound])
                for before in present {
                    if let number, before.changeNumber > number {
                        outcome.conflicts.append(before.uid)
                        continue
                    }
                    var message = before
                    message.apply(change, flags, keywords)
                    if message != before {
                        // One number for all that this command changes.
                        let next = try modseq ?? writer.change(mailbox, folder: folder.rawValue)
                        modseq = next
                        message.changeNumber = next
                        try update.execute(arguments: [
                            message.flags.rawValue, MailKeywords.text(message.keywords), next, folder.rawValue,
                            message.uid,
                        ])
                        if message.flags.contains(.seen) != before.flags.contains(.seen) {
                            unseen += message.flags.contains(.seen) ? -1 : 1
                        }
                    }
                    outcome.messages.append(message)
                }
            }
            if unseen != 0 {
                try database.run("UPDATE folder SET unseen = unseen + ? WHERE id = ?", [unseen, folder.rawValue])
            }
            return outcome
        }
    }

    /// Takes messages out of a folder for good; durable when it returns.
    ///
    /// - Parameters:
    ///   - uids: only these; `nil` for all.
    ///   - onlyDeleted: only those with `\Deleted`, as EXPUNGE does.
    /// - Returns: the UIDs of those that were there.
    @discardableResult
    public func expunge(
        _ uids: [UInt32]? = nil, from folder: MailFolderID, onlyDeleted: Bool = true
    ) async throws -> [UInt32] {
        try await write { writer in
            let mailbox = try writer.mailbox(of: folder)
            let wanted = uids.map { Set($0) }
            let mask = onlyDeleted ? MailFlags.deleted.rawValue : 0
            let rows = try writer.database.all(
                "SELECT uid, blob, size, flags FROM message WHERE folder = ? AND flags & ? = ? ORDER BY uid",
                [folder.rawValue, mask, mask])
            let gone = rows.filter { wanted?.contains($0[0]) ?? true }
            try writer.remove(gone, from: folder.rawValue, mailbox)
            return gone.map { $0[0] }
        }
    }

    /// Destroys the messages that a mailbox received before a time (EX_GBM_4030). Returns how many.
    ///
    /// - Parameter folder: by its use or name; `nil` for all.
    @discardableResult
    public func purge(
        _ mailbox: MailboxName, _ folder: MailTarget.Folder? = nil, receivedBefore time: Timestamp
    ) async throws -> Int {
        try await write { writer in
            let database = writer.database
            let id = try writer.mailbox(mailbox)
            var count = 0
            for row in try database.all("SELECT id, name, use FROM folder WHERE mailbox = ?", [id]) {
                switch folder {
                case nil: break
                case .use(let use)? where use.rawValue == row[2]: break
                case .named(let name)? where name == row[1]: break
                default: continue
                }
                let gone = try database.all(
                    "SELECT uid, blob, size, flags FROM message WHERE folder = ? AND received < ?",
                    [row[0] as Int64, time.stored])
                try writer.remove(gone, from: row[0], id)
                count += gone.count
            }
            return count
        }
    }

    /// Copies messages to another folder of the same mailbox, flags and dates with them; their octets are not doubled.
    ///
    /// - Returns: pairs of the UID in `folder` and the one in `target`.
    @discardableResult
    public func copy(
        _ uids: [UInt32], from folder: MailFolderID, to target: MailFolderID
    ) async throws -> [(source: UInt32, copy: UInt32)] {
        try await transfer(uids, folder, target, keeps: true)
    }

    /// Moves messages to another folder of the same mailbox (RFC 6851).
    @discardableResult
    public func move(
        _ uids: [UInt32], from folder: MailFolderID, to target: MailFolderID
    ) async throws -> [(source: UInt32, copy: UInt32)] {
        try await transfer(uids, folder, target, keeps: false)
    }

    private func transfer(
        _ uids: [UInt32], _ folder: MailFolderID, _ target: MailFolderID, keeps: Bool
    ) async throws -> [(source: UInt32, copy: UInt32)] {
        let pairs = try await write { writer -> [[UInt32]] in
            let database = writer.database
            let mailbox = try writer.mailbox(of: folder)
            // A message's key is wrapped for one mailbox: another cannot read it.
            guard try writer.mailbox(of: target) == mailbox else { throw StoreError.unknownFolder }
            var pairs: [[UInt32]] = []
            var gone: [Row] = []
            for uid in uids {
                let row = try database.one(
                    """
                    SELECT uid, blob, size, flags, key, received, keywords FROM message WHERE folder = ? AND uid = ?
                    """, [folder.rawValue, uid])
                guard let row else { continue }
                let message = MailWriter.NewMessage(
                    blob: row[1], key: row[4], size: row[2], received: row[5], flags: row[3], keywords: row[6])
                try database.run("UPDATE blob SET uses = uses + 1 WHERE id = ?", [message.blob])
                pairs.append([uid, try writer.add(message, to: target.rawValue, mailbox)])
                gone.append(row)
            }
            if !keeps { try writer.remove(gone, from: folder.rawValue, mailbox) }
            return pairs
        }
        return pairs.map { ($0[0], $0[1]) }
    }

    /// Forgets the names of deliveries older than the configuration says: for a daily job.
    public func forgetDeliveries(at now: Timestamp) async throws {
        let time = now - configuration.deliveryMemory
        try await write { try $0.database.run("DELETE FROM delivery WHERE at < ?", [time.stored]) }
    }
}

extension MailMessage {
    fileprivate mutating func apply(_ change: MailFlagChange, _ flags: MailFlags, _ keywords: [String]) {
        let named = Set(keywords.map { $0.lowercased() })
        switch change {
        case .add:
            self.flags.formUnion(flags)
            guard !keywords.isEmpty else { return }
            let present = Set(self.keywords.map { $0.lowercased() })
            self.keywords = MailKeywords.normal(
                self.keywords + keywords.filter { !present.contains($0.lowercased()) })
        case .remove:
            self.flags.subtract(flags)
            self.keywords.removeAll { named.contains($0.lowercased()) }
        case .replace:
            self.flags = flags
            self.keywords = keywords
        }
    }
}

extension MailWriter {
    /// The mailbox of a folder.
    func mailbox(of folder: MailFolderID) throws -> Int64 {
        guard let row = try database.one("SELECT mailbox FROM folder WHERE id = ?", [folder.rawValue]) else {
            throw StoreError.unknownFolder
        }
        return row[0]
    }

    /// Takes messages out of a folder: rows of `uid, blob, size, flags`.
    func remove(_ rows: [Row], from folder: Int64, _ mailbox: Int64) throws {
        guard !rows.isEmpty else { return }
        let number = try change(mailbox, folder: folder)
        var (octets, unseen): (Int64, Int64) = (0, 0)
        for row in rows {
            let (uid, blob, size): (UInt32, Int64, Int64) = (row[0], row[1], row[2])
            try database.run("DELETE FROM message WHERE folder = ? AND uid = ?", [folder, uid])
            try database.run("INSERT INTO vanished (folder, uid, modseq) VALUES (?, ?, ?)", [folder, uid, number])
            try release(blob)
            octets += size
            if !MailFlags(rawValue: row[3]).contains(.seen) { unseen += 1 }
        }
        try removePages(of: rows.map { $0[0] }, in: folder)
        try database.run(
            "UPDATE folder SET messages = messages - ?, octets = octets - ?, unseen = unseen - ? WHERE id = ?",
            [rows.count, octets, unseen, folder])
        try database.run(
            "UPDATE mailbox SET messages = messages - ?, octets = octets - ? WHERE id = ?",
            [rows.count, octets, mailbox])
    }
}
