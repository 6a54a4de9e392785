public import MSSAccounts
public import MSSCore
public import MSSPolicy

/// Judges changes of the accounts by the rules of the policy: the two libraries do not know each other.
public struct PolicyAccountRules: AccountRules {
    /// The version and trust space to judge under.
    public var context: PolicyContext
    /// Whether the whitelist in force has a domain (EX_GBM_4480).
    public var isTrusted: @Sendable (Domain) -> Bool

    /// Rules.
    public init(context: PolicyContext = PolicyContext(), isTrusted: @escaping @Sendable (Domain) -> Bool) {
        self.context = context
        self.isTrusted = isTrusted
    }

    /// What the rules find in a change.
    public func findings(on proposal: MailboxProposal, reader: any AccountReader) throws -> [AccountFinding] {
        let mailbox = proposal.after
        let isNew = proposal.before == nil
        var facts = try PolicyAccountRules.facts(proposal)
        facts.isDomainListed = isTrusted(mailbox.address.address.domain)
        var verdict = AttachmentRules.all.judge(facts, in: context)
        // A name is judged when it is given, the descriptions whenever they change.
        if isNew || proposal.before?.summary != mailbox.summary || proposal.before?.service != mailbox.service {
            verdict = verdict + NamingRules.all.judge(try naming(proposal, reader), in: context)
        }
        if mailbox.isTest {
            let offer = MailboxOffer(kinds: [.person, .organization], testMailboxCount: proposal.testMailboxCount)
            verdict = verdict + MailboxOffer.rules.judge(offer, in: context)
        }
        if let destination = mailbox.forwarding, destination != proposal.before?.forwarding {
            verdict = verdict + ForwardingFacts.rules.judge(try forwarding(proposal, destination, reader), in: context)
        }
        return verdict.findings.map { finding in
            AccountFinding(
                requirement: finding.requirement, refuses: finding.nature == .requirement,
                explanation: finding.explanation)
        }
    }

    /// What the policy needs to know of a mailbox.
    public static func facts(_ proposal: MailboxProposal) throws -> MailboxFacts {
        let mailbox = proposal.after
        let person = proposal.responsible
        var responsible = MailboxFacts.Responsible(
            identifier: .mailbox(mailbox.address.address), hasNationalIdentifier: false)
        if case .national(let identifier) = person.identity {
            responsible = MailboxFacts.Responsible(identifier: identifier, hasNationalIdentifier: true)
        }
        responsible.isEntitled = person.isEntitled
        responsible.actsForStructure = person.actsForStructure
        responsible.worksInStructure = person.structures.contains { if case .finess = $0 { true } else { false } }
        var facts = MailboxFacts(address: mailbox.address, kind: mailbox.kind, responsible: responsible)
        facts.coHolderCount = mailbox.coHolders.count
        facts.areCoHoldersEntitled = proposal.coHolders.allSatisfy(\.isEntitled)
        facts.delegateCount = mailbox.delegations.count
        facts.structure = proposal.structure.map { structure in
            var isFINESS = structure.isAlsoInFINESS
            if case .finess = structure.identifier { isFINESS = true }
            return MailboxFacts.StructureFacts(
                identifier: structure.identifier, entity: structure.entity, hasFINESS: isFINESS,
                isShared: mailbox.isShared)
        }
        facts.description = mailbox.summary
        facts.service = mailbox.service
        facts.phone = mailbox.phone
        switch mailbox.state {
        case .active: facts.state = .active
        case .suspended: facts.state = .suspended
        case .deleted: facts.state = .deleted
        }
        facts.isUnlistedByChoice = mailbox.isUnlistedByChoice
        facts.isUnlistedByInactivity = mailbox.marks.unpublished != nil
        facts.isTest = mailbox.isTest
        facts.isNew = proposal.before == nil
        return facts
    }

    private func naming(_ proposal: MailboxProposal, _ reader: any AccountReader) throws -> NamingFacts {
        let mailbox = proposal.after
        var facts = NamingFacts(address: mailbox.address.address.text, kind: mailbox.kind)
        facts.isTest = mailbox.isTest
        facts.isOlderThanVersion1_6 = proposal.before != nil || mailbox.createdAt < proposal.at
        let name = { (person: Person) in PersonName(given: person.givenName, family: person.familyName) }
        facts.holder = mailbox.kind == .person ? name(proposal.responsible) : nil
        facts.persons = ([proposal.responsible] + proposal.coHolders).map(name)
        facts.structureName = proposal.structure?.name
        facts.descriptions = [mailbox.summary, mailbox.service]
        if mailbox.kind == .person, let local = name(proposal.responsible).localPart,
            let expected = try? DirectoryMailAddress("\(local)@\(mailbox.address.address.domain.ascii)"),
            let other = try reader.mailbox(at: expected)
        {
            facts.hasHomonym = other.responsible != mailbox.responsible
        }
        return facts
    }

    private func forwarding(
        _ proposal: MailboxProposal, _ destination: DirectoryMailAddress, _ reader: any AccountReader
    ) throws -> ForwardingFacts {
        func holder(_ person: Person?) -> PersonIdentifier? {
            if case .national(let identifier) = person?.identity { identifier } else { nil }
        }
        let known = try reader.mailbox(at: destination)
        return ForwardingFacts(
            source: .init(
                proposal.after.address, kind: proposal.after.kind, holder: holder(proposal.responsible)),
            destination: .init(
                destination, kind: known?.kind, holder: try known.flatMap { holder(try reader.person($0.responsible)) }),
            isDestinationTrusted: isTrusted(destination.address.domain), destinationForwardsTo: known?.forwarding)
    }
}
