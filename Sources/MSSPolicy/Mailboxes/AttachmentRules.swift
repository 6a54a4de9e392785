public import MSSCore

/// The rules on kinds of mailboxes, on their responsibles and on what they are attached to (§5.1.1, §5.2, §6.4.1).
public enum AttachmentRules {
    /// All of them.
    public static let all = [
        personalHolder, responsible, responsibleAccess, organizationStructure, practiceResponsible, practiceHolders,
        coHolders, applicationStructure, delegation, operatorFINESS, holderIdentifier, typeTen, structureOfProfessional,
    ]

    /// Most holders of a mailbox of kind CAB, the responsible included (EX_GBM_3030).
    public static let maximumPracticeHolders = 20

    /// EX_GBM_4200: a personal mailbox is a professional's who is entitled.
    public static let personalHolder = PolicyRule<MailboxFacts>(
        "EX_GBM_4200", statement: "Le titulaire d'une boîte personnelle est un professionnel habilité."
    ) { facts, _ in
        facts.kind != .person || facts.responsible.isEntitled
            ? nil : "Le titulaire d'une boîte personnelle doit être habilité à échanger des données de santé."
    }

    /// EX_GBM_4220, first point.
    public static let responsible = PolicyRule<MailboxFacts>(
        "EX_GBM_4220", statement: "Le responsable opérationnel est identifié par l'annuaire ou un fournisseur local."
    ) { facts, _ in
        facts.kind == .person || facts.responsible.isIdentified
            ? nil : "Le responsable opérationnel doit être identifié dans l'Annuaire Santé ou par un annuaire local."
    }

    /// EX_GBM_4220, third point: who does not read stands for the structure.
    public static let responsibleAccess = PolicyRule<MailboxFacts>(
        "EX_GBM_4220",
        statement: "Un responsable opérationnel non habilité est le représentant légal ou agit au nom de la structure."
    ) { facts, _ in
        guard facts.kind == .organization || facts.kind == .application else { return nil }
        return facts.responsible.isEntitled || facts.responsible.actsForStructure
            ? nil
            : "Le responsable opérationnel doit être habilité, ou représenter la structure ou agir pour son compte."
    }

    /// EX_GBM_3020.
    public static let organizationStructure = PolicyRule<MailboxFacts>(
        "EX_GBM_3020", statement: "Une boîte organisationnelle d'une structure FINESS est rattachée à cette structure."
    ) { facts, _ in
        switch facts.kind {
        case .organization:
            // A FINESS, or a SIREN or SIRET of a structure that has none and is in the directory (RG_CTR_033).
            guard let structure = facts.structure else {
                return "Une boîte organisationnelle doit être rattachée à une structure."
            }
            return structure.hasFINESS && !structure.isFINESS
                ? "Cette structure a un numéro FINESS : la boîte organisationnelle doit y être rattachée." : nil
        case .practice:
            return facts.structure.map { $0.hasFINESS || $0.isFINESS } ?? false
                ? "Cette structure a un numéro FINESS : la boîte doit lui être rattachée et non au responsable." : nil
        default: return nil
        }
    }

    /// EX_GBM_3030, first sentence.
    public static let practiceResponsible = PolicyRule<MailboxFacts>(
        "EX_GBM_3030",
        statement: "Une boîte organisationnelle sans FINESS est rattachée au numéro RPPS d'un responsable habilité."
    ) { facts, _ in
        guard facts.kind == .practice else { return nil }
        guard case .rpps = facts.responsible.identifier, facts.responsible.isEntitled else {
            return "Sans FINESS, une boîte organisationnelle est rattachée au numéro RPPS de son responsable habilité."
        }
        return nil
    }

    /// EX_GBM_3030, second sentence.
    public static let practiceHolders = PolicyRule<MailboxFacts>(
        "EX_GBM_3030",
        statement: "Une boîte organisationnelle sans FINESS a au plus 20 titulaires, responsable compris."
    ) { facts, _ in
        facts.kind == .practice && facts.coHolderCount + 1 > maximumPracticeHolders
            ? "Une boîte organisationnelle sans FINESS est limitée à \(maximumPracticeHolders) titulaires,"
                + " responsable compris." : nil
    }

    /// §2.4.3: only shared mailboxes have co-holders, and these are entitled.
    public static let coHolders = PolicyRule<MailboxFacts>(
        "EX_GBM_5410", statement: "Les cotitulaires d'une boîte organisationnelle sont des professionnels habilités."
    ) { facts, _ in
        guard facts.coHolderCount > 0 else { return nil }
        guard facts.kind == .organization || facts.kind == .practice else {
            return "Seule une boîte organisationnelle a des cotitulaires."
        }
        return facts.areCoHoldersEntitled ? nil : "Un cotitulaire doit être habilité à échanger des données de santé."
    }

    /// §5.2.3: an application's mailbox belongs to a structure.
    public static let applicationStructure = PolicyRule<MailboxFacts>(
        "EX_GBM_3010", statement: "Une boîte applicative est rattachée à une structure FINESS, SIRET ou SIREN."
    ) { facts, _ in
        guard facts.kind == .application else { return nil }
        guard let structure = facts.structure else {
            return "Une boîte applicative doit être rattachée à une structure."
        }
        return structure.hasFINESS && !structure.isFINESS
            ? "Cette structure a un numéro FINESS : la boîte applicative doit y être rattachée." : nil
    }

    /// EX_GBM_5411: no delegation of application mailboxes.
    public static let delegation = PolicyRule<MailboxFacts>(
        "EX_GBM_5411", statement: "Les boîtes applicatives ne proposent pas de délégation."
    ) { facts, _ in
        facts.kind == .application && facts.delegateCount > 0
            ? "Une boîte applicative n'a pas de délégué : l'accès se fait par le certificat de la structure." : nil
    }

    /// EX_PBA_5011: an operator registered in FINESS attaches a geographic FINESS to what it publishes.
    public static let operatorFINESS = PolicyRule<MailboxFacts>(
        "EX_PBA_5011",
        statement: "L'opérateur immatriculé au FINESS associe un FINESS géographique à toutes ses boîtes."
    ) { facts, context in
        guard context.operatorHasFINESS, facts.isPublishable else { return nil }
        guard let structure = facts.structure, structure.isFINESS else {
            return "Un numéro FINESS géographique doit être associé à la boîte aux lettres."
        }
        return structure.entity == .geographic || structure.isShared
            ? nil
            : "Le numéro FINESS doit être géographique ; un FINESS juridique ne convient qu'à un usage mutualisé."
    }

    /// EX_PBA_5090: the national identifier whenever there is one; else the mailbox's own address.
    public static let holderIdentifier = PolicyRule<MailboxFacts>(
        "EX_PBA_5090",
        statement: "Le titulaire d'une boîte personnelle est identifié par son RPPS ou ADELI s'il en a un."
    ) { facts, _ in
        guard facts.kind == .person, !facts.isTest else { return nil }
        switch facts.responsible.identifier {
        case .rpps, .adeli: return nil
        case .mailbox(let address):
            if facts.responsible.hasNationalIdentifier {
                return "Le titulaire a un numéro RPPS ou ADELI : il doit être identifié par ce numéro."
            }
            // RG_CTR_035
            return (try? DirectoryMailAddress(address)) == facts.address
                ? nil : "L'identifiant interne du titulaire est l'adresse de sa boîte aux lettres."
        case nil: return "Le titulaire d'une boîte personnelle doit être identifié."
        }
    }

    /// EX_GBM_4312 (1.7 draft): no new personal mailbox of type 10.
    public static let typeTen = PolicyRule<MailboxFacts>(
        "EX_GBM_4312", versions: [.v1_7draft],
        statement: "Aucune boîte personnelle n'est plus créée sous un identifiant interne (type 10)."
    ) { facts, _ in
        guard facts.kind == .person, facts.isNew, !facts.isTest, case .mailbox = facts.responsible.identifier else {
            return nil
        }
        return "Une nouvelle boîte personnelle est créée sous le numéro RPPS de son titulaire (type 8)."
    }

    /// EX_PBA_5220: personal mailboxes of professionals in structures carry the geographic FINESS.
    public static let structureOfProfessional = PolicyRule<MailboxFacts>(
        "EX_PBA_5220",
        statement: "La boîte personnelle d'un professionnel en structure est rattachée au FINESS géographique."
    ) { facts, _ in
        guard facts.kind == .person, facts.responsible.worksInStructure, facts.isPublishable else { return nil }
        return facts.structure?.isFINESS == true && facts.structure?.entity == .geographic
            ? nil
            : "Le titulaire exerce dans une structure : sa boîte doit être rattachée à un FINESS géographique."
    }
}

extension MailboxFacts {
    /// False for what is never published: the rules on directory attachments do not reach it.
    var isPublishable: Bool { !isTest && state == .active }
}
