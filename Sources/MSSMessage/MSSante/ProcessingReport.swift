/// The result of integrating a structured message into the recipient's software, as the CI-SIS writes it into the
/// subject: `[KO Intégration système !][code] XDM/1.0/DDM+…` for a failure (volet de transmission d'un document CDA par
/// messagerie MSSanté).
public struct ProcessingReport: Sendable, Hashable {
    /// The causes that the CI-SIS numbers.
    public enum Cause: Int, Sendable, Hashable, CaseIterable {
        /// The version to replace or delete is not the latest one.
        case wrongVersion = 900
        /// The author may not replace or delete the document.
        case authorNotAllowed = 901
        /// The patient is unknown to the recipient's software.
        case unknownPatient = 902
        /// The document holds no INS.
        case insMissing = 903
        /// The INS is not exactly the one the recipient knows.
        case insDiffers = 904
        /// The INS lacks some of its traits.
        case insIncomplete = 905
        /// Anything else.
        case other = 906

        /// The cause in French words, for the person who sent the document.
        public var label: String {
            switch self {
            case .wrongVersion: "La version du document à remplacer ou à supprimer n'est pas la plus récente"
            case .authorNotAllowed: "L'auteur n'est pas autorisé à remplacer ou à supprimer ce document"
            case .unknownPatient: "Identifiant de patient inconnu"
            case .insMissing: "Le document ne contient pas l'INS du patient"
            case .insDiffers: "L'INS transmis ne correspond pas exactement à celui connu du destinataire"
            case .insIncomplete: "L'INS transmis n'est pas complet"
            case .other: "Autre erreur d'intégration"
            }
        }
    }

    /// The code, three digits; 900 to 906 have a ``cause``.
    public var code: Int
    /// The subject of the message that could not be integrated, when it can be read.
    public var subject: StructuredSubject?

    /// What the code means, when the CI-SIS numbers it.
    public var cause: Cause? { Cause(rawValue: code) }

    /// A report of a failure.
    public init(cause: Cause, subject: StructuredSubject?) {
        code = cause.rawValue
        self.subject = subject
    }

    /// The subject line.
    public var text: String { "[KO Intégration système !][\(code)]" + (subject.map { " \($0.text)" } ?? "") }

    /// Recognises the subject line, accents, case and blanks aside; `nil` for any other.
    public init?(subject line: some StringProtocol) {
        let folded = LatinText.folded(StructuredSubject.line(line))
        guard let start = folded.firstRange(of: "[ko integration systeme")?.upperBound,
            let close = folded[start...].firstIndex(of: "]"),
            folded[start..<close].allSatisfy({ $0 == " " || $0 == "!" })
        else { return nil }
        let rest = folded[folded.index(after: close)...].drop { $0 == " " }
        // An early form of the volet has no code: 906, "other".
        var code = Cause.other.rawValue
        if rest.first == "[", let end = rest.firstIndex(of: "]") {
            guard let number = Int(rest[rest.index(after: rest.startIndex)..<end]), (100...999).contains(number) else {
                return nil
            }
            code = number
        }
        self.code = code
        self.subject = StructuredSubject(parsing: line)
    }

    /// The value of the MDN field `Error` and of its disposition modifier: `902^Identifiant de patient inconnu`.
    public var errorText: String { "\(code)^\(LatinText.withoutAccents(cause?.label ?? "Erreur"))" }

    /// Reads ``errorText`` as others write it.
    public init?(errorText: some StringProtocol, subject: StructuredSubject? = nil) {
        guard let caret = errorText.firstIndex(of: "^"), let code = Int(String(errorText[..<caret]).trimmed),
            (100...999).contains(code)
        else { return nil }
        self.code = code
        self.subject = subject
    }
}
