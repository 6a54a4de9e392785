import MSSCore

/// One operation inside its transaction.
struct Performance {
    let accounts: Accounts
    let actor: Actor
    let now: Timestamp
    let writer: any AccountWriter

    func run(_ operation: AccountOperation) throws -> Accounts.Outcome {
        if let id = operation.mailbox { return try change(id, operation) }
        switch operation {
        case .create(let draft): return try create(draft)
        case .saveStructure(let structure):
            try managersOnly(structure.identifier)
            try Texts.check(structure.name)
            let before = try writer.structure(structure.identifier)
            try writer.save(structure)
            try trace(operation, fields: Differences.of(before, structure))
            return Accounts.Outcome()
        default: return try changePerson(operation)
        }
    }

    // MARK: Persons

    private func changePerson(_ operation: AccountOperation) throws -> Accounts.Outcome {
        let before: Person?
        var after: Person
        var more: [AccountChange.Field] = []
        switch operation {
        case .addPerson(let draft):
            (before, after) = (nil, try newPerson(draft))
            after.acceptedTerms = nil
            after.lastAuthentication = nil
        case .updatePerson(let changed):
            guard let known = try writer.person(changed.id) else { throw AccountOperationError.notFound }
            try managersOnly(nil, among: known.structures)
            (before, after) = (known, changed)
            // These have operations of their own.
            after.identity = known.identity
            after.acceptedTerms = known.acceptedTerms
            after.lastAuthentication = known.lastAuthentication
            after.isAuthorised = known.isAuthorised
        case .changeIdentity(let id, let identity):
            (before, after) = try person(id)
            guard actor.isOperator else { throw AccountOperationError.notForUsers }
            if let other = try writer.person(known: identity), other.id != id { throw AccountStoreError.identityTaken }
            after.identity = identity
        case .authorise(let id, let isAuthorised):
            (before, after) = try person(id)
            try managersOnly(nil, among: after.structures)
            after.isAuthorised = isAuthorised
        case .reviewAuthorisation(let id):
            (before, after) = try person(id)
            try managersOnly(nil, among: after.structures)
            after.reviewedAt = now
        case .acceptTerms(let id, let version):
            (before, after) = try person(id)
            // Nobody accepts for another.
            guard actor == .person(id) else { throw AccountOperationError.notForUsers }
            after.acceptedTerms = try acceptance(of: version, by: id)
        case .noteAcceptance(let id, let version, let evidence):
            (before, after) = try person(id)
            // Under a name that answers for it (EX_SSI_5155).
            guard case .administrator = actor else { throw AccountOperationError.notForUsers }
            try Texts.check(evidence)
            guard evidence.contains(where: { !$0.isWhitespace }) else { throw AccountOperationError.badText }
            after.acceptedTerms = try acceptance(of: version, by: id)
            more = [AccountChange.Field("evidence", before: nil, after: evidence)]
        default: throw AccountOperationError.notFound
        }
        return try keep(operation, before, after, more)
    }

    /// A person of another system, with the history of it.
    func load(_ draft: Person, acceptances: [TermsAcceptance]) throws {
        let times = acceptances.map(\.at) + [draft.lastAuthentication, draft.reviewedAt].compactMap(\.self)
        guard times.allSatisfy({ $0 <= now }) else { throw AccountOperationError.clockWentBack }
        var person = try newPerson(draft)
        person.acceptedTerms = acceptances.max { $0.at < $1.at }
        _ = try keep(.addPerson(person), nil, person)
        for acceptance in acceptances {
            guard PersonIdentity.isName(acceptance.version) else { throw AccountOperationError.badText }
            try writer.append(acceptance, by: person.id)
        }
    }

    private func newPerson(_ draft: Person) throws -> Person {
        try managersOnly(nil, among: draft.structures)
        guard try writer.person(known: draft.identity) == nil else { throw AccountStoreError.identityTaken }
        var person = draft
        person.id = try writer.nextPersonID()
        return person
    }

    private func keep(
        _ operation: AccountOperation, _ before: Person?, _ changed: Person, _ more: [AccountChange.Field] = []
    ) throws -> Accounts.Outcome {
        var after = changed
        guard after.identity.isSound else { throw IdentityError.malformed }
        // Rights over health data and over other people's mailboxes come from the operator, not from a structure's manager.
        if !actor.isOperator, after.managedStructures != before?.managedStructures ?? [] {
            throw AccountOperationError.notForUsers
        }
        for text in [after.givenName, after.familyName, after.contact ?? ""] + after.professions {
            try Texts.check(text)
        }
        if after.reviewedAt == nil { after.reviewedAt = now }
        try writer.save(after)
        try trace(operation, person: after.id, fields: Differences.of(before, after) + more)
        return Accounts.Outcome(person: after)
    }

    func person(_ id: PersonID) throws -> (Person?, Person) {
        guard let person = try writer.person(id) else { throw AccountOperationError.notFound }
        return (person, person)
    }

    // MARK: Mailboxes

    /// - Parameter isLoaded: true for a mailbox of another system, which keeps its history: the creation, the last
    ///   connection, the state and an unpublication for inactivity.
    func create(_ draft: Mailbox, isLoaded: Bool = false) throws -> Accounts.Outcome {
        // The responsible asks for the own mailbox (§2.4.3), or the structure's manager or the operator opens it.
        if actor != .person(draft.responsible) { try managersOnly(draft.structure) }
        guard try writer.mailbox(at: draft.address) == nil else { throw AccountStoreError.addressTaken }
        if let reservation = try writer.reservation(of: draft.address) {
            // RE_GBM_4330
            guard reservation.until <= now || reservation.formerHolder == draft.responsible else {
                throw AccountOperationError.addressReserved(until: reservation.until)
            }
            try writer.removeReservation(of: draft.address)
        }
        var mailbox = draft
        mailbox.id = try writer.nextMailboxID()
        if isLoaded {
            guard mailbox.exists, mailbox.createdAt <= now, mailbox.lastConnection.map({ $0 <= now }) ?? true else {
                throw AccountOperationError.clockWentBack
            }
            guard mailbox.createdAt <= mailbox.usableSince, mailbox.usableSince <= now, mailbox.marks.all(notAfter: now)
            else { throw AccountOperationError.clockWentBack }
        } else {
            mailbox.createdAt = now
            mailbox.usableSince = now
            mailbox.lastConnection = nil
            mailbox.state = .active
            mailbox.marks = LifecycleMarks()
        }
        let advice = try check(nil, mailbox)
        try writer.save(mailbox)
        try trace(.create(mailbox), mailbox: mailbox, fields: Differences.of(nil, mailbox))
        return Accounts.Outcome(mailbox: mailbox, advice: advice)
    }

    private func change(_ id: MailboxID, _ operation: AccountOperation) throws -> Accounts.Outcome {
        guard let before = try writer.mailbox(id) else { throw AccountOperationError.notFound }
        if let right = operation.right {
            try accounts.rights.decide(actor, right, on: before, at: now) { try writer.person($0) }.require()
        }
        guard before.exists else { throw AccountOperationError.wrongState }
        var after = before
        var person: PersonID?
        try apply(operation, before, &after, &person)
        let advice = operation.isBookkeeping ? [] : try check(before, after)
        if before != after { try writer.save(after) }
        let informed = try inform(operation, before) + tellOfFirstUse(operation, before)
        // A connection is a trace of the session (EX_GDT_5060), not of the base.
        if !operation.isBookkeeping {
            try trace(operation, mailbox: after, person: person, fields: Differences.of(before, after))
        }
        return Accounts.Outcome(mailbox: after, advice: advice, informed: informed)
    }

    /// §2.4.3: whoever opens an access to a shared mailbox, all its holders are told. Kept in the transaction itself, so
    /// that there is no access of which nobody will hear.
    private func inform(_ operation: AccountOperation, _ before: Mailbox) throws -> [PersonID] {
        guard before.kind == .organization || before.kind == .practice else { return [] }
        let (newcomer, role): (PersonID, AccessInformation.Role)
        switch operation {
        case .addCoHolder(_, let id): (newcomer, role) = (id, .coHolder)
        case .changeResponsible(_, let id) where !before.coHolders.contains(id): (newcomer, role) = (id, .responsible)
        case .delegate(_, let delegation):
            let known = before.delegations.first {
                $0.delegate == delegation.delegate && $0.principal == delegation.principal
            }
            // What opens nothing that was not open needs no telling.
            if let known, delegation.isWithin(known) { return [] }
            (newcomer, role) = (delegation.delegate, .delegate)
        default: return []
        }
        var opener: PersonID?
        if case .person(let id) = actor { opener = id }
        let recipients = ([before.responsible] + before.coHolders).filter { $0 != opener && $0 != newcomer }
        for recipient in recipients {
            try writer.append(
                AccessInformation(
                    at: now, mailbox: before.id, address: before.address.address.text, newcomer: newcomer, role: role,
                    openedBy: actor.text, opener: opener, recipient: recipient))
        }
        return recipients
    }

    // MARK: Checks

    private func check(_ before: Mailbox?, _ after: Mailbox) throws -> [AccountFinding] {
        guard after.exists else { return [] }
        for text in [after.summary, after.service, after.phone] { try Texts.check(text) }
        guard let responsible = try writer.person(after.responsible) else { throw AccountOperationError.notFound }
        let coHolders = try after.coHolders.map { id in
            guard let person = try writer.person(id) else { throw AccountOperationError.notFound }
            return person
        }
        let structure = try after.structure.map { identifier in
            guard let structure = try writer.structure(identifier) else { throw AccountOperationError.notFound }
            return structure
        }
        let isCounted = { (mailbox: Mailbox?) in mailbox.map { $0.exists && $0.isTest && !$0.isAutomaticReply } ?? false
        }
        let count =
            after.isTest
            ? try writer.testMailboxCount() - (isCounted(before) ? 1 : 0) + (isCounted(after) ? 1 : 0) : 0
        let findings = try accounts.rules.findings(
            on: MailboxProposal(
                before: before, after: after, responsible: responsible, coHolders: coHolders, structure: structure,
                testMailboxCount: count, at: now), reader: writer)
        if let refusal = findings.first(where: \.refuses) { throw refusal }
        return findings
    }

    /// Administrators, the operator's jobs, and the manager of the structure concerned.
    func managersOnly(_ structure: StructureIdentifier?, among structures: [StructureIdentifier] = []) throws {
        switch actor {
        case .administrator, .system: return
        case .application: throw AccountOperationError.notForUsers
        case .person(let id):
            guard let person = try writer.person(id), person.isAuthorised else {
                throw AccountOperationError.notForUsers
            }
            let concerned = structures + (structure.map { [$0] } ?? [])
            guard concerned.contains(where: person.managedStructures.contains) else {
                throw AccountOperationError.notForUsers
            }
        }
    }

    private func trace(
        _ operation: AccountOperation, mailbox: Mailbox? = nil, person: PersonID? = nil, fields: [AccountChange.Field]
    ) throws {
        try writer.append(
            AccountChange(
                at: now, actor: actor.text, operation: operation.name, mailbox: mailbox?.id,
                address: mailbox?.address.address.text, person: person, fields: fields))
    }
}

extension Actor {
    /// True for the operator itself.
    var isOperator: Bool {
        switch self {
        case .administrator, .system: true
        case .person, .application: false
        }
    }
}

extension AccountOperation {
    /// What is noted at every connection or measure: no rule is asked and no trace of the base is made.
    var isBookkeeping: Bool {
        switch self {
        case .noteUsage, .noteConnection: true
        default: false
        }
    }
}
