public import MSSCore
public import MSSXML

/// Why a document is not a whitelist, as a whole. Faults of single entries are ``WhitelistDiagnostic``s.
public enum WhitelistFormatError: Error, Sendable, Hashable {
    /// Not acceptable XML: cut short, malformed, a DTD, a limit passed.
    case xml(XMLFailure)
    /// The root is another element.
    case wrongRoot(String)
    /// `DateDeGeneration` is missing: the age of the list is unknown.
    case missingGenerationDate
    /// `DateDeGeneration` is no date.
    case invalidGenerationDate(TimestampError)
    /// `DateDeGeneration` or `ListeDomaines` stands more than once.
    case repeatedElement(String)
    /// There is no `ListeDomaines`.
    case missingList
    /// No entry can be used.
    case noEntry
    /// More entries than any list can have.
    case tooManyEntries
    /// A field is too long to be read.
    case fieldTooLong(String)
    /// A signature stands where the signed content was expected.
    case signatureInContent
}

extension WhitelistFormatError: ExplainedFailure {
    /// EX_2.2_5035: a corrupt list is answered by the last valid one.
    public var requirement: RequirementID? { "EX_2.2_5035" }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .xml(let failure): "La liste blanche est illisible : \(failure.explanation)"
        case .wrongRoot: "Le document reçu n'est pas une liste blanche."
        case .missingGenerationDate: "La liste blanche n'indique pas sa date de génération."
        case .invalidGenerationDate: "La date de génération de la liste blanche est illisible."
        case .repeatedElement(let name): "La liste blanche contient plusieurs fois l'élément « \(name) »."
        case .missingList: "La liste blanche ne contient pas de liste de domaines."
        case .noEntry: "La liste blanche ne contient aucun domaine utilisable."
        case .tooManyEntries: "La liste blanche contient trop de domaines."
        case .fieldTooLong(let name): "Un champ « \(name) » de la liste blanche est trop long."
        case .signatureInContent: "La liste blanche contient une signature mal placée."
        }
    }

    /// English, for logs.
    public var description: String {
        switch self {
        case .xml(let failure): failure.description
        case .wrongRoot(let name): "root element \(name)"
        case .missingGenerationDate: "no generation date"
        case .invalidGenerationDate(let error): "generation date: \(error)"
        case .repeatedElement(let name): "element \(name) more than once"
        case .missingList: "no list of domains"
        case .noEntry: "no usable entry"
        case .tooManyEntries: "more than \(WhitelistFormat.maximumEntries) entries"
        case .fieldTooLong(let name): "field \(name) longer than \(WhitelistFormat.maximumFieldLength) bytes"
        case .signatureInContent: "signature inside the signed content"
        }
    }
}
