import Foundation
import MSSCore
import Testing

@Suite("Mail addresses and domains")
struct MailAddressTests {
    @Test(
        "RFC 5321 mailboxes are read, and written as SMTP wants them",
        arguments: [
            ("jean.dupont@ch-test.mssante.fr", "jean.dupont", "jean.dupont@ch-test.mssante.fr"),
            ("a+b_c-d@X.MSSante.FR", "a+b_c-d", "a+b_c-d@x.mssante.fr"),
            ("\"jean dupont\"@x.fr", "jean dupont", "\"jean dupont\"@x.fr"),
            ("\"jean\"@x.fr", "jean", "jean@x.fr"),
            ("\"a@b\"@x.fr", "a@b", "\"a@b\"@x.fr"),
            ("\"a\\\"b\\\\\"@x.fr", "a\"b\\", "\"a\\\"b\\\\\"@x.fr"),
            ("\"a..b\"@x.fr", "a..b", "\"a..b\"@x.fr"),
            ("\"\"@x.fr", "", "\"\"@x.fr"),
            ("!#$%&'*+-/=?^_`{|}~@x.fr", "!#$%&'*+-/=?^_`{|}~", "!#$%&'*+-/=?^_`{|}~@x.fr"),
        ])
    func accepted(text: String, localPart: String, written: String) throws {
        let address = try MailAddress(text)
        #expect(address.localPart == localPart)
        #expect(address.text == written)
        #expect(try MailAddress(address.text) == address)
        #expect(try MailAddress(localPart: localPart, domain: address.domain) == address)
    }

    @Test(
        "what is no RFC 5321 mailbox is refused for what it is",
        arguments: [
            ("", .empty), ("jean", .missingAt), ("@x.fr", .emptyLocalPart), ("jean@", .domain(.empty)),
            (".jean@x.fr", .misplacedDot), ("jean.@x.fr", .misplacedDot), ("j..d@x.fr", .misplacedDot),
            ("jean dupont@x.fr", .forbiddenCharacter), ("jean(x)@x.fr", .forbiddenCharacter),
            ("jean\r\nRCPT TO:<y>@x.fr", .forbiddenCharacter), ("\"jean\n\"@x.fr", .forbiddenCharacter),
            ("jean@x.fr\r\n", .domain(.forbiddenCharacter)), ("jean@x fr", .domain(.forbiddenCharacter)),
            ("\"jean@x.fr", .malformedQuotedString), ("\"jean\"x@x.fr", .malformedQuotedString),
            ("\"jean\"", .missingAt), ("jean@a@x.fr", .domain(.forbiddenCharacter)),
            ("jean@[192.0.2.1]", .addressLiteral(.ipv4(192, 0, 2, 1))),
            ("jean@[IPv6:::1]", .addressLiteral(.ipv6([0, 0, 0, 0, 0, 0, 0, 1]))),
            ("jean@[x-y:z]", .addressLiteral(.general(tag: "x-y", content: "z"))),
            ("jean@[192.0.2.256]", .malformedAddressLiteral), ("jean@[]", .malformedAddressLiteral),
            ("jéan@x.fr", .internationalized), ("jean@é.fr", .internationalized),
            (String(repeating: "a", count: 65) + "@x.fr", .localPartTooLong),
            ("a@" + String(repeating: "b.", count: 126) + "f", .tooLong),
        ] as [(String, MailAddressError)])
    func refused(text: String, error: MailAddressError) {
        #expect(throws: error) { try MailAddress(text) }
    }

    @Test("the limits are 64 octets before the @, 254 in all, 63 a label")
    func limits() throws {
        let label = String(repeating: "a", count: 61)
        let domain = [label, label, label].joined(separator: ".") + ".fr"  // 188
        _ = try MailAddress(String(repeating: "a", count: 64) + "@" + domain)  // 253
        _ = try MailAddress(String(repeating: "a", count: 64) + "@b" + domain)  // 254
        #expect(throws: MailAddressError.tooLong) {
            try MailAddress(String(repeating: "a", count: 64) + "@bb" + domain)
        }
        _ = try Domain(String(repeating: "a", count: 63) + ".fr")
        #expect(throws: DomainError.labelTooLong) { try Domain(String(repeating: "a", count: 64) + ".fr") }
        _ = try Domain(String(repeating: "b.", count: 126) + "f")  // 253
        #expect(throws: DomainError.tooLong) { try Domain(String(repeating: "b.", count: 126) + "fr") }
    }

    @Test("RFC 6531: UTF-8 counts only where SMTPUTF8 was asked for")
    func internationalized() throws {
        let address = try MailAddress("jérôme@hôpital.fr", internationalized: true)
        #expect(address.needsSMTPUTF8)
        #expect(address.text == "jérôme@xn--hpital-ixa.fr")
        let plain = try MailAddress("jerome@hôpital.fr", internationalized: true)
        #expect(!plain.needsSMTPUTF8)
        #expect(throws: MailAddressError.tooLong) {
            // 254 octets as given, more with the label in ASCII.
            let label = String(repeating: "a", count: 55) + "é"
            try MailAddress(
                String(repeating: "x", count: 20) + "@" + [label, label, label, label].joined(separator: ".") + ".fr",
                internationalized: true)
        }
    }

    @Test(
        "domains compare without regard to case, and in their ASCII form",
        arguments: [
            ("UC-CMP.mssante.fr", "uc-cmp.mssante.fr"), ("Hôpital.FR", "xn--hpital-ixa.fr"),
            ("Ho\u{302}pital.fr", "xn--hpital-ixa.fr"), ("XN--HPITAL-IXA.fr", "xn--hpital-ixa.fr"),
            ("faß.de", "xn--fa-hia.de"), ("œuf.fr", "xn--uf-dsa.fr"),
        ])
    func domains(text: String, ascii: String) throws {
        #expect(try Domain(text).ascii == ascii)
        #expect(try Domain(text) == Domain(ascii))
    }

    @Test(
        "what is no domain is refused for what it is",
        arguments: [
            ("", .empty), (".", .emptyLabel), ("x..fr", .emptyLabel), ("x.fr.", .emptyLabel), (".x.fr", .emptyLabel),
            ("-x.fr", .misplacedHyphen), ("x-.fr", .misplacedHyphen), ("x_y.fr", .forbiddenCharacter),
            ("sessad@ase.x.fr", .forbiddenCharacter), ("x.fr\u{0}", .forbiddenCharacter), ("x y", .forbiddenCharacter),
            ("192.0.2.1", .numericTopLabel), ("日本.jp", .unsupportedUnicode), ("ﬁ.fr", .unsupportedUnicode),
            ("é\u{200B}.fr", .unsupportedUnicode), ("é。fr", .unsupportedUnicode), ("xn--\u{e9}.fr", .invalidPunycode),
            ("xn--a.fr", .invalidPunycode), ("xn--.fr", .misplacedHyphen), ("xn--abc-.fr", .misplacedHyphen),
            ("ab--é.fr", .misplacedHyphen), ("é-.fr", .misplacedHyphen),
            (String(repeating: "é", count: 400), .labelTooLong),
        ] as [(String, DomainError)])
    func refusedDomains(text: String, error: DomainError) {
        #expect(throws: (any Error).self) { try Domain(text) }
        // A label of 400 accented letters may be refused by any of the length rules.
        guard text.count < 100 else { return }
        #expect(throws: error) { try Domain(text) }
    }

    @Test("a domain is below another only at a label's edge")
    func belowDomain() throws {
        let root = try Domain("mssante.fr")
        #expect(try Domain("x.mssante.fr").isEqualOrBelow(root))
        #expect(root.isEqualOrBelow(root))
        #expect(try !Domain("xmssante.fr").isEqualOrBelow(root))
        #expect(try !root.isEqualOrBelow(Domain("x.mssante.fr")))
    }

    @Test("EX_GBM_4300: the directory takes letters, digits, dot, underscore, hyphen and plus only")
    func directoryAlphabet() throws {
        let address = try DirectoryMailAddress("Jean.Dupont_1-2+3@CH-Test.mssante.fr")
        #expect(address.address.localPart == "Jean.Dupont_1-2+3")
        #expect(try address == DirectoryMailAddress("jean.dupont_1-2+3@ch-test.mssante.fr"))
        #expect(throws: DirectoryMailAddressError.forbiddenCharacter) { try DirectoryMailAddress("o'neil@x.fr") }
        #expect(throws: DirectoryMailAddressError.forbiddenCharacter) { try DirectoryMailAddress("\"a b\"@x.fr") }
        #expect(throws: DirectoryMailAddressError.quoted) { try DirectoryMailAddress("\"a..b\"@x.fr") }
        #expect(throws: DirectoryMailAddressError.quoted) { try DirectoryMailAddress("\"\"@x.fr") }
        #expect(throws: DirectoryMailAddressError.address(.internationalized)) {
            try DirectoryMailAddress("jérôme@x.fr")
        }
        let failure: any ExplainedFailure = DirectoryMailAddressError.forbiddenCharacter
        #expect(failure.requirement == "EX_GBM_4300")
    }

    @Test("address literals: the forms of RFC 5321 §4.1.3")
    func addressLiterals() {
        #expect(AddressLiteral("IPv6:2001:db8::192.0.2.1")?.description == "IPv6:2001:db8:0:0:0:0:c000:201")
        #expect(AddressLiteral("IPv6:::") == .ipv6(Array(repeating: 0, count: 8)))
        #expect(AddressLiteral("ipv6:1::2")?.description == "IPv6:1:0:0:0:0:0:0:2")
        for wrong in [
            "IPv6:1:2:3:4:5:6:7", "IPv6:1:2:3:4:5:6:7::8", "IPv6:1::2::3", "IPv6::1", "IPv6:1:", "IPv6:12345::",
            "IPv6:1:2:3:4:5:6:7:1.2.3.4", "01.2.3.4", "1.2.3", "1.2.3.4.5", "", "-:x", "x-:y", "x:", "IPv6:+1::2",
        ] {
            #expect(AddressLiteral(wrong) == nil, "\(wrong)")
        }
    }
}

/// Dominic Sayers's `isemail` cases: RFC 5322 addresses with a diagnosis, some of them RFC 5321 mailboxes.
@Suite("The isemail test set", .enabled(if: SharedData.file("address/test/tests.xml") != nil))
struct IsEmailTests {
    /// The cases that `isemail` calls valid for SMTP (category VALID, DNSWARN or RFC5321) and we refuse, and why.
    static let differences: [String: String] = [
        "23": "an all-numeric last label is no host name (RFC 1123 §2.1)",
        "24": "an all-numeric last label is no host name (RFC 1123 §2.1)",
        "61": "address literal: recognised, no MSSanté domain", "68": "address literal: recognised",
        "72": "address literal: recognised", "75": "address literal: recognised", "77": "address literal: recognised",
        "79": "address literal: recognised", "81": "address literal: recognised",
    ]

    @Test("every case is accepted or refused as its diagnosis says, but for the differences explained here")
    func everyCase() throws {
        let xml = try String(contentsOf: #require(SharedData.file("address/test/tests.xml")), encoding: .utf8)
        var seen = 0
        for test in xml.components(separatedBy: "<test id=\"").dropFirst() {
            let id = test.components(separatedBy: "\"")[0]
            let written = SharedData.elements("address", in: test).first ?? ""
            let category = try #require(SharedData.elements("category", in: test).first)
            let diagnosis = try #require(SharedData.elements("diagnosis", in: test).first)
            // The set writes control characters as their symbols.
            var address = String.UnicodeScalarView()
            for scalar in written.unicodeScalars {
                address.append((0x2400...0x241F).contains(scalar.value) ? .init(UInt8(scalar.value - 0x2400)) : scalar)
            }
            let validForSMTP = ["ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321"].contains(category)
            seen += 1
            do throws(MailAddressError) {
                _ = try MailAddress(String(address))
                #expect(validForSMTP && IsEmailTests.differences[id] == nil, "\(id) \(written): accepted, \(diagnosis)")
            } catch {
                #expect(
                    !validForSMTP || IsEmailTests.differences[id] != nil, "\(id) \(written): \(error), \(diagnosis)")
                if diagnosis == "ISEMAIL_RFC5321_ADDRESSLITERAL" {
                    if case .addressLiteral = error {} else { Issue.record("\(id): literal not recognised: \(error)") }
                }
            }
        }
        #expect(seen == 164)
    }
}
