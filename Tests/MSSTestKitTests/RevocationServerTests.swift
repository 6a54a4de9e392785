import MSSCore
import MSSTestKit
import Testing

/// The OCSP responder as openssl sees it, over HTTP.
@Suite struct OCSPResponderTests {
    let pki = TestPKI.shared

    @Test("good, revoked and unknown certificates are told apart, nonce echoed")
    func statuses() async throws {
        let responder = try await OCSPResponder.start(pki)
        let good = try pki.issue(.server(commonName: "bon.mssante.fr"))
        let revoked = try pki.issue(.server(commonName: "revoque.mssante.fr"), status: .revoked(.keyCompromise))
        for hash in ["-sha1", "-sha256"] {
            let first = try await ask(responder, good, hash: hash)
            #expect(first.everything.contains("Response verify OK"), "\(first.everything)")
            #expect(first.text.contains("leaf.pem: good"), "\(first.everything)")
            #expect(!first.everything.contains("nonce"), "\(first.everything)")
            let second = try await ask(responder, revoked, hash: hash)
            #expect(second.text.contains("leaf.pem: revoked"), "\(second.everything)")
            #expect(second.text.contains("Reason: keyCompromise"), "\(second.everything)")
        }
        // Issued by nobody that the responder knows, under the same issuer name and key.
        let serial = try await ask(responder, good, serial: "0x1234567890")
        #expect(serial.text.contains("0x1234567890: unknown"), "\(serial.everything)")
        #expect(responder.requestCount == 5)
        try await responder.stop()
    }

    @Test("the issuer itself and a key identifier serve as well as a delegate's name")
    func signers() async throws {
        let responder = try await OCSPResponder.start(pki)
        let credential = try pki.issue(.server(commonName: "bon.mssante.fr"))
        for options in [
            TestOCSPOptions(signer: .authority), TestOCSPOptions(identifiesByKey: true),
            TestOCSPOptions(lifetime: nil), TestOCSPOptions(nonce: .omitted),
        ] {
            responder.options = options
            let answer = try await ask(responder, credential)
            #expect(answer.everything.contains("Response verify OK"), "\(options): \(answer.everything)")
            #expect(answer.everything.contains("no nonce in response") == (options.nonce == .omitted))
        }
        try await responder.stop()
    }

    @Test("the intermediate's own status is answered for its issuer, the root")
    func intermediate() async throws {
        let pki = try TestPKI()
        let responder = try await OCSPResponder.start(pki)
        let before = try await ask(responder, pki: pki, intermediate: true)
        #expect(before.text.contains("leaf.pem: good"), "\(before.everything)")
        pki.revokeIntermediate()
        let after = try await ask(responder, pki: pki, intermediate: true)
        #expect(after.text.contains("leaf.pem: revoked"), "\(after.everything)")
        try await responder.stop()
    }

    @Test("bad answers are refused by openssl for the reason asked")
    func badAnswers() async throws {
        let responder = try await OCSPResponder.start(pki)
        let credential = try pki.issue(.server(commonName: "bon.mssante.fr"))
        for (options, reason) in [
            (TestOCSPOptions(refusal: .tryLater), "trylater"),
            (TestOCSPOptions(refusal: .unauthorized), "unauthorized"),
            (TestOCSPOptions(signer: .stranger), "verify error"),
            (TestOCSPOptions(signer: .delegateWithoutUsage), "missing ocspsigning usage"),
            (TestOCSPOptions(signer: .expiredDelegate), "certificate has expired"),
            (TestOCSPOptions(isCorrupt: true), "signature failure"),
            (TestOCSPOptions(thisUpdate: pki.now - .seconds(10 * 86_400)), "status expired"),
            (TestOCSPOptions(thisUpdate: pki.now + .seconds(86_400)), "status not yet valid"),
            (TestOCSPOptions(nonce: .wrong), "Nonce Verify error"),
            (TestOCSPOptions(answersAnotherCertificate: true), "ERROR: No Status found"),
        ] {
            responder.options = options
            let answer = try await ask(responder, credential)
            #expect(answer.everything.contains(reason), "\(reason): \(answer.everything)")
        }
        try await responder.stop()
    }

    @Test("faults on the way: HTTP error, close, garbage, half an answer")
    func faults() async throws {
        let responder = try await OCSPResponder.start(pki)
        let credential = try pki.issue(.server(commonName: "bon.mssante.fr"))
        for fault in [OCSPResponder.Fault.status(503), .close, .garbage, .half] {
            responder.fault = fault
            let answer = try await ask(responder, credential)
            #expect(!answer.everything.contains("good"), "\(fault): \(answer.everything)")
        }
        responder.fault = .silence
        let answer = try await ask(responder, credential, extra: ["-timeout", "1"])
        #expect(!answer.succeeded && !answer.everything.contains("good"), "\(answer.everything)")
        responder.fault = nil
        #expect(try await ask(responder, credential).text.contains("leaf.pem: good"))
        try await responder.stop()
    }

    @Test("GET with the request in the path is answered as POST is; nonsense is malformedRequest")
    func get() async throws {
        let responder = try await OCSPResponder.start(pki)
        let credential = try pki.issue(.server(commonName: "bon.mssante.fr"))
        let directory = try TestFiles.temporaryDirectory()
        try TestFiles.write(credential.certificatePEM, to: "\(directory)/leaf.pem")
        try TestFiles.write(pki.trustStorePEM, to: "\(directory)/ca.pem")
        try TestFiles.write(pki.intermediate.certificatePEM, to: "\(directory)/issuer.pem")
        let request = try await ExternalTool.run(
            "openssl",
            [
                "ocsp", "-issuer", "\(directory)/issuer.pem", "-cert", "\(directory)/leaf.pem", "-no_nonce", "-reqout",
                "\(directory)/request.der",
            ])
        #expect(request.succeeded, "\(request.everything)")
        let base64 = try await openssl(["base64", "-A", "-in", "\(directory)/request.der"], "")
        let escaped = base64.replacing("+", with: "%2B").replacing("/", with: "%2F").replacing("=", with: "%3D")
        let curl = try await ExternalTool.run(
            "curl", ["-sS", "-f", "-o", "\(directory)/response.der", "\(responder.url)/\(escaped)"])
        #expect(curl.succeeded, "\(curl.everything)")
        let read = try await ExternalTool.run(
            "openssl",
            [
                "ocsp", "-respin", "\(directory)/response.der", "-CAfile", "\(directory)/ca.pem", "-issuer",
                "\(directory)/issuer.pem", "-cert", "\(directory)/leaf.pem", "-no_nonce",
            ])
        #expect(read.text.contains("leaf.pem: good"), "\(read.everything)")
        // The staple of a TLS server is the same answer.
        try TestFiles.write(pki.ocspStaple(for: credential), to: "\(directory)/staple.der")
        let staple = try await ExternalTool.run(
            "openssl",
            [
                "ocsp", "-respin", "\(directory)/staple.der", "-CAfile", "\(directory)/ca.pem", "-issuer",
                "\(directory)/issuer.pem", "-cert", "\(directory)/leaf.pem", "-no_nonce",
            ])
        #expect(staple.text.contains("leaf.pem: good"), "\(staple.everything)")

        #expect(try pki.ocspResponse(to: [0x30, 0x03, 0x01]) == [0x30, 0x03, 0x0A, 0x01, 0x01])
        try await responder.stop()
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }

    /// `openssl ocsp` asks the responder about a credential (or a serial, or the intermediate).
    private func ask(
        _ responder: OCSPResponder, _ credential: TestCredential? = nil, pki: TestPKI = .shared, hash: String = "-sha1",
        serial: String? = nil, intermediate: Bool = false, extra: [String] = []
    ) async throws -> ExternalTool.Result {
        let directory = try TestFiles.temporaryDirectory()
        let leaf = intermediate ? pki.intermediate.certificatePEM : credential?.certificatePEM ?? ""
        try TestFiles.write(leaf, to: "\(directory)/leaf.pem")
        let issuer = intermediate ? pki.root : pki.intermediate
        try TestFiles.write(issuer.certificatePEM, to: "\(directory)/issuer.pem")
        try TestFiles.write(pki.trustStorePEM, to: "\(directory)/ca.pem")
        let result = try await ExternalTool.run(
            "openssl",
            [
                "ocsp", hash, "-url", responder.url + "/", "-CAfile", "\(directory)/ca.pem", "-issuer",
                "\(directory)/issuer.pem",
            ]
                + (serial.map { ["-serial", $0] } ?? ["-cert", "\(directory)/leaf.pem"]) + extra)
        _ = try await ExternalTool.run("rm", ["-r", directory])
        return result
    }
}

/// The CRL server as curl and openssl see it.
@Suite struct CRLServerTests {
    @Test("CRLs and certificates are served, with an ETag that spares a second download")
    func files() async throws {
        let pki = try TestPKI()
        let server = try await CRLServer.start(pki)
        for path in ["root.crl", "intermediate.crl", "intermediate-delta.crl"] {
            let body = try await curl(["\(server.url)/\(path)"])
            #expect(body.succeeded)
            _ = try await openssl(["crl", "-inform", "DER", "-noout"], body.output)
        }
        #expect(try await curl(["\(server.url)/root.cer"]).output == pki.root.certificateDER)
        #expect(try await curl(["\(server.url)/intermediate.cer"]).output == pki.intermediate.certificateDER)
        let head = try await curl(["-D", "-", "-o", "/dev/null", "\(server.url)/intermediate.crl"])
        let tag = try #require(head.text.split(separator: "\r\n").first { $0.hasPrefix("etag: ") }).dropFirst(6)
        let again = try await curl([
            "-w", "%{http_code}", "-H", "If-None-Match: \(tag)", "\(server.url)/intermediate.crl",
        ])
        #expect(again.text == "304")
        #expect(server.requestCount("/intermediate.crl") == 3)
        #expect(try await curl(["-w", "%{http_code}", "\(server.url)/autre"]).text == "404")
        try await server.stop()
    }

    @Test("a revocation appears when it is published: by the delta first, then by the full CRL")
    func publishing() async throws {
        let pki = try TestPKI()
        let server = try await CRLServer.start(pki)
        let credential = try pki.issue(.server(commonName: "a.mssante.fr"))
        pki.revoke(credential)
        func lists() async throws -> [[UInt8]] {
            var lists: [[UInt8]] = []
            for path in ["root.crl", "intermediate.crl", "intermediate-delta.crl"] {
                lists.append(try await curl(["\(server.url)/\(path)"]).output)
            }
            return lists
        }
        let deltas = ["-use_deltas", "-extended_crl"]
        #expect(try await verify(credential, by: pki, crls: lists(), extra: deltas).succeeded)
        // Other full CRLs made meanwhile do not move the base of this server's delta.
        _ = try pki.fullCRL()
        try server.publishDelta()
        #expect(try await !verify(credential, by: pki, crls: lists(), extra: deltas).succeeded)
        #expect(try await verify(credential, by: pki, crls: Array(lists().prefix(2))).succeeded)
        try server.publish()
        #expect(try await !verify(credential, by: pki, crls: Array(lists().prefix(2))).succeeded)
        try await server.stop()
    }

    @Test("faults: error status, close, truncation, a page, stale, corrupt, foreign and older lists")
    func faults() async throws {
        let pki = try TestPKI()
        let server = try await CRLServer.start(pki)
        let root = try pki.fullCRL(of: .root)
        let credential = try pki.issue(.server(commonName: "a.mssante.fr"))
        let url = "\(server.url)/intermediate.crl"
        for (fault, status) in [(CRLServer.Fault.status(503), Int32(22)), (.close, 52), (.truncated, 18)] {
            server.fault = fault
            #expect(try await curl(["-f", url]).status == status, "\(fault)")
        }
        server.fault = .silence
        #expect(try await curl(["-m", "1", url]).status == 28)
        server.fault = .page
        #expect(try await curl([url]).text.hasPrefix("<html>"))
        for (fault, reason) in [
            (CRLServer.Fault.stale, "CRL has expired"), (.corrupt, "CRL signature failure"),
            (.otherKey, "CRL signature failure"),
        ] {
            server.fault = fault
            let answer = try await verify(credential, by: pki, crls: [root, curl([url]).output])
            #expect(answer.everything.contains(reason), "\(reason): \(answer.everything)")
        }
        server.fault = nil
        let now = try await number(url)
        server.fault = .older
        #expect(try await number(url) < now)
        try await server.stop()
        #expect(try await !curl(["-f", url]).succeeded)
    }

    private func number(_ url: String) async throws -> Int {
        let crl = try await curl([url]).output
        let line = try await openssl(["crl", "-inform", "DER", "-noout", "-crlnumber"], crl)
        return try #require(Int(line.dropFirst("crlNumber=0x".count).dropLast(), radix: 16))
    }

    private func curl(_ arguments: [String]) async throws -> ExternalTool.Result {
        try await ExternalTool.run("curl", ["-s", "-S"] + arguments)
    }
}
