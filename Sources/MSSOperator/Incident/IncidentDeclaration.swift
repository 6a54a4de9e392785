public import MSSCore
import MSSSMTP

/// The declaration of an incident to ANS, with the facts that §6.9.5.3 asks for (EX_SSI_5180).
///
/// A value: what is missing is said, nothing is made up. ``text`` is the mail to send.
public struct IncidentDeclaration: Sendable, Hashable {
    /// What an incident is about: the list of §6.9.5.3.
    public enum Nature: String, Sendable, Hashable, CaseIterable, Codable {
        /// Messages do not leave or do not arrive.
        case exchange = "echanges"
        /// The whitelist cannot be fetched.
        case whitelist = "liste-blanche"
        /// The directory cannot be published to or asked.
        case directory = "annuaire"
        /// Server certificates.
        case certificates = "certificats"
        /// Messages were lost.
        case loss = "perte"
        /// Spam, or a sender who has no right to be one.
        case abuse = "spam"
        /// Extractions of the directory cannot be fetched.
        case extractions = "extractions"
        /// A breach of security, or of personal data (1.7 draft).
        case security = "securite"

        /// The words of the Référentiel.
        public var text: String {
            switch self {
            case .exchange: "Échec d'émission/réception de messages"
            case .whitelist: "Téléchargement de la liste blanche"
            case .directory: "Publication / consultation de l'Annuaire Santé"
            case .certificates: "Certificats serveur"
            case .loss: "Perte de messages"
            case .abuse: "SPAM / émetteur non autorisé"
            case .extractions: "Téléchargement des extractions de l'Annuaire Santé"
            case .security: "Incident de sécurité et/ou violation de données à caractère personnel"
            }
        }
    }

    /// Who declares it.
    public struct Declarant: Sendable, Hashable, Codable {
        /// FINESS of the establishment, or SIRET.
        public var structure: String?
        /// The name of the structure.
        public var companyName: String?
        /// The family name.
        public var familyName: String?
        /// The given name.
        public var givenName: String?
        /// The function in the structure.
        public var role: String?
        /// A mail address outside the trust space.
        public var mail: String?
        /// A telephone number.
        public var phone: String?

        /// Nothing known yet.
        public init() {}
    }

    /// The version of the Référentiel, which sets the time allowed and the telephone number.
    public var version: ReferentialVersion
    /// When it was detected, or when the interruption begins.
    public var detected: Timestamp
    /// Whether the interruption was planned.
    public var isPlanned = false
    /// What it is about.
    public var natures: [Nature]
    /// What happened, in the declarant's words.
    public var details: String?
    /// What it does to users and other operators.
    public var impacts: String?
    /// When the service is expected back.
    public var expectedEnd: Timestamp?
    /// Who declares it.
    public var declarant = Declarant()
    /// The domains of the operator.
    public var domains: [Domain]
    /// The name of its server.
    public var serverName: Domain
    /// What the operator's software knows of it: lines of facts.
    public var observations: [String] = []

    /// A declaration; set the other properties as they are known.
    public init(
        version: ReferentialVersion, detected: Timestamp, natures: [Nature], domains: [Domain], serverName: Domain
    ) {
        self.version = version
        self.detected = detected
        self.natures = natures
        self.domains = domains
        self.serverName = serverName
    }

    /// Where declarations go (EX_SSI_5180).
    public static let mail = "monserviceclient.mssante@esante.gouv.fr"

    /// The telephone number of the version.
    public var phone: String {
        switch version {
        case .v1_6: "0 825 852 000 (0,06 €/min + prix appel, 24 h/24, 7 j/7)"
        case .v1_7draft: "0 806 800 213 (appel gratuit)"
        }
    }

    /// The time allowed: 24 hours, 12 under the draft of 1.7 (EX_SSI_5180).
    public var allowed: Duration {
        switch version {
        case .v1_6: .seconds(24 * 3600)
        case .v1_7draft: .seconds(12 * 3600)
        }
    }

    /// When the declaration must have been made.
    public var deadline: Timestamp { detected + allowed }

    /// The facts of §6.9.5.3 that are not known, in the words of the form.
    public var missing: [String] {
        var missing: [String] = []
        if natures.isEmpty { missing.append("nature de l'incident") }
        if impacts?.isEmpty ?? true { missing.append("impacts de l'incident") }
        let fields = [
            ("identifiant de structure (FINESS géographique ou SIRET)", declarant.structure),
            ("raison sociale", declarant.companyName), ("nom", declarant.familyName), ("prénom", declarant.givenName),
            ("fonction au sein de la structure", declarant.role),
            ("adresse électronique non sécurisée", declarant.mail),
            ("coordonnées téléphoniques", declarant.phone),
        ]
        missing += fields.filter { $0.1?.isEmpty ?? true }.map(\.0)
        return missing
    }

    /// What is given and cannot be right.
    public var contradictions: [String] {
        var found: [String] = []
        if let structure = declarant.structure, !structure.isEmpty {
            let isKnown = (try? FINESS(structure)) != nil || (try? SIRET(structure)) != nil
            if !isKnown { found.append("l'identifiant de structure n'est ni un FINESS ni un SIRET") }
        }
        if let mail = declarant.mail, !mail.isEmpty {
            let address = try? MailAddress(mail)
            if address == nil { found.append("l'adresse électronique du déclarant n'en est pas une") }
            if address?.domain.ascii.hasSuffix(".mssante.fr") ?? false {
                found.append("l'adresse électronique du déclarant doit être hors de l'espace de confiance")
            }
        }
        return found
    }

    /// The subject of the mail.
    public var subject: String {
        let what = natures.first?.text ?? "à préciser"
        return "[MSSanté] Déclaration d'incident – \(serverName.ascii) – \(what)"
    }

    private static let blank = "À COMPLÉTER"

    /// The mail with this machine's time.
    public var frenchText: String { text(zoneMinutes: FrenchDeliveryNotices.localZoneMinutes) }

    /// The mail, in the order of §6.9.5.3.
    ///
    /// - Parameter zoneMinutes: minutes east of Greenwich at a time, for dates that people read.
    public func text(zoneMinutes: (Timestamp) -> Int) -> String {
        func said(_ value: String?) -> String { value.flatMap { $0.isEmpty ? nil : $0 } ?? Self.blank }
        func date(_ time: Timestamp) -> String { FrenchDate.text(time, zoneMinutes: zoneMinutes(time)) }
        let hours = allowed.components.seconds / 3600
        var lines = [
            "Destinataire : \(Self.mail) (téléphone : \(phone))", "Objet : \(subject)", "",
            "Déclaration au titre de l'exigence EX_SSI_5180 (Référentiel \(version.rawValue)), à transmettre sous "
                + "\(hours) heures : au plus tard le \(date(deadline)).", "", "QUALIFICATION DE L'INCIDENT", "",
            "1. Date et heure de \(isPlanned ? "l'interruption programmée" : "détection") : \(date(detected))",
        ]
        if let expectedEnd { lines.append("   Rétablissement attendu : \(date(expectedEnd))") }
        lines.append("2. Nature : \(natures.isEmpty ? Self.blank : natures.map(\.text).joined(separator: " ; "))")
        if let details, !details.isEmpty { lines.append("   \(details)") }
        lines += [
            "3. Impacts : \(said(impacts))", "", "SERVICE CONCERNÉ", "", "Serveur : \(serverName.ascii)",
            "Domaines : \(domains.map(\.ascii).joined(separator: ", "))",
        ]
        if !observations.isEmpty { lines += ["Constats du service :"] + observations.map { "- \($0)" } }
        lines += [
            "", "DÉCLARANT", "",
            "Identifiant de structure (FINESS géographique ou SIRET) : \(said(declarant.structure))",
            "Raison sociale : \(said(declarant.companyName))", "Nom : \(said(declarant.familyName))",
            "Prénom : \(said(declarant.givenName))", "Fonction au sein de la structure : \(said(declarant.role))",
            "Adresse électronique non sécurisée : \(said(declarant.mail))",
            "Coordonnées téléphoniques : \(said(declarant.phone))",
        ]
        if natures.contains(.security) {
            lines += [
                "",
                "Cette déclaration est faite sans préjudice de la notification à la CNIL (RGPD, article 33 : 72 heures).",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Dates that people read.
enum FrenchDate {
    /// `21/11/2026 à 14:05 (UTC+01:00)`.
    static func text(_ time: Timestamp, zoneMinutes: Int) -> String {
        let civil = (time + .seconds(Int64(zoneMinutes) * 60)).civil
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let zone = abs(zoneMinutes)
        return "\(two(civil.day))/\(two(civil.month))/\(civil.year) à \(two(civil.hour)):\(two(civil.minute)) "
            + "(UTC\(zoneMinutes < 0 ? "-" : "+")\(two(zone / 60)):\(two(zone % 60)))"
    }
}
