/// Why a text is not a national identifier. It never carries the text, which may identify a patient.
public struct IdentifierError: Error, Sendable, Hashable {
    /// The identifiers of this library.
    public enum Kind: String, Sendable, Hashable {
        /// Répertoire partagé des professionnels intervenant dans le système de santé.
        case rpps = "RPPS"
        /// Automatisation des listes.
        case adeli = "ADELI"
        /// Fichier national des établissements sanitaires et sociaux.
        case finess = "FINESS"
        /// Système d'identification du répertoire des entreprises.
        case siren = "SIREN"
        /// Système d'identification du répertoire des établissements.
        case siret = "SIRET"
        /// Identité nationale de santé.
        case ins = "INS"
        /// National identifier of a person, with its type prefix.
        case person = "IdNat personne"
        /// National identifier of a structure, with its type prefix.
        case structure = "IdNat structure"
        /// The `ST` field of a certificate.
        case department = "département"
    }

    /// What is wrong.
    public enum Reason: String, Sendable, Hashable {
        /// Too many or too few characters.
        case length
        /// A character that cannot stand where it does.
        case character
        /// The check digit or key does not fit the number.
        case checkDigit
        /// The type prefix is unknown.
        case prefix
        /// The number names no existing department.
        case department
    }

    /// The identifier that was expected.
    public let kind: Kind
    /// What is wrong.
    public let reason: Reason

    init(_ kind: Kind, _ reason: Reason) {
        self.kind = kind
        self.reason = reason
    }
}

extension IdentifierError: ExplainedFailure {
    /// No requirement: the numbers are defined by their registers.
    public var requirement: RequirementID? { nil }

    /// The French sentence for the reader.
    public var explanation: String {
        switch reason {
        case .length: "L'identifiant (\(kind.rawValue)) n'a pas le bon nombre de caractères."
        case .character: "L'identifiant (\(kind.rawValue)) contient un caractère inattendu."
        case .checkDigit: "La clé de l'identifiant (\(kind.rawValue)) est fausse : vérifiez la saisie."
        case .prefix: "Le type de l'identifiant (\(kind.rawValue)) est inconnu."
        case .department: "Le numéro de département est inconnu."
        }
    }

    /// The English text for logs.
    public var description: String { "\(kind.rawValue): wrong \(reason.rawValue)" }
}
