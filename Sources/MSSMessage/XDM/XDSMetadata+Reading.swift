import MSSXML

extension XDSMetadata {
    /// Reads METADATA.XML. What the text does not say is `nil` or empty; what cannot do without (a set, at least one
    /// document, a URI and a unique identifier for each) throws ``XDMFailure/metadata(_:)``.
    public init(reading bytes: [UInt8]) throws {
        let root = try XMLTree(bytes).root
        let objects = root.selfAndDescendants.filter { $0.isRegistry("RegistryObjectList") }
        guard objects.count == 1 else { throw XDMFailure.metadata("RegistryObjectList") }
        let list = objects[0]
        let packages = list.children.filter { $0.isRegistry("RegistryPackage") }
        // A package is a submission set by a Classification, inside it or beside it; folders are packages too.
        let sets = packages.filter { package in
            let inside = package.children.filter { $0.isRegistry("Classification") }
            let beside = list.children.filter {
                $0.isRegistry("Classification") && $0.attribute("classifiedObject") == package.attribute("id")
            }
            return (inside + beside).contains { $0.attribute("classificationNode") == XDSVocabulary.submissionSet }
        }
        // Some French writers leave that classification out: a lone package is the set.
        guard let set = sets.count == 1 ? sets[0] : packages.count == 1 ? packages[0] : nil else {
            throw XDMFailure.metadata("RegistryPackage")
        }
        submissionSet = try XDSSubmissionSet(RegistryObject(set))
        documents = try list.children.filter { $0.isRegistry("ExtrinsicObject") }.map {
            try XDSDocumentEntry(RegistryObject($0))
        }
        guard !documents.isEmpty else { throw XDMFailure.metadata("ExtrinsicObject") }
    }
}

extension XMLTree.Element {
    fileprivate func isRegistry(_ name: String) -> Bool { isNamed(name, in: XDSVocabulary.rim) }
}

/// The parts of a registry object, by name and scheme.
private struct RegistryObject {
    let element: XMLTree.Element
    private let slots: [String: [String]]

    init(_ element: XMLTree.Element) {
        self.element = element
        slots = RegistryObject.slots(of: element)
    }

    static func slots(of element: XMLTree.Element) -> [String: [String]] {
        var slots: [String: [String]] = [:]
        for slot in element.children where slot.isRegistry("Slot") {
            let values = slot.children.filter { $0.isRegistry("ValueList") }.flatMap {
                $0.children.filter { $0.isRegistry("Value") }
            }
            // Slot names compare as they are, but for the case of the first letter, which writers differ on.
            guard let name = slot.attribute("name") else { continue }
            slots[name.lowercased(), default: []] += values.map { $0.text.trimmed }
        }
        return slots
    }

    func values(_ slot: String) -> [String] { slots[slot.lowercased()] ?? [] }
    func value(_ slot: String) -> String? { values(slot).first }

    func attribute(_ name: String) throws(XDMFailure) -> String {
        guard let value = element.attribute(name) else { throw .metadata("@\(name)") }
        return value
    }

    func identifier(_ scheme: String) -> String? {
        element.children.first {
            $0.isRegistry("ExternalIdentifier") && $0.attribute("identificationScheme") == scheme
        }?
        .attribute("value")?.trimmed
    }

    func classifications(_ scheme: String) -> [XMLTree.Element] {
        element.children.filter { $0.isRegistry("Classification") && $0.attribute("classificationScheme") == scheme }
    }

    func codes(_ scheme: String) -> [CodedValue] {
        classifications(scheme).map {
            CodedValue(
                $0.attribute("nodeRepresentation") ?? "",
                system: RegistryObject.slots(of: $0)["codingscheme"]?.first ?? "",
                displayName: RegistryObject.words($0, "Name") ?? "")
        }
    }

    func authors(_ scheme: String) -> [XDSAuthor] {
        classifications(scheme).map {
            let slots = RegistryObject.slots(of: $0)
            return XDSAuthor(
                person: slots["authorperson"]?.first ?? "", institutions: slots["authorinstitution"] ?? [],
                roles: slots["authorrole"] ?? [], specialities: slots["authorspecialty"] ?? [])
        }
    }

    static func words(_ element: XMLTree.Element, _ name: String) -> String? {
        element.children.first { $0.isRegistry(name) }?.children.first { $0.isRegistry("LocalizedString") }?
            .attribute("value")
    }

    var name: String? { RegistryObject.words(element, "Name") }
}

extension XDSDocumentEntry {
    fileprivate init(_ object: RegistryObject) throws(XDMFailure) {
        typealias Scheme = XDSVocabulary.Document
        guard let uri = object.value("URI") else { throw .metadata("URI") }
        guard let uniqueID = object.identifier(Scheme.uniqueID) else { throw .metadata("uniqueId") }
        self.init(
            entryUUID: try object.attribute("id"), uniqueID: uniqueID, hash: object.value("hash")?.lowercased(),
            size: object.value("size").flatMap { Int($0) }, uri: uri,
            mimeType: object.element.attribute("mimeType") ?? "application/octet-stream",
            creationTime: object.value("creationTime") ?? "", languageCode: object.value("languageCode"),
            title: object.name)
        authors = object.authors(Scheme.author)
        legalAuthenticator = object.value("legalAuthenticator")
        patientID = object.identifier(Scheme.patientID).flatMap { InstanceIdentifier(cx: $0) }
        sourcePatientID = object.value("sourcePatientId").flatMap { InstanceIdentifier(cx: $0) }
        sourcePatientInfo = object.values("sourcePatientInfo")
        classCode = object.codes(Scheme.classCode).first
        typeCode = object.codes(Scheme.type).first
        formatCode = object.codes(Scheme.format).first
        confidentialityCodes = object.codes(Scheme.confidentiality)
        eventCodes = object.codes(Scheme.event)
        facilityType = object.codes(Scheme.facilityType).first
        practiceSetting = object.codes(Scheme.practiceSetting).first
        serviceStartTime = object.value("serviceStartTime")
        serviceStopTime = object.value("serviceStopTime")
    }
}

extension XDSSubmissionSet {
    fileprivate init(_ object: RegistryObject) throws(XDMFailure) {
        typealias Scheme = XDSVocabulary.Submission
        self.init(
            entryUUID: try object.attribute("id"), uniqueID: object.identifier(Scheme.uniqueID) ?? "",
            sourceID: object.identifier(Scheme.sourceID) ?? "",
            patientID: object.identifier(Scheme.patientID).flatMap { InstanceIdentifier(cx: $0) },
            submissionTime: object.value("submissionTime") ?? "", title: object.name,
            contentType: object.codes(Scheme.contentType).first, authors: object.authors(Scheme.author))
    }
}

extension String {
    /// Without the blanks that some writers put around values.
    var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.prefix(start.count - start.reversed().prefix(while: \.isWhitespace).count))
    }
}
