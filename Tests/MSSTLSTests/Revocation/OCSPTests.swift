import MSSCore
import MSSHTTP
import MSSTestKit
import Testing

@testable import MSSTLS

@Suite("OCSP answers")
struct OCSPTests {
    private let pki: TestPKI
    private let issuer: Certificate

    init() throws {
        pki = try TestPKI()
        issuer = try Certificate(der: pki.intermediate.certificateDER)
    }

    private func judge(
        _ credential: TestCredential, _ options: TestOCSPOptions = .good, nonce: Bool = false,
        rules: OCSPRules = OCSPRules(), later: Duration = .zero
    ) throws -> Result<OCSPResponse.Answer, OCSPError> {
        let certificate = try Certificate(der: credential.certificateDER)
        let question = OCSPRequest(
            certificate: certificate, issuer: issuer, nonce: nonce ? OCSPRequest.makeNonce() : nil)
        let response = try pki.ocspResponse(to: question.der, options)
        return OCSPClient.judge(
            response, certificate, issuer, nonce: question.nonce, at: pki.now + later, rules: rules)
    }

    @Test("EX_OPE_5050: good, revoked and unknown, signed by the authority or its delegate, by name or by key")
    func statuses() throws {
        let good = try pki.issue(.server(commonName: "good.example"))
        let bad = try pki.issue(.server(commonName: "bad.example"), status: .revoked(.superseded))
        for signer in [TestOCSPOptions.Signer.delegate, .authority] {
            for byKey in [false, true] {
                let options = TestOCSPOptions(signer: signer, identifiesByKey: byKey)
                #expect(try judge(good, options, nonce: true).get().status == .good)
                #expect(
                    try judge(bad, options, nonce: true).get().status
                        == .revoked(date: Timestamp(seconds: pki.now.seconds - 60), reason: .superseded))
            }
        }
    }

    @Test("RFC 6960 §3.2: wrong signers, signatures, certificates, nonces and times are each told")
    func refusals() throws {
        let credential = try pki.issue(.server(commonName: "mx.example"))
        func error(_ options: TestOCSPOptions, nonce: Bool = false, later: Duration = .zero) throws -> OCSPError? {
            try judge(credential, options, nonce: nonce, later: later).failure
        }
        #expect(try error(TestOCSPOptions(signer: .delegateWithoutUsage)) == .untrustedSigner)
        #expect(try error(TestOCSPOptions(signer: .expiredDelegate)) == .untrustedSigner)
        #expect(try error(TestOCSPOptions(signer: .stranger)) == .untrustedSigner)
        #expect(try error(TestOCSPOptions(isCorrupt: true)) == .badSignature)
        #expect(try error(TestOCSPOptions(answersAnotherCertificate: true)) == .certificateNotCovered)
        #expect(try error(TestOCSPOptions(nonce: .wrong), nonce: true) == .nonceMismatch)
        #expect(try error(.good, later: .seconds(3 * 86_400)) == .stale)
        #expect(try error(TestOCSPOptions(lifetime: nil), later: .seconds(2 * 3600)) == .stale)
        #expect(try error(TestOCSPOptions(lifetime: nil)) == nil)
        #expect(try error(TestOCSPOptions(thisUpdate: pki.now + .seconds(3600))) == .notYetValid)
        for refusal in TestOCSPOptions.Refusal.allCases {
            #expect(try error(TestOCSPOptions(refusal: refusal)) == .responderError)
        }
    }

    @Test("RFC 9654: a missing nonce is tolerated unless the rules ask for it")
    func nonces() throws {
        let credential = try pki.issue(.server(commonName: "mx.example"))
        #expect(try judge(credential, TestOCSPOptions(nonce: .omitted), nonce: true).failure == nil)
        let strict = OCSPRules(requiresNonce: true)
        #expect(
            try judge(credential, TestOCSPOptions(nonce: .omitted), nonce: true, rules: strict).failure
                == .nonceMismatch)
        #expect(try judge(credential, .good, nonce: true, rules: strict).failure == nil)
    }

    @Test("responses cut at any place, or with a bit flipped anywhere, prove nothing")
    func damaged() throws {
        let credential = try pki.issue(.server(commonName: "mx.example"))
        let certificate = try Certificate(der: credential.certificateDER)
        let good = try pki.ocspStaple(for: credential)
        for count in 0..<good.count {
            #expect(throws: OCSPError.self) { try OCSPResponse(der: Array(good[..<count])) }
        }
        for index in stride(from: 0, to: good.count, by: 3) {
            var bytes = good
            bytes[index] ^= 0x04
            let result = OCSPClient.judge(bytes, certificate, issuer, at: pki.now, rules: OCSPRules())
            // A flip in the certificates sent along may leave the answer proven; it never changes it.
            if let answer = try? result.get() { #expect(answer.status == .good, "byte \(index)") }
        }
    }

    @Test("openssl reads our request, and openssl's own responder is believed")
    func agreesWithOpenSSL() async throws {
        let credential = try pki.issue(.server(commonName: "mx.example"))
        let revoked = try pki.issue(.server(commonName: "revoked.example"))
        try await withTemporaryDirectory { directory in
            try pki.write(to: directory, privateKeys: true)
            func line(_ status: String, _ credential: TestCredential, _ revoked: String) -> String {
                let end = credential.notAfter.asn1UTCTime ?? ""
                let serial = hexadecimal(credential.serialNumber).uppercased()
                return "\(status)\t\(end)\t\(revoked)\t\(serial)\tunknown\t/CN=x\n"
            }
            try TestFiles.write(
                line("V", credential, "") + line("R", revoked, "260101000000Z,keyCompromise"),
                to: "\(directory)/index.txt")
            for (subject, isGood) in [(credential, true), (revoked, false)] {
                let certificate = try Certificate(der: subject.certificateDER)
                let question = OCSPRequest(
                    certificate: certificate, issuer: issuer, nonce: OCSPRequest.makeNonce())
                try TestFiles.write(question.der, to: "\(directory)/request.der")
                let shown = try await openssl("ocsp", "-reqin", "\(directory)/request.der", "-req_text")
                #expect(shown.text.lowercased().contains("serial number: " + hexadecimal(certificate.serialNumber)))
                let answered = try await openssl(
                    "ocsp", "-index", "\(directory)/index.txt", "-CA", "\(directory)/intermediate.pem", "-rsigner",
                    "\(directory)/intermediate.pem", "-rkey", "\(directory)/intermediate.key", "-ndays", "1",
                    "-reqin", "\(directory)/request.der", "-respout", "\(directory)/response.der")
                #expect(answered.succeeded, "\(answered.everything)")
                let answer = try OCSPClient.judge(
                    try TestFiles.read("\(directory)/response.der"), certificate, issuer, nonce: question.nonce,
                    at: SystemWallClock().now(), rules: OCSPRules(requiresNonce: true)
                ).get()
                if isGood {
                    #expect(answer.status == .good)
                } else {
                    let date = try Timestamp(year: 2026, month: 1, day: 1)
                    #expect(answer.status == .revoked(date: date, reason: .keyCompromise))
                }
            }
        }
    }
}
