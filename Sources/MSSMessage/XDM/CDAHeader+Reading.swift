extension CDAHeader {
    /// Reads the header of a CDA R2 document.
    ///
    /// Throws ``CDAFailure`` when something mandatory is missing, and MSSXML's failure when the XML is not sound.
    public init(reading document: [UInt8]) throws {
        let (root, hasStructuredBody) = try CDANode.read(document)
        guard let id = root["id"]?.identifier else { throw CDAFailure.missing("id") }
        guard let type = root["code"]?.code else { throw CDAFailure.missing("code") }
        guard let time = root["effectiveTime"]?.time else { throw CDAFailure.missing("effectiveTime") }
        guard let role = root["recordTarget", "patientRole"] else {
            throw CDAFailure.missing("recordTarget/patientRole")
        }
        // One document, one patient: a group of patients has no place in an exchange about one person.
        guard root.all("recordTarget").count == 1 else { throw CDAFailure.missing("recordTarget") }
        self.init(
            id: id, setID: root["setId"]?.identifier,
            version: root["versionNumber"]?.attributes["value"].flatMap { Int($0) },
            type: type, title: root["title"]?.words ?? type.displayName, effectiveTime: time,
            confidentiality: root["confidentialityCode"]?.code, language: root["languageCode"]?.attributes["code"],
            templateIDs: root.all("templateId").compactMap { $0.attributes["root"] }, isStructured: hasStructuredBody,
            patient: try CDAPatient(role),
            authors: root.all("author").map { CDAParticipant($0, entity: "assignedAuthor") },
            legalAuthenticator: root["legalAuthenticator"].map { CDAParticipant($0, entity: "assignedEntity") },
            custodian: root["custodian", "assignedCustodian", "representedCustodianOrganization"].map {
                CDAOrganization($0)
            },
            serviceEvents: root.all("documentationOf").compactMap { $0["serviceEvent"] }.map { CDAServiceEvent($0) },
            facilityType: root["componentOf", "encompassingEncounter", "location", "healthCareFacility", "code"]?.code)
    }
}

extension CDAPatient {
    init(_ role: CDANode) throws(CDAFailure) {
        guard let person = role["patient"], let name = person["name"] else {
            throw .missing("recordTarget/patientRole/patient/name")
        }
        let families = name.all("family")
        let givens = name.all("given")
        // CI-SIS: BR birth, CL used ("call me"), SP spouse. A `given` without qualifier holds all names of the birth
        // certificate.
        func marked(_ nodes: [CDANode], _ qualifier: String) -> String? {
            nodes.first { $0.attributes["qualifier"] == qualifier }?.words
        }
        let plainGiven = givens.first { $0.attributes["qualifier"] == nil }?.words
        self.init(
            identifiers: role.all("id").compactMap(\.identifier),
            birthName: marked(families, "BR") ?? families.first?.words ?? "",
            usedName: marked(families, "CL") ?? marked(families, "SP"),
            firstName: marked(givens, "BR") ?? plainGiven ?? givens.first?.words ?? "", givenNames: plainGiven,
            gender: person["administrativeGenderCode"]?.attributes["code"], birthDate: person["birthTime"]?.time,
            birthPlace: person["birthplace", "place", "addr", "county"]?.words)
    }
}

extension CDAParticipant {
    init(_ node: CDANode, entity: String) {
        let role = node[entity]
        let name = role?["assignedPerson", "name"]
        let device = role?["assignedAuthoringDevice"]
        self.init(
            time: node["time"]?.time, id: role?["id"]?.identifier, speciality: role?["code"]?.code,
            family: name?["family"]?.words ?? device?["softwareName"]?.words ?? "", given: name?["given"]?.words ?? "",
            function: node["functionCode"]?.attributes["displayName"],
            organization: role?["representedOrganization"].map { CDAOrganization($0) })
    }
}

extension CDAOrganization {
    init(_ node: CDANode) {
        self.init(
            id: node["id"]?.identifier, name: node["name"]?.words ?? "",
            practiceSetting: node["standardIndustryClassCode"]?.code)
    }
}

extension CDAServiceEvent {
    init(_ node: CDANode) {
        let organization = node["performer", "assignedEntity", "representedOrganization"]
        self.init(
            code: node["code"]?.code, start: node["effectiveTime", "low"]?.time ?? node["effectiveTime"]?.time,
            stop: node["effectiveTime", "high"]?.time, practiceSetting: organization?["standardIndustryClassCode"]?.code
        )
    }
}
