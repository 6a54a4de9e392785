import MSSCore
import Testing

@Suite("National identifiers")
struct IdentifierTests {
    @Test("RPPS: eleven digits under Luhn's formula; every single wrong digit is seen")
    func rpps() throws {
        let right = "10100000032"
        #expect(try RPPS(right).text == right)
        for index in right.indices {
            for digit in "0123456789" where digit != right[index] {
                var wrong = right
                wrong.replaceSubrange(index...index, with: [digit])
                #expect(throws: IdentifierError.self) { try RPPS(wrong) }
            }
        }
        for wrong in ["", "1010000003", "101000000322", "1010000003A", "1010000003²", " 10100000032"] {
            #expect(throws: IdentifierError.self) { try RPPS(wrong) }
        }
    }

    @Test("FINESS: a letter in second place counts for its rank, in Corsica and for the ANS's test structures")
    func finess() throws {
        for right in ["750712184", "2A0000014", "2B0000020", "0B0078671", "2b0000020"] {
            #expect(try FINESS(right).text == right.uppercased())
        }
        for wrong in ["750712185", "2A0000015", "2B0000014", "A20000014", "75071218", "75071218A", "2G0000014"] {
            #expect(throws: IdentifierError.self) { try FINESS(wrong) }
        }
    }

    @Test("ADELI: nine characters; a wrong check digit is told, not refused")
    func adeli() throws {
        #expect(try ADELI("751234568").hasExpectedCheckDigit)
        #expect(try !ADELI("751234567").hasExpectedCheckDigit)
        #expect(try ADELI("2a1234567").text == "2A1234567")
        #expect(try ADELI("9A1234565").hasExpectedCheckDigit)
        for wrong in ["7A1234567", "2C1234567", "7512345678", "75123456", "75123456A"] {
            #expect(throws: IdentifierError.self) { try ADELI(wrong) }
        }
    }

    @Test("SIREN and SIRET: Luhn, and La Poste's establishments by the sum of their digits")
    func siret() throws {
        #expect(try SIREN("187512751").text == "187512751")
        #expect(try SIRET("18751275100012").siren.text == "187512751")
        _ = try SIRET("35600000000048")
        _ = try SIRET("35600000049837")
        for wrong in ["35600000049838", "18751275100013", "18751275200011", "1875127510001", "1875127510001A"] {
            #expect(throws: IdentifierError.self) { try SIRET(wrong) }
        }
        #expect(throws: IdentifierError.self) { try SIREN("187512752") }
    }

    @Test("RG_CTR_015: a structure's identifier is of type 1, 2 or 3")
    func structures() throws {
        for text in ["1750712184", "2187512751", "318751275100012", "10B0078671"] {
            let identifier = try StructureIdentifier(text)
            #expect(identifier.text == text)
            #expect(try StructureIdentifier(type: identifier.type, number: identifier.number) == identifier)
        }
        #expect(throws: IdentifierError.self) { try StructureIdentifier("4750712184") }
        #expect(throws: IdentifierError.self) { try StructureIdentifier("") }
        #expect(throws: IdentifierError.self) { try StructureIdentifier("1187512750") }
    }

    @Test("RG_CTR_006: a person's identifier is of type 0, 8 or 10")
    func persons() throws {
        #expect(try PersonIdentifier("810100000032") == .rpps(RPPS("10100000032")))
        #expect(try PersonIdentifier("0751234568") == .adeli(ADELI("751234568")))
        let local = try PersonIdentifier(type: "10", identifier: "jean@x.mssante.fr")
        #expect(local.identifier == "jean@x.mssante.fr")
        #expect(try PersonIdentifier(local.text) == local)
        #expect(throws: IdentifierError.self) { try PersonIdentifier("910100000032") }
        #expect(throws: IdentifierError.self) { try PersonIdentifier(type: "10", identifier: "jean") }
        #expect(throws: IdentifierError.self) { try PersonIdentifier("") }
    }

    @Test(
        "the ST field names a department, with or without its space",
        arguments: [
            ("Paris (75)", "75", "Paris"), ("LOIRE-ATLANTIQUE(44)", "44", "LOIRE-ATLANTIQUE"),
            ("Corse-du-Sud (2A)", "2A", "Corse-du-Sud"), ("Haute-Corse (2b)", "2B", "Haute-Corse"),
            ("Guadeloupe (971)", "971", "Guadeloupe"), (" Côte-d'Or  (21) ", "21", "Côte-d'Or"),
        ])
    func departments(text: String, code: String, name: String) throws {
        let department = try Department(st: text)
        #expect(department.code == code)
        #expect(department.name == name)
        #expect(try Department(st: department.st) == department)
    }

    @Test(
        "what names no department is refused",
        arguments: [
            String(repeating: "é", count: 126) + "(29)",  // found by fuzzing: with its space, too long to be read back
            "Paris", "Paris (00)", "Corse (20)", "X (96)", "X (970)", "X (979)", "(75)", "Paris (75", "", "X ()",
        ]
    )
    func refusedDepartments(text: String) {
        #expect(throws: IdentifierError.self) { try Department(st: text) }
    }

    @Test("EX_GBM_3040: users see three names only, ORG and CAB having the same")
    func mailboxKinds() {
        #expect(Set(MailboxKind.allCases.map(\.userFacingName)) == ["personnelle", "organisationnelle", "applicative"])
        #expect(MailboxKind.practice.userFacingName == MailboxKind.organization.userFacingName)
        #expect(MailboxKind(code: "cab") == .practice)
        #expect(MailboxKind(code: "XYZ") == nil)
    }
}
