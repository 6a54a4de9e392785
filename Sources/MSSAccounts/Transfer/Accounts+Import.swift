import MSSCore

extension Accounts {
    /// Loads structures, persons, mailboxes and reservations: all of them, or none and a report by line.
    ///
    /// Each goes through the same checks and leaves the same trace as if it had been made alone. What is known already
    /// is refused, not overwritten.
    public func load(_ source: ImportSource, by actor: Actor) async throws -> ImportReport {
        guard actor.isOperator else { throw AccountOperationError.notForUsers }
        try rights.require(.loads, of: actor)
        let content = ImportRecords(source)
        let now = clock.now()
        var report = content.report
        if report.isAccepted {
            do {
                try await repository.write { writer in
                    try Accounts.noteClock(now, writer)
                    var load = AccountLoad(
                        performance: Performance(accounts: self, actor: actor, now: now, writer: writer),
                        report: content.report)
                    for record in content.records { try load.add(record) }
                    // Thrown, so that the transaction keeps nothing.
                    guard load.report.isAccepted else { throw RejectedLoad(report: load.report) }
                }
            } catch let rejected as RejectedLoad {
                report = rejected.report
            }
        }
        let isAccepted = report.isAccepted
        let counts = AccountTable.allCases.map { table in
            AccountChange.Field(table.rawValue, before: nil, after: String(report.counts[table] ?? 0))
        }
        try await repository.write { writer in
            try writer.append(
                AccountChange(
                    at: now, actor: actor.text, operation: "load", fields: counts,
                    outcome: isAccepted ? .done : .refused(nil, "Le chargement comporte des erreurs.")))
        }
        await handOver(informing: false)
        return report
    }
}

private struct RejectedLoad: Error { var report: ImportReport }

/// A bulk load inside its transaction.
private struct AccountLoad {
    let performance: Performance
    var report: ImportReport
    private var writer: any AccountWriter { performance.writer }

    init(performance: Performance, report: ImportReport) {
        self.performance = performance
        self.report = report
    }

    mutating func add(_ record: ImportRecord) throws {
        do {
            switch record.table {
            case .structures: _ = try performance.run(.saveStructure(try structure(record)))
            case .persons: try performance.load(try person(record), acceptances: try acceptances(record))
            case .mailboxes:
                let loaded = try performance.create(try mailbox(record), isLoaded: true).mailbox
                guard let loaded, let at = try record.time("deletion_requested") else { return }
                try writer.save(DeletionRequest(mailbox: loaded.id, person: loaded.responsible, at: at))
            case .reservations: try reserve(record)
            }
        } catch let error as ImportColumnError {
            refuse(record, error.explanation, column: error.column)
        } catch let error as AccountStoreError {
            switch error {
            case .addressTaken, .identityTaken, .danglingReference: refuse(record, error.explanation)
            // The base itself fails: there is no report to make of it.
            default: throw error
            }
        } catch let error as any ExplainedFailure {
            refuse(record, error.explanation)
        }
    }

    private mutating func refuse(_ record: ImportRecord, _ explanation: String, column: String? = nil) {
        report.add(
            ImportProblem(table: record.table, line: record.line, column: column, explanation: explanation))
    }

    private func structure(_ record: ImportRecord) throws -> Structure {
        guard let identifier = try record.read("identifier", structureIdentifier) else {
            throw AccountOperationError.notFound
        }
        guard try writer.structure(identifier) == nil else {
            throw ImportColumnError(column: "identifier", explanation: "Cette structure est déjà connue.")
        }
        let entity = FINESS.Entity(rawValue: record.text("entity").uppercased())
        guard entity != nil || record.values["entity"] == nil else {
            throw ImportColumnError(column: "entity", explanation: "« EJ » ou « EG » est attendu.")
        }
        return Structure(
            identifier: identifier, name: record.text("name"), entity: entity,
            parent: try record.read("parent", structureIdentifier), isAlsoInFINESS: try record.flag("in_finess"))
    }

    private func person(_ record: ImportRecord) throws -> Person {
        guard let identity = try record.read("identity", identity) else { throw AccountOperationError.notFound }
        var person = Person(
            id: PersonID(0), identity: identity, givenName: record.text("given_name"),
            familyName: record.text("family_name"))
        person.isEntitled = try record.flag("entitled")
        person.actsForStructure = try record.flag("acts_for_structure")
        person.professions = record.lists["professions"] ?? []
        person.structures = try record.readList("structures", structureIdentifier)
        person.managedStructures = try record.readList("managed_structures", structureIdentifier)
        person.contact = record.values["contact"]
        person.isAuthorised = try record.flag("authorised", else: true)
        person.reviewedAt = try record.time("reviewed_at")
        person.lastAuthentication = try record.time("last_authentication")
        return person
    }

    /// `version>time`, oldest first.
    private func acceptances(_ record: ImportRecord) throws -> [TermsAcceptance] {
        try (record.lists["terms"] ?? []).map { text in
            let parts = text.split(separator: ">", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let at = try? Timestamp(xsdDateTime: String(parts[1])) else {
                throw ImportColumnError(column: "terms", explanation: "« version>date et heure » est attendu.")
            }
            return TermsAcceptance(version: String(parts[0]), at: at)
        }
    }

    private func reserve(_ record: ImportRecord) throws {
        guard let address = try record.read("address", directoryAddress),
            let holder = try record.read("former_holder", identity), let until = try record.time("until")
        else { throw AccountOperationError.notFound }
        guard try writer.mailbox(at: address) == nil else { throw AccountStoreError.addressTaken }
        try writer.save(
            AddressReservation(
                address: address, formerHolder: try known(holder, column: "former_holder"), until: until))
    }

    private func mailbox(_ record: ImportRecord) throws -> Mailbox {
        guard let kind = MailboxKind(code: record.text("kind")) else {
            throw ImportColumnError(column: "kind", explanation: "« PER », « ORG », « CAB » ou « APP » est attendu.")
        }
        guard let address = try record.read("address", directoryAddress),
            let responsible = try record.read("responsible", identity)
        else { throw AccountOperationError.notFound }
        let created = try record.time("created") ?? performance.now
        var mailbox = Mailbox(
            id: MailboxID(0), kind: kind, address: address,
            responsible: try known(responsible, column: "responsible"), createdAt: created)
        mailbox.coHolders = try record.readList("co_holders", identity).map { try known($0, column: "co_holders") }
        mailbox.delegations = try (record.lists["delegates"] ?? []).map { try delegation($0, of: mailbox) }
        mailbox.structure = try record.read("structure", structureIdentifier)
        mailbox.isShared = try record.flag("shared")
        mailbox.service = record.text("service")
        mailbox.summary = record.text("description")
        mailbox.phone = record.text("phone")
        mailbox.isUnlistedByChoice = try record.flag("unlisted")
        mailbox.quota = try record.number("quota")
        guard mailbox.quota.map({ $0 > 0 }) ?? true else {
            throw ImportColumnError(column: "quota", explanation: "Le quota est un nombre d'octets positif.")
        }
        mailbox.isTest = try record.flag("test")
        mailbox.isAutomaticReply = try record.flag("automatic_reply")
        mailbox.forwarding = try record.read("forwarding", directoryAddress)
        mailbox.purgesSentAfterDays = try record.number("purge_sent_days").map { Int(clamping: $0) }
        guard mailbox.purgesSentAfterDays.map({ (1...3_650).contains($0) }) ?? true else {
            throw ImportColumnError(column: "purge_sent_days", explanation: "Entre 1 et 3650 jours sont attendus.")
        }
        mailbox.lastConnection = try record.time("last_connection")
        if let since = try record.time("suspended_since") {
            try Texts.check(record.text("suspended_because"))
            mailbox.state = .suspended(reason: record.text("suspended_because"), since: since)
        }
        try readHistory(record, &mailbox)
        return mailbox
    }

    /// What the mailbox's users and the life cycle did before: no delay begins anew with a load, and none is shortened.
    private func readHistory(_ record: ImportRecord, _ mailbox: inout Mailbox) throws {
        mailbox.usableSince = try record.time("usable_since") ?? mailbox.createdAt
        mailbox.used = try record.number("used") ?? 0
        guard mailbox.used >= 0 else {
            throw ImportColumnError(column: "used", explanation: "Un nombre d'octets est attendu.")
        }
        if let text = record.values["reply_text"] {
            guard let from = try record.time("reply_from") else {
                throw ImportColumnError(column: "reply_from", explanation: "La date de début de la réponse manque.")
            }
            let reply = AutomaticReply(text: text, from: from, until: try record.time("reply_until"))
            try Texts.checkReply(reply)
            mailbox.automaticReply = reply
        }
        let day = { (column: String) in try record.time(column).map { Int32(clamping: $0.seconds / 86_400) } }
        mailbox.marks.unpublicationWarning = try day("unpublication_warned")
        mailbox.marks.unpublished = try day("unpublished")
        mailbox.marks.deletionWarning = try day("deletion_warned")
        mailbox.marks.quotaNotice = try day("quota_told")
        mailbox.marks.purged = try day("purged")
        let level = try record.number("quota_level") ?? 0
        guard [0, 80, 90, 100].contains(level) else {
            throw ImportColumnError(column: "quota_level", explanation: "80, 90 ou 100 est attendu.")
        }
        mailbox.marks.quotaLevel = Int32(clamping: level)
    }

    /// `delegate`, on behalf of the responsible, or `delegate>principal>rights>from>until`; rights are `r`, `s` or `rs`.
    private func delegation(_ text: String, of mailbox: Mailbox) throws -> Delegation {
        let parts = text.split(separator: ">", omittingEmptySubsequences: false).map { String($0) }
        let malformed = ImportColumnError(
            column: "delegates", explanation: AccountOperationError.emptyDelegation.explanation)
        guard parts.count <= 5, let delegate = try? PersonIdentity(parts[0]) else { throw malformed }
        var delegation = Delegation(
            delegate: try known(delegate, column: "delegates"), principal: mailbox.responsible, from: mailbox.createdAt)
        if parts.count > 1 {
            guard let principal = try? PersonIdentity(parts[1]) else { throw malformed }
            delegation.principal = try known(principal, column: "delegates")
        }
        if parts.count > 2 {
            guard ["r", "s", "rs"].contains(parts[2]) else { throw malformed }
            (delegation.mayRead, delegation.maySend) = (parts[2].contains("r"), parts[2].contains("s"))
        }
        if parts.count > 3 {
            guard let from = try? Timestamp(xsdDateTime: parts[3]) else { throw malformed }
            delegation.from = from
        }
        if parts.count > 4 {
            guard let until = try? Timestamp(xsdDateTime: parts[4]), delegation.from < until else { throw malformed }
            delegation.until = until
        }
        guard delegation.delegate != delegation.principal,
            delegation.principal == mailbox.responsible || mailbox.coHolders.contains(delegation.principal)
        else { throw malformed }
        return delegation
    }

    private func known(_ identity: PersonIdentity, column: String) throws -> PersonID {
        guard let person = try writer.person(known: identity) else {
            throw ImportColumnError(column: column, explanation: "Cette personne n'est pas connue.")
        }
        return person.id
    }

    // Spelt out: initialisers that are generic over their text do not convert to functions with their typed errors.
    private func identity(_ text: String) throws(IdentityError) -> PersonIdentity { try PersonIdentity(text) }
    private func structureIdentifier(_ text: String) throws(IdentifierError) -> StructureIdentifier {
        try StructureIdentifier(text)
    }
    private func directoryAddress(_ text: String) throws(DirectoryMailAddressError) -> DirectoryMailAddress {
        try DirectoryMailAddress(text)
    }
}
