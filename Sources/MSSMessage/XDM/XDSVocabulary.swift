/// The wire names of XDS metadata in ebRIM (ITI TF-3 §4.2.5), all in one place.
enum XDSVocabulary {
    static let lcm = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
    static let rim = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"

    static let stableDocument = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
    static let submissionSet = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
    static let hasMember = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
    static let approved = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
    static let registryPackage = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:RegistryPackage"
    static let associationType = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Association"
    static let classificationType = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification"
    static let identifierType = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:ExternalIdentifier"

    enum Document {
        static let author = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
        static let classCode = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
        static let confidentiality = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
        static let event = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
        static let format = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
        static let facilityType = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
        static let practiceSetting = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"
        static let type = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
        static let patientID = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
        static let uniqueID = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
    }

    enum Submission {
        static let author = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
        static let contentType = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
        static let patientID = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
        static let sourceID = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
        static let uniqueID = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"
    }

    /// Code systems of the CI-SIS (nomenclatures des objets de santé).
    enum System {
        /// TRE_A03, classes of documents.
        static let documentClass = "1.2.250.1.213.1.1.4.1"
        /// TRE_A06, formats of documents.
        static let format = "1.2.250.1.213.1.1.4.2.282"
        /// Formats of IHE.
        static let iheFormat = "1.3.6.1.4.1.19376.1.2.3"
        /// HL7 confidentiality.
        static let confidentiality = "2.16.840.1.113883.5.25"
    }
}

extension CodedValue {
    /// Document classes of the CI-SIS (TRE_A03-ClasseDocument).
    public enum DocumentClass: String, Sendable, CaseIterable {
        /// Compte rendu.
        case report = "10"
        /// Synthèse.
        case summary = "11"
        /// Imagerie médicale.
        case imaging = "31"
        /// Prescription.
        case prescription = "42"
        /// Dispensation.
        case dispensation = "43"
        /// Plan de soins, protocole de soins.
        case carePlan = "44"
        /// Traitement administré.
        case treatment = "45"
        /// Certificat, déclaration.
        case certificate = "52"

        /// The class as a code with its words.
        public var coded: CodedValue {
            let words =
                switch self {
                case .report: "Compte rendu"
                case .summary: "Synthèse"
                case .imaging: "Imagerie médicale"
                case .prescription: "Prescription"
                case .dispensation: "Dispensation"
                case .carePlan: "Plan de soins, protocole de soins"
                case .treatment: "Traitement administré"
                case .certificate: "Certificat, déclaration"
                }
            return CodedValue(rawValue, system: XDSVocabulary.System.documentClass, displayName: words)
        }
    }
}

/// `formatCode` from the models that a structured document declares (CI-SIS table ASS_A11).
enum XDSFormat {
    /// Model (templateId) → format code.
    private static let known: [String: String] = [
        "1.2.250.1.213.1.1.1.5.1": "urn:asip:ci-sis:cse-cs8:2017",
        "1.2.250.1.213.1.1.1.5.2": "urn:asip:ci-sis:cse-cs9:2017",
        "1.2.250.1.213.1.1.1.5.3": "urn:asip:ci-sis:cse-cs24:2017",
        "1.2.250.1.213.1.1.1.8": "urn:asip:ci-sis:frcp:2011",
        "1.2.250.1.213.1.1.1.9": "urn:asip:ci-sis:idap:2011", "1.2.250.1.213.1.1.1.13": "urn:asip:ci-sis:vsm:2012",
        "1.2.250.1.213.1.1.1.21": "urn:asip:ci-sis:ldl-ees:2017",
        "1.2.250.1.213.1.1.1.29": "urn:asip:ci-sis:ldl-ses:2017",
        "1.2.250.1.213.1.1.1.22": "urn:asip:ci-sis:dlu:2015", "1.2.250.1.213.1.1.1.37": "urn:asip:ci-sis:vac:2019",
        "1.2.250.1.213.1.1.1.46": "urn:asip:ci-sis:vac-note:2021",
        "1.2.250.1.213.1.1.1.40": "urn:asip:ci-sis:cr-anest:2020",
        "1.2.250.1.213.1.1.1.41": "urn:asip:ci-sis:cr-cpa:2020", "1.2.250.1.213.1.1.1.47": "urn:ans:ci-sis:img-da:2022",
        "1.2.250.1.213.1.1.1.52": "urn:ans:ci-sis:bio-ep-bio:2022",
        "1.2.250.1.213.1.1.1.56": "urn:asip:ci-sis:ppp:2023",
        "1.2.250.1.213.1.1.1.39": "urn:ihe:pharm:pre:2010", "1.2.250.1.213.1.1.1.54": "urn:ihe:pharm:dis:2010",
        "1.2.250.1.213.1.1.1.45": "urn:ihe:rad:CDA:ImagingReportStructuredHeadings:2013",
        "1.2.250.1.213.1.1.1.55": "urn:ihe:lab:xd-lab:2008", "1.3.6.1.4.1.19376.1.3.3": "urn:ihe:lab:xd-lab:2008",
        "1.2.250.1.213.1.1.1.57": "urn:ihe:palm:apsr:2016", "1.2.250.1.213.1.1.1.51": "urn:ihe:pcc:ips:2020",
    ]

    /// The format of a document: by its model; scanned-document formats of IHE for an opaque body; else the CI-SIS code
    /// for models outside its table.
    static func of(_ header: CDAHeader) -> CodedValue {
        guard header.isStructured else {
            return CodedValue(
                "urn:ihe:iti:xds-sd:pdf:2008", system: XDSVocabulary.System.iheFormat,
                displayName: "Document à corps non structuré")
        }
        for template in header.templateIDs.reversed() {
            guard let code = known[template] else { continue }
            let system = code.hasPrefix("urn:ihe:") ? XDSVocabulary.System.iheFormat : XDSVocabulary.System.format
            return CodedValue(code, system: system, displayName: header.type.displayName)
        }
        return CodedValue(
            "urn:asipSante:modelesHorsProfils:2011", system: XDSVocabulary.System.format,
            displayName: "Modèle non référencé dans le CI-SIS")
    }
}
