import MSSXML

extension XDSMetadata {
    /// METADATA.XML: a `SubmitObjectsRequest` in ebRIM 3.0 (ITI TF-3 §4.2.5; CI-SIS annex on ebRS and ebRIM).
    public func xml() throws -> [UInt8] {
        var writer = XMLWriter(prefixes: ["lcm": XDSVocabulary.lcm, "": XDSVocabulary.rim])
        var ids = 0
        try writer.element("SubmitObjectsRequest", in: XDSVocabulary.lcm) { writer in
            try writer.element("RegistryObjectList", in: XDSVocabulary.rim) { writer in
                var list = RegistryWriter(writer: writer, ids: ids)
                for document in documents { try list.write(document) }
                try list.write(submissionSet)
                for document in documents { try list.member(document, of: submissionSet) }
                (writer, ids) = (list.writer, list.ids)
            }
        }
        return try writer.finish()
    }
}

/// Writes registry objects; local ids number the parts that nothing refers to.
private struct RegistryWriter {
    var writer: XMLWriter
    var ids: Int

    private mutating func nextID() -> String {
        ids += 1
        return "id\(ids)"
    }

    private mutating func element(
        _ name: String, _ attributes: [(String, String)] = [], _ body: (inout RegistryWriter) throws -> Void = { _ in }
    ) throws {
        try writer.start(name, in: XDSVocabulary.rim, attributes.map { XMLAttribute($0.0, $0.1) })
        try body(&self)
        try writer.end()
    }

    private mutating func slot(_ name: String, _ values: [String?]) throws {
        let values = values.compactMap { $0 }
        guard !values.isEmpty else { return }
        try element("Slot", [("name", name)]) { writer in
            try writer.element("ValueList") { writer in
                for value in values {
                    try writer.element("Value") { try $0.writer.text(value) }
                }
            }
        }
    }

    private mutating func words(_ name: String, _ text: String?) throws {
        guard let text else { return }
        try element(name) { try $0.element("LocalizedString", [("charset", "UTF-8"), ("value", text)]) }
    }

    private mutating func classification(
        _ scheme: String, of object: String, _ code: CodedValue?
    ) throws {
        guard let code else { return }
        let id = nextID()
        try element(
            "Classification",
            [
                ("id", id), ("objectType", XDSVocabulary.classificationType), ("classificationScheme", scheme),
                ("classifiedObject", object), ("nodeRepresentation", code.code),
            ]
        ) { writer in
            try writer.slot("codingScheme", [code.system])
            try writer.words("Name", code.displayName)
        }
    }

    private mutating func author(_ scheme: String, of object: String, _ author: XDSAuthor) throws {
        let id = nextID()
        try element(
            "Classification",
            [
                ("id", id), ("objectType", XDSVocabulary.classificationType), ("classificationScheme", scheme),
                ("classifiedObject", object), ("nodeRepresentation", ""),
            ]
        ) { writer in
            try writer.slot("authorPerson", [author.person])
            try writer.slot("authorInstitution", author.institutions)
            try writer.slot("authorRole", author.roles)
            try writer.slot("authorSpecialty", author.specialities)
        }
    }

    private mutating func identifier(_ scheme: String, _ name: String, of object: String, _ value: String?) throws {
        guard let value else { return }
        let id = nextID()
        try element(
            "ExternalIdentifier",
            [
                ("id", id), ("objectType", XDSVocabulary.identifierType), ("registryObject", object),
                ("identificationScheme", scheme), ("value", value),
            ]
        ) { try $0.words("Name", name) }
    }

    mutating func write(_ entry: XDSDocumentEntry) throws {
        typealias Scheme = XDSVocabulary.Document
        let object = entry.entryUUID
        try element(
            "ExtrinsicObject",
            [
                ("id", object), ("mimeType", entry.mimeType), ("objectType", XDSVocabulary.stableDocument),
                ("status", XDSVocabulary.approved),
            ]
        ) { writer in
            // The order of the schema: slots, name, classifications, external identifiers.
            try writer.slot("creationTime", [entry.creationTime])
            try writer.slot("hash", [entry.hash])
            try writer.slot("languageCode", [entry.languageCode])
            try writer.slot("legalAuthenticator", [entry.legalAuthenticator])
            try writer.slot("serviceStartTime", [entry.serviceStartTime])
            try writer.slot("serviceStopTime", [entry.serviceStopTime])
            try writer.slot("size", [entry.size.map(String.init)])
            try writer.slot("sourcePatientId", [entry.sourcePatientID?.cx()])
            try writer.slot("sourcePatientInfo", entry.sourcePatientInfo)
            try writer.slot("URI", [entry.uri])
            try writer.words("Name", entry.title)
            for author in entry.authors { try writer.author(Scheme.author, of: object, author) }
            try writer.classification(Scheme.classCode, of: object, entry.classCode)
            for code in entry.confidentialityCodes {
                try writer.classification(Scheme.confidentiality, of: object, code)
            }
            for code in entry.eventCodes { try writer.classification(Scheme.event, of: object, code) }
            try writer.classification(Scheme.format, of: object, entry.formatCode)
            try writer.classification(Scheme.facilityType, of: object, entry.facilityType)
            try writer.classification(Scheme.practiceSetting, of: object, entry.practiceSetting)
            try writer.classification(Scheme.type, of: object, entry.typeCode)
            try writer.identifier(
                Scheme.patientID, "XDSDocumentEntry.patientId", of: object, entry.patientID.map(Self.patient))
            try writer.identifier(Scheme.uniqueID, "XDSDocumentEntry.uniqueId", of: object, entry.uniqueID)
        }
    }

    mutating func write(_ set: XDSSubmissionSet) throws {
        typealias Scheme = XDSVocabulary.Submission
        let object = set.entryUUID
        try element(
            "RegistryPackage",
            [("id", object), ("objectType", XDSVocabulary.registryPackage), ("status", XDSVocabulary.approved)]
        ) { writer in
            try writer.slot("submissionTime", [set.submissionTime])
            try writer.words("Name", set.title)
            for author in set.authors { try writer.author(Scheme.author, of: object, author) }
            try writer.classification(Scheme.contentType, of: object, set.contentType)
            try writer.identifier(
                Scheme.patientID, "XDSSubmissionSet.patientId", of: object, set.patientID.map(Self.patient))
            try writer.identifier(Scheme.sourceID, "XDSSubmissionSet.sourceId", of: object, set.sourceID)
            try writer.identifier(Scheme.uniqueID, "XDSSubmissionSet.uniqueId", of: object, set.uniqueID)
        }
        let id = nextID()
        try element(
            "Classification",
            [
                ("id", id), ("objectType", XDSVocabulary.classificationType), ("classifiedObject", object),
                ("classificationNode", XDSVocabulary.submissionSet),
            ])
    }

    mutating func member(_ entry: XDSDocumentEntry, of set: XDSSubmissionSet) throws {
        let id = nextID()
        try element(
            "Association",
            [
                ("id", id), ("objectType", XDSVocabulary.associationType), ("associationType", XDSVocabulary.hasMember),
                ("sourceObject", set.entryUUID), ("targetObject", entry.entryUUID),
            ]
        ) { try $0.slot("SubmissionSetStatus", ["Original"]) }
    }

    private static func patient(_ id: InstanceIdentifier) -> String { id.cx(type: id.ins == nil ? "PI" : INS.cxType) }
}
