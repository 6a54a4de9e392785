public import MSSCore

/// Why a journal could not be opened, written or read.
public enum TraceError: Error, Sendable, Hashable {
    /// The operating system refused something.
    case system(operation: String, path: String, code: Int32)
    /// No room left: the traces concerned were not written, and who asked for them was told so.
    case diskFull(path: String)
    /// The user's share of the disk is used up (EDQUOT), though the disk may have room; otherwise as `diskFull`.
    case quotaExceeded(path: String)
    /// The file would outgrow what the process or the file system allows (EFBIG: RLIMIT_FSIZE); otherwise as `diskFull`.
    case fileTooLarge(path: String)
    /// Another process, or another store of this one, writes here.
    case busy(path: String, holder: String)
    /// The folder holds something else, or a store of another format.
    case notAStore(path: String)
    /// An earlier record than those announced as durable is damaged: the journal is not opened for writing.
    case damaged(TraceFamily, sequence: UInt64, path: String)
    /// The journal ends before a record that was announced as durable.
    case truncated(TraceFamily, lastFound: UInt64, lastKnown: UInt64)
    /// The record announced as the last has another digest: the journal was replaced or rewritten.
    case rewritten(TraceFamily, sequence: UInt64)
    /// A seal cannot be read, or does not fit the journal.
    case seal(TraceFamily, segment: UInt64, path: String)
    /// The operator's key did not sign.
    case signing
    /// One trace is larger than a record may be.
    case tooLarge(bytes: Int)
    /// Traces handed over together are more than can be written as one.
    case batchTooLarge(bytes: Int)
    /// The store was closed, or an earlier error of the disk left it unusable.
    case closed
    /// The person may not consult the traces; the refusal was traced.
    case accessRefused(reason: String)
    /// The retention of a family is impossible (zero or negative).
    case retention
    /// Nothing was erased: the clock is too far from the last record to be believed.
    case clockImplausible(now: Timestamp, lastRecord: Timestamp)
    /// The folder of an export holds something already.
    case exportFolder(path: String)
}

extension TraceError: ExplainedFailure {
    /// The requirement in play.
    public var requirement: RequirementID? {
        switch self {
        case .accessRefused: "EX_GDT_5010"
        case .retention, .clockImplausible: "EX_GDT_5070"
        default: "EX_GDT_5030"
        }
    }

    /// The French sentence for an administrator.
    public var explanation: String {
        switch self {
        case .system(let operation, let path, let code):
            "Le système a refusé l'opération « \(operation) » sur \(path) (erreur \(code))."
        case .diskFull(let path): "Le disque est plein : aucune trace ne peut être écrite dans \(path)."
        case .quotaExceeded(let path):
            "Le quota de disque du service est épuisé : aucune trace ne peut être écrite dans \(path)."
        case .fileTooLarge(let path):
            "Le fichier \(path) a atteint la taille permise au service : aucune trace ne peut y être écrite."
        case .busy(let path, let holder): "Le journal \(path) est déjà ouvert en écriture (\(holder))."
        case .notAStore(let path): "Le dossier \(path) ne contient pas un journal de traces de ce logiciel."
        case .damaged(let family, let sequence, let path):
            "Les \(family.userFacingName) sont endommagées à partir de la trace \(sequence) (\(path))."
        case .truncated(let family, let found, let known):
            "Les \(family.userFacingName) s'arrêtent à la trace \(found) alors que la trace \(known) avait été écrite."
        case .rewritten(let family, let sequence):
            "Les \(family.userFacingName) ont été réécrites : la trace \(sequence) n'a plus la même empreinte."
        case .seal(let family, let segment, let path):
            "Le scellé du segment \(segment) des \(family.userFacingName) est absent ou incohérent (\(path))."
        case .signing: "La clé de l'opérateur n'a pas pu signer le scellé."
        case .tooLarge(let bytes): "La trace dépasse la taille permise (\(bytes) octets)."
        case .batchTooLarge(let bytes): "Trop de traces ont été remises à la fois (\(bytes) octets)."
        case .closed: "Le journal des traces est fermé."
        case .accessRefused(let reason): "L'accès aux traces est refusé : \(reason)."
        case .retention: "La durée de conservation doit être d'au moins un jour."
        case .clockImplausible(let now, let last):
            "Rien n'a été effacé : l'horloge (\(now)) est trop éloignée de la dernière trace (\(last))."
        case .exportFolder(let path): "Le dossier d'export \(path) n'est pas vide."
        }
    }

    /// The English text for logs.
    public var description: String {
        switch self {
        case .system(let operation, let path, let code): "\(operation) \(path): errno \(code)"
        case .diskFull(let path): "disk full: \(path)"
        case .quotaExceeded(let path): "disk quota exceeded: \(path)"
        case .fileTooLarge(let path): "limit on file sizes reached: \(path)"
        case .busy(let path, let holder): "\(path) is locked by \(holder)"
        case .notAStore(let path): "\(path) is not a trace store of this format"
        case .damaged(let family, let sequence, let path):
            "\(family) journal damaged from record \(sequence) in \(path)"
        case .truncated(let family, let found, let known):
            "\(family) journal ends at record \(found), \(known) was durable"
        case .rewritten(let family, let sequence): "\(family) journal: digest of record \(sequence) changed"
        case .seal(let family, let segment, let path): "\(family) seal of segment \(segment) is wrong: \(path)"
        case .signing: "the seal key does not sign"
        case .tooLarge(let bytes): "a trace of \(bytes) bytes"
        case .batchTooLarge(let bytes): "a batch of \(bytes) bytes"
        case .closed: "store closed"
        case .accessRefused(let reason): "access to traces refused: \(reason)"
        case .retention: "retention under one day"
        case .clockImplausible(let now, let last): "clock \(now) is too far from the last record \(last)"
        case .exportFolder(let path): "export folder \(path) is not empty"
        }
    }
}
