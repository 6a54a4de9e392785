import Foundation
import MSSCore
import MSSMessage
import Testing

/// Documents of the shape that French software writes (CI-SIS structuration minimale), about invented people. The INS
/// are numbers for tests, with right keys.
enum Fixture {
    static let ins = "279035121518989"
    static let otherINS = "185057512345673"
    static let time = try! Timestamp(year: 2026, month: 11, day: 21, hour: 9, minute: 30)  // a real date

    struct CDA {
        var id = "1.2.250.1.999.1.1"
        var ins = Fixture.ins
        var register = "1.2.250.1.213.1.4.10"
        var localID: String? = "1234567890121"
        var code = "11502-2"
        var displayName = "CR d'examens biologiques"
        var title = "Compte rendu d'examens biologiques"
        var family = "PAT-TROIS"
        var given = "DOMINIQUE"
        var birth = "19790328"
        var gender = "F"
        var template = "1.2.250.1.213.1.1.1.55"
        var body = "<component><structuredBody/></component>"

        var bytes: [UInt8] {
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

    /// A PDF of one empty page, its cross-reference table right.
    static var pdf: [UInt8] {
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

    static func archive(_ documents: [CDA] = [CDA()]) throws -> [UInt8] {
        var builder = try XDMBuilder(sourceID: "1.2.250.1.999.9", producer: "Éditeur d'essai", submissionTime: time)
        for document in documents { try builder.add(cda: document.bytes) }
        var random = SteadyRandom()
        return try builder.build(random: random.copy())
    }

    static var options: WriterOptions {
        var options = WriterOptions()
        options.clock = FixedWallClock(time)
        return options
    }
}

/// The same numbers on every run.
struct SteadyRandom: RandomNumberGenerator {
    var state: UInt64 = 42
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
    mutating func copy() -> SteadyRandom { self }
}

/// Runs Python on bytes given as a file; fails the test when it fails.
func python(_ script: String, _ bytes: [UInt8]) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("mssmessage-\(UUID().uuidString)").path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, path]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(output)")
    return output
}
