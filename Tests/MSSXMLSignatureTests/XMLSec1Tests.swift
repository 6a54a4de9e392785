import MSSCore
import MSSTestKit
import MSSXML
import MSSXMLSignature
import Testing

@Suite("With xmlsec1")
struct XMLSec1Tests {
    private let directory: String
    private let signer: TestCredential

    init() throws {
        directory = try TestFiles.temporaryDirectory()
        signer = try Fixtures.signer()
        try Fixtures.pki.write(to: directory)
        try TestFiles.write(signer.privateKeyPEM, to: "\(directory)/key.pem")
        try TestFiles.write(signer.certificatePEM, to: "\(directory)/certificate.pem")
    }

    private func xmlsec1Verifies(_ document: [UInt8], _ options: [String] = []) async throws -> ExternalTool.Result {
        try TestFiles.write(document, to: "\(directory)/document.xml")
        return try await ExternalTool.run(
            "xmlsec1",
            [
                "--verify", "--enabled-key-data", "x509", "--trusted-pem", "\(directory)/root.pem", "--untrusted-pem",
                "\(directory)/intermediate.pem",
            ] + options + ["\(directory)/document.xml"])
    }

    private func xmlsec1Signs(_ template: String, _ options: [String] = []) async throws -> [UInt8] {
        try TestFiles.write(template, to: "\(directory)/template.xml")
        let result = try await ExternalTool.run(
            "xmlsec1",
            ["--sign", "--privkey-pem", "\(directory)/key.pem,\(directory)/certificate.pem"] + options
                + ["\(directory)/template.xml"])
        #expect(result.succeeded, "\(result.everything)")
        return result.output
    }

    private let assertionID = ["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"]

    @Test("xmlsec1 verifies what we sign, and refuses it changed")
    func ours() async throws {
        for document in [Fixtures.list, "<a x='&#13;&#9;&quot;'>\r\n é &amp; <![CDATA[<b>]]><?p i?><!-- c --></a>"] {
            let signed = try Fixtures.signed(document, by: signer)
            let result = try await xmlsec1Verifies(signed)
            #expect(result.succeeded, "\(result.everything)")
            _ = try Fixtures.verifier().verify(signed, at: Fixtures.now)
        }
        let changed = try Fixtures.signed(by: signer).string.replacingFirst("chu", "evil")
        #expect(try await xmlsec1Verifies(Array(changed.utf8)).succeeded == false)
    }

    @Test("We verify what xmlsec1 signs")
    func theirs() async throws {
        let template = Fixtures.list.replacingFirst(
            "</l:Liste>",
            Templates.signature(keyInfo: "<ds:X509Data><ds:X509Certificate/></ds:X509Data>") + "</l:Liste>")
        let verified = try Fixtures.verifier().verify(try await xmlsec1Signs(template), at: Fixtures.now)
        #expect(verified.signerCertificateDER == signer.certificateDER)
        #expect(
            verified.signedBytes
                == (try Fixtures.verifier().verify(Fixtures.signed(by: signer), at: Fixtures.now)).signedBytes)
    }

    @Test("SAML assertions, signed by ID, verify both ways; the signature follows Issuer")
    func assertions() async throws {
        let signed = try SignatureSigner(key: Fixtures.key(signer)).sign(assertion: Fixtures.assertion.utf8)
        #expect(try XMLTree(signed).root.children.map(\.localName) == ["Issuer", "Signature", "Subject"])
        let result = try await xmlsec1Verifies(signed, assertionID)
        #expect(result.succeeded, "\(result.everything)")
        let verifier = try Fixtures.verifier(.samlAssertion)
        let verified = try verifier.verify(signed, at: Fixtures.now)
        #expect(verified.signedBytes.string == Fixtures.assertion)

        let template = Fixtures.assertion.replacingFirst(
            "</saml:Issuer>",
            "</saml:Issuer>"
                + Templates.signature(keyInfo: "<ds:X509Data><ds:X509Certificate/></ds:X509Data>", uri: "#_a1"))
        #expect(
            try verifier.verify(await xmlsec1Signs(template, assertionID), at: Fixtures.now).signedBytes
                == verified.signedBytes)

        // Tampering, another ID, the same ID twice, and the profile of the other kind.
        let text = signed.string
        #expect(refusal(text.replacingFirst(">n<", ">m<").utf8, verifier)?.reason == .digestMismatch)
        #expect(
            refusal(text.replacingFirst("ID=\"_a1\"", "ID=\"_a2\"").utf8, verifier)?.reason
                == .shape("Reference does not name the root"))
        #expect(
            refusal(text.replacingFirst("<saml:Subject>", "<saml:Subject Id=\"_a1\">").utf8, verifier)?.reason
                == .shape("the id is not unique"))
        #expect(
            refusal(signed, try Fixtures.verifier())?.reason == .shape("Reference does not name the whole document"))
        #expect(
            refusal(try Fixtures.signed(by: signer), verifier)?.reason == .shape("Reference does not name the root"))
        #expect(
            refusal(text.replacingFirst("URI=\"#_a1\"", "URI=\"\"").utf8, verifier)?.reason
                == .shape("Reference does not name the root"))
        #expect(refusal(text.replacingFirst(">n<", ">m<").utf8, verifier)?.requirement == nil)
    }

    @Test("What is not an assertion, or already signed, is not signed")
    func refusesToSign() throws {
        let signing = SignatureSigner(key: try Fixtures.key(signer))
        let cases = [
            "<a/>", Fixtures.assertion.replacingFirst(" ID=\"_a1\"", ""),
            Fixtures.assertion.replacingFirst("<saml:Issuer>CN=x</saml:Issuer>", ""),
        ]
        for document in cases {
            #expect(throws: SignatureSigner.Failure.notAnAssertion) { _ = try signing.sign(assertion: document.utf8) }
        }
        #expect(throws: SignatureSigner.Failure.alreadySigned) {
            _ = try signing.sign(signing.sign(Fixtures.list.utf8))
        }
        #expect(throws: SignatureSigner.Failure.self) { _ = try signing.sign("<!DOCTYPE a><a/>".utf8) }
    }

    @Test("A wider profile finds the certificate by issuer and serial, subject, SKI or key name")
    func lookups() async throws {
        var profile = SignatureProfile.strict
        profile.keySources = [.certificateReference, .name]
        profile.allowsUnusedKeyInfo = true
        // A key of its own: the SKI is the key's, and would find either.
        let other = try Fixtures.signer(strength: .fresh)
        let trust = try SignatureTrust(
            roots: [Fixtures.pki.root.certificateDER], intermediates: [Fixtures.pki.intermediate.certificateDER],
            certificates: [other.certificateDER, signer.certificateDER], namedKeys: ["Lugh": signer.certificateDER])
        for keyInfo in [
            "<ds:X509Data><ds:X509IssuerSerial/></ds:X509Data>", "<ds:X509Data><ds:X509SKI/></ds:X509Data>",
            "<ds:KeyName>Lugh</ds:KeyName>",
        ] {
            let template = Fixtures.list.replacingFirst(
                "</l:Liste>", Templates.signature(keyInfo: keyInfo) + "</l:Liste>")
            let signed = try await xmlsec1Signs(template)
            let verified = try SignatureVerifier(profile: profile, trust: trust).verify(signed, at: Fixtures.now)
            #expect(verified.signerCertificateDER == signer.certificateDER)
            #expect(refusal(signed, try Fixtures.verifier())?.reason == .keyNotAllowed)
        }
    }
}
