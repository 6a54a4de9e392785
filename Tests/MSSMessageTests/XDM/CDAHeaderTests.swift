import MSSCore
import MSSMessage
import MSSTestKit
import MSSXML
import Testing

@Suite("CDA headers and HL7 values")
struct CDAHeaderTests {
    @Test("A CI-SIS header is read whole")
    func header() throws {
        let header = try CDAHeader(reading: Fixture.CDA().bytes)
        #expect(header.id.uniqueID == "1.2.250.1.999.1.1")
        #expect(header.type == CodedValue("11502-2", system: CodedValue.loinc, displayName: "CR d'examens biologiques"))
        #expect(header.title == "Compte rendu d'examens biologiques" && header.version == 2 && header.isStructured)
        #expect(header.effectiveTime.text == "20260104160527+0100")
        #expect(
            header.effectiveTime.timestamp
                == (try Timestamp(year: 2026, month: 1, day: 4, hour: 15, minute: 5, second: 27)))
        #expect(header.patient.birthName == "PAT-TROIS" && header.patient.usedName == "DUPONT")
        #expect(header.patient.firstName == "DOMINIQUE" && header.patient.givenNames == "DOMINIQUE MARIE-LOUISE")
        #expect(header.patient.ins?.matricule.text == Fixture.ins && header.patient.ins?.kind == .test)
        #expect(header.patient.hasCompleteINS && header.patient.birthPlace == "51215")
        #expect(
            header.authors.map(\.family) == ["CAMPARINI"]
                && header.authors[0].organization?.name == "Laboratoire des charmes & Cie")
        #expect(header.legalAuthenticator?.organization?.practiceSetting?.code == "ETABLISSEMENT")
        #expect(header.facilityType?.code == "SA07" && header.serviceEvents.first?.code?.code == "252275004")
    }

    @Test("The body is passed over, whatever it holds: a PDF of 12 MB, a ClinicalDocument, deep sections")
    func body() throws {
        var cda = Fixture.CDA()
        let file = String(repeating: "JVBERi0xLjQK", count: 1 << 20)
        cda.body = """
            <component><nonXMLBody><text mediaType="application/pdf" representation="B64">\(file)</text></nonXMLBody></component>
            """
        let header = try CDAHeader(reading: cda.bytes)
        #expect(!header.isStructured && header.title == "Compte rendu d'examens biologiques")
        cda.body =
            "<component><structuredBody><component><section><title>Faux</title><id root=\"9\"/></section></component></structuredBody></component>"
        #expect(try CDAHeader(reading: cda.bytes).id.root == "1.2.250.1.999.1.1")
    }

    @Test("An INS with a wrong key, or two different ones, is none")
    func ins() throws {
        var cda = Fixture.CDA()
        cda.ins = "279035121518988"
        #expect(try CDAHeader(reading: cda.bytes).patient.ins == nil)
        cda.ins = Fixture.ins + "\" root=\"1.2.250.1.213.1.4.8\"/><id extension=\"" + Fixture.otherINS
        #expect(try CDAHeader(reading: cda.bytes).patient.ins == nil)
        cda = Fixture.CDA()
        cda.birth = "1979"
        #expect(try CDAHeader(reading: cda.bytes).patient.hasCompleteINS == false)
    }

    @Test("What is no CDA, lacks something mandatory or holds a DTD is refused")
    func refusals() throws {
        #expect(throws: CDAFailure.notCDA) { try CDAHeader(reading: Array("<a/>".utf8)) }
        #expect(throws: XMLFailure.self) { try CDAHeader(reading: Array("<ClinicalDocument".utf8)) }
        #expect(throws: XMLFailure.self) {
            try CDAHeader(
                reading: Array(
                    "<!DOCTYPE ClinicalDocument [<!ENTITY x 'y'>]><ClinicalDocument xmlns='urn:hl7-org:v3'>&x;</ClinicalDocument>"
                        .utf8))
        }
        let text = String(decoding: Fixture.CDA().bytes, as: UTF8.self)
        for (element, path) in [
            ("<id root=\"1.2.250.1.999.1.1\"/>", "id"),
            ("<effectiveTime value=\"20260104160527+0100\"/>", "effectiveTime"),
        ] {
            let cut = Array(text.replacing(element, with: "").utf8)
            #expect(throws: CDAFailure.missing(path)) { try CDAHeader(reading: cut) }
        }
    }

    @Test(
        "HL7 times are read as far as they are precise",
        arguments: [
            ("1979", "1979"), ("197903", "03/1979"), ("19790328", "28/03/1979"),
            ("20260104160527.123+0100", "04/01/2026"),
            ("202601041605-0330", "04/01/2026"),
        ])
    func times(text: String, french: String) { #expect(HL7Time(text)?.frenchDate == french) }

    @Test(
        "Texts that are no HL7 time are none",
        arguments: [
            "", "197", "19791", "20261301", "20260230", "2026010425", "20260104160527+01", "20260104x",
            "20260104160527.",
        ])
    func wrongTimes(text: String) { #expect(HL7Time(text) == nil) }

    @Test("Identifiers go through CX and back, delimiters escaped")
    func cx() {
        let id = InstanceIdentifier(root: "1.2.3", extension: "a^b&c|d~e\\f")
        #expect(id.cx(type: "PI") == "a\\S\\b\\T\\c\\F\\d\\R\\e\\E\\f^^^&1.2.3&ISO^PI")
        #expect(InstanceIdentifier(cx: id.cx()) == id)
        #expect(InstanceIdentifier(cx: "123^^^ASIP-SANTE&1.2.250.1.213.1.4.8&ISO^NH")?.root == "1.2.250.1.213.1.4.8")
        #expect(InstanceIdentifier(cx: "123") == nil && InstanceIdentifier(cx: "123^^^X") == nil)
    }
}
