public import MSSCore

/// Whether a mailbox goes to the directory, and as what.
public enum PublicationDecision: Sendable, Hashable {
    /// It is fed, with this indicator of liste rouge and this attachment.
    case published(unlisted: Bool, attachment: DirectoryAttachment)
    /// It is not fed; what is there is removed.
    case withheld([PolicyFinding])
}

/// What a mailbox hangs on in the directory.
public enum DirectoryAttachment: Sendable, Hashable {
    /// A person (`PER`), and the structure where this mailbox is used.
    case person(PersonIdentifier, structure: StructureIdentifier?)
    /// A structure (`ORG`, `APP`): co-holders are never given (EX_GBM_3020).
    case structure(StructureIdentifier)
    /// The responsible of a practice without FINESS (`CAB`); the co-holders are given with it (EX_GBM_3030).
    case practice(RPPS)
}

/// The publication filter: the whole of §6.4.1 between the operator's base and the directory's feed.
public enum PublicationRules {
    /// Longest texts that the feed takes (tables 14 to 17 of the Référentiel), in characters.
    public static let maximumTextLength = 160
    /// Longest telephone number.
    public static let maximumPhoneLength = 20

    /// What keeps a mailbox out of the directory.
    public static let all = [state, test, domain, distributionList, patient, description]

    /// EX_PBA_5140: suspended and deleted mailboxes are not published.
    public static let state = PolicyRule<MailboxFacts>(
        "EX_PBA_5140", statement: "Les boîtes suspendues ou supprimées ne sont pas publiées."
    ) { facts, _ in
        switch facts.state {
        case .active: nil
        case .suspended: "La boîte aux lettres est suspendue : elle n'est plus publiée."
        case .deleted: "La boîte aux lettres est supprimée : elle n'est plus publiée."
        }
    }

    /// EX_PBA_5230: test mailboxes are not published.
    public static let test = PolicyRule<MailboxFacts>(
        "EX_PBA_5230", statement: "Les boîtes aux lettres de test ne sont pas publiées."
    ) { facts, _ in
        facts.isTest ? "Une boîte aux lettres de test n'est pas publiée dans l'Annuaire Santé." : nil
    }

    /// EX_PBA_5010, last point: a domain taken off the whitelist has no mailbox in the directory any more.
    public static let domain = PolicyRule<MailboxFacts>(
        "EX_PBA_5010", statement: "Les boîtes d'un domaine retiré de la liste blanche ne sont plus publiées."
    ) { facts, _ in
        facts.isDomainListed ? nil : "Le domaine a été retiré de la liste blanche : ses boîtes ne sont plus publiées."
    }

    /// EX_PBA_5030: no distribution list.
    public static let distributionList = PolicyRule<MailboxFacts>(
        "EX_PBA_5030", statement: "Toute adresse publiée correspond à une et une seule boîte aux lettres."
    ) { facts, _ in
        facts.isDistributionList ? "Une liste de diffusion n'est pas publiée dans l'Annuaire Santé." : nil
    }

    /// EX_PBA_5010, §6.4.1: patients' mailboxes are not published.
    public static let patient = PolicyRule<MailboxFacts>(
        "EX_PBA_5010", statement: "Les boîtes aux lettres des usagers ne sont pas publiées."
    ) { facts, _ in
        facts.address.address.isPatientDomain ? "La boîte aux lettres d'un usager n'est jamais publiée." : nil
    }

    /// EX_PBA_5150: what is published is there, clean and of the directory's length.
    public static let description = PolicyRule<MailboxFacts>(
        "EX_PBA_5150", statement: "Les descriptions publiées sont fiables."
    ) { facts, _ in
        // RG_CTR_030: a description is mandatory for shared and application mailboxes.
        if facts.kind != .person, facts.description.allSatisfy(\.isWhitespace) {
            return "La description d'une boîte \(facts.kind.userFacingName) est obligatoire."
        }
        for text in [facts.description, facts.service] {
            // Controls and the invisible marks of direction make a text read otherwise than it is.
            if text.unicodeScalars.contains(where: { $0.properties.generalCategory.isInvisible }) {
                return "La description contient un caractère invisible ou de contrôle."
            }
            if text.count > maximumTextLength { return "La description dépasse \(maximumTextLength) caractères." }
        }
        let isPhone = facts.phone.utf8.allSatisfy { (0x30...0x39).contains($0) || " +.-()".utf8.contains($0) }
        return isPhone && facts.phone.utf8.count <= maximumPhoneLength
            ? nil : "Le numéro de téléphone est mal écrit ou dépasse \(maximumPhoneLength) caractères."
    }

    /// The decision for one mailbox: whatever an attachment or publication rule refuses stays out.
    public static func decide(_ facts: MailboxFacts, in context: PolicyContext) -> PublicationDecision {
        let verdict = all.judge(facts, in: context)
        guard verdict.isAllowed else { return .withheld(verdict.refusals) }
        let attachments = AttachmentRules.all.judge(facts, in: context)
        guard attachments.isAllowed, let attachment = attachment(of: facts) else {
            return .withheld(attachments.refusals)
        }
        // EX_PBA_5040 and EX_GBM_4440: two reasons, one indicator.
        return .published(
            unlisted: facts.isUnlistedByChoice || facts.isUnlistedByInactivity, attachment: attachment)
    }

    private static func attachment(of facts: MailboxFacts) -> DirectoryAttachment? {
        switch facts.kind {
        case .person: facts.responsible.identifier.map { .person($0, structure: facts.structure?.identifier) }
        case .organization, .application: facts.structure.map { .structure($0.identifier) }
        case .practice: if case .rpps(let rpps) = facts.responsible.identifier { .practice(rpps) } else { nil }
        }
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isInvisible: Bool {
        switch self {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
