internal import MSSCore

/// The bytes of lists gone wrong.
struct FaultyWhitelist {
    let pki: TestPKI
    let signer: TestCredential
    let list: TestWhitelist

    /// The good, signed bytes.
    func good() throws -> [UInt8] { try TestXMLSigner(signer).sign(WhitelistWriter.write(list)) }

    /// The bytes for a fault of content; `nil` for a fault of transport, which sends `good` or nothing.
    func body(_ fault: WhitelistFault, good: [UInt8], older: [UInt8]) throws -> [UInt8]? {
        let unsigned = WhitelistWriter.write(list)
        switch fault {
        case .error, .refusal, .silence, .slow, .truncated, .endless: return nil
        case .half: return Array(good.prefix(good.count / 2))
        case .page: return Array("<html><body>Maintenance en cours</body></html>\n".utf8)
        case .empty: return []
        case .tampered:
            return try replaceFirst("<DNCertificatOperateur>CN=", by: "<DNCertificatOperateur>CN=pirate.", in: good)
        case .older: return older
        case .unsigned: return unsigned
        case .otherHolder:
            return try sign(unsigned, .mailSigner(commonName: "Liste Blanche MSSante TEST"), subject: .clinic)
        case .otherKind: return try sign(unsigned, .server(commonName: "serveur.test.mssante.fr"))
        case .expiredSigner: return try sign(unsigned, .whitelistSigner, validity: .expired)
        case .revokedSigner: return try sign(unsigned, .whitelistSigner, status: .revoked(.keyCompromise))
        case .lookalikeSigner:
            let other = pki === TestPKI.lookalike ? TestPKI.shared : TestPKI.lookalike
            return try TestXMLSigner(other.issue(.whitelistSigner, subject: .agency)).sign(unsigned)
        case .bareKey: return try TestXMLSigner(signer, keyInfo: .bareKey).sign(unsigned)
        case .weakAlgorithm: return try TestXMLSigner(signer, usesSHA1: true).sign(unsigned)
        case .wrapped: return wrapped(good)
        case .smuggled:
            return try replaceFirst("</Signature>", by: "<Object>\(forgedDomains)</Object></Signature>", in: good)
        case .twoSignatures:
            let other = try pki.issue(.mailSigner(commonName: "Liste Blanche"), subject: .clinic)
            return try TestXMLSigner(other).sign(good)
        case .missingClosingTag:
            return Array(String(decoding: good, as: UTF8.self).replacing("</ListeBlancheMSSante>\n", with: "").utf8)
        case .wrongRoot:
            let text = String(decoding: unsigned, as: UTF8.self)
                .replacing("<ListeBlancheMSSante ", with: "<ListeNoireMSSante ")
                .replacing("</ListeBlancheMSSante>", with: "</ListeNoireMSSante>")
            return try TestXMLSigner(signer).sign(Array(text.utf8))
        case .doctype:
            return try replaceFirst(
                "?><", by: "?><!DOCTYPE ListeBlancheMSSante [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><", in: good)
        case .future:
            var changed = list
            changed.generated = Timestamp(seconds: SystemWallClock().now().seconds + 86_400)
            return try TestXMLSigner(signer).sign(WhitelistWriter.write(changed))
        case .muchSmaller:
            var changed = list
            // Newer than the good list: it is its size that must get it refused.
            changed.generated = list.generated + .seconds(1)
            changed.entries.removeLast(list.entries.count * 9 / 10)
            return try TestXMLSigner(signer).sign(WhitelistWriter.write(changed))
        }
    }

    /// The head of an endless list and the block that repeats.
    var endless: (prefix: [UInt8], block: [UInt8]) {
        let bytes = WhitelistWriter.write(TestWhitelist(generated: list.generated, entries: []))
        let head = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" } + "\n    <ListeDomaines>\n"
        return (Array(head.utf8), Array(String(repeating: forgedDomain, count: 64).utf8))
    }

    private var forgedDomain: String {
        let name = "CN=pirate.mssante.fr,OU=1000000008,O=PIRATE,ST=Paris (75),C=FR"
        return """
                    <Domaine>
                        <Nom>pirate.mssante.fr</Nom>
                        <Description>Pirate</Description>
                        <DNCertificatOperateur>\(name)</DNCertificatOperateur>
                        <ResponsableContact/>
                        <SupportContact/>
                        <DateMAJ>2025-03-13T14:54:10Z</DateMAJ>
                    </Domaine>

            """
    }

    private var forgedDomains: String {
        "<ListeDomaines xmlns=\"\(WhitelistWriter.namespace)\">\(forgedDomain)</ListeDomaines>"
    }

    private func wrapped(_ good: [UInt8]) -> [UInt8] {
        let text = String(decoding: good, as: UTF8.self)
        let inner = text.firstRange(of: "?>").map { text[$0.upperBound...] } ?? text[...]
        return Array(
            ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListeBlancheMSSante xmlns=\"\(WhitelistWriter.namespace)\">"
                + "<DateDeGeneration>\(list.generated.xsdDateTime)</DateDeGeneration>"
                + forgedDomains + inner + "</ListeBlancheMSSante>\n").utf8)
    }

    private func sign(
        _ document: [UInt8], _ profile: TestCertificateProfile, subject: TestStructure = .agency,
        validity: TestValidity = .valid, status: TestStatus = .good
    ) throws -> [UInt8] {
        let credential = try pki.issue(profile, subject: subject, validity: validity, status: status)
        return try TestXMLSigner(credential).sign(document)
    }

    private func replaceFirst(_ part: String, by replacement: String, in document: [UInt8]) throws -> [UInt8] {
        let text = String(decoding: document, as: UTF8.self)
        guard let range = text.firstRange(of: part) else { throw TestFormatError("no \(part) in the list") }
        return Array(text.replacingCharacters(in: range, with: replacement).utf8)
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with replacement: String) -> String {
        self[..<range.lowerBound] + replacement + self[range.upperBound...]
    }
}
