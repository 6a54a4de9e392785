import MSSCore
import MSSJSON

/// Structures, persons, mailboxes and reserved addresses as files that ``Accounts/load(_:by:)`` reads: all that rights and
/// the life cycle depend on. Deleted mailboxes apart, of which the traces tell.
///
/// Who exports is for the caller to check: the files name every user.
public struct AccountExport: Sendable {
    private let repository: any AccountRepository
    private static let page = 5_000

    /// An export of a base.
    public init(_ repository: any AccountRepository) { self.repository = repository }

    /// A table as CSV: UTF-8, a header line, fields separated by `;`, lines ended by CRLF.
    public func csv(_ table: AccountTable) async throws -> [UInt8] {
        try await repository.read { reader in
            var bytes = Array(CSVText.record(table.columns).utf8)
            try AccountExport.records(table, reader) { record in
                let fields = table.columns.map { column in
                    table.lists.contains(column)
                        ? (record.lists[column] ?? []).joined(separator: "|") : record.text(column)
                }
                bytes += CSVText.record(fields).utf8
            }
            return bytes
        }
    }

    /// All tables as one JSON object, a record a line.
    public func json() async throws -> [UInt8] {
        try await repository.read { reader in
            var bytes = Array("{".utf8)
            for (index, table) in AccountTable.allCases.enumerated() {
                bytes += "\(index == 0 ? "" : ",")\n\"\(table.rawValue)\":[".utf8
                var isFirst = true
                try AccountExport.records(table, reader) { record in
                    bytes += (isFirst ? "\n" : ",\n").utf8
                    isFirst = false
                    bytes += AccountExport.object(record).utf8
                }
                bytes += "]".utf8
            }
            return bytes + "}\n".utf8
        }
    }

    private static func object(_ record: ImportRecord) -> String {
        let table = record.table
        let members = table.columns.compactMap { column -> String? in
            if let list = record.lists[column] {
                return list.isEmpty ? nil : "\(JSONText.string(column)):\(JSONText.array(list))"
            }
            guard let value = record.values[column], !value.isEmpty else { return nil }
            let isBare = table.flags.contains(column) || table.numbers.contains(column)
            return "\(JSONText.string(column)):\(isBare ? value : JSONText.string(value))"
        }
        return "{\(members.joined(separator: ","))}"
    }

    private static func records(
        _ table: AccountTable, _ reader: any AccountReader, _ body: (ImportRecord) -> Void
    ) throws {
        switch table {
        // A parent before its sites: a load keeps them in order.
        case .structures:
            let structures = try reader.structures()
            for structure in structures.filter({ $0.parent == nil }) + structures.filter({ $0.parent != nil }) {
                body(record(structure))
            }
        case .persons:
            var last = PersonID(0)
            while case let page = try reader.persons(after: last, limit: AccountExport.page), let end = page.last {
                for person in page {
                    body(record(person, person.acceptedTerms == nil ? [] : try reader.acceptances(by: person.id)))
                }
                last = end.id
            }
        case .mailboxes:
            var identities: [PersonID: String] = [:]
            func identity(_ id: PersonID) throws -> String {
                if let known = identities[id] { return known }
                let text = try reader.person(id)?.identity.text ?? ""
                identities[id] = text
                return text
            }
            let requests = Dictionary(
                try reader.pendingDeletionRequests().map { ($0.mailbox, $0.at) },
                uniquingKeysWith: { first, _ in first })
            var last = MailboxID(0)
            while case let page = try reader.mailboxes(after: last, limit: AccountExport.page), let end = page.last {
                for mailbox in page where mailbox.exists {
                    var record = try record(mailbox, identity)
                    record.values["deletion_requested"] = requests[mailbox.id]?.xsdDateTime
                    body(record)
                }
                last = end.id
            }
        case .reservations:
            for reservation in try reader.reservations() {
                var record = ImportRecord(table: .reservations, line: 0)
                record.values = [
                    "address": reservation.address.address.text,
                    "former_holder": try reader.person(reservation.formerHolder)?.identity.text ?? "",
                    "until": reservation.until.xsdDateTime,
                ]
                body(record)
            }
        }
    }

    private static func record(_ structure: Structure) -> ImportRecord {
        var record = ImportRecord(table: .structures, line: 0)
        record.values = [
            "identifier": structure.identifier.text, "name": structure.name,
            "in_finess": String(structure.isAlsoInFINESS),
        ]
        record.values["entity"] = structure.entity?.rawValue
        record.values["parent"] = structure.parent?.text
        return record
    }

    private static func record(_ person: Person, _ acceptances: [TermsAcceptance]) -> ImportRecord {
        var record = ImportRecord(table: .persons, line: 0)
        record.values = [
            "identity": person.identity.text, "given_name": person.givenName, "family_name": person.familyName,
            "entitled": String(person.isEntitled), "acts_for_structure": String(person.actsForStructure),
            "authorised": String(person.isAuthorised),
        ]
        record.values["contact"] = person.contact
        record.values["reviewed_at"] = person.reviewedAt?.xsdDateTime
        record.values["last_authentication"] = person.lastAuthentication?.xsdDateTime
        record.lists = [
            "professions": person.professions, "structures": person.structures.map(\.text),
            "managed_structures": person.managedStructures.map(\.text),
            "terms": acceptances.map { "\($0.version)>\($0.at.xsdDateTime)" },
        ]
        return record
    }

    private static func record(
        _ mailbox: Mailbox, _ identity: (PersonID) throws -> String
    ) throws -> ImportRecord {
        var record = ImportRecord(table: .mailboxes, line: 0)
        record.values = [
            "kind": mailbox.kind.rawValue, "address": mailbox.address.address.text,
            "responsible": try identity(mailbox.responsible), "shared": String(mailbox.isShared),
            "service": mailbox.service, "description": mailbox.summary, "phone": mailbox.phone,
            "unlisted": String(mailbox.isUnlistedByChoice), "test": String(mailbox.isTest),
            "automatic_reply": String(mailbox.isAutomaticReply), "created": mailbox.createdAt.xsdDateTime,
        ]
        record.values["structure"] = mailbox.structure?.text
        record.values["quota"] = mailbox.quota.map { String($0) }
        record.values["forwarding"] = mailbox.forwarding?.address.text
        record.values["purge_sent_days"] = mailbox.purgesSentAfterDays.map { String($0) }
        record.values["last_connection"] = mailbox.lastConnection?.xsdDateTime
        if case .suspended(let reason, let since) = mailbox.state {
            record.values["suspended_since"] = since.xsdDateTime
            record.values["suspended_because"] = reason
        }
        if mailbox.usableSince != mailbox.createdAt { record.values["usable_since"] = mailbox.usableSince.xsdDateTime }
        if mailbox.used > 0 { record.values["used"] = String(mailbox.used) }
        if let reply = mailbox.automaticReply {
            record.values["reply_text"] = reply.text
            record.values["reply_from"] = reply.from.xsdDateTime
            record.values["reply_until"] = reply.until?.xsdDateTime
        }
        let marks = mailbox.marks
        for (name, day) in [
            ("unpublication_warned", marks.unpublicationWarning), ("unpublished", marks.unpublished),
            ("deletion_warned", marks.deletionWarning), ("quota_told", marks.quotaNotice), ("purged", marks.purged),
        ] {
            record.values[name] = day.map { String(Timestamp(seconds: Int64($0) * 86_400).xsdDateTime.prefix(10)) }
        }
        if marks.quotaLevel != 0 { record.values["quota_level"] = String(marks.quotaLevel) }
        record.lists["co_holders"] = try mailbox.coHolders.map(identity)
        record.lists["delegates"] = try mailbox.delegations.map { delegation in
            let rights = (delegation.mayRead ? "r" : "") + (delegation.maySend ? "s" : "")
            let period = [delegation.from] + (delegation.until.map { [$0] } ?? [])
            let parts = [try identity(delegation.delegate), try identity(delegation.principal), rights]
            return (parts + period.map(\.xsdDateTime)).joined(separator: ">")
        }
        return record
    }
}
