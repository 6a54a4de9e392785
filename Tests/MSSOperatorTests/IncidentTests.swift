import MSSCore
import Testing

@testable import MSSOperator

@Suite("EX_SSI_5180: the declaration of an incident")
struct IncidentTests {
    private func declaration(_ version: ReferentialVersion = .v1_6) throws -> IncidentDeclaration {
        IncidentDeclaration(
            version: version, detected: try Timestamp(xsdDateTime: "2026-11-21T08:30:00Z"),
            natures: [.exchange, .loss], domains: [try Domain("ch-alpha.mssante.fr")],
            serverName: try Domain("mss.ch-alpha.mssante.fr"))
    }

    @Test("EX_SSI_5180: 24 hours under 1.6, 12 under the draft of 1.7, with the telephone number of each")
    func delays() throws {
        let old = try declaration()
        #expect(old.deadline == (try Timestamp(xsdDateTime: "2026-11-22T08:30:00Z")))
        #expect(old.phone.hasPrefix("0 825 852 000"))
        let new = try declaration(.v1_7draft)
        #expect(new.deadline == (try Timestamp(xsdDateTime: "2026-11-21T20:30:00Z")))
        #expect(new.phone.hasPrefix("0 806 800 213"))
        #expect(new.text { _ in 60 }.contains("au plus tard le 21/11/2026 à 21:30 (UTC+01:00)"))
    }

    @Test("§6.9.5.3: every fact of the list is in the text; what is missing is said, and nothing is made up")
    func facts() throws {
        var one = try declaration()
        #expect(one.missing.count == 8)
        let blank = one.text { _ in 0 }
        #expect(blank.split(separator: "\n").count { $0.hasSuffix("À COMPLÉTER") } == 8)
        one.impacts = "Aucun message ne part depuis 8 h."
        one.observations = ["antivirus : clamd ne répond pas"]
        one.declarant.structure = "750712184"
        one.declarant.companyName = "CH Alpha"
        one.declarant.familyName = "Durand"
        one.declarant.givenName = "Paul"
        one.declarant.role = "RSSI"
        one.declarant.mail = "paul.durand@ch-alpha.fr"
        one.declarant.phone = "01 00 00 00 00"
        #expect(one.missing.isEmpty)
        let text = one.text { _ in 0 }
        for fact in [
            "21/11/2026 à 08:30", "Échec d'émission/réception de messages ; Perte de messages", "Aucun message ne part",
            "CH Alpha", "Durand", "Paul", "RSSI", "paul.durand@ch-alpha.fr", "01 00 00 00 00", "750712184",
            "monserviceclient.mssante@esante.gouv.fr", "antivirus : clamd", "ch-alpha.mssante.fr",
        ] { #expect(text.contains(fact), "\(fact)") }
        #expect(!text.contains("À COMPLÉTER") && !text.contains("CNIL"))
        one.natures = [.security]
        #expect(one.text { _ in 0 }.contains("CNIL"))
    }

    @Test("an address within the trust space, or a structure that is none, is refused")
    func contradictions() throws {
        var one = try declaration()
        #expect(one.contradictions.isEmpty)
        one.declarant.mail = "paul.durand@ch-alpha.mssante.fr"
        one.declarant.structure = "123"
        #expect(one.contradictions.count == 2)
    }
}
