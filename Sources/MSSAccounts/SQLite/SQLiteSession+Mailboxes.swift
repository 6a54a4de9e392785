import GRDB
import MSSCore

extension SQLiteSession {
    private static let mailboxColumns = """
        id, kind, address, address_key, responsible, structure, shared, service, summary, phone, unlisted, quota, used,
        state, state_at, state_reason, created_at, usable_since, last_connection, reply_text, reply_from, reply_until,
        forwarding, purge_sent_days, test, automatic_reply, mark_unpublication_warning, mark_unpublished,
        mark_deletion_warning, mark_quota_level, mark_quota_notice, mark_purged
        """

    func mailbox(_ id: MailboxID) throws -> Mailbox? { try mailboxes("WHERE id = ?", [id.rawValue]).first }

    func mailbox(at address: DirectoryMailAddress) throws -> Mailbox? {
        try mailboxes("WHERE address_key = ? AND state <> 2", [address.key]).first
    }

    func mailboxes(after id: MailboxID, limit: Int) throws -> [Mailbox] {
        try mailboxes("WHERE id > ? ORDER BY id LIMIT ?", [id.rawValue, max(0, limit)])
    }

    func mailboxes(changedAfter revision: Int64) throws -> [Mailbox] {
        try mailboxes("WHERE revision > ? ORDER BY id", [revision])
    }

    func mailboxes(of person: PersonID) throws -> [MailboxID] {
        let sql = """
            SELECT id FROM mailbox WHERE state <> 2 AND (responsible = ?1
                OR id IN (SELECT mailbox FROM co_holder WHERE person = ?1)
                OR id IN (SELECT mailbox FROM delegation WHERE delegate = ?1)) ORDER BY id
            """
        return try rows(sql, [person.rawValue]).map { row in
            var reader = RowReader(row, table: "mailbox")
            return MailboxID(try reader.integer())
        }
    }

    func testMailboxCount() throws -> Int {
        let sql = "SELECT count(*) FROM mailbox WHERE test = 1 AND automatic_reply = 0 AND state <> 2"
        guard let row = try row(sql, []) else { return 0 }
        var reader = RowReader(row, table: "mailbox")
        return Int(try reader.integer())
    }

    private func mailboxes(_ condition: String, _ arguments: [(any DatabaseValueConvertible)?]) throws -> [Mailbox] {
        var mailboxes = try rows("SELECT \(SQLiteSession.mailboxColumns) FROM mailbox \(condition)", arguments)
            .map(SQLiteSession.mailbox)
        let runs = SQLiteSession.runs(mailboxes.map(\.id.rawValue))
        let places = Dictionary(uniqueKeysWithValues: mailboxes.indices.map { (mailboxes[$0].id.rawValue, $0) })
        let coHolders = "SELECT mailbox, person FROM co_holder WHERE mailbox BETWEEN ? AND ? ORDER BY mailbox, position"
        for row in try runs.flatMap({ try rows(coHolders, [$0.lowerBound, $0.upperBound]) }) {
            var reader = RowReader(row, table: "co_holder")
            guard let place = places[try reader.integer()] else { continue }
            mailboxes[place].coHolders.append(PersonID(try reader.integer()))
        }
        let delegations = """
            SELECT mailbox, delegate, principal, from_time, until_time, may_read, may_send FROM delegation
            WHERE mailbox BETWEEN ? AND ? ORDER BY mailbox, position
            """
        for row in try runs.flatMap({ try rows(delegations, [$0.lowerBound, $0.upperBound]) }) {
            var reader = RowReader(row, table: "delegation")
            guard let place = places[try reader.integer()] else { continue }
            mailboxes[place].delegations.append(
                Delegation(
                    delegate: PersonID(try reader.integer()), principal: PersonID(try reader.integer()),
                    from: try reader.time(), until: try reader.optionalTime(), mayRead: try reader.flag(),
                    maySend: try reader.flag()))
        }
        return mailboxes
    }

    private static func mailbox(_ row: Row) throws -> Mailbox {
        var reader = RowReader(row, table: "mailbox")
        let id = MailboxID(try reader.integer())
        guard let kind = MailboxKind(rawValue: try reader.text()) else { throw reader.damaged }
        let address = try reader.address()
        guard try reader.text() == address.key else { throw reader.damaged }
        var mailbox = Mailbox(
            id: id, kind: kind, address: address, responsible: PersonID(try reader.integer()),
            createdAt: Timestamp(seconds: 0))
        mailbox.structure = try reader.optionalStructure()
        mailbox.isShared = try reader.flag()
        mailbox.service = try reader.text()
        mailbox.summary = try reader.text()
        mailbox.phone = try reader.text()
        mailbox.isUnlistedByChoice = try reader.flag()
        mailbox.quota = try reader.optionalInteger()
        mailbox.used = try reader.integer()
        let (state, stateAt, reason) = (try reader.integer(), try reader.optionalTime(), try reader.optionalText())
        switch (state, stateAt, reason) {
        case (0, _, _): mailbox.state = .active
        case (1, let since?, let reason?): mailbox.state = .suspended(reason: reason, since: since)
        case (2, let at?, _): mailbox.state = .deleted(at: at)
        default: throw reader.damaged
        }
        mailbox.createdAt = try reader.time()
        mailbox.usableSince = try reader.time()
        mailbox.lastConnection = try reader.optionalTime()
        let (text, from, until) = (try reader.optionalText(), try reader.optionalTime(), try reader.optionalTime())
        if let text, let from { mailbox.automaticReply = AutomaticReply(text: text, from: from, until: until) }
        mailbox.forwarding = try reader.optionalAddress()
        mailbox.purgesSentAfterDays = try reader.optionalInteger().map { Int(clamping: $0) }
        mailbox.isTest = try reader.flag()
        mailbox.isAutomaticReply = try reader.flag()
        mailbox.marks.unpublicationWarning = try reader.optionalDay()
        mailbox.marks.unpublished = try reader.optionalDay()
        mailbox.marks.deletionWarning = try reader.optionalDay()
        mailbox.marks.quotaLevel = Int32(clamping: try reader.integer())
        mailbox.marks.quotaNotice = try reader.optionalDay()
        mailbox.marks.purged = try reader.optionalDay()
        return mailbox
    }

    func nextMailboxID() throws -> MailboxID {
        _ = try nextRevision()
        return MailboxID(try count("mailbox"))
    }

    func save(_ mailbox: Mailbox) throws {
        let revision = try nextRevision()
        let columns = SQLiteSession.mailboxColumns
        let updates = SQLiteSession.mailboxUpdates
        try execute(
            """
            INSERT INTO mailbox (\(columns), revision) VALUES (\(Array(repeating: "?", count: 33).joined(separator: ", ")))
            ON CONFLICT (id) DO UPDATE SET \(updates), revision = excluded.revision
            """, SQLiteSession.values(mailbox) + [revision])
        let id = mailbox.id.rawValue
        try execute("DELETE FROM co_holder WHERE mailbox = ?", [id])
        for (position, person) in mailbox.coHolders.enumerated() {
            try execute(
                "INSERT INTO co_holder (mailbox, position, person) VALUES (?, ?, ?)", [id, position, person.rawValue])
        }
        try execute("DELETE FROM delegation WHERE mailbox = ?", [id])
        for (position, delegation) in mailbox.delegations.enumerated() {
            try execute(
                """
                INSERT INTO delegation (mailbox, position, delegate, principal, from_time, until_time, may_read, may_send)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    id, position, delegation.delegate.rawValue, delegation.principal.rawValue,
                    delegation.from.storedNanoseconds, delegation.until?.storedNanoseconds, delegation.mayRead,
                    delegation.maySend,
                ])
        }
        try raise("mailbox", to: id)
    }

    private static let mailboxUpdates =
        mailboxColumns.split { ", \n".contains($0) }.dropFirst().map { "\($0) = excluded.\($0)" }.joined(
            separator: ", ")

    private static func values(_ mailbox: Mailbox) -> [(any DatabaseValueConvertible)?] {
        let (state, at, reason): (Int, Timestamp?, String?) =
            switch mailbox.state {
            case .active: (0, nil, nil)
            case .suspended(let reason, let since): (1, since, reason)
            case .deleted(let time): (2, time, nil)
            }
        let marks = mailbox.marks
        let head: [(any DatabaseValueConvertible)?] = [
            mailbox.id.rawValue, mailbox.kind.rawValue, mailbox.address.address.text, mailbox.address.key,
            mailbox.responsible.rawValue, mailbox.structure?.text, mailbox.isShared, mailbox.service, mailbox.summary,
            mailbox.phone, mailbox.isUnlistedByChoice, mailbox.quota, mailbox.used, state, at?.storedNanoseconds,
            reason,
        ]
        let tail: [(any DatabaseValueConvertible)?] = [
            mailbox.createdAt.storedNanoseconds, mailbox.usableSince.storedNanoseconds,
            mailbox.lastConnection?.storedNanoseconds, mailbox.automaticReply?.text,
            mailbox.automaticReply?.from.storedNanoseconds, mailbox.automaticReply?.until?.storedNanoseconds,
            mailbox.forwarding?.address.text, mailbox.purgesSentAfterDays, mailbox.isTest, mailbox.isAutomaticReply,
            marks.unpublicationWarning, marks.unpublished, marks.deletionWarning, marks.quotaLevel, marks.quotaNotice,
            marks.purged,
        ]
        return head + tail
    }
}
