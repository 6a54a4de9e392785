internal import MSSCore

/// How many names of each multiplicity a list has and which operators hold them, then the entries.
struct WhitelistPlan {
    /// The certificates of one operator.
    private struct Operator {
        let names: [String]
    }

    private let count: Int
    private let generated: Timestamp
    private var words: WhitelistVocabulary
    private var times: [Timestamp] = []
    private var result: [TestWhitelist.Entry] = []

    init(count: Int, seed: UInt64, generated: Timestamp) {
        self.count = count
        self.generated = generated
        words = WhitelistVocabulary(seed: seed)
    }

    /// `published` of the published file's 6,554, in proportion.
    private func scaled(_ published: Int) -> Int { published * count / WhitelistGenerator.publishedCount }

    mutating func entries() -> [TestWhitelist.Entry] {
        for _ in 0..<max(1, scaled(814)) {
            times.append(Timestamp(seconds: generated.seconds - Int64(words.random.below(4 * 365 * 86_400))))
        }
        oddities()
        // Large operators: (certificates, names), as in the published file.
        let large = [(3, 238), (2, 391), (2, 200), (4, 100), (5, 4)]
        for (certificates, names) in large where scaled(names) > 0 {
            let hosting = newOperator(certificates)
            for _ in 0..<scaled(names) { addName(hosting.names) }
        }
        // Hospitals with several certificates of their own.
        spread(names: scaled(115), over: scaled(60), certificates: 2)
        spread(names: scaled(9), over: max(1, scaled(4)), certificates: 3)
        spread(names: scaled(4), over: 1, certificates: 4)
        repetitions()
        singles()
        return result
    }

    /// What a strict reader would refuse and the published file holds.
    private mutating func oddities() {
        // 7 entries of the list of facts: apicrypt (two names, two DNs, one written with ", "), @, upper case, L=.
        let apicrypt = TestStructure(
            name: "EDITEUR APICRYPT DE TEST", identifier: words.identifier(), department: "Nord (59)")
        let first = "CN=mailin.interop-mssante.apicrypt.org,\(tail(apicrypt))"
        let second = "CN=mailin2.interop-mssante.apicrypt.org,\(tail(apicrypt))"
        add("interop-mssante.apicrypt.org", "Domaine de messagerie MSSanté Apicrypt", second)
        add("interop-mssante.apicrypt.org", "Domaine de messagerie MSSanté Apicrypt", first)
        add("mssante.apicrypt.org", "Domaine de messagerie MSSanté Apicrypt", second)
        add("mssante.apicrypt.org", "Domaine de messagerie MSSanté Apicrypt", first.replacing(",", with: ", "))
        let hosting = newOperator(1).names
        add("service@association.essai.mssante.fr", "SESSAD DE L'ESSAI", hosting[0])
        add("UC-ESSAI.mssante.fr", "UC-ESSAI", hosting[0])
        add(
            "audit.espacedeconfiance.mssante.fr", "Domaine de messagerie MSSanté d'audit",
            "CN=cert-audit.essai.mssante.fr,OU=\(words.identifier()),O=STRUCTURE - TEST0001,L=Paris (75),C=FR")
        // DN values between quotes, with doubled spaces, no-break spaces or quotes inside.
        for organization in [
            "\"HOPITAL  DES ESSAIS\"", "\"CENTRE HOSPITALIER   DE L'ESSAI\"", "\"C.E. DE  TEST\"",
            "\"INSTITUT\u{A0} DE TEST\"",
            "\"HOPITAL LA\u{A0} COLLINE/VALLON\"", "CENTRE  HOSPITALIER DOUBLE-ESPACE", "C H E  DE  TEST",
            "CENTRE HOSPITALIER \"ESSAI-TEST\"", "CENTRE \"MARIE ESSAI\"",
        ] {
            let (label, _, description) = words.structure()
            add(
                "\(label).mssante.fr", description,
                "CN=mss.\(label).fr,OU=\(words.identifier()),O=\(organization),ST=\(words.department()),C=FR")
        }
        // Deep names: five and six labels before the top.
        for name in ["a.b.service.essai.mssante.fr", "a.b.c.service.essai.mssante.fr"] {
            add(name, "Domaine de messagerie MSSanté de service", hosting[0])
        }
    }

    /// Names listed twice with the same DN: a third of them exact duplicates, the others with another date.
    private mutating func repetitions() {
        let total = max(1, scaled(21))
        let exact = max(1, scaled(7))
        let hosting = newOperator(2)
        for index in 0..<total {
            let (label, _, description) = words.structure()
            let name = "\(label).mssante.fr"
            if index >= scaled(18) { add(name, description, hosting.names[1]) }
            add(name, description, hosting.names[0])
            if index < exact {
                if let last = result.last { result.append(last) }
            } else {
                add(name, description, hosting.names[0])
                result[result.count - 1].updated = Timestamp(seconds: result[result.count - 1].updated.seconds + 1)
            }
        }
    }

    /// The rest: names with one certificate, three quarters of them at three operators.
    private mutating func singles() {
        for names in [311, 190] {
            let hosting = newOperator(1)
            for _ in 0..<scaled(names) { addName(hosting.names) }
        }
        let hospitals = max(1, scaled(210))
        let own = min(scaled(600), max(0, count - result.count))
        spread(names: own, over: min(hospitals, max(1, own)), certificates: 1)
        let largest = newOperator(1)
        while result.count < count { addName(largest.names) }
    }

    private mutating func spread(names: Int, over operators: Int, certificates: Int) {
        guard names > 0 else { return }
        let hosts = (0..<max(1, operators)).map { _ in newOperator(certificates) }
        for index in 0..<names { addName(hosts[index % hosts.count].names) }
    }

    private mutating func newOperator(_ certificates: Int) -> Operator {
        let (label, legal, _) = words.structure()
        let structure = TestStructure(name: legal, identifier: words.identifier(), department: words.department())
        return Operator(
            names: (1...certificates).map { index in
                "CN=\(certificates == 1 ? "mss" : "smtp-\(index)").\(label).fr,\(tail(structure))"
            })
    }

    private func tail(_ structure: TestStructure) -> String {
        "OU=\(structure.identifier),O=\(structure.name),ST=\(structure.department ?? ""),C=FR"
    }

    /// A new name with one entry for each DN. One name in seven has four labels, as published.
    private mutating func addName(_ certificateNames: [String]) {
        guard result.count + certificateNames.count <= count else { return }
        let (label, _, description) = words.structure()
        let parent = words.random.below(7) == 0 ? ".groupe\(words.random.below(40))" : ""
        for certificateName in certificateNames { add("\(label)\(parent).mssante.fr", description, certificateName) }
    }

    private mutating func add(_ name: String, _ description: String, _ certificateName: String) {
        result.append(
            TestWhitelist.Entry(
                name: name, description: description, certificateName: certificateName,
                updated: words.random.pick(times)))
    }
}
