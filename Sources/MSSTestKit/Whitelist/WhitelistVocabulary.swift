/// Made-up names of structures, places and hosts: nothing here exists, by construction from syllables.
struct WhitelistVocabulary {
    private static let beginnings = [
        "Bel", "Clair", "Font", "Haut", "Mont", "Roche", "Val", "Vert", "Mire", "Lande", "Pré", "Aigue", "Blan", "Cham",
        "Gran", "Long", "Mar", "Noir", "Péri", "Tour",
    ]
    private static let middles = ["", "a", "e", "o", "ar", "er", "il", "on", "au", "è"]
    private static let endings = [
        "bois", "bourg", "court", "fontaine", "gny", "lac", "lieu", "mont", "rive", "roux", "sac", "val", "vigne",
        "ville", "çon", "fort",
    ]
    /// Kind of structure: prefix of host names, legal name, and how a description speaks of it.
    private static let kinds: [(label: String, legal: String, spoken: String)] = [
        ("ch", "CENTRE HOSPITALIER", "du CH de"), ("ehpad", "EHPAD", "de l'EHPAD"),
        ("clinique", "CLINIQUE", "pour la Clinique"),
        ("labo", "LABORATOIRE DE BIOLOGIE", "de LBM"), ("ssiad", "SSIAD", "SSIAD de"),
        ("msp", "MAISON DE SANTE", "pour la MSP"),
        ("hl", "HOPITAL LOCAL", "de l'Hôpital de"), ("ssr", "SSR", "pour le SSR"),
        ("imagerie", "CENTRE D'IMAGERIE", "d'Imagerie"),
        ("asso", "ASSOCIATION", "de l'Association"), ("gcs", "GCS", "du GCS"), ("had", "HAD", "de l'HAD"),
    ]
    /// Départements as certificates write them; a sixth of the published DNs carry accents.
    private static let departments = [
        "Paris (75)", "Nord (59)", "Gironde (33)", "Bouches-du-Rhône (13)", "Puy-de-Dôme (63)", "Doubs (25)",
        "Calvados (14)",
        "Haute-Garonne (31)", "Isère (38)", "Côtes-d'Armor (22)", "Guadeloupe (971)", "La Réunion (974)", "Eure (27)",
        "Loire-Atlantique (44)", "Bas-Rhin (67)", "Val-d'Oise (95)", "Hérault (34)", "Sarthe (72)", "Vaucluse (84)",
        "Somme (80)",
    ]

    var random: SeededGenerator
    private var used: Set<String> = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// One structure: label for host names (unique), legal name, description, département, OU.
    mutating func structure() -> (label: String, legal: String, description: String) {
        let kind = random.pick(Self.kinds)
        let place =
            random.pick(Self.beginnings) + random.pick(Self.middles) + random.pick(Self.endings)
        var label = "\(kind.label)-\(Self.ascii(place))"
        while !used.insert(label).inserted { label = "\(kind.label)-\(Self.ascii(place))-\(random.below(100_000))" }
        return (label, "\(kind.legal) \(Self.ascii(place).uppercased())", description(kind.spoken, kind.legal, place))
    }

    /// Nine descriptions in ten say "Domaine de messagerie MSSanté …"; the others only name the structure.
    private mutating func description(_ spoken: String, _ legal: String, _ place: String) -> String {
        if random.below(10) == 0 { return "\(legal) \(Self.ascii(place).uppercased())" }
        var description = "Domaine de messagerie MSSanté \(spoken) \(place)"
        if random.below(6) == 0 { description += " - Pôle gériatrie et soins de suite" }
        // Proportions of the published file, in 6,554: 118 end or begin with a space, 94 hold two, 21 a line break, 7 a &.
        switch random.below(6554) {
        case 0..<118: description += " "
        case 118..<212: description = description.replacing(" MSSanté ", with: " MSSanté  ")
        case 212..<233: description += "\n"
        case 233..<240: description += " & Associés"
        default: break
        }
        return description
    }

    mutating func department() -> String { random.pick(Self.departments) }

    /// `OU`: four in five are 1 + FINESS (nine digits), the others 3 + SIRET (fourteen), check digits right.
    mutating func identifier() -> String {
        let isFINESS = random.below(5) != 0
        let length = isFINESS ? 9 : 14
        var digits = [1 + random.below(9)]
        while digits.count < length - 1 { digits.append(random.below(10)) }
        return (isFINESS ? "1" : "3") + MadeUpNumbers.withCheckDigit(digits.map(String.init).joined())
    }

    /// Lower-case ASCII form of a place name.
    private static func ascii(_ text: String) -> String {
        String(
            text.lowercased().map { character in
                switch character {
                case "é", "è", "ê": "e"
                case "ç": "c"
                default: character
                }
            })
    }
}
