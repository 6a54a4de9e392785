import MSSCore
import Testing

@Suite("Patients' addresses")
struct PatientAddressTests {
    /// Made-up numbers with a right key.
    static let matricules = ["185057800608491", "294022A00100219", "199122B13300129", "700010000000054"]

    @Test("the key of an INS is 97 less its remainder, 2A and 2B reading 19 and 18", arguments: matricules)
    func key(text: String) throws {
        #expect(try INSMatricule(text).text == text)
        // Any change of the key is seen.
        for key in 0...99 where !text.hasSuffix(key < 10 ? "0\(key)" : "\(key)") {
            let wrong = text.dropLast(2) + (key < 10 ? "0\(key)" : "\(key)")
            #expect(throws: IdentifierError.self) { try INSMatricule(wrong) }
        }
    }

    @Test("what is no INS is refused")
    func refused() {
        for (text, reason) in [
            ("18505780060843", IdentifierError.Reason.length), ("1850578006084916", .length),
            ("18505780060843X", .character), ("585057800608491", .character), ("18505A800608436", .character),
            ("185053A00608436", .character), ("", .length),
        ] {
            #expect { try INSMatricule(text) } throws: { ($0 as? IdentifierError)?.reason == reason }
        }
    }

    @Test("EX_PSU_5020: the INS becomes « usager » in statistics, whatever the local part")
    func redaction() throws {
        let address = try MailAddress("185057800608491@Patient.mssante.fr")
        #expect(address.withoutPatientIdentity.text == "usager@patient.mssante.fr")
        #expect(
            try MailAddress("123456789012345@patient.mssante.fr").withoutPatientIdentity.text
                == "usager@patient.mssante.fr")
        let other = try MailAddress("jean@x.mssante.fr")
        #expect(other.withoutPatientIdentity == other)
        #expect(other.description == "jean@x.mssante.fr")
    }

    @Test("no description, debug description or dump shows an INS")
    func descriptions() throws {
        let address = try MailAddress("185057800608491@patient.mssante.fr")
        let patient = try PatientAddress(address)
        var dumped = ""
        dump(patient, to: &dumped)
        dump(patient.matricule, to: &dumped)
        let texts = [
            "\(address)", "\(patient)", "\(patient.matricule)", String(reflecting: patient.matricule),
            String(reflecting: address), dumped, "\(try DirectoryMailAddress(address))",
            "\(PersonIdentifier.mailbox(address))",
        ]
        for text in texts { #expect(!text.contains("1850578006084"), "\(text)") }
        #expect(patient.address.text == "185057800608491@patient.mssante.fr")
    }

    @Test("an address of another domain, or that is no INS, is no patient's")
    func notAPatient() throws {
        #expect(throws: PatientAddressError.otherDomain) {
            try PatientAddress(MailAddress("185057800608491@x.mssante.fr"))
        }
        #expect {
            try PatientAddress(MailAddress("185057800608492@patient.mssante.fr"))
        } throws: { error in
            guard case .matricule(let reason)? = error as? PatientAddressError else { return false }
            return reason.reason == .checkDigit && !reason.description.contains("1850")
        }
    }
}
