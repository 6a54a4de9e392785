public import MSSCore

/// Why an IHE XDM archive could not be built or was refused. Documents are named by their place, from 1: titles and
/// file names may hold a patient's name.
public enum XDMFailure: ExplainedFailure, Hashable {
    /// The archive holds no `IHE_XDM/…/METADATA.XML`.
    case notXDM
    /// Several subsets: a message carries one submission set.
    case severalSubmissionSets
    /// METADATA.XML lacks something or holds it in an unusable form; what.
    case metadata(String)
    /// No document at all.
    case noDocument
    /// The metadata lists a file that the archive does not hold.
    case documentMissing(Int)
    /// The file's size is not the one that the metadata gives.
    case sizeMismatch(Int)
    /// The file's SHA-1 is not the one that the metadata gives.
    case hashMismatch(Int)
    /// The documents do not concern one and the same patient.
    case severalPatients
    /// A document names no patient.
    case noPatient(Int)
    /// The document's header contradicts its metadata; which of them.
    case metadataDisagrees(Int, String)
    /// Two documents have one identifier.
    case duplicateDocument(Int)
    /// The source identifier is not an OID.
    case invalidSourceID

    /// None: §4.7 of the Référentiel states one XDM a message and one patient without giving it a number.
    public var requirement: RequirementID? { nil }

    /// English, for a log.
    public var description: String {
        switch self {
        case .notXDM: "XDM: no IHE_XDM/…/METADATA.XML"
        case .severalSubmissionSets: "XDM: several submission sets"
        case .metadata(let what): "XDM: METADATA.XML: \(what)"
        case .noDocument: "XDM: no document"
        case .documentMissing(let number): "XDM: document \(number) missing"
        case .sizeMismatch(let number): "XDM: document \(number): size differs from metadata"
        case .hashMismatch(let number): "XDM: document \(number): SHA-1 differs from metadata"
        case .severalPatients: "XDM: several patients"
        case .noPatient(let number): "XDM: document \(number) names no patient"
        case .metadataDisagrees(let number, let what): "XDM: document \(number): \(what) differs from metadata"
        case .duplicateDocument(let number): "XDM: document \(number) repeats an identifier"
        case .invalidSourceID: "XDM: source identifier is not an OID"
        }
    }

    /// French, for the reader.
    public var explanation: String {
        switch self {
        case .notXDM: "La pièce jointe n'est pas une archive de documents de santé (IHE XDM)."
        case .severalSubmissionSets:
            "L'archive contient plusieurs lots de documents ; un message n'en transporte qu'un."
        case .metadata: "La description des documents de l'archive (METADATA.XML) est incomplète ou illisible."
        case .noDocument: "L'archive ne contient aucun document."
        case .documentMissing(let number): "Le document n° \(number) annoncé par l'archive n'y figure pas."
        case .sizeMismatch(let number), .hashMismatch(let number):
            "Le document n° \(number) a été altéré : il ne correspond pas à sa description."
        case .severalPatients:
            "Les documents ne concernent pas tous le même patient ; un message ne concerne qu'un patient."
        case .noPatient(let number): "Le document n° \(number) ne désigne aucun patient."
        case .metadataDisagrees(let number, _): "Le document n° \(number) contredit sa description dans l'archive."
        case .duplicateDocument(let number): "Le document n° \(number) figure deux fois dans l'envoi."
        case .invalidSourceID: "L'identifiant (OID) du logiciel émetteur n'est pas valide."
        }
    }
}
