import GRDB
import MSSCore
import MSSJSON

extension SQLiteSession: AccountWriter {
    func revision() throws -> Int64 {
        guard let row = try row("SELECT value FROM counter WHERE name = 'revision'", []) else {
            throw AccountStoreError.damagedRow("counter")
        }
        var reader = RowReader(row, table: "counter")
        return try reader.integer()
    }

    // MARK: Addresses and requests

    func reservation(of address: DirectoryMailAddress) throws -> AddressReservation? {
        let sql = "SELECT address, former_holder, until_time FROM reservation WHERE address_key = ?"
        return try row(sql, [address.key]).map { row in
            var reader = RowReader(row, table: "reservation")
            return AddressReservation(
                address: try reader.address(), formerHolder: PersonID(try reader.integer()), until: try reader.time())
        }
    }

    func save(_ reservation: AddressReservation) throws {
        try execute(
            """
            INSERT INTO reservation (address_key, address, former_holder, until_time) VALUES (?, ?, ?, ?)
            ON CONFLICT (address_key) DO UPDATE SET address = excluded.address,
                former_holder = excluded.former_holder, until_time = excluded.until_time
            """,
            [
                reservation.address.key, reservation.address.address.text, reservation.formerHolder.rawValue,
                reservation.until.storedNanoseconds,
            ])
    }

    func reservations() throws -> [AddressReservation] {
        try rows("SELECT address, former_holder, until_time FROM reservation ORDER BY address_key", []).map { row in
            var reader = RowReader(row, table: "reservation")
            return AddressReservation(
                address: try reader.address(), formerHolder: PersonID(try reader.integer()), until: try reader.time())
        }
    }

    func removeReservation(of address: DirectoryMailAddress) throws {
        try execute("DELETE FROM reservation WHERE address_key = ?", [address.key])
    }

    func pendingDeletionRequests() throws -> [DeletionRequest] {
        let sql = "SELECT mailbox, person, at FROM deletion_request WHERE done_at IS NULL ORDER BY at, mailbox"
        return try rows(sql, []).map { row in
            var reader = RowReader(row, table: "deletion_request")
            return DeletionRequest(
                mailbox: MailboxID(try reader.integer()), person: PersonID(try reader.integer()), at: try reader.time())
        }
    }

    func save(_ request: DeletionRequest) throws {
        try execute(
            """
            INSERT INTO deletion_request (mailbox, person, at, done_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (mailbox) DO UPDATE SET person = excluded.person, at = excluded.at, done_at = excluded.done_at
            """,
            [
                request.mailbox.rawValue, request.person.rawValue, request.at.storedNanoseconds,
                request.doneAt?.storedNanoseconds,
            ])
    }

    // MARK: Changes

    func pendingChanges(limit: Int) throws -> [AccountChange] {
        let sql = """
            SELECT number, at, actor, operation, mailbox, address, person, fields, refused, refused_by, refused_because
            FROM change ORDER BY number LIMIT ?
            """
        return try rows(sql, [max(0, limit)]).map { row in
            var reader = RowReader(row, table: "change")
            let number = try reader.integer()
            var change = AccountChange(at: try reader.time(), actor: try reader.text(), operation: try reader.text())
            change.number = number
            change.mailbox = try reader.optionalInteger().map { MailboxID($0) }
            change.address = try reader.optionalText()
            change.person = try reader.optionalInteger().map { PersonID($0) }
            guard let fields = try? JSONReader.read(Array(try reader.text().utf8)).items else { throw reader.damaged }
            change.fields = try fields.map { node in
                guard let parts = node.items, parts.count == 3, let name = parts[0].text else { throw reader.damaged }
                return AccountChange.Field(name, before: parts[1].text, after: parts[2].text)
            }
            if try reader.flag() {
                change.outcome = .refused(
                    try reader.optionalText().map { RequirementID($0) }, try reader.optionalText() ?? "")
            }
            return change
        }
    }

    func append(_ change: AccountChange) throws {
        let fields = change.fields.map { field in
            "[\(JSONText.string(field.name)),\(field.before.map(JSONText.string) ?? "null"),"
                + "\(field.after.map(JSONText.string) ?? "null")]"
        }
        var (refused, requirement, explanation): (Bool, String?, String?) = (false, nil, nil)
        if case .refused(let rule, let reason) = change.outcome {
            (refused, requirement, explanation) = (true, rule?.rawValue, reason)
        }
        try execute(
            """
            INSERT INTO change (at, actor, operation, mailbox, address, person, fields, refused, refused_by,
                refused_because) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                change.at.storedNanoseconds, change.actor, change.operation, change.mailbox?.rawValue, change.address,
                change.person?.rawValue, "[\(fields.joined(separator: ","))]", refused, requirement, explanation,
            ])
    }

    func removeChanges(through number: Int64) throws {
        try execute("DELETE FROM change WHERE number <= ?", [number])
    }

    // MARK: Information and clock

    func pendingInformation(after number: Int64, limit: Int) throws -> [AccessInformation] {
        let sql = """
            SELECT number, at, mailbox, address, newcomer, role, opened_by, opener, recipient FROM information
            WHERE number > ? ORDER BY number LIMIT ?
            """
        return try rows(sql, [number, max(0, limit)]).map { row in
            var reader = RowReader(row, table: "information")
            let number = try reader.integer()
            let (at, mailbox) = (try reader.time(), MailboxID(try reader.integer()))
            let (address, newcomer) = (try reader.text(), PersonID(try reader.integer()))
            guard let role = AccessInformation.Role(rawValue: try reader.text()) else { throw reader.damaged }
            var information = AccessInformation(
                at: at, mailbox: mailbox, address: address, newcomer: newcomer, role: role,
                openedBy: try reader.text(), opener: try reader.optionalInteger().map { PersonID($0) },
                recipient: PersonID(try reader.integer()))
            information.number = number
            return information
        }
    }

    func append(_ information: AccessInformation) throws {
        try execute(
            """
            INSERT INTO information (at, mailbox, address, newcomer, role, opened_by, opener, recipient)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                information.at.storedNanoseconds, information.mailbox.rawValue, information.address,
                information.newcomer.rawValue, information.role.rawValue, information.openedBy,
                information.opener?.rawValue, information.recipient.rawValue,
            ])
    }

    func removeInformation(_ number: Int64) throws {
        try execute("DELETE FROM information WHERE number = ?", [number])
    }

    func wasTold(_ person: PersonID, of mailbox: MailboxID, under terms: String) throws -> Bool {
        let sql = "SELECT 1 FROM told WHERE person = ? AND mailbox = ? AND terms = ?"
        return try row(sql, [person.rawValue, mailbox.rawValue, terms]) != nil
    }

    func noteTold(_ person: PersonID, of mailbox: MailboxID, under terms: String, at time: Timestamp) throws {
        try execute(
            "INSERT INTO told (person, mailbox, terms, at) VALUES (?, ?, ?, ?)",
            [person.rawValue, mailbox.rawValue, terms, time.storedNanoseconds])
    }

    func latestTime() throws -> Timestamp? {
        try row("SELECT latest FROM clock", []).map { row in
            var reader = RowReader(row, table: "clock")
            return try reader.time()
        }
    }

    func save(latestTime: Timestamp) throws {
        try execute(
            "INSERT INTO clock VALUES (1, ?) ON CONFLICT (only_row) DO UPDATE SET latest = excluded.latest",
            [latestTime.storedNanoseconds])
    }
}
