import MSSCore

extension Performance {
    /// What an operation makes of a mailbox, and whom it concerns.
    func apply(
        _ operation: AccountOperation, _ before: Mailbox, _ after: inout Mailbox, _ person: inout PersonID?
    ) throws {
        switch operation {
        case .suspend(_, let reason):
            try managersOnly(before.structure)
            guard case .active = before.state else { throw AccountOperationError.wrongState }
            try Texts.check(reason)
            guard !reason.isEmpty else { throw AccountOperationError.badText }
            after.state = .suspended(reason: reason, since: now)
        case .reactivate:
            // Who suspends for misuse is the operator: its structure does not lift that alone.
            guard actor.isOperator else { throw AccountOperationError.notForUsers }
            guard case .suspended = before.state else { throw AccountOperationError.wrongState }
            after.state = .active
            after.usableSince = now
        case .delete(_, let seen):
            if let seen {
                let persons = try ([before.responsible] + before.coHolders).compactMap { try writer.person($0) }
                guard LastUse(before, persons) == seen else { throw AccountOperationError.usedSince }
            }
            try close(before, &after)
        case .addCoHolder(_, let id):
            person = id
            guard !before.coHolders.contains(id), before.responsible != id else {
                throw AccountOperationError.roleUnchanged
            }
            after.coHolders.append(id)
        case .removeCoHolder(_, let id):
            person = id
            guard let index = before.coHolders.firstIndex(of: id) else { throw AccountOperationError.roleUnchanged }
            after.coHolders.remove(at: index)
            after.delegations.removeAll { $0.principal == id }
        case .changeResponsible(_, let id):
            person = id
            guard before.responsible != id else { throw AccountOperationError.roleUnchanged }
            // EX_GBM_4200: a personal mailbox never becomes another person's, whoever asks.
            guard before.kind != .person else { throw AccountOperationError.wrongState }
            after.responsible = id
            after.coHolders.removeAll { $0 == id }
            after.delegations.removeAll { $0.principal == before.responsible }
        case .delegate(_, let delegation):
            person = delegation.delegate
            try delegate(delegation, before, &after)
        case .removeDelegation(_, let delegate, let principal):
            person = delegate
            after.delegations.removeAll { $0.delegate == delegate && $0.principal == principal }
            guard after.delegations != before.delegations else { throw AccountOperationError.roleUnchanged }
        case .describe(_, let summary, let service, let phone):
            (after.summary, after.service, after.phone) = (summary, service, phone)
        case .setUnlisted(_, let isUnlisted): after.isUnlistedByChoice = isUnlisted
        case .attach(_, let structure, let isShared): (after.structure, after.isShared) = (structure, isShared)
        case .forward(_, let address): after.forwarding = address
        case .replyAutomatically(_, let reply):
            if let reply { try Texts.checkReply(reply, now) }
            after.automaticReply = reply
        case .purgeSent(_, let days):
            guard days.map({ (1...3_650).contains($0) }) ?? true else { throw AccountOperationError.badNumber }
            after.purgesSentAfterDays = days
        default: try book(operation, before, &after)
        }
    }

    /// What the operator's own jobs note.
    private func book(_ operation: AccountOperation, _ before: Mailbox, _ after: inout Mailbox) throws {
        switch operation {
        case .setQuota(_, let quota):
            guard actor.isOperator else { throw AccountOperationError.notForUsers }
            guard quota.map({ $0 > 0 }) ?? true else { throw AccountOperationError.badNumber }
            after.quota = quota
        case .noteUsage(_, let used):
            guard actor == .system else { throw AccountOperationError.notForUsers }
            guard used >= 0 else { throw AccountOperationError.badNumber }
            after.used = used
        case .noteConnection(_, let id):
            guard actor == .system else { throw AccountOperationError.notForUsers }
            // A clock that went back must not make a mailbox look unused: the latest connection stays.
            after.lastConnection = max(before.lastConnection ?? now, now)
            if let id {
                var (_, person) = try person(id)
                person.lastAuthentication = max(person.lastAuthentication ?? now, now)
                try writer.save(person)
            }
        case .requestDeletion:
            // EX_GBM_6021: the holder, who may have left the structure: no other right than being the holder is asked.
            guard before.kind == .person, actor == .person(before.responsible) else {
                throw AccountOperationError.notForUsers
            }
            let pending = try writer.pendingDeletionRequests()
            guard !pending.contains(where: { $0.mailbox == before.id }) else {
                throw AccountOperationError.roleUnchanged
            }
            try writer.save(DeletionRequest(mailbox: before.id, person: before.responsible, at: now))
        case .mark(_, let marks):
            guard actor == .system else { throw AccountOperationError.notForUsers }
            after.marks = marks
        default: throw AccountOperationError.notFound
        }
    }

    private func close(_ before: Mailbox, _ after: inout Mailbox) throws {
        after.state = .deleted(at: now)
        after.automaticReply = nil
        after.forwarding = nil
        // A request is carried out by the deletion itself (EX_GBM_6021).
        for var request in try writer.pendingDeletionRequests() where request.mailbox == before.id {
            request.doneAt = now
            try writer.save(request)
        }
        try writer.save(
            AddressReservation(
                address: before.address, formerHolder: before.responsible, until: now + accounts.reservation))
    }

    private func delegate(_ delegation: Delegation, _ before: Mailbox, _ after: inout Mailbox) throws {
        let isHolder = before.responsible == delegation.principal || before.coHolders.contains(delegation.principal)
        guard isHolder, delegation.delegate != delegation.principal, delegation.mayRead || delegation.maySend,
            delegation.until.map({ delegation.from < $0 && now < $0 }) ?? true
        else { throw AccountOperationError.emptyDelegation }
        // Each answers for the accesses that they open (§2.4.3): no holder delegates in another's name.
        if case .person(let id) = actor, id != delegation.principal {
            let manager = try writer.person(id)
            guard let structure = before.structure, manager?.managedStructures.contains(structure) == true else {
                throw AccessDenial.beyondRole
            }
        }
        guard let delegate = try writer.person(delegation.delegate), delegate.isAuthorised else {
            throw AccessDenial.unknownPerson
        }
        after.delegations.removeAll { $0.delegate == delegation.delegate && $0.principal == delegation.principal }
        after.delegations.append(delegation)
    }
}
