public import MSSCore

/// Who may do what to a mailbox: the one place where it is decided (§2.4.3, §5.2, §5.4.2, §6.8.5).
public struct RightsRules: Sendable, Hashable {
    /// The terms of use in force; `nil` when the operator has them accepted elsewhere (EX_DCU_5030).
    public var terms: TermsOfUse?
    /// What each administrator's account is for, by name; who is not listed administers nothing (EX_SSI_5155, 1.7
    /// draft). `nil` when the operator limits its administrators elsewhere.
    public var administrators: [String: Set<AdministratorDuty>]?

    /// Rules.
    public init(terms: TermsOfUse? = nil, administrators: [String: Set<AdministratorDuty>]? = nil) {
        self.terms = terms
        self.administrators = administrators
    }

    /// Whether an actor may administer something; persons and applications have rights of their own, checked elsewhere.
    func require(_ duty: AdministratorDuty, of actor: Actor) throws(AccessDenial) {
        guard case .administrator(let name) = actor else { return }
        // An account without a name is nobody's (EX_SSI_5155).
        guard name.contains(where: { !$0.isWhitespace }) else { throw .unknownPerson }
        if let administrators, administrators[name]?.contains(duty) != true { throw .beyondDuty }
    }

    /// Decides.
    ///
    /// - Parameter person: how to find a person: the actor, and who delegated.
    public func decide(
        _ actor: Actor, _ action: MailboxAction, on mailbox: Mailbox, at time: Timestamp,
        person: (PersonID) throws -> Person?
    ) rethrows -> AccessDecision {
        switch mailbox.state {
        case .deleted: return .denied(.deleted)
        case .suspended where action.touchesMessages: return .denied(.suspended)
        // A suspended mailbox is changed by administrators only, who lift the suspension.
        case .suspended: if case .person = actor { return .denied(.suspended) }
        case .active: break
        }
        switch actor {
        case .administrator:
            if action.touchesMessages { return .denied(.messagesAreNotForManagers) }
            do throws(AccessDenial) { try require(.mailboxes, of: actor) } catch { return .denied(error) }
            return .allowed(.administrator)
        case .system: return action.touchesMessages ? .denied(.messagesAreNotForManagers) : .allowed(.system)
        case .application(let structure): return try application(structure, action, mailbox, person)
        case .person(let id): return try decide(id, action, mailbox, time, person)
        }
    }

    /// EX_LPS_1200 step 5: the structure of the certificate is the mailbox's. Software accepts no terms: whoever is
    /// responsible for it does (EX_DCU_5030).
    private func application(
        _ structure: StructureIdentifier, _ action: MailboxAction, _ mailbox: Mailbox,
        _ find: (PersonID) throws -> Person?
    ) rethrows -> AccessDecision {
        guard mailbox.kind == .application else { return .denied(.notAnApplication) }
        guard mailbox.structure == structure else { return .denied(.otherStructure) }
        if let terms, !terms.admits(try find(mailbox.responsible)?.acceptedTerms) { return .denied(.termsNotAccepted) }
        return action.touchesMessages ? .allowed(.application) : .denied(.beyondRole)
    }

    private func decide(
        _ id: PersonID, _ action: MailboxAction, _ mailbox: Mailbox, _ time: Timestamp,
        _ find: (PersonID) throws -> Person?
    ) rethrows -> AccessDecision {
        // EX_SSI_5130, EX_DCU_5030: before anything else.
        guard let person = try find(id) else { return .denied(.unknownPerson) }
        guard person.isAuthorised else { return .denied(.notAuthorised) }
        if let terms, !terms.admits(person.acceptedTerms) { return .denied(.termsNotAccepted) }

        if mailbox.responsible == id { return asResponsible(person, action, mailbox) }
        if mailbox.coHolders.contains(id) { return asCoHolder(person, action) }
        var denial = AccessDenial.noRole
        for delegation in mailbox.delegations where delegation.delegate == id {
            let decision = try asDelegate(delegation, action, mailbox, time, find)
            guard case .denied(let reason) = decision else { return decision }
            denial = reason
        }
        if let structure = mailbox.structure, person.managedStructures.contains(structure) {
            return action.touchesMessages ? .denied(.messagesAreNotForManagers) : .allowed(.structureManager)
        }
        return .denied(denial)
    }

    /// Who is not entitled reads nothing, and manages what is not a message (EX_GBM_4220).
    private func asResponsible(_ person: Person, _ action: MailboxAction, _ mailbox: Mailbox) -> AccessDecision {
        if action.touchesMessages, !person.isEntitled { return .denied(.notEntitled) }
        switch action {
        case .manageCoHolders where mailbox.kind == .person || mailbox.kind == .application: return .denied(.beyondRole)
        // The holder of a personal mailbox is the mailbox: nobody else's it can become (EX_GBM_4200).
        case .changeResponsible where mailbox.kind == .person: return .denied(.beyondRole)
        case .manageDelegates where mailbox.kind == .application: return .denied(.beyondRole)
        default: return .allowed(.responsible)
        }
    }

    /// A co-holder does all but closing (§2.4.3).
    private func asCoHolder(_ person: Person, _ action: MailboxAction) -> AccessDecision {
        guard person.isEntitled else { return .denied(.notEntitled) }
        return action == .close ? .denied(.beyondRole) : .allowed(.coHolder)
    }

    /// A delegate reads and sends only (§5.4.2), while the person who delegated could.
    private func asDelegate(
        _ delegation: Delegation, _ action: MailboxAction, _ mailbox: Mailbox, _ time: Timestamp,
        _ find: (PersonID) throws -> Person?
    ) rethrows -> AccessDecision {
        guard mailbox.kind != .application else { return .denied(.beyondRole) }
        guard action.touchesMessages else { return .denied(.beyondRole) }
        guard delegation.isInForce(at: time), action == .read ? delegation.mayRead : delegation.maySend else {
            return .denied(.delegationNotInForce)
        }
        let isHolder =
            mailbox.responsible == delegation.principal || mailbox.coHolders.contains(delegation.principal)
        guard isHolder, let principal = try find(delegation.principal), principal.isAuthorised else {
            return .denied(.principalLost)
        }
        // A responsible who manages without reading has a delegate work under a holder who is entitled, or not at all.
        guard principal.isEntitled else { return .denied(.principalLost) }
        return .allowed(.delegate(onBehalfOf: delegation.principal))
    }
}
