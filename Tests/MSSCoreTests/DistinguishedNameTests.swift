import Foundation
import Testing

@testable import MSSCore

@Suite("Distinguished names")
struct DistinguishedNameTests {
    static let whitelistForm = "CN=mss.example.fr,OU=1750712184,O=CHU d'Éxemple,ST=Bouches-du-Rhône (13),C=FR"

    @Test("RFC 4514 text runs from the most specific relative name, DER from the most general")
    func order() throws {
        let name = try DistinguishedName(rfc4514: DistinguishedNameTests.whitelistForm)
        #expect(name.relativeNames.map { $0[0].type.description } == ["C", "ST", "O", "OU", "CN"])
        #expect(name.rfc4514 == DistinguishedNameTests.whitelistForm)
        #expect(name.commonName == "mss.example.fr")
        #expect(name[.organizationalUnitName] == "1750712184")
        #expect(name.structureIdentifier?.text == "1750712184")
        #expect(name.department?.code == "13")
        let der = name.der
        #expect(der[0] == 0x30)
        #expect(try DistinguishedName(der: der) == name)
        #expect(try DistinguishedName(der: der).der == der)
    }

    @Test(
        "the examples of RFC 4514 §4 and RFC 2253 §5 are read and written",
        arguments: [
            ("UID=jsmith,DC=example,DC=net", "UID=jsmith,DC=example,DC=net"),
            ("OU=Sales+CN=J.  Smith,DC=example,DC=net", "OU=Sales+CN=J.  Smith,DC=example,DC=net"),
            (
                "CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net",
                "CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net"
            ),
            ("CN=Before\\0dAfter,DC=example,DC=net", "CN=Before\\0DAfter,DC=example,DC=net"),
            ("1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=#04024869"),
            ("CN=Lu\\C4\\8Di\\C4\\87", "CN=Lučić"),
            ("CN=L. Eagle,O=\"Sue, Grabbit and Runn\",C=GB", "CN=L. Eagle,O=Sue\\, Grabbit and Runn,C=GB"),
            ("cn = Steve Kille ; o = Isode Limited, c=GB", "CN=Steve Kille,O=Isode Limited,C=GB"),
            ("OID.2.5.4.3=x", "CN=x"), ("CN=\\ x\\ ", "CN=\\ x\\ "), ("CN=\\#x", "CN=\\#x"),
            ("CN=", "CN="), ("", ""), ("S=Paris (75)", "ST=Paris (75)"),
            ("1.2.3=abc", "1.2.3=#0C03616263"), ("CN=#1303616263", "CN=abc"),
            ("O=\"a \\\"b\\\" c\\\\\"", "O=a \\\"b\\\" c\\\\"),
        ])
    func examples(text: String, written: String) throws {
        let name = try DistinguishedName(rfc4514: text)
        #expect(name.rfc4514 == written)
        #expect(try DistinguishedName(rfc4514: name.rfc4514) == name)
        #expect(try DistinguishedName(der: name.der) == name)
    }

    @Test(
        "what is no distinguished name is refused for what it is",
        arguments: [
            ("CN", .missingType), ("=x", .missingType), ("CN=x,", .missingAttribute), ("CN=x,,O=y", .missingType),
            (",CN=x", .missingType), ("CN=x,y", .missingType), ("FOO=x", .unknownType("FOO")),
            ("1.2.=x", .unknownType("1.2.")), ("3.1=x", .unknownType("3.1")), ("CN=x\\", .invalidEscape),
            ("CN=x\\zz", .invalidEscape), ("CN=x\\4", .invalidEscape), ("CN=\\FF", .invalidText),
            ("CN=x\\00y", .invalidText), ("CN=\"x", .malformedQuotedValue), ("CN=\"x\"y", .malformedQuotedValue),
            ("CN=#", .invalidHexadecimal), ("CN=#0", .invalidHexadecimal), ("CN=#0C0161x", .invalidHexadecimal),
            ("CN=#0C0261", .invalidHexadecimal), ("CN=#0C016162", .invalidHexadecimal),
            (Array(repeating: "CN=x", count: 65).joined(separator: ","), .tooManyAttributes),
            ("CN=" + String(repeating: "x", count: 8192), .tooLong),
        ] as [(String, DistinguishedNameError)])
    func refused(text: String, error: DistinguishedNameError) {
        #expect(throws: error) { try DistinguishedName(rfc4514: text) }
    }

    @Test(
        "irregularities are forgiven and told",
        arguments: [
            ("CN=x,O=y", []), ("CN=x, O=y", [.spaceAroundSeparator]), ("CN =x,O=y", [.spaceAroundSeparator]),
            ("CN=x ,O=y", [.spaceAroundSeparator]), ("CN=x;O=y", [.semicolon]), ("CN=\"x\",O=y", [.quotedValue]),
            ("O=HOPITAL \"JOLY\"", [.unescapedSpecial]), ("O=C.H. DE  X", [.repeatedSpace]),
            ("O=\"CLCC\u{A0} X\"", [.quotedValue, .unusualSpace]), ("oid.2.5.4.3=x", [.oidPrefix]),
            ("CN=", [.emptyValue]), (" CN=x ", [.spaceAroundSeparator]), ("O=\"x \"", [.quotedValue, .repeatedSpace]),
        ] as [(String, Set<DistinguishedNameIrregularity>)])
    func irregularities(text: String, expected: Set<DistinguishedNameIrregularity>) throws {
        #expect(try DistinguishedName.parse(rfc4514: text).irregularities == expected)
    }

    @Test(
        "RFC 5280 §7.1: case, white space and string type do not count",
        arguments: [
            ("CN=Mss.Example.FR,C=fr", "cn=mss.example.fr,c=FR"), ("O=C.H. DE  X", "O=c.h. de x"),
            ("O=\" x \"", "O=x"), ("O=CLCC\u{A0} X", "O=CLCC X"), ("ST=RÉUNION (974)", "ST=Réunion (974)"),
            ("ST=Re\u{301}union (974)", "ST=Réunion (974)"), ("O=STRASSE", "O=straße"), ("O=ΣΑΣ", "O=σας"),
            ("O=\u{212B}", "O=å"), ("O=\u{200B}a\u{AD}b", "O=ab"), ("CN=#1303616263", "CN=#0C03414243"),
            ("CN=#1E0600610062 0063".replacingOccurrences(of: " ", with: ""), "CN=abc"),
            ("O=#1403C9E9E8", "O=ééè"), ("CN=a+OU=b", "OU=B+CN=A"), ("O=VIỆT", "O=vie\u{323}\u{302}t"),
        ])
    func equal(left: String, right: String) throws {
        let (first, second) = (try DistinguishedName(rfc4514: left), try DistinguishedName(rfc4514: right))
        #expect(first == second)
        #expect(first.hashValue == second.hashValue)
        #expect(Set([first]).contains(second))
    }

    @Test(
        "names that differ in anything else are different",
        arguments: [
            ("CN=a,O=b", "O=b,CN=a"), ("CN=a", "CN=a,C=FR"), ("CN=a+OU=b", "CN=a,OU=b"), ("CN=a", "OU=a"),
            ("O=a b", "O=ab"), ("O=hopital", "O=hôpital"), ("CN=ı", "CN=i"), ("O=", ""), ("CN=ab,OU=", "CN=a,OU=b"),
            ("CN=#0C0161", "CN=#020161"), ("O=1\u{2044}2", "O=½"), ("O=ﬁ", "O=gi"),
        ])
    func different(left: String, right: String) throws {
        #expect(try DistinguishedName(rfc4514: left) != DistinguishedName(rfc4514: right))
    }

    @Test("DER names of every string type are read, and written back byte for byte")
    func stringTypes() throws {
        let values: [(UInt8, [UInt8], String)] = [
            (0x0C, Array("Hôpital".utf8), "Hôpital"), (0x13, Array("a@b*".utf8), "a@b*"),
            (0x14, [0x48, 0xF4, 0x70], "Hôp"), (0x16, Array("a@b".utf8), "a@b"), (0x12, Array("12 3".utf8), "12 3"),
            (0x1E, [0x00, 0xE9, 0x20, 0xAC], "é€"), (0x1C, [0, 1, 0xF6, 0], "😀"),
        ]
        for (tag, content, text) in values {
            let der = DERWriter.element(
                0x30,
                DERWriter.element(
                    0x31,
                    DERWriter.element(
                        0x30, DERWriter.element(0x06, [0x55, 0x04, 0x0A]) + DERWriter.element(tag, content))))
            let name = try DistinguishedName(der: der)
            #expect(name[.organizationName] == text)
            #expect(name.der == der)
            #expect(try DistinguishedName(rfc4514: name.rfc4514) == name)
        }
    }

    @Test("malformed DER is refused")
    func malformedDER() throws {
        let good = try DistinguishedName(rfc4514: "CN=a,C=FR").der
        _ = try DistinguishedName(der: good)
        for length in 0..<good.count {
            #expect(throws: DistinguishedNameError.self) { try DistinguishedName(der: good.prefix(length)) }
        }
        #expect(throws: DistinguishedNameError.malformedDER("nothing after the name")) {
            try DistinguishedName(der: good + [0])
        }
        // A length in long form where the short one would do; a surrogate; an empty set; NUL; bad UTF-8.
        for hex in [
            "308100", "300E310C300A060355040A1E03D80000", "30023100", "300C310A3008060355040A0C0100",
            "300C310A3008060355040A0C01FF", "3080", "300D310B3009060355040A1E02D800", "3009310730050603550480",
        ] {
            let bytes = stride(from: 0, to: hex.count, by: 2).map { offset in
                UInt8(hex.dropFirst(offset).prefix(2), radix: 16)!
            }
            #expect(throws: DistinguishedNameError.self, "\(hex)") { try DistinguishedName(der: bytes) }
        }
    }

    @Test("country and serial number are written as PrintableString, mail as IA5String, the rest as UTF8String")
    func writtenStringTypes() throws {
        let name = try DistinguishedName(rfc4514: "emailAddress=a@b.fr,serialNumber=12,CN=a,C=FR")
        let tags = name.relativeNames.map { $0[0].value.der[0] }
        #expect(tags == [0x13, 0x0C, 0x13, 0x16])
    }

    @Test("the first OU that is a national identifier names the structure (EX_LPS_1200 step 4)")
    func structure() throws {
        let name = try DistinguishedName(rfc4514: "CN=x,OU=IGC-SANTE,OU=10B0078671,O=y,L=Paris(75),C=FR")
        #expect(try name.structureIdentifier == .finess(FINESS("0B0078671")))
        #expect(name.department?.code == "75")
        #expect(try DistinguishedName(rfc4514: "CN=x,OU=0002 187512751").structureIdentifier == nil)
    }

    @Test("OpenSSL reads our DER as the same name, and we read its names as it prints them")
    func openSSL() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mss-dn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let certificate = folder.appendingPathComponent("certificate.der").path
        let subject = "/C=FR/ST=Bouches-du-Rhône (13)/O=CHU, \"d'Éxemple\" + Cie/OU=1750712184/CN=mss.example.fr+UID=7"
        _ = try openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8",
            "-multivalue-rdn",
            "-subj", subject.replacingOccurrences(of: " + Cie", with: " \\+ Cie"), "-keyout", "/dev/null", "-outform",
            "DER", "-out", certificate,
        ])
        let printed = try openssl([
            "x509", "-in", certificate, "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8",
        ])
        let expected = printed.dropFirst("subject=".count).trimmingCharacters(in: .newlines)

        // Certificate → TBSCertificate: version, serial, algorithm, issuer, validity, subject.
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: certificate)))
        var outer = DERReader(bytes)
        var certificateReader = try outer.read(tag: 0x30, "")
        var tbs = try certificateReader.read(tag: 0x30, "")
        for _ in 0..<5 { _ = tbs.read() }
        let element = tbs.read()
        let encoding = Array(try #require(element).encoding)
        let name = try DistinguishedName(der: encoding)
        #expect(name.der == encoding)
        #expect(try DistinguishedName(rfc4514: expected) == name)
        #expect(name[.organizationName] == "CHU, \"d'Éxemple\" + Cie")
        #expect(try DistinguishedName(rfc4514: name.rfc4514).der.count == encoding.count)
    }

    private func openssl(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments)")
        return String(decoding: data, as: UTF8.self)
    }
}

private let publishedWhitelist = SharedData.file("whitelist/listeblanchemssante-2025-03-13-unsigned.xml")

@Suite("Names of the published whitelist", .enabled(if: publishedWhitelist != nil))
struct WhitelistNames {
    @Test("every DN of the real whitelist parses, its irregularities told")
    func everyName() throws {
        let xml = try String(contentsOf: #require(publishedWhitelist), encoding: .utf8)
        var names: Set<DistinguishedName> = []
        var irregular: [DistinguishedNameIrregularity: Int] = [:]
        let texts = Set(SharedData.elements("DNCertificatOperateur", in: xml))
        #expect(texts.count == 392)
        for text in texts {
            let (name, irregularities) = try DistinguishedName.parse(rfc4514: text)
            names.insert(name)
            for irregularity in irregularities { irregular[irregularity, default: 0] += 1 }
            #expect(try DistinguishedName(rfc4514: name.rfc4514) == name)
            #expect(try DistinguishedName(der: name.der) == name)
            #expect(name[.countryName] == "FR" && name.structureIdentifier != nil && name.department != nil, "\(text)")
        }
        // Quoted and unquoted spellings, and others of more or fewer spaces, are one name each.
        #expect(names.count < texts.count)
        #expect(irregular[.spaceAroundSeparator] == 4)
        #expect(irregular[.quotedValue] == 7)
        #expect(irregular[.unescapedSpecial] == 2)
        #expect(irregular[.unusualSpace] == 4)
        #expect(irregular[.semicolon] == nil && irregular[.emptyValue] == nil)
    }

    @Test("every domain of the real whitelist parses but the one that is a mail address")
    func everyDomain() throws {
        let xml = try String(contentsOf: #require(publishedWhitelist), encoding: .utf8)
        var refused: [String] = []
        for name in SharedData.elements("Nom", in: xml) {
            do throws(DomainError) { _ = try Domain(name) } catch { refused.append("\(name): \(error)") }
        }
        #expect(refused == ["sessad@ase.ditepbeziers.mssante.fr: forbidden character in domain"])
    }
}
