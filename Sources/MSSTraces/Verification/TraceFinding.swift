public import MSSCore

/// What a verification found.
public enum TraceFinding: Sendable, Hashable {
    /// What is wrong with a signed text.
    public enum SignedFault: String, Sendable, Hashable, CaseIterable {
        /// There is none.
        case missing
        /// It is not in the form it was written in.
        case form
        /// Its signature does not verify.
        case signature
        /// It is signed with a certificate that the verifier was not given.
        case unknownCertificate
        /// It does not carry the digest of the seal before, or speaks of another journal or segment.
        case chain
    }

    /// The store cannot be read.
    case unreadable(path: String)
    /// A seal is not what it should be.
    case seal(TraceFamily, segment: UInt64, SignedFault)
    /// A statement of erasure is not what it should be.
    case erasure(TraceFamily, segment: UInt64, SignedFault)
    /// A segment is gone, and no statement says that its retention ended.
    case segmentMissing(TraceFamily, segment: UInt64)
    /// The header of a segment was changed.
    case header(TraceFamily, segment: UInt64)
    /// A record cannot be read.
    case damaged(TraceFamily, segment: UInt64, sequence: UInt64)
    /// Records are gone, or stand elsewhere than they were written.
    case gap(TraceFamily, expected: UInt64, found: UInt64)
    /// A record, or the digest that the next one carries of it, was changed.
    case altered(TraceFamily, sequence: UInt64)
    /// The records of a segment are not those that were sealed, though their own chain holds.
    case sealedOtherwise(TraceFamily, segment: UInt64)
    /// The personal part of a record is erased, and no statement says that its retention ended.
    case erasedWithoutStatement(TraceFamily, sequence: UInt64)
    /// The journal ends before a record that the store's head or an anchor knows.
    case truncated(TraceFamily, lastFound: UInt64, lastKnown: UInt64)
    /// A record has another digest than the store's head or an anchor knows.
    case rewritten(TraceFamily, sequence: UInt64)
    /// The store's own head is missing or cannot be read.
    case head(TraceFamily)
    /// An anchor cannot be read.
    case anchor(TraceFamily)
    /// The clock went back before this record: no tampering, but times need care.
    case clockWentBack(TraceFamily, sequence: UInt64)
    /// Bytes after the last whole record, which nobody was told to be durable: a crash, or a writer at work.
    case unfinished(TraceFamily, bytes: Int)

    /// Whether evidence is in doubt; the others are remarks.
    public var isAlarm: Bool {
        switch self {
        case .clockWentBack, .unfinished: false
        default: true
        }
    }
}

extension TraceFinding: ExplainedFailure {
    /// The requirement in play.
    public var requirement: RequirementID? {
        switch self {
        case .segmentMissing, .erasedWithoutStatement, .erasure: "EX_GDT_5070"
        default: "EX_GDT_5010"
        }
    }

    /// The French sentence for an administrator.
    public var explanation: String {
        switch self {
        case .unreadable(let path): "Le journal \(path) ne peut pas être lu."
        case .seal(let family, let segment, let fault):
            "Le scellé du segment \(segment) des \(family.userFacingName) est \(fault.phrase)."
        case .erasure(let family, let segment, let fault):
            "L'attestation d'effacement du segment \(segment) des \(family.userFacingName) est \(fault.phrase)."
        case .segmentMissing(let family, let segment):
            "Le segment \(segment) des \(family.userFacingName) a disparu sans attestation d'effacement."
        case .header(let family, let segment):
            "L'en-tête du segment \(segment) des \(family.userFacingName) a été modifié."
        case .damaged(let family, let segment, let sequence):
            "La trace \(sequence) des \(family.userFacingName) est illisible (segment \(segment))."
        case .gap(let family, let expected, let found):
            "Dans les \(family.userFacingName), la trace \(found) se trouve là où la trace \(expected) est attendue."
        case .altered(let family, let sequence):
            "La trace \(sequence) des \(family.userFacingName), ou son empreinte dans la suivante, a été modifiée."
        case .sealedOtherwise(let family, let segment):
            "Le contenu du segment \(segment) des \(family.userFacingName) n'est pas celui qui a été scellé."
        case .erasedWithoutStatement(let family, let sequence):
            "La trace \(sequence) des \(family.userFacingName) a été anonymisée sans attestation."
        case .truncated(let family, let found, let known):
            "Les \(family.userFacingName) s'arrêtent à la trace \(found) ; la trace \(known) a existé."
        case .rewritten(let family, let sequence):
            "La trace \(sequence) des \(family.userFacingName) n'a plus l'empreinte qui en avait été publiée."
        case .head(let family): "La dernière empreinte des \(family.userFacingName) est absente ou illisible."
        case .anchor(let family): "L'ancrage des \(family.userFacingName) ne peut pas être lu."
        case .clockWentBack(let family, let sequence):
            "L'horloge a reculé avant la trace \(sequence) des \(family.userFacingName)."
        case .unfinished(let family, let bytes):
            "\(bytes) octets inachevés suivent la dernière des \(family.userFacingName)."
        }
    }

    /// The English text for logs.
    public var description: String { "\(self.summary)" }

    private var summary: String {
        switch self {
        case .unreadable(let path): "unreadable \(path)"
        case .seal(let family, let segment, let fault): "\(family) seal \(segment): \(fault)"
        case .erasure(let family, let segment, let fault): "\(family) erasure statement \(segment): \(fault)"
        case .segmentMissing(let family, let segment): "\(family) segment \(segment) missing"
        case .header(let family, let segment): "\(family) segment \(segment): header"
        case .damaged(let family, let segment, let sequence):
            "\(family) record \(sequence) damaged in segment \(segment)"
        case .gap(let family, let expected, let found): "\(family) record \(found) where \(expected) belongs"
        case .altered(let family, let sequence): "\(family) record \(sequence) altered"
        case .sealedOtherwise(let family, let segment): "\(family) segment \(segment) differs from its seal"
        case .erasedWithoutStatement(let family, let sequence): "\(family) record \(sequence) erased without statement"
        case .truncated(let family, let found, let known): "\(family) ends at \(found), \(known) was known"
        case .rewritten(let family, let sequence): "\(family) record \(sequence) rewritten"
        case .head(let family): "\(family) head missing or unreadable"
        case .anchor(let family): "\(family) anchor unreadable"
        case .clockWentBack(let family, let sequence): "\(family) clock went back before record \(sequence)"
        case .unfinished(let family, let bytes): "\(family) \(bytes) unfinished bytes"
        }
    }
}

extension TraceFinding.SignedFault {
    fileprivate var phrase: String {
        switch self {
        case .missing: "absent ou sans signature"
        case .form: "illisible ou modifié"
        case .signature: "signé d'une signature fausse"
        case .unknownCertificate: "signé avec un certificat inconnu du vérificateur"
        case .chain: "étranger à la suite des scellés"
        }
    }
}
