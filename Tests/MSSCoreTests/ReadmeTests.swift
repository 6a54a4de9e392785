import Testing

// snippet: readme
import MSSCore

// end snippet

/// The snippet on the README's first screen, word for word (.ci/check-snippets).
struct ReadmeTests {
    @Test("The README's snippet says what its comments say")
    func readme() throws {
        // snippet: readme
        // The whitelist spells a name one way, a certificate another: RFC 5280 §7.1 tells whether they are one name.
        let listed = try DistinguishedName(rfc4514: "CN=mail.ch-alpha.fr, O=CH  Alpha, ST=Paris (75), C=FR")
        let presented = try DistinguishedName(rfc4514: "cn=MAIL.CH-ALPHA.FR,o=ch alpha,st=paris (75),c=fr")
        print(listed == presented)  // true

        // A refusal names the requirement that it enforces and explains itself to a French user.
        do {
            _ = try DirectoryMailAddress("cardiologie/secretariat@ch-alpha.mssante.fr")
        } catch {
            print(error.requirement ?? "RFC 5321", error.explanation)
            // EX_GBM_4300 L'Annuaire Santé n'accepte avant l'arobase que des lettres sans accent, des chiffres et . _ - +.
        }
        // end snippet

        #expect(listed == presented)
        let refusal = #expect(throws: DirectoryMailAddressError.self) {
            try DirectoryMailAddress("cardiologie/secretariat@ch-alpha.mssante.fr")
        }
        #expect(refusal?.requirement == "EX_GBM_4300")
        #expect(
            refusal?.explanation
                == "L'Annuaire Santé n'accepte avant l'arobase que des lettres sans accent, des chiffres et . _ - +.")
    }
}
