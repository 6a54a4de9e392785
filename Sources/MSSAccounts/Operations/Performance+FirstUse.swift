import MSSCore

extension Performance {
    /// An acceptance of terms, kept with those before it (EX_DCU_5030).
    func acceptance(of version: String, by person: PersonID) throws -> TermsAcceptance {
        // It is told in lists of files.
        guard TermsOfUse.isVersion(version) else { throw AccountOperationError.badText }
        let acceptance = TermsAcceptance(version: version, at: now)
        try writer.append(acceptance, by: person)
        return acceptance
    }

    /// EX_GDT_5020: a person's first connection to a mailbox is what makes her be told, in the same transaction: no user
    /// goes on untold, and none is told twice, whatever crashes in between. Applications have no eyes; who is
    /// responsible for one is told as a person.
    func tellOfFirstUse(_ operation: AccountOperation, _ mailbox: Mailbox) throws -> [PersonID] {
        guard case .noteConnection(_, let id?) = operation, let facts = accounts.firstUse, facts.leavesNotice,
            mailbox.kind != .application, try !writer.wasTold(id, of: mailbox.id, under: facts.name)
        else { return [] }
        try writer.noteTold(id, of: mailbox.id, under: facts.name, at: now)
        try writer.append(
            AccessInformation(
                at: now, mailbox: mailbox.id, address: mailbox.address.address.text, newcomer: id, role: .user,
                openedBy: actor.text, opener: nil, recipient: id))
        return [id]
    }
}
