import MSSCore

/// The rules of §5.3 and EX_GBM_4000 on the names of mailboxes.
public enum NamingRules {
    /// All of them.
    public static let all = [syntax, testName, noPersonalDataInTests, sharedName, personalName, explicitName]

    /// EX_GBM_4300: RFC 5321, and the alphabet of the directory.
    public static let syntax = PolicyRule<NamingFacts>(
        "EX_GBM_4300",
        statement: "L'adresse respecte la RFC 5321 et n'emploie que des lettres sans accent, des chiffres et . _ - +."
    ) { facts, _ in
        do throws(DirectoryMailAddressError) {
            let address = try DirectoryMailAddress(facts.address)
            return address.address.isPatientDomain
                ? "Le domaine \(PatientAddress.domain) est réservé aux usagers de Mon espace santé." : nil
        } catch {
            return error.explanation
        }
    }

    /// EX_GBM_4000: a test mailbox says so, and only it does: the circle of EX_GBM_4010 is told by the name.
    public static let testName = PolicyRule<NamingFacts>(
        "EX_GBM_4000", statement: "Une boîte aux lettres de test comporte le mot « test » dans sa dénomination."
    ) { facts, _ in
        switch (facts.isTest, TestMailbox.isNamed(facts.localPart)) {
        case (true, false): "Le nom d'une boîte aux lettres de test doit comporter le mot « test »."
        case (false, true):
            "Le mot « test » est réservé aux boîtes aux lettres de test : choisissez un autre nom ou déclarez-la de test."
        default: nil
        }
    }

    /// EX_GBM_4000, second sentence.
    public static let noPersonalDataInTests = PolicyRule<NamingFacts>(
        "EX_GBM_4000",
        statement: "La dénomination d'une boîte aux lettres de test ne comporte aucune donnée personnelle."
    ) { facts, _ in
        guard facts.isTest else { return nil }
        let words = Set(NameFolding.words(facts.localPart))
        let structure = Set(NameFolding.words(facts.structureName ?? ""))
        let persons = facts.persons + (facts.holder.map { [$0] } ?? [])
        let named = persons.contains { person in
            [person.given, person.family].contains { name in
                let parts = NameFolding.words(name)
                let isThere = !parts.isEmpty && (words.isSuperset(of: parts) || words.contains(parts.joined()))
                // `test` and the structure's own words are nobody's name here.
                return isThere && !parts.allSatisfy { structure.contains($0) || $0 == "test" }
            }
        }
        return named ? "Le nom d'une boîte aux lettres de test ne doit comporter ni nom ni prénom d'une personne." : nil
    }

    /// EX_GBM_4310: shared and application mailboxes are not named after a natural person; structures may be.
    public static let sharedName = PolicyRule<NamingFacts>(
        "EX_GBM_4310",
        statement: "Une boîte organisationnelle ou applicative n'est pas décrite par le nom d'une personne physique."
    ) { facts, _ in
        guard facts.kind != .person, !facts.isTest else { return nil }
        let structure = Set(NameFolding.words(facts.structureName ?? ""))
        if names(anyOf: facts.persons, in: facts.localPart, structure: structure) {
            return "Le nom d'une boîte \(facts.kind.userFacingName) ne doit pas désigner une personne physique."
                + " Un nom de structure convient, par exemple « cabinet-dr-martin » ou « service-cardiologie »."
        }
        if facts.descriptions.contains(where: { names(anyOf: facts.persons, in: $0, structure: structure) }) {
            return "La description d'une boîte \(facts.kind.userFacingName) ne doit pas désigner une personne physique."
        }
        return nil
    }

    /// EX_GBM_4311: a new personal mailbox is `prenom.nom`, homonyms excepted.
    public static let personalName = PolicyRule<NamingFacts>(
        "EX_GBM_4311", statement: "Une boîte personnelle est nommée prenom.nom, sauf homonymie sur le domaine."
    ) { facts, _ in
        guard facts.kind == .person, !facts.isTest, !facts.isOlderThanVersion1_6, !facts.hasHomonym else { return nil }
        guard let holder = facts.holder else { return "Une boîte personnelle a un titulaire, dont elle porte le nom." }
        // A name without any Latin letter cannot be written at all.
        guard let expected = holder.localPart else { return nil }
        return holder.isWritten(in: facts.localPart)
            ? nil : "Le nom d'une boîte personnelle est de la forme prenom.nom : « \(expected) » est attendu."
    }

    /// RE_GBM_4320: an explicit name.
    public static let explicitName = PolicyRule<NamingFacts>(
        "RE_GBM_4320", nature: .recommendation,
        statement: "Le nom d'une boîte aux lettres permet d'identifier la personne ou l'entité qui l'emploie."
    ) { facts, _ in
        guard facts.kind != .person else { return nil }
        let longest = NameFolding.words(facts.localPart).map { NameFolding.withoutDigits($0).count }.max() ?? 0
        return longest < 3
            ? "Ce nom dit peu de l'entité qui emploie la boîte aux lettres : choisissez-en un explicite." : nil
    }

    /// Words of structures and titles: beside them a family name names a structure (`cabinet-dr-martin`).
    private static let structureWords: Set<String> = [
        "accueil", "association", "cabinet", "centre", "ch", "chr", "chu", "clinique", "consultation", "cpts",
        "direction",
        "ehpad", "equipe", "esp", "espace", "etablissement", "fondation", "groupe", "groupement", "hopital", "imagerie",
        "institut", "labo", "laboratoire", "maison", "msp", "officine", "pharmacie", "plateforme", "pole",
        "polyclinique",
        "reseau", "residence", "scm", "scp", "secretariat", "selarl", "service", "ssiad", "unite",
    ]

    /// Whether a text names one of these persons: by the given and the family name, whatever stands beside them, or by
    /// the family name alone where no word of a structure stands beside it (Decision 0130).
    private static func names(
        anyOf persons: [PersonName], in text: some StringProtocol, structure: Set<String>
    ) -> Bool {
        let words = NameFolding.words(text)
        let present = Set(words)
        let isStructure = words.contains { structureWords.contains($0) }
        func stands(_ name: String) -> Bool {
            let parts = NameFolding.words(name)
            guard !parts.isEmpty, !parts.allSatisfy(structure.contains) else { return false }
            return present.isSuperset(of: parts) || present.contains(parts.joined())
        }
        return persons.contains { stands($0.family) && (stands($0.given) || !isStructure) }
    }
}
