import MSSCore
import MSSTestKit
import MSSXML
import MSSXMLSignature
import Testing

@Suite("Attacks on signed documents")
struct SignatureAttackTests {
    private let signer: TestCredential
    private let signed: String
    private let verifier: SignatureVerifier

    init() throws {
        signer = try Fixtures.signer()
        signed = try Fixtures.signed(by: signer).string
        verifier = try Fixtures.verifier()
        // The attacks below start from a document that verifies.
        _ = try verifier.verify(signed.utf8, at: Fixtures.now)
    }

    private func refused(_ change: (String) throws -> String) rethrows -> SignatureFailure? {
        let changed = try change(signed)
        #expect(changed != signed)
        return refusal(changed.utf8, verifier)
    }

    private func replaced(_ old: String, _ new: String) -> SignatureFailure? {
        refused { $0.replacingFirst(old, new) }
    }

    private var signature: String {
        let start = signed.range(of: "<ds:Signature ")!.lowerBound
        return String(signed[start..<signed.range(of: "</ds:Signature>")!.upperBound])
    }

    @Test("EX_2.2_5040: what was signed is returned, with the signer and the chain")
    func accepted() throws {
        let verified = try verifier.verify(signed.utf8, at: Fixtures.now)
        // Exclusive canonical form of the list without declaration and without signature.
        #expect(
            verified.signedBytes.string
                == Fixtures.list.split(separator: "\n")[1].replacingAll(
                    "<l:domaine nom=\"hopital.mssante.fr\"/>", "<l:domaine nom=\"hopital.mssante.fr\"></l:domaine>"))
        #expect(verified.signerCertificateDER == signer.certificateDER)
        #expect(
            verified.chainDER == [
                signer.certificateDER, Fixtures.pki.intermediate.certificateDER, Fixtures.pki.root.certificateDER,
            ])
    }

    @Test("EX_2.2_5040: a changed list is refused")
    func tampered() {
        let failure = replaced("chu.mssante", "evil.mssante")
        #expect(failure?.reason == .digestMismatch)
        #expect(failure?.requirement == "EX_2.2_5040")
        #expect(replaced("<l:domaine nom=\"hopital.mssante.fr\"/>", "")?.reason == .digestMismatch)
        #expect(replaced("Id=\"L1\"", "Id=\"L1\" x=\"\"")?.reason == .digestMismatch)
    }

    @Test("A comment added after signing changes nothing of what is signed, and is not in the bytes returned")
    func commentInjection() throws {
        let commented = signed.replacingFirst(">bon<", ">b<!-- evil -->on<")
        let verified = try verifier.verify(commented.utf8, at: Fixtures.now)
        #expect(verified.signedBytes == (try verifier.verify(signed.utf8, at: Fixtures.now)).signedBytes)
        #expect(!verified.signedBytes.string.contains("evil"))
        #expect(try XMLTree(verified.signedBytes).root.children.map(\.text) == ["", "bon"])
    }

    @Test("EX_2.2_5050: an attacker's bare KeyValue is refused")
    func keyValue() async throws {
        // The attacker signs with a key of their own, for real: xmlsec1 with its defaults accepts this document.
        let attacker = try Fixtures.signer(.foreign)
        let directory = try TestFiles.temporaryDirectory()
        try TestFiles.write(attacker.privateKeyPEM, to: "\(directory)/key.pem")
        let template = Fixtures.list.replacingFirst(
            "</l:Liste>", Templates.signature(keyInfo: "<ds:KeyValue/>") + "</l:Liste>")
        try TestFiles.write(template, to: "\(directory)/template.xml")
        let made = try await ExternalTool.run(
            "xmlsec1",
            [
                "--sign", "--privkey-pem", "\(directory)/key.pem", "--output", "\(directory)/signed.xml",
                "\(directory)/template.xml",
            ])
        #expect(made.succeeded, "\(made.everything)")
        let check = try await ExternalTool.run("xmlsec1", ["--verify", "\(directory)/signed.xml"])
        #expect(check.succeeded, "the attack is real: \(check.everything)")
        let document = try await ExternalTool.run("cat", ["\(directory)/signed.xml"]).output
        let failure = refusal(document, verifier)
        #expect(failure?.reason == .keyNotAllowed)
        #expect(failure?.requirement == "EX_2.2_5050")
        // Beside a good X509Data it is refused as well.
        #expect(replaced("<ds:X509Data>", "<ds:KeyValue/><ds:X509Data>")?.reason == .keyNotAllowed)
        #expect(replaced("<ds:X509Data>", "<ds:KeyName>x</ds:KeyName><ds:X509Data>")?.reason == .keyNotAllowed)
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }

    @Test("Wrapping: a signed list moved inside another document is refused")
    func wrapping() {
        let body = signed.dropFirst(signed.range(of: "?>")!.upperBound.utf16Offset(in: signed))
        #expect(
            refusal("<l:Liste xmlns:l=\"urn:test:l\"><l:domaine nom=\"evil.fr\"/>\(body)</l:Liste>".utf8, verifier)?
                .reason
                == .shape("Signature is not a child of the root"))
        // The signature moved up, the signed root kept inside.
        let inner = body.replacingFirst(signature, "")
        let moved = refusal("<l:Liste xmlns:l=\"urn:test:l\">\(inner)\(signature)</l:Liste>".utf8, verifier)
        #expect(moved?.reason == .digestMismatch)
        // The reference pointed at a good part of a bad document.
        #expect(replaced("URI=\"\"", "URI=\"#L1\"")?.reason == .shape("Reference does not name the whole document"))
    }

    @Test("Two signatures, or a second one hidden anywhere, are refused")
    func twoSignatures() {
        #expect(refused { $0.replacingFirst(signature, signature + signature) }?.reason == .severalSignatures)
        #expect(
            replaced("<ds:SignatureValue>", "<ds:SignatureValue><ds:Signature/>")?.reason == .severalSignatures)
        #expect(refused { $0.replacingFirst("</l:domaine>", signature + "</l:domaine>") }?.reason == .severalSignatures)
        #expect(refused { $0.replacingFirst(signature, "") }?.reason == .notSigned)
        #expect(refusal(Fixtures.list.utf8, verifier)?.requirement == "EX_2.2_5040")
    }

    @Test(
        "A signature of another shape is refused before any cryptography",
        arguments: [
            ("<ds:SignedInfo>", "<ds:SignedInfo><ds:X/>"), ("</ds:SignedInfo>", "<ds:X/></ds:SignedInfo>"),
            ("</ds:Signature>", "<ds:Object/></ds:Signature>"), ("</ds:Signature>", "<x/></ds:Signature>"),
            ("</ds:KeyInfo>", "</ds:KeyInfo><ds:KeyInfo/>"), ("URI=\"\"", "URI=\"file:///etc/passwd\""),
            ("URI=\"\"", "URI=\"http://127.0.0.1:9/\""), ("URI=\"\"", "URI=\"#xpointer(/)\""),
            ("URI=\"\"", "URI=\"#\""), (" URI=\"\"", ""),
            ("<ds:Transforms>", "<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>"),
            ("<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>", ""),
            ("<ds:DigestValue>", "<ds:X/><ds:DigestValue>"),
            ("</ds:SignatureValue>", "<x/></ds:SignatureValue>"),
            ("<ds:X509Data>", "<ds:X509Data><ds:X509SKI><ds:RetrievalMethod URI=\"file:///etc/passwd\"/></ds:X509SKI>"),
            ("xmldsig#enveloped-signature\"/>", "xmldsig#enveloped-signature\"><x/></ds:Transform>"),
        ])
    func shape(_ old: String, _ new: String) {
        guard case .shape = replaced(old, new)?.reason else {
            Issue.record("\(String(describing: replaced(old, new)))")
            return
        }
    }

    @Test(
        "Algorithms that the Référentiel does not name are refused (table 45)",
        arguments: [
            ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
            ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
            ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
            ("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
            ("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/TR/1999/REC-xslt-19991116"),
            ("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/TR/1999/REC-xpath-19991116"),
            ("http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
            ("http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"),
        ])
    func algorithms(_ old: String, _ new: String) {
        #expect(replaced("\"\(old)\"", "\"\(new)\"")?.reason == .algorithm(new))
    }

    @Test("Malformed, truncated or DTD-laden documents are refused as documents")
    func documents() {
        #expect(refused { String($0.prefix(900)) }?.isDocument == true)
        #expect(
            refused { $0.replacingFirst("?>", "?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>") }?
                .isDocument == true)
        #expect(
            refused { $0.replacingFirst("?>", "?><!DOCTYPE x [<!ATTLIST l:Liste Id ID #IMPLIED>]>") }?.isDocument
                == true)
        #expect(refusal([], verifier)?.isDocument == true)
    }

    @Test("Namespace tricks: look-alike signatures and rebound prefixes are refused")
    func namespaces() {
        #expect(
            refused { $0.replacingFirst("xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"", "xmlns:ds=\"urn:x\"") }?
                .reason == .notSigned)
        #expect(replaced("xmlns:l=\"urn:test:l\"", "xmlns:l=\"urn:test:evil\"")?.reason == .digestMismatch)
        // A namespace that nothing uses is not part of the exclusive canonical form, nor of the bytes returned.
        let extra = signed.replacingFirst("xmlns:l=", "xmlns:evil=\"urn:evil\" xmlns:l=")
        #expect((try? verifier.verify(extra.utf8, at: Fixtures.now))?.signedBytes.string.contains("evil") == false)
        #expect(replaced("<ds:SignedInfo>", "<ds:SignedInfo xmlns:ds=\"urn:x\">") != nil)
    }

    @Test("A signature value, digest or certificate that is changed, empty or not base 64 is refused")
    func values() {
        for tag in ["SignatureValue", "DigestValue"] {
            let open = "<ds:\(tag)>"
            for replacement in ["\(open)AAAA", "\(open)!"] {
                let failure = replaced(open, replacement)
                #expect(failure != nil && failure?.isDocument == false)
            }
            let failure = refused { $0.emptied(tag) }
            #expect(failure != nil && failure?.isDocument == false)
        }
        #expect(replaced("<ds:X509Certificate>", "<ds:X509Certificate>AAAA")?.reason == .unreadableKey)
        #expect(refused { $0.emptied("X509Certificate") }?.reason == .unreadableKey)
        #expect(refused { $0.emptied("X509Data") }?.reason == .keyNotAllowed)
    }

    @Test("EX_2.2_5050: another holder of the same CA verifies, and is told apart by the certificate returned")
    func sameAuthority() throws {
        let other = try Fixtures.signer(strength: .fresh)
        let verified = try verifier.verify(Fixtures.signed(by: other), at: Fixtures.now)
        #expect(verified.signerCertificateDER == other.certificateDER)
        #expect(verified.signerCertificateDER != signer.certificateDER)
        // The good signature under another holder's certificate: the key does not match.
        let swapped = signed.emptied("X509Certificate", with: base64(other.certificateDER))
        #expect(refusal(swapped.utf8, verifier)?.reason == .signatureMismatch)
    }
}

extension SignatureFailure {
    var isDocument: Bool { if case .document = reason { true } else { false } }
}
