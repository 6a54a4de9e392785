import MSSCore

/// The terms of use in force (EX_DCU_5010), which every user accepts before the first use (EX_DCU_5030).
public struct TermsOfUse: Sendable, Hashable {
    /// Their version, as acceptances name it.
    public var version: String
    /// Earlier versions whose acceptance still opens the service, while users are asked for the one in force.
    public var formerVersions: Set<String>
    /// Where their text is read.
    public var address: String?

    /// Terms.
    public init(version: String, formerVersions: Set<String> = [], address: String? = nil) {
        self.version = version
        self.formerVersions = formerVersions
        self.address = address
    }

    /// Whether a text can name a version: short, of one line, without the marks that separate lists in files.
    public static func isVersion(_ text: String) -> Bool { PersonIdentity.isName(text) }

    /// Whether an acceptance opens the service.
    public func admits(_ acceptance: TermsAcceptance?) -> Bool {
        guard let acceptance else { return false }
        return acceptance.version == version || formerVersions.contains(acceptance.version)
    }
}

/// What every user is told, once for each person, mailbox and version of the terms, at the first use (EX_GDT_5020).
public struct FirstUseInformation: Sendable, Hashable {
    /// The terms in force; `nil` when the operator has them accepted elsewhere.
    public var terms: TermsOfUse?
    /// Years that traces of what users do are kept (EX_GDT_5070).
    public var functionalYears: Int
    /// Years that technical traces are kept.
    public var technicalYears: Int
    /// Whom to ask: an address, a telephone number, a place.
    public var contact: String
    /// Whether a notice is left in the mailbox; otherwise only refused logins tell.
    public var leavesNotice: Bool

    /// An information.
    public init(
        terms: TermsOfUse?, functionalYears: Int, technicalYears: Int, contact: String, leavesNotice: Bool = true
    ) {
        self.terms = terms
        self.functionalYears = functionalYears
        self.technicalYears = technicalYears
        self.contact = contact
        self.leavesNotice = leavesNotice
    }

    /// What the base remembers that a person was told: another version is told again.
    var name: String { terms?.version ?? "" }
}

extension AccessNotice {
    /// Words what a person is told of a mailbox that she uses for the first time, under these terms.
    init(_ information: AccessInformation, to person: Person, _ facts: FirstUseInformation) {
        self.init(
            subject: "Boîte aux lettres \(information.address) : règles d'usage et traces de vos actions",
            body: """
                Bonjour \(person.givenName) \(person.familyName),

                Ce message vous informe, une fois, de ce qu'il faut savoir avant de vous servir de la boîte aux lettres \
                \(information.address).
                \(AccessNotice.paragraph(facts.terms, person.acceptedTerms))
                Les connexions à cette boîte aux lettres et les actions qui y sont faites (messages envoyés, reçus, lus, \
                déplacés, supprimés, accès ouverts à d'autres personnes) sont tracées au nom de leur auteur, avec la date, \
                l'heure, le logiciel et l'adresse réseau. Le contenu des messages n'est pas tracé. Ces traces sont \
                conservées \(AccessNotice.years(facts.functionalYears)), les traces techniques \
                \(AccessNotice.years(facts.technicalYears)) ; seules des personnes autorisées y accèdent, pour un \
                incident, un litige ou la demande d'une autorité.

                Pour toute question, pour modifier un accès ou exercer vos droits : \(facts.contact).

                """, mailbox: information.mailbox)
    }

    private static func paragraph(_ terms: TermsOfUse?, _ acceptance: TermsAcceptance?) -> String {
        guard let terms else { return "" }
        let place = terms.address.map { ", à lire ici : \($0)" } ?? ""
        let accepted =
            acceptance.map {
                " Votre acceptation de la version \($0.version) est notée au \($0.at.xsdDateTime.prefix(10))."
            }
            ?? ""
        return "\nLes conditions d'utilisation en vigueur sont la version \(terms.version)\(place).\(accepted)\n"
    }

    private static func years(_ count: Int) -> String { count == 1 ? "un an" : "\(count) ans" }
}
