/// What METADATA.XML says of one document (XDS DocumentEntry, ITI TF-3 §4.2.3.2).
public struct XDSDocumentEntry: Sendable, Hashable {
    /// `urn:uuid:…` of the entry itself.
    public var entryUUID: String
    /// The document's own identifier.
    public var uniqueID: String
    /// SHA-1 of the document's bytes, hexadecimal.
    public var hash: String?
    /// The document's size in bytes.
    public var size: Int?
    /// Where the document lies, relative to METADATA.XML.
    public var uri: String
    /// The media type.
    public var mimeType: String
    /// When the document was made.
    public var creationTime: String
    /// The language.
    public var languageCode: String?
    /// The title.
    public var title: String?
    /// Who wrote it.
    public var authors: [XDSAuthor] = []
    /// Who answers for it, as an HL7 `XCN`.
    public var legalAuthenticator: String?
    /// The patient in the sharing domain, here the INS.
    public var patientID: InstanceIdentifier?
    /// The patient at the source.
    public var sourcePatientID: InstanceIdentifier?
    /// Traits of the patient, as PID segments (`PID-5|…`).
    public var sourcePatientInfo: [String] = []
    /// Class of document.
    public var classCode: CodedValue?
    /// Kind of document.
    public var typeCode: CodedValue?
    /// Format of the document.
    public var formatCode: CodedValue?
    /// How confidential it is.
    public var confidentialityCodes: [CodedValue] = []
    /// Acts documented.
    public var eventCodes: [CodedValue] = []
    /// Kind of establishment.
    public var facilityType: CodedValue?
    /// Kind of practice.
    public var practiceSetting: CodedValue?
    /// When the act began.
    public var serviceStartTime: String?
    /// When the act ended.
    public var serviceStopTime: String?
}

/// An author in XDS (ITI TF-3 §4.2.3.1.4).
public struct XDSAuthor: Sendable, Hashable {
    /// The person or device, as an HL7 `XCN`.
    public var person: String
    /// The structures, as HL7 `XON`.
    public var institutions: [String]
    /// Roles, in words.
    public var roles: [String]
    /// Specialities.
    public var specialities: [String]

    /// An author from its parts.
    public init(person: String, institutions: [String] = [], roles: [String] = [], specialities: [String] = []) {
        self.person = person
        self.institutions = institutions
        self.roles = roles
        self.specialities = specialities
    }
}

/// What METADATA.XML says of the whole (XDS SubmissionSet, ITI TF-3 §4.2.3.3).
public struct XDSSubmissionSet: Sendable, Hashable {
    /// `urn:uuid:…` of the set itself.
    public var entryUUID: String
    /// The set's identifier, an OID.
    public var uniqueID: String
    /// The software that made the set, an OID.
    public var sourceID: String
    /// The patient.
    public var patientID: InstanceIdentifier?
    /// When the set was made.
    public var submissionTime: String
    /// Its title.
    public var title: String?
    /// The kind of exchange.
    public var contentType: CodedValue?
    /// Who sends it.
    public var authors: [XDSAuthor] = []
}

/// METADATA.XML: a submission set and its documents.
public struct XDSMetadata: Sendable, Hashable {
    /// The set.
    public var submissionSet: XDSSubmissionSet
    /// Its documents.
    public var documents: [XDSDocumentEntry]

    /// Metadata from its parts.
    public init(submissionSet: XDSSubmissionSet, documents: [XDSDocumentEntry]) {
        self.submissionSet = submissionSet
        self.documents = documents
    }
}
