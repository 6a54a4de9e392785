import MSSCore
import MSSTestKit
import Testing

@testable import MSSTLS

@Suite("Certificates as read")
struct CertificateTests {
    private let pki = TestPKI.shared

    @Test("the fields of a certificate are those that openssl shows")
    func fieldsAgreeWithOpenSSL() async throws {
        let credential = try pki.issue(.server(commonName: "mx.hopital.example"))
        let certificate = try Certificate(der: credential.certificateDER)
        let shown = try await openssl(
            "x509", "-inform", "DER", "-noout", "-serial", "-fingerprint", "-sha256", "-text",
            input: credential.certificateDER)
        #expect(shown.succeeded)
        #expect(
            shown.text.lowercased().contains("serial=" + hexadecimal(certificate.serialNumber)))
        let print = try #require(
            shown.text.split(separator: "\n").first { $0.contains("Fingerprint=") }.flatMap { Fingerprint($0) })
        #expect(print == certificate.sha256Fingerprint)
        #expect(shown.text.contains("DNS:mx.hopital.example"))
        #expect(certificate.subjectAlternativeNames == [.dns("mx.hopital.example")])
        #expect(certificate.keyUsage == [.digitalSignature, .keyEncipherment])
        #expect(certificate.extendedKeyUsage == [.serverAuthentication, .clientAuthentication])
        #expect(certificate.publicKey.kind == .rsa)
        #expect(certificate.publicKey.bits == 2048)
        for responder in certificate.ocspResponders { #expect(shown.text.contains(responder)) }
        #expect(!certificate.ocspResponders.isEmpty)
        #expect(!certificate.crlDistributionPoints.isEmpty)
        #expect(certificate.notBefore == credential.notBefore)
        #expect(certificate.notAfter == credential.notAfter)
        #expect(certificate.subject == (try DistinguishedName(rfc4514: credential.subject)))
        #expect(!certificate.isCertificateAuthority)
        #expect(certificate.authorityKeyIdentifier?.keyIdentifier != nil)
    }

    @Test("RE_OPE_5040: fingerprints equal those of sha1sum and sha256sum over the DER form")
    func fingerprintsAgreeWithTools() async throws {
        let der = pki.root.certificateDER
        let sha1 = try await ExternalTool.run("sha1sum", [], input: der).text.prefix(40)
        let sha256 = try await ExternalTool.run("sha256sum", [], input: der).text.prefix(64)
        let root = try Certificate(der: der)
        #expect(root.sha1Fingerprint.hexadecimal == sha1)
        #expect(root.sha256Fingerprint == Fingerprint(sha256))
    }

    @Test("bytes cut at any place, or followed by others, are no certificate")
    func truncated() throws {
        let der = pki.intermediate.certificateDER
        for count in 0..<der.count {
            #expect(throws: CertificateError.self) { try Certificate(der: Array(der[..<count])) }
        }
        #expect(throws: CertificateError.self) { try Certificate(der: der + [0]) }
        #expect(throws: CertificateError.tooLarge) {
            try Certificate(der: [UInt8](repeating: 0x30, count: Certificate.maximumBytes + 1))
        }
    }

    @Test("PEM: several certificates, text around them, CR LF; broken Base64 and missing ends are refused")
    func pem() throws {
        let text = "root\n" + pki.root.certificatePEM + "\nintermediate\n" + pki.intermediate.certificatePEM
        #expect(
            try Certificate.parsePEM(text).map(\.der) == [pki.root.certificateDER, pki.intermediate.certificateDER])
        let windows = pki.root.certificatePEM.split(separator: "\n").joined(separator: "\r\n")
        #expect(try Certificate.parsePEM(windows).count == 1)
        #expect(throws: CertificateError.malformedPEM) { try Certificate.parsePEM("no certificate") }
        #expect(throws: CertificateError.malformedPEM) {
            try Certificate.parsePEM(String(pki.root.certificatePEM.dropLast(30)))
        }
        #expect(throws: CertificateError.malformedPEM) {
            try Certificate.parsePEM(pki.root.certificatePEM.replacing("MII", with: "M*I", maxReplacements: 1))
        }
    }

    @Test("lengths that are not minimal, indefinite or too long are no DER")
    func strictDER() {
        for bytes: [UInt8] in [
            [0x30, 0x81, 0x01, 0x00], [0x30, 0x80, 0x00, 0x00], [0x30, 0x82, 0x00, 0x80], [0x30, 0x85, 1, 1, 1, 1, 1],
            [0x3F, 0x00], [0x30], [0x30, 0x02, 0x00],
        ] {
            var reader = DERReader(bytes)
            #expect(throws: DERError.self) { try reader.readAny() }
        }
        for bytes: [UInt8] in [[2, 2, 0, 0x7F], [2, 2, 0xFF, 0x80], [2, 0]] {
            var reader = DERReader(bytes)
            #expect(throws: DERError.self) { try reader.readInteger() }
        }
        for bytes: [UInt8] in [[1, 1, 1], [1, 2, 0, 0], [1, 0]] {
            var reader = DERReader(bytes)
            #expect(throws: DERError.self) { try reader.readBoolean() }
        }
    }
}
