import Foundation
import MSSCore
import MSSTestKit
import Testing

@testable import MSSTLS

@Suite("TLS seen by testssl.sh")
struct TestSSLTests {
    struct Finding: Decodable {
        var id: String
        var severity: String
        var finding: String
    }

    @Test("EX_OPE_5010: testssl.sh finds nothing but the policy", .timeLimit(.minutes(10)))
    func scan() async throws {
        let server = try await LiveServer.start(
            .testServer(policy: .operator(.v1_7draft), clients: .none), Behaviour())
        let file = try TestFiles.temporaryDirectory("mss-testssl") + "/findings.json"
        // Protocols, cipher categories, forward secrecy, and the vulnerabilities that do not need HTTP.
        let result = try await ExternalTool.run(
            "testssl",
            [
                "--quiet", "--color", "0", "--warnings", "off", "--jsonfile", file, "-p", "-s", "-f", "-H", "-I", "-T",
                "-R", "-C", "-O", "-Z", "-F", "-J", "-D", "-W", "-A", "-L", "-4", "127.0.0.1:\(server.port)",
            ], seconds: 540)
        let findings = try JSONDecoder().decode(
            [Finding].self, from: Data(try TestFiles.read(file)))
        #expect(findings.count > 20, "\(result.everything)")
        // "engine_problem" tells of the scanner's own OpenSSL, which has no GOST.
        let bad = findings.filter { !["OK", "INFO", "DEBUG"].contains($0.severity) && $0.id != "engine_problem" }
        #expect(bad.isEmpty, "\(bad)")
        func finding(_ id: String) -> String? { findings.first { $0.id == id }?.finding }
        for old in ["SSLv2", "SSLv3", "TLS1", "TLS1_1"] { #expect(finding(old)?.contains("not offered") == true) }
        #expect(finding("TLS1_2") == "offered")
        #expect(finding("TLS1_3")?.contains("offered") == true)
        let curves = findings.first { $0.id.hasSuffix("_ECDHE_curves") }?.finding
        #expect(curves?.split(separator: " ").map(String.init) == ["prime256v1", "secp384r1", "secp521r1"])
        try await server.stop()
    }
}
