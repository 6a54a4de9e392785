import MSSCore
import MSSTestKit
import MSSXML
import MSSXMLSignature
import Testing

/// A small list, the certificates that sign it, and the verifiers that judge it.
enum Fixtures {
    static let pki = TestPKI.shared
    static let now = pki.now
    static let list =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<l:Liste xmlns:l=\"urn:test:l\" Id=\"L1\"><l:domaine nom=\"hopital.mssante.fr\"/>"
        + "<l:domaine nom=\"chu.mssante.fr\">bon</l:domaine></l:Liste>"
    static let assertion =
        "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a1\" "
        + "IssueInstant=\"2026-01-01T00:00:00Z\" Version=\"2.0\"><saml:Issuer>CN=x</saml:Issuer><saml:Subject><saml:NameID>n</saml:NameID>"
        + "</saml:Subject></saml:Assertion>"

    static func signer(
        _ pki: TestPKI = pki, validity: TestValidity = .valid, status: TestStatus = .good,
        strength: TestStrength = .pooled, wrongUsage: Bool = false, fromRoot: Bool = false
    ) throws -> TestCredential {
        try pki.issue(
            wrongUsage ? .server(commonName: "serveur") : .whitelistSigner, subject: .agency, validity: validity,
            status: status, strength: strength, fromRoot: fromRoot)
    }

    static func key(_ credential: TestCredential, certificates: [[UInt8]]? = nil) throws -> SigningKey {
        var pem = Array(credential.privateKeyPEM.utf8)
        return try SigningKey(zeroing: &pem, certificatesDER: certificates ?? [credential.certificateDER])
    }

    static func signed(_ document: String = list, by credential: TestCredential) throws -> [UInt8] {
        try SignatureSigner(key: key(credential)).sign(document.utf8)
    }

    static func trust(
        _ pki: TestPKI = pki, lists: [[UInt8]] = [], revocation: SignatureTrust.Revocation = .listed
    ) throws -> SignatureTrust {
        try SignatureTrust(
            roots: [pki.root.certificateDER], intermediates: [pki.intermediate.certificateDER], revocationLists: lists,
            revocation: revocation)
    }

    static func verifier(_ profile: SignatureProfile = .whitelist) throws -> SignatureVerifier {
        SignatureVerifier(profile: profile, trust: try trust())
    }
}

/// The reason of a refusal; records an issue when the document is accepted.
func refusal(
    _ document: some Sequence<UInt8>, _ verifier: SignatureVerifier, at time: Timestamp = Fixtures.now,
    sourceLocation: SourceLocation = #_sourceLocation
) -> SignatureFailure? {
    do {
        _ = try verifier.verify(document, at: time)
        Issue.record("accepted", sourceLocation: sourceLocation)
        return nil
    } catch { return error }
}

extension [UInt8] {
    var string: String { String(decoding: self, as: UTF8.self) }
}
