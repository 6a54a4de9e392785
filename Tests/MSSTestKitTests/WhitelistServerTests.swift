import MSSCore
import MSSTestKit
import Testing

/// The test signer, judged by the xmlsec1 command.
@Suite struct TestXMLSignerTests {
    let pki = TestPKI.shared

    @Test("EX_2.2_5040: a signed generated list verifies with xmlsec1, and no longer once a byte changed")
    func signed() async throws {
        let signer = try pki.issue(.whitelistSigner, subject: .agency)
        for keyInfo in [TestXMLSigner.KeyInfo.certificate, .chain] {
            let document = try TestXMLSigner(signer, keyInfo: keyInfo).sign(
                WhitelistWriter.write(WhitelistGenerator(count: 200).make()))
            let answer = try await xmlsec(document)
            #expect(answer.succeeded, "\(answer.everything)")
            let changed = String(decoding: document, as: UTF8.self).replacing("CN=mailin2", with: "CN=mailin3")
            #expect(try await !xmlsec(Array(changed.utf8)).succeeded)
        }
    }

    @Test("documents with prefixes, attributes, CDATA, comments and references canonicalize as libxml2 does")
    func canonicalForms() async throws {
        let signer = try pki.issue(.whitelistSigner, subject: .agency)
        for document in [
            "<a/>", "<a xmlns='urn:x'><b/><c xmlns=''/></a>",
            "<p:a xmlns:p='urn:p' xmlns:q='urn:q'><q:b p:z='1' y='2'/></p:a>",
            "<a>\r\n<!-- rien --><b c = \"&quot;&lt;&#9;&#10;'\" a='é&amp;' /><![CDATA[<&>]]>&gt;&#xD;&#233;</a>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>\n  <b\n    x='1\n2'></b >\n</a>\n",
            "<a xmlns:b='urn:b' xmlns:a='urn:a' b:k='1' a:k='2' k='3' xml:lang='fr'/>".replacing("/>", with: "></a>"),
        ] where document != "<a/>" {
            let answer = try await xmlsec(TestXMLSigner(signer).sign(Array(document.utf8)))
            #expect(answer.succeeded, "\(document): \(answer.everything)")
        }
        #expect(throws: TestFormatError.self) { try TestXMLSigner(signer).sign(Array("<!DOCTYPE a><a></a>".utf8)) }
        #expect(throws: TestFormatError.self) { try TestXMLSigner(signer).sign(Array("<a>".utf8)) }
    }

    @Test("bad signatures are bad as asked: no key, bare key")
    func badSignatures() async throws {
        let signer = try pki.issue(.whitelistSigner, subject: .agency)
        let list = WhitelistWriter.write(WhitelistGenerator(count: 60).make())
        #expect(try await !xmlsec(TestXMLSigner(signer, keyInfo: .none).sign(list)).succeeded)
        // xmlsec1 believes a bare key unless told otherwise: that is the trap.
        let bare = try TestXMLSigner(signer, keyInfo: .bareKey).sign(list)
        #expect(try await xmlsec(bare, restricted: false).succeeded)
        #expect(try await !xmlsec(bare).succeeded)
    }

    @Test(
        "the published list, signed here, verifies with xmlsec1", .enabled(if: SharedData.publishedWhitelist != nil))
    func published() async throws {
        let signer = try pki.issue(.whitelistSigner, subject: .agency)
        let list = try #require(SharedData.publishedWhitelist)
        let answer = try await xmlsec(TestXMLSigner(signer).sign(list))
        #expect(answer.succeeded, "\(answer.everything)")
    }
}

/// `xmlsec1 --verify`, trusting the shared hierarchy.
func xmlsec(_ document: [UInt8], restricted: Bool = true) async throws -> ExternalTool.Result {
    let directory = try TestFiles.temporaryDirectory()
    try TestFiles.write(document, to: "\(directory)/list.xml")
    try TestFiles.write(TestPKI.shared.root.certificatePEM, to: "\(directory)/root.pem")
    try TestFiles.write(TestPKI.shared.intermediate.certificatePEM, to: "\(directory)/intermediate.pem")
    let result = try await ExternalTool.run(
        "xmlsec1",
        ["--verify"] + (restricted ? ["--enabled-key-data", "x509"] : []) + [
            "--trusted-pem", "\(directory)/root.pem", "--untrusted-pem", "\(directory)/intermediate.pem",
            "\(directory)/list.xml",
        ])
    _ = try await ExternalTool.run("rm", ["-r", directory])
    return result
}

/// The whitelist server as curl sees it.
@Suite struct WhitelistServerTests {
    let pki = TestPKI.shared

    private func list(_ count: Int = 60) -> TestWhitelist { WhitelistGenerator(count: count).make() }

    @Test("the list is served over HTTPS by a certificate of the hierarchy, with ETag and date")
    func served() async throws {
        let server = try await WhitelistServer.start(list())
        let answer = try await curl(server, ["-D", "/dev/stderr"])
        #expect(answer.succeeded, "\(answer.errors)")
        #expect(answer.output == server.signedList)
        #expect(answer.errors.contains("last-modified: Thu, 13 Mar 2025 14:54:10 GMT"), "\(answer.errors)")
        #expect(try await xmlsec(answer.output).succeeded)
        let tag = try #require(answer.errors.split(separator: "\r\n").first { $0.hasPrefix("etag: ") }).dropFirst(6)
        let code = ["-o", "/dev/null", "-w", "%{http_code}"]
        #expect(try await curl(server, code + ["-H", "If-None-Match: \(tag)"]).text == "304")
        #expect(
            try await curl(server, code + ["-H", "If-Modified-Since: Thu, 13 Mar 2025 14:54:10 GMT"]).text == "304")
        #expect(try await curl(server, code + ["-H", "If-None-Match: \"autre\""]).text == "200")
        #expect(server.requestCount == 4 && server.unchangedCount == 2)
        try await server.stop()
        // Nobody, or another server that took the port over meanwhile.
        #expect(try await !curl(server).succeeded)
    }

    @Test("faults of transport look to curl as they should")
    func transport() async throws {
        let server = try await WhitelistServer.start(list())
        for (fault, status) in [
            (WhitelistFault.error, Int32(22)), (.refusal, 35), (.silence, 28), (.slow, 28), (.truncated, 18),
        ] {
            try server.apply(fault)
            let answer = try await curl(server, ["-f", "-m", "3"])
            #expect(answer.status == status, "\(fault): \(answer.status) \(answer.errors)")
        }
        server.endlessLength = 1 << 25
        try server.apply(.endless)
        let answer = try await curl(server, ["-o", "/dev/null", "-w", "%{size_download}"])
        #expect(Int(answer.text).map { $0 >= 1 << 25 && $0 < 1 << 26 } == true, "\(answer.everything)")
        try server.apply(nil)
        #expect(try await curl(server).output == server.signedList)
        try await server.stop()
    }

    @Test("faults of content: what xmlsec1 accepts and refuses")
    func content() async throws {
        let server = try await WhitelistServer.start(list(), pki: pki)
        let first = server.signedList
        var next = list()
        next.generated = next.generated + .seconds(86_400)
        try server.publish(next)
        for (fault, verifies) in [
            (WhitelistFault.half, false), (.page, false), (.empty, false), (.tampered, false), (.older, true),
            (.unsigned, false), (.otherHolder, true), (.otherKind, true), (.expiredSigner, false),
            // xmlsec1 has no CRL here, verifies the first signature it meets, and does not look at the document's shape:
            // those are the checks of the SDK.
            (.revokedSigner, true), (.lookalikeSigner, false), (.bareKey, false), (.smuggled, true), (.wrapped, false),
            (.missingClosingTag, false), (.wrongRoot, true), (.future, true), (.muchSmaller, true),
        ] {
            try server.apply(fault)
            let body = try await curl(server).output
            if body.isEmpty {
                #expect(fault == .empty)
                continue
            }
            let answer = try await xmlsec(body)
            #expect(answer.succeeded == verifies, "\(fault): \(answer.everything)")
            if fault == .older { #expect(body == first) }
        }
        for (fault, mark) in [
            (WhitelistFault.tampered, "CN=pirate."), (.smuggled, "<Object><ListeDomaines"), (.wrapped, "O=PIRATE"),
            (.wrongRoot, "<ListeNoireMSSante "), (.doctype, "<!DOCTYPE"), (.weakAlgorithm, "#rsa-sha1"),
        ] {
            try server.apply(fault)
            #expect(try await curl(server).text.contains(mark), "\(fault)")
        }
        try server.apply(.twoSignatures)
        #expect(try await curl(server).text.split(separator: "<Signature xmlns").count == 3)
        try server.apply(.muchSmaller)
        #expect(try await curl(server).text.split(separator: "<Domaine>").count == 7)
        try await server.stop()
    }

    private func curl(_ server: WhitelistServer, _ arguments: [String] = []) async throws -> ExternalTool.Result {
        let directory = try TestFiles.temporaryDirectory()
        try TestFiles.write(pki.trustStorePEM, to: "\(directory)/ca.pem")
        let result = try await ExternalTool.run(
            "curl", ["-sS", "--cacert", "\(directory)/ca.pem"] + arguments + [server.url])
        _ = try await ExternalTool.run("rm", ["-r", directory])
        return result
    }
}
