import MSSCore
import MSSTestKit
import MSSXML
import Testing

@testable import MSSWhitelist

@Suite("Reading the content of a list")
struct ReaderTests {
    @Test("the fields of tables 42 and 43 are read, versionFormat being optional")
    func fields() throws {
        let content = try WhitelistContent(
            unverified: Lists.document(
                Lists.entry(summary: " CH &amp; CIE\n").replacing(
                    "<ResponsableContact/><SupportContact/>",
                    with: "<ResponsableContact>a</ResponsableContact><SupportContact>b</SupportContact>"),
                date: "<versionFormat>1.0</versionFormat>"
                    + "<DateDeGeneration>2025-03-13T15:54:10+01:00</DateDeGeneration>"))
        #expect(content.formatVersion == "1.0")
        #expect(content.generated == Lists.generated)
        #expect(content.diagnostics.isEmpty)
        let entry = try #require(content.entries.first)
        #expect(entry.domain.ascii == "ch-exemple.mssante.fr")
        #expect(try entry.certificateName == DistinguishedName(rfc4514: Lists.certificate))
        #expect(entry.summary == "CH & CIE" && entry.responsibleContact == "a" && entry.supportContact == "b")
        #expect(try entry.updated == Timestamp(xsdDateTime: "2025-03-01T00:00:00Z"))
    }

    @Test("an oddity of an entry is told with the entry's number and name, and spoils no other")
    func oddities() throws {
        let cases: [(String, WhitelistDiagnostic.Oddity, kept: Bool)] = [
            (Lists.entry(""), .emptyName, false), (Lists.entry("  "), .emptyName, false),
            (Lists.entry("a@b.mssante.fr"), .invalidName(.forbiddenCharacter), false),
            (Lists.entry("UC.mssante.fr"), .upperCaseName, true),
            (Lists.entry(certificate: ""), .emptyCertificateName, false),
            (Lists.entry(certificate: "mss.example.fr"), .invalidCertificateName(.missingType), false),
            (
                Lists.entry(certificate: "CN=a, OU=1750712184,O=b,ST=Paris (75),C=FR"),
                .irregularCertificateName(.spaceAroundSeparator), true
            ),
            (Lists.entry(certificate: "CN=a,OU=1750712184,O=b,L=Paris (75),C=FR"), .unusualCertificateName, true),
            (Lists.entry(updated: ""), .missingUpdate, true),
            (Lists.entry(updated: "13/03/2025"), .invalidUpdate(.malformed(.year)), true),
            (Lists.entry(updated: "2025-02-30T00:00:00Z"), .invalidUpdate(.outOfRange(.day)), true),
            (Lists.entry(updated: "2025-03-01T00:00:00"), .missingZone, true),
            (Lists.entry(updated: "2025-03-14T00:00:00Z"), .updateAfterGeneration, true),
            (Lists.entry(summary: String(repeating: "é", count: 256)), .overlongField("Description"), true),
            (Lists.entry(more: "<Nom>autre.fr</Nom>"), .repeatedField("Nom"), true),
            (Lists.entry(more: "<Neuf><Nom>autre.fr</Nom></Neuf>"), .unknownElement("Neuf"), true),
            (Lists.entry(more: "texte"), .strayText, true),
            (Lists.entry("a<x/>b.fr"), .emptyName, false),
        ]
        for (entry, oddity, kept) in cases {
            let content = try Lists.read(Lists.entry("avant.fr") + entry + Lists.entry("apres.fr"))
            #expect(content.oddities.contains(oddity), "\(entry)")
            #expect(content.diagnostics.allSatisfy { $0.entry == 2 }, "\(entry)")
            #expect(content.entries.count == (kept ? 3 : 2), "\(entry)")
            #expect(content.entries.first?.domain.ascii == "avant.fr")
            #expect(content.entries.last?.domain.ascii == "apres.fr")
        }
    }

    @Test("255 characters of several bytes are not too long")
    func lengthInCharacters() throws {
        #expect(try Lists.read(Lists.entry(summary: String(repeating: "é", count: 255))).diagnostics.isEmpty)
    }

    @Test("duplicates are told, and kept once for lookups, however they are written")
    func duplicates() throws {
        let content = try Lists.read(
            Lists.entry("a.fr") + Lists.entry("A.fr", certificate: Lists.certificate.lowercased())
                + Lists.entry("a.fr", certificate: "CN=autre,OU=1750712184,O=b,ST=Paris (75),C=FR"))
        #expect(content.oddities.contains(.duplicate(of: 1)))
        #expect(WhitelistSnapshot(content).entries.count == 2)
    }

    @Test("a document that is no whitelist is refused for what it is")
    func refused() throws {
        let good = Lists.document(Lists.entry())
        let date = "<DateDeGeneration>2025-03-13T14:54:10Z</DateDeGeneration>"
        let cases: [(String, [UInt8], WhitelistFormatError)] = [
            ("no date", Lists.document(Lists.entry(), date: ""), .missingGenerationDate),
            (
                "bad date", Lists.document(Lists.entry(), date: "<DateDeGeneration>hier</DateDeGeneration>"),
                .invalidGenerationDate(.malformed(.year))
            ),
            ("two dates", Lists.document(Lists.entry(), date: date + date), .repeatedElement("DateDeGeneration")),
            (
                "two lists", Lists.document(Lists.entry(), more: "<ListeDomaines/>"),
                .repeatedElement("ListeDomaines")
            ),
            ("no entry", Lists.document(""), .noEntry),
            ("no usable entry", Lists.document(Lists.entry("")), .noEntry),
            (
                "signature",
                Lists.document(
                    Lists.entry(), more: "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>"),
                .signatureInContent
            ),
            (
                "signature in entry",
                Lists.document(
                    Lists.entry(more: "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>")),
                .signatureInContent
            ),
            (
                "long field", Lists.document(Lists.entry(summary: String(repeating: "x", count: 20_000))),
                .fieldTooLong("Description")
            ),
            (
                "namespace", Lists.document(Lists.entry(), namespace: "urn:autre"),
                .wrongRoot("{urn:autre}ListeBlancheMSSante")
            ),
        ]
        for (label, document, error) in cases {
            #expect(throws: error, "\(label)") { try WhitelistContent(unverified: document) }
        }
        let noList = Array(
            "<ListeBlancheMSSante xmlns=\"https://listeblanche.mssante.fr/schema\">\(date)</ListeBlancheMSSante>".utf8)
        #expect(throws: WhitelistFormatError.missingList) { try WhitelistContent(unverified: noList) }
        // Cut anywhere, the document is no XML any more.
        for length in stride(from: 0, to: good.count, by: 7) {
            #expect {
                try WhitelistContent(unverified: good.prefix(length))
            } throws: { error in
                if case .xml? = error as? WhitelistFormatError { true } else { false }
            }
        }
        let doctype =
            Array("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>".utf8)
            + good.drop { $0 != 0x3E }.dropFirst()
        #expect {
            try WhitelistContent(unverified: doctype)
        } throws: { error in
            guard case .xml(let failure)? = error as? WhitelistFormatError else { return false }
            return failure.reason == .documentTypeDeclaration
        }
    }

    @Test("entries count only in their place: nothing inside an unknown element is read")
    func misplacedEntries() throws {
        let content = try WhitelistContent(
            unverified: Lists.document(
                Lists.entry() + "<Autre>\(Lists.entry("pirate.fr"))</Autre>",
                more: "<Autre><ListeDomaines>\(Lists.entry("pirate.fr"))</ListeDomaines></Autre>"))
        #expect(content.entries.map(\.domain.ascii) == ["ch-exemple.mssante.fr"])
        #expect(content.oddities == [.unknownElement("Autre"), .unknownElement("Autre")])
    }

    @Test("a generated list of the published size and shape reads whole, its oddities counted")
    func generatedList() throws {
        let list = WhitelistGenerator().make()
        let content = try WhitelistContent(unverified: WhitelistWriter.write(list))
        #expect(content.elementCount == WhitelistGenerator.publishedCount)
        let names = Set(list.entries.map { $0.name.lowercased() }).filter { !$0.contains("@") }
        checkShape(content, domains: names.count)
    }

    @Test("the list published in March 2025 reads whole", .enabled(if: Lists.published != nil))
    func publishedList() throws {
        let content = try WhitelistContent(unverified: #require(Lists.published))
        #expect(content.elementCount == 6554)
        checkShape(content, domains: 5001)
        #expect(content.diagnostics.contains { $0.name == "sessad@ase.ditepbeziers.mssante.fr" && $0.dropsEntry })
        let apicrypt = try Domain("interop-mssante.apicrypt.org")
        #expect(WhitelistSnapshot(content).contains(apicrypt))
        #expect(content.entries.allSatisfy { $0.updated != nil })
    }

    private func checkShape(_ content: WhitelistContent, domains: Int) {
        let snapshot = WhitelistSnapshot(content)
        #expect(content.entries.count == content.elementCount - 1)
        #expect(content.diagnostics.filter(\.dropsEntry).map(\.oddity) == [.invalidName(.forbiddenCharacter)])
        #expect(content.oddities.filter { $0 == .upperCaseName }.count == 1)
        #expect(content.oddities.contains(.unusualCertificateName))
        #expect(content.oddities.contains(.irregularCertificateName(.spaceAroundSeparator)))
        #expect(content.oddities.contains(.irregularCertificateName(.quotedValue)))
        #expect(snapshot.domainCount == domains)
        #expect(snapshot.entries.count < content.entries.count)
    }
}
