import MSSCore
import MSSTestKit
import MSSXML
import MSSXMLSignature
import Testing

@Suite("Snippets of the documentation")
struct SnippetTests {
    @Test("Signing and verifying")
    func signing() throws {
        let credential = try Fixtures.signer()
        let certificate = credential.certificateDER
        var privateKey = Array(credential.privateKeyPEM.utf8)
        let (root, intermediate) = (Fixtures.pki.root.certificateDER, Fixtures.pki.intermediate.certificateDER)
        func sign(_ document: [UInt8]) throws -> [UInt8] {
            // snippet: signing
            let key = try SigningKey(zeroing: &privateKey, certificatesDER: [certificate])
            let signed = try SignatureSigner(key: key).sign(document)
            // end snippet
            return signed
        }
        let document = try sign(Array(Fixtures.list.utf8))
        // snippet: verifying
        let trust = try SignatureTrust(roots: [root], intermediates: [intermediate])
        let verifier = SignatureVerifier(profile: .whitelist, trust: trust)
        let verified = try verifier.verify(document, at: SystemWallClock().now())
        let list = try XMLTree(verified.signedBytes)
        // end snippet
        #expect(list.root.localName == "Liste")
        #expect(verified.signerCertificateDER == certificate)
    }
}
