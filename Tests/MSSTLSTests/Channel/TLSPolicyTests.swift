import MSSCore
import MSSTestKit
import Testing

@testable import MSSTLS

@Suite("TLS policies")
struct TLSPolicyTests {
    @Test("EX_OPE_5010: version 1.6 allows exactly the six suites in TLS 1.2; RE_OPE_5015: and TLS 1.3")
    func operator16() {
        let policy = TLSPolicy.operator(.v1_6)
        #expect(Set(policy.suites(for: .tls12).map(\.code)) == [0xC030, 0xC02F, 0xC028, 0xC027, 0x009F, 0x009E])
        #expect(policy.versions == .tls12 ... .tls13)
    }

    @Test("EX_OPE_5010: the 1.7 draft forbids CBC and names three suites for TLS 1.3")
    func operator17() {
        let policy = TLSPolicy.operator(.v1_7draft)
        #expect(Set(policy.suites(for: .tls12).map(\.code)) == [0xC030, 0xC02F, 0x009F, 0x009E])
        #expect(
            policy.suites(for: .tls13).map(\.name) == [
                "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256",
            ])
        #expect(policy.versions == .tls12 ... .tls13)
    }

    @Test("EX_LPS_0100, EX_LPS_0200: API LPS accepts TLS 1.2 with the six suites, and TLS 1.3")
    func apiLPS() {
        for version in ReferentialVersion.allCases {
            let policy = TLSPolicy.apiLPS(version)
            #expect(Set(policy.suites(for: .tls12).map(\.code)) == [0xC030, 0xC02F, 0xC028, 0xC027, 0x009F, 0x009E])
            #expect(policy.versions.contains(.tls12))
            #expect(policy.suiteRequirement == "EX_LPS_0200")
        }
    }

    @Test("OpenSSL knows each suite by the code, the IANA name and the name of our table")
    func namesMatchOpenSSL() async throws {
        let table = try await ExternalTool.run("openssl", ["ciphers", "-V", "-stdname", "ALL:@SECLEVEL=0"])
        #expect(table.succeeded)
        for suite in TLSCipherSuite.all {
            let high = String(suite.code >> 8, radix: 16, uppercase: true)
            let low = String(suite.code & 0xFF, radix: 16, uppercase: true)
            func padded(_ text: String) -> String { text.count == 1 ? "0x0\(text)" : "0x\(text)" }
            let line = table.text.split(separator: "\n").first { $0.contains("\(padded(high)),\(padded(low)) ") }
            let words = try #require(line).split(separator: " ").map(String.init)
            #expect(words.contains(suite.name))
            #expect(words.contains(suite.openSSLName))
            #expect(words.contains(suite.version.description))
        }
    }

    @Test("Every failure explains itself in one French sentence, and says which requirement it enforces when one does")
    func explanations() {
        let kinds: [TLSFailure.Kind] = [
            .verification(.noCertificate), .noCommonVersion, .noCommonSuite, .noCommonParameters, .weakKeyExchange,
            .peerAlert(.unknownCA), .peerAlert(.handshakeFailure), .notTLS, .closedDuringHandshake, .handshakeTimeout,
            .truncated, .clearBytesBeforeTLS(count: 3), .tooMuchWrittenBeforeHandshake, .protocolViolation, .resources,
        ]
        for kind in kinds {
            let failure = TLSFailure(kind)
            #expect(failure.explanation.hasSuffix("."))
            #expect(!failure.description.isEmpty)
        }
        #expect(Set(kinds.map { TLSFailure($0).explanation }).count == kinds.count)
        #expect(TLSFailure(.verification(.unknownAuthority)).requirement == "EX_OPE_5040")
    }
}
