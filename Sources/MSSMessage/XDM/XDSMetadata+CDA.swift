extension XDSDocumentEntry {
    /// The entry of a CDA document, deduced from its header (CI-SIS annex on CDA header and XDS metadata).
    public init(
        cda header: CDAHeader, document: [UInt8], uri: String, documentClass: CodedValue.DocumentClass,
        entryUUID: String
    ) {
        self.init(
            entryUUID: entryUUID, uniqueID: header.id.uniqueID, hash: Digest.sha1(document), size: document.count,
            uri: uri,
            mimeType: "text/xml", creationTime: header.effectiveTime.xds, languageCode: header.language ?? "fr-FR",
            title: header.title)
        authors = header.authors.map { XDSAuthor($0) }
        legalAuthenticator = header.legalAuthenticator.map(\.xcn)
        let ins = header.patient.ins
        patientID = ins?.identifier ?? header.patient.identifiers.first
        // The local number where there is one: the INS already stands above.
        sourcePatientID = header.patient.identifiers.first { $0.ins == nil } ?? patientID
        sourcePatientInfo = header.patient.pid
        classCode = documentClass.coded
        typeCode = header.type
        formatCode = XDSFormat.of(header)
        confidentialityCodes = [
            header.confidentiality
                ?? CodedValue("N", system: XDSVocabulary.System.confidentiality, displayName: "Normal")
        ]
        eventCodes = header.serviceEvents.compactMap(\.code)
        facilityType = header.facilityType
        practiceSetting =
            header.serviceEvents.compactMap(\.practiceSetting).first
            ?? header.legalAuthenticator?.organization?.practiceSetting
        serviceStartTime = header.serviceEvents.compactMap(\.start).first?.xds
        serviceStopTime = header.serviceEvents.compactMap(\.stop).first?.xds
    }
}

extension HL7Time {
    /// XDS times are UTC without zone (ITI TF-3 §4.2.3.1.7); a date alone stays a date.
    var xds: String {
        text.prefix(while: \.isNumber).count > 8 ? HL7Time(utc: timestamp).text : String(text.prefix(while: \.isNumber))
    }
}

extension CDAPatient {
    /// PID-5 (names, `L` on the birth certificate, `D` used), PID-7 (birth date), PID-8 (sex).
    var pid: [String] {
        var lines = ["PID-5|\(HL7Text.escape(birthName))^\(HL7Text.escape(firstName))^^^^^L"]
        if let usedName, usedName != birthName {
            lines.append("PID-5|\(HL7Text.escape(usedName))^\(HL7Text.escape(firstName))^^^^^D")
        }
        if let birthDate { lines.append("PID-7|\(birthDate.text.prefix(8))") }
        if let gender { lines.append("PID-8|\(HL7Text.escape(gender))") }
        return lines
    }
}

extension CDAParticipant {
    /// `id^family^given^^^^^^&root&ISO^D^^^type` (HL7 v2 `XCN`; CI-SIS: IDNPS for national numbers, EI for local ones).
    var xcn: String {
        let number = HL7Text.escape(id?.extension ?? "")
        let kind = id?.root == "1.2.250.1.71.4.2.1" && !number.contains("/") ? "IDNPS" : "EI"
        let authority = id.map { "&\($0.root)&ISO" } ?? ""
        return "\(number)^\(HL7Text.escape(family))^\(HL7Text.escape(given))^^^^^^\(authority)^D^^^\(kind)"
    }
}

extension CDAOrganization {
    /// `name^^^^^&root&ISO^type^^^id` (HL7 v2 `XON`; CI-SIS: IDNST for national numbers).
    var xon: String {
        guard let id else { return HL7Text.escape(name) }
        let kind = id.root == "1.2.250.1.71.4.2.2" ? "IDNST" : "EI"
        return "\(HL7Text.escape(name))^^^^^&\(id.root)&ISO^\(kind)^^^\(HL7Text.escape(id.extension ?? ""))"
    }
}

extension XDSAuthor {
    init(_ participant: CDAParticipant) {
        self.init(
            person: participant.xcn, institutions: participant.organization.map { [$0.xon] } ?? [],
            roles: participant.function.map { [$0] } ?? [],
            specialities: participant.speciality.map { ["\($0.code)^\(HL7Text.escape($0.displayName))^\($0.system)"] }
                ?? [])
    }
}
