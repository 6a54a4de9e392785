public import MSSCore

/// What the header of a CDA R2 document says of it (HL7 CDA R2, CI-SIS structuration minimale).
public struct CDAHeader: Sendable, Hashable {
    /// The document's identifier.
    public var id: InstanceIdentifier
    /// What all versions of the document share.
    public var setID: InstanceIdentifier?
    /// The version, from 1.
    public var version: Int?
    /// The kind of document, mostly LOINC.
    public var type: CodedValue
    /// The title.
    public var title: String
    /// When the document was made.
    public var effectiveTime: HL7Time
    /// How confidential it is.
    public var confidentiality: CodedValue?
    /// The language, for example `fr-FR`.
    public var language: String?
    /// The models it declares to follow.
    public var templateIDs: [String]
    /// Whether the body is structured (level 2 or 3); `false` for a body that is one opaque file (level 1).
    public var isStructured: Bool
    /// The patient.
    public var patient: CDAPatient
    /// The authors.
    public var authors: [CDAParticipant]
    /// Who answers for the content.
    public var legalAuthenticator: CDAParticipant?
    /// Who keeps the document.
    public var custodian: CDAOrganization?
    /// The act documented: its codes, when it began and ended.
    public var serviceEvents: [CDAServiceEvent]
    /// Where the patient was cared for.
    public var facilityType: CodedValue?
}

/// The patient of a document.
public struct CDAPatient: Sendable, Hashable {
    /// All identifiers: INS, local numbers.
    public var identifiers: [InstanceIdentifier]
    /// Name on the birth certificate; where none is marked so, the first family name.
    public var birthName: String
    /// Name used in daily life, when given.
    public var usedName: String?
    /// First given name of the birth certificate.
    public var firstName: String
    /// All given names of the birth certificate, as written.
    public var givenNames: String?
    /// `M`, `F` or `U`.
    public var gender: String?
    /// Birth date.
    public var birthDate: HL7Time?
    /// Code of the birth place (code officiel géographique), when given.
    public var birthPlace: String?

    /// The INS among the identifiers, when there is exactly one with a right key.
    public var ins: INS? {
        let found = Set(identifiers.compactMap(\.ins))
        return found.count == 1 ? found.first : nil
    }

    /// Whether the matricule comes with the traits that make an INS complete: birth name, first given name, sex and
    /// birth date.
    public var hasCompleteINS: Bool {
        ins != nil && !birthName.isEmpty && !firstName.isEmpty && (gender == "M" || gender == "F")
            && birthDate?.day != nil
    }
}

/// A person, or a device, in some part.
public struct CDAParticipant: Sendable, Hashable {
    /// When they took part.
    public var time: HL7Time?
    /// National or local identifier.
    public var id: InstanceIdentifier?
    /// Profession and speciality.
    public var speciality: CodedValue?
    /// Family name; the device's name for a device.
    public var family: String
    /// Given name.
    public var given: String
    /// What they did, in words (`functionCode`).
    public var function: String?
    /// For whom they act.
    public var organization: CDAOrganization?
}

/// A structure.
public struct CDAOrganization: Sendable, Hashable {
    /// National or local identifier.
    public var id: InstanceIdentifier?
    /// The name.
    public var name: String
    /// Kind of practice (`standardIndustryClassCode`).
    public var practiceSetting: CodedValue?
}

/// An act that a document reports.
public struct CDAServiceEvent: Sendable, Hashable {
    /// What was done.
    public var code: CodedValue?
    /// When it began.
    public var start: HL7Time?
    /// When it ended.
    public var stop: HL7Time?
    /// Kind of practice of who did it.
    public var practiceSetting: CodedValue?
}

/// Why a document's header could not be read.
public enum CDAFailure: ExplainedFailure, Hashable {
    /// The root is not `ClinicalDocument` of HL7 v3.
    case notCDA
    /// A mandatory element is missing or has no usable value; its path.
    case missing(String)

    /// The CI-SIS, not the Référentiel.
    public var requirement: RequirementID? { nil }
    /// English, for a log.
    public var description: String {
        switch self {
        case .notCDA: "CDA: not a ClinicalDocument"
        case .missing(let path): "CDA: \(path) missing or unusable"
        }
    }
    /// French, for the reader.
    public var explanation: String {
        switch self {
        case .notCDA: "Le fichier n'est pas un document de santé structuré (CDA R2)."
        case .missing(let path): "L'en-tête du document de santé est incomplet (\(path))."
        }
    }
}
