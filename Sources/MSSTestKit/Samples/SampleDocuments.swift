/// A CDA document of the shape that French software writes (CI-SIS structuration minimale), about invented people. The
/// INS are numbers for tests, with right keys.
public struct SampleCDA: Sendable, Hashable {
    /// The document's OID.
    public var id = "1.2.250.1.999.1.1"
    /// The patient's INS; empty for none.
    public var ins = "279035121518989"
    /// The OID of the INS' register.
    public var register = "1.2.250.1.213.1.4.10"
    /// The patient's number in the structure.
    public var localID: String? = "1234567890121"
    /// The LOINC code.
    public var code = "11502-2"
    /// The words of the code.
    public var displayName = "CR d'examens biologiques"
    /// The title.
    public var title = "Compte rendu d'examens biologiques"
    /// The patient's birth name.
    public var family = "PAT-TROIS"
    /// The patient's first given name.
    public var given = "DOMINIQUE"
    /// The patient's date of birth.
    public var birth = "19790328"
    /// The administrative gender.
    public var gender = "F"
    /// The template beside that of the structuration minimale.
    public var template = "1.2.250.1.213.1.1.1.55"
    /// The body.
    public var body = "<component><structuredBody/></component>"

    /// The document of an invented patient, an analysis of an invented laboratory.
    public init() {}

    /// The document, UTF-8.
    public var bytes: [UInt8] {
        let local = localID.map { "<id extension=\"\($0)\" root=\"1.2.3.4.567.8.9.10\"/>" } ?? ""
        let number = ins.isEmpty ? "" : "<id extension=\"\(ins)\" root=\"\(register)\"/>"
        return Array(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <ClinicalDocument xmlns="urn:hl7-org:v3">
              <realmCode code="FR"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
              <templateId root="1.2.250.1.213.1.1.1.1"/><templateId root="\(template)"/>
              <id root="\(id)"/>
              <code code="\(code)" displayName="\(displayName)" codeSystem="2.16.840.1.113883.6.1"/>
              <title>\(title)</title>
              <effectiveTime value="20260104160527+0100"/>
              <confidentialityCode code="N" displayName="Normal" codeSystem="2.16.840.1.113883.5.25"/>
              <languageCode code="fr-FR"/>
              <setId root="1.2.250.1.999.1"/><versionNumber value="2"/>
              <recordTarget><patientRole>\(number)\(local)
                <patient><name><family qualifier="BR">\(family)</family><given>\(given) MARIE-LOUISE</given>
                  <given qualifier="BR">\(given)</given><family qualifier="CL">DUPONT</family></name>
                  <administrativeGenderCode code="\(gender)"/><birthTime value="\(birth)"/>
                  <birthplace><place><addr><county>51215</county></addr></place></birthplace></patient>
              </patientRole></recordTarget>
              <author><time value="20260104160527+0100"/><assignedAuthor>
                <id root="1.2.250.1.71.4.2.1" extension="801234534765"/>
                <code code="G15_10/SM03" displayName="Médecin - Biologie médicale" codeSystem="1.2.250.1.213.1.1.4.5"/>
                <assignedPerson><name><given>Marcel</given><family>CAMPARINI</family></name></assignedPerson>
                <representedOrganization><id root="1.2.250.1.71.4.2.2" extension="1120459876"/>
                  <name>Laboratoire des charmes &amp; Cie</name></representedOrganization>
              </assignedAuthor></author>
              <custodian><assignedCustodian><representedCustodianOrganization>
                <id root="1.2.250.1.71.4.2.2" extension="1120459876"/><name>Laboratoire des charmes</name>
              </representedCustodianOrganization></assignedCustodian></custodian>
              <legalAuthenticator><time value="20260104160527+0100"/><signatureCode code="S"/><assignedEntity>
                <id root="1.2.250.1.71.4.2.1" extension="801234534765"/>
                <assignedPerson><name><given>Marcel</given><family>CAMPARINI</family></name></assignedPerson>
                <representedOrganization><standardIndustryClassCode code="ETABLISSEMENT"
                  displayName="Etablissement de santé" codeSystem="1.2.250.1.213.1.1.4.9"/></representedOrganization>
              </assignedEntity></legalAuthenticator>
              <documentationOf><serviceEvent><code code="252275004" displayName="Hématologie" codeSystem="2.16.840.1.113883.6.96"/>
                <effectiveTime><low value="20260104073500+0100"/></effectiveTime></serviceEvent></documentationOf>
              <componentOf><encompassingEncounter><location><healthCareFacility>
                <code code="SA07" displayName="Laboratoire" codeSystem="1.2.250.1.71.4.2.4"/>
              </healthCareFacility></location></encompassingEncounter></componentOf>
              \(body)
            </ClinicalDocument>
            """.utf8)
    }
}

/// PDF files.
public enum SamplePDF {
    /// One empty page, its cross-reference table right.
    public static var onePage: [UInt8] {
        var bytes = Array("%PDF-1.4\n".utf8)
        var offsets: [Int] = []
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        ]
        for (index, object) in objects.enumerated() {
            offsets.append(bytes.count)
            bytes += Array("\(index + 1) 0 obj\n\(object)\nendobj\n".utf8)
        }
        let table = bytes.count
        bytes += Array("xref\n0 4\n0000000000 65535 f \n".utf8)
        for offset in offsets {
            let digits = String(offset)
            bytes += Array((String(repeating: "0", count: 10 - digits.count) + digits + " 00000 n \n").utf8)
        }
        bytes += Array("trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n\(table)\n%%EOF\n".utf8)
        return bytes
    }
}
