/// The persons and mailboxes of an operator: one of each kind, and what the Référentiel demands of every domain.
struct SandboxAccounts {
    /// A record of the accounts file, by the columns of MSSAccounts' tables.
    private enum Value: Encodable {
        case text(String)
        case flag(Bool)
        case list([String])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .flag(let flag): try container.encode(flag)
            case .list(let list): try container.encode(list)
            }
        }
    }

    /// The local part of the automatic-reply mailbox (EX_GBM_4020).
    static let automaticReply = "reponse.automatique-test"

    let structure: TestStructure
    let domains: [String]
    /// The structure without FINESS of the practice's mailbox.
    private let practice: String
    private let doctor: SandboxDescription.Person
    private let colleague: SandboxDescription.Person
    private let director: SandboxDescription.Person

    /// - Parameter index: 1 for the first operator: its persons are nobody else's.
    init(_ structure: TestStructure, domains: [String], index: Int) {
        self.structure = structure
        self.domains = domains
        practice = "3" + MadeUpNumbers.siret(index)
        doctor = .init(
            identity: "8" + MadeUpNumbers.rpps(10 * index + 1), givenName: "Jeanne", familyName: "Martin",
            isEntitled: true)
        colleague = .init(
            identity: "8" + MadeUpNumbers.rpps(10 * index + 2), givenName: "Paul", familyName: "Durand",
            isEntitled: true)
        director = .init(
            identity: "L\(structure.identifier):denis.roux", givenName: "Denis", familyName: "Roux", isEntitled: false)
    }

    var persons: [SandboxDescription.Person] { [doctor, colleague, director] }

    var mailboxes: [SandboxDescription.Mailbox] { all.map(\.mailbox) }

    /// The operator's own mailbox, which answers for `postmaster`.
    var postmaster: String { "exploitation@\(domains[0])" }

    /// The file.
    var json: [UInt8] {
        get throws {
            let tables = ["structures": structures, "persons": personRecords, "mailboxes": all.map(\.record)]
            return try SandboxFiles.json(tables)
        }
    }

    private var structures: [[String: Value]] {
        [
            [
                "identifier": .text(structure.identifier), "name": .text(structure.name), "entity": .text("EG"),
                "in_finess": .flag(true),
            ],
            ["identifier": .text(practice), "name": .text("CABINET DES TILLEULS")],
        ]
    }

    private var personRecords: [[String: Value]] {
        persons.map { person in
            [
                "identity": .text(person.identity), "given_name": .text(person.givenName),
                "family_name": .text(person.familyName), "entitled": .flag(person.isEntitled),
                "acts_for_structure": .flag(!person.isEntitled), "structures": .list([structure.identifier]),
                "professions": .list(person.isEntitled ? ["10"] : []),
                "contact": .text("\(person.givenName).\(person.familyName)@exemple.fr".lowercased()),
            ]
        }
    }

    private var all: [(mailbox: SandboxDescription.Mailbox, record: [String: Value])] {
        func one(
            _ kind: String, _ address: String, _ responsible: SandboxDescription.Person, at structure: String,
            summary: String = "", isTest: Bool = false, replies: Bool = false, coHolders: [String] = [],
            delegates: [String] = []
        ) -> (mailbox: SandboxDescription.Mailbox, record: [String: Value]) {
            (
                .init(
                    kind: kind, address: address, responsible: responsible.identity, isTest: isTest,
                    isAutomaticReply: replies),
                [
                    "kind": .text(kind), "address": .text(address), "responsible": .text(responsible.identity),
                    "structure": .text(structure), "description": .text(summary), "test": .flag(isTest),
                    "automatic_reply": .flag(replies), "co_holders": .list(coHolders),
                    "delegates": .list(delegates),
                ]
            )
        }
        let (main, finess) = (domains[0], structure.identifier)
        var all = [
            one("PER", "jeanne.martin@\(main)", doctor, at: finess, delegates: [colleague.identity]),
            one("PER", "paul.durand@\(main)", colleague, at: finess),
            one(
                "ORG", "secretariat-cardiologie@\(main)", director, at: finess, summary: "Secrétariat de cardiologie",
                coHolders: [doctor.identity]),
            one("ORG", postmaster, director, at: finess, summary: "Exploitation de la messagerie"),
            one("CAB", "cabinet-des-tilleuls@\(main)", colleague, at: practice, summary: "Cabinet des Tilleuls"),
            one("APP", "dossier-patient@\(main)", director, at: finess, summary: "Dossier patient informatisé"),
            one("ORG", "secretariat-test@\(main)", director, at: finess, summary: "Boîte de test", isTest: true),
        ]
        for domain in domains {
            all.append(
                one(
                    "ORG", "\(Self.automaticReply)@\(domain)", director, at: finess,
                    summary: "Test : réponse automatique", isTest: true, replies: true))
        }
        return all
    }
}
