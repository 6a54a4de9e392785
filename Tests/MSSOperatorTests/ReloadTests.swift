import Foundation
import Logging
import MSSConnector
import MSSCore
import MSSTestKit
import MSSTLS
import MSSTraces
import MSSWhitelist
import NIOCore
import Testing

@testable import MSSOperator

@Suite("Reload", .serialized, .timeLimit(.minutes(5)))
struct ReloadTests {
    /// The certificate that the entry point shows, by openssl over STARTTLS.
    private func shown(_ space: OperatorSpace, _ address: String, name: String? = nil) async throws -> String {
        let client = "\(space.folder)/alpha.mssante.fr"
        let result = try await ExternalTool.run(
            "openssl",
            [
                "s_client", "-connect", "\(address):\(space.port)", "-starttls", "smtp", "-cert",
                "\(client)/client.pem",
                "-key", "\(client)/client.key", "-showcerts",
            ] + (name.map { ["-servername", $0] } ?? ["-noservername"]), input: Array("QUIT\r\n".utf8))
        let text = result.text
        guard let begin = text.range(of: "-----BEGIN CERTIFICATE-----"),
            let end = text.range(of: "-----END CERTIFICATE-----")
        else { return result.everything }
        let pem = text[begin.lowerBound..<end.upperBound] + "\n"
        return try Certificate.parsePEM(Array(pem.utf8))[0].sha256Fingerprint.hexadecimal
    }

    private func fingerprint(_ credential: TestCredential) throws -> String {
        try Certificate(der: credential.certificateDER).sha256Fingerprint.hexadecimal
    }

    @Test("EX_SSI_5085: a renewed certificate is shown from the next connection on, in both directions, and traced")
    func renewal() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        let home = "\(space.folder)/alpha.mssante.fr"
        // openssl plays a peer of the trust space.
        let peer = try OperatorSpace.credential("beta.mssante.fr")
        try peer.write(to: home, name: "client")
        let settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        try TestFiles.write(settings.yaml, to: "\(home)/operateur.yaml", mode: 0o600)
        let alpha = try await space.open(settings, file: "\(home)/operateur.yaml")
        try await alpha.openMailboxes(["secretariat", "exploitation"])
        let beta = try await space.open(space.settings("beta.mssante.fr", at: "127.0.0.3"))
        try await beta.openMailboxes(["laboratoire", "exploitation"])
        try await alpha.running {
            try await beta.running {
                let old = alpha.certificates.withLock { $0[0].certificate.sha256Fingerprint.hexadecimal }
                #expect(try await shown(space, "127.0.0.2") == old)
                let renewed = try OperatorSpace.credential("alpha.mssante.fr")
                try renewed.write(to: home, name: "principal")
                let report = await alpha.reload(by: .system("essai"))
                #expect(report.certificates == ["principal"])
                #expect(report.failures.isEmpty, "\(report.failures)")
                #expect(try await shown(space, "127.0.0.2") == fingerprint(renewed))
                #expect(try fingerprint(renewed) != old)
                // Outbound with it too: beta's list knows the same name.
                _ = try await TwoNodesTests.submit(
                    alpha, from: "secretariat@alpha.mssante.fr", to: ["laboratoire@beta.mssante.fr"])
                #expect(try await beta.inbox("laboratoire", atLeast: 1).count == 1)
                let traced = try await ExternalTool.run("grep", ["-rl", try fingerprint(renewed), alpha.layout.traces])
                #expect(!traced.text.isEmpty)
            }
        }
        try await space.close()
    }

    @Test("What cannot be used leaves the former certificate and settings in force, and is told")
    func badFiles() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        let home = "\(space.folder)/alpha.mssante.fr"
        try OperatorSpace.credential("beta.mssante.fr").write(to: home, name: "client")
        let settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        let file = "\(home)/operateur.yaml"
        try TestFiles.write(settings.yaml, to: file, mode: 0o600)
        let node = try await space.open(settings, file: file)
        try await node.openMailboxes(["exploitation"])
        try await node.running {
            let old = try await shown(space, "127.0.0.2")
            // The key of another certificate: a fresh one, the pool's may be the same (decision 0061).
            try TestPKI.shared.issue(.server(commonName: "mx.autre.mssante.fr"), strength: .fresh)
                .write(to: home, name: "autre")
            try TestFiles.write(try TestFiles.read("\(home)/autre.key"), to: "\(home)/principal.key", mode: 0o600)
            try TestFiles.write(settings.yaml + "inconnu: 1\n", to: file, mode: 0o600)
            let report = await node.reload(by: .system("essai"))
            #expect(report.failures.count == 2, "\(report.failures)")
            #expect(try await shown(space, "127.0.0.2") == old)
            #expect(node.settings == settings)
            // A change that needs a restart is named and not applied.
            var next = settings
            next.outbound.port = 2525
            next.observation.logLevel = .debug
            try TestFiles.write(next.yaml, to: file, mode: 0o600)
            let second = await node.reload(by: .system("essai"))
            #expect(second.waiting == ["sortie.port"])
            #expect(second.applied == ["observation.journal"])
            #expect(node.settings.outbound.port == settings.outbound.port)
            LogLevel.shared.set(.info)
        }
        try await space.close()
    }

    @Test(
        "EX_OPE_5020: with several certificates the server name chooses, and the renewal of the second reaches its name"
    )
    func serverNames() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        let home = "\(space.folder)/alpha.mssante.fr"
        try OperatorSpace.credential("beta.mssante.fr").write(to: home, name: "client")
        let second = try OperatorSpace.credential("second.mssante.fr")
        try second.write(to: home, name: "second")
        var settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        settings.certificates.append(
            CertificateSettings(
                name: "second", certificate: "\(home)/second.pem", key: "\(home)/second.key",
                serverNames: [try Domain("mx.second.mssante.fr")]))
        let node = try await space.open(settings)
        try await node.openMailboxes(["exploitation"])
        try await node.running {
            let first = node.certificates.withLock { $0[0].certificate.sha256Fingerprint.hexadecimal }
            #expect(try await shown(space, "127.0.0.2") == first)
            #expect(try await shown(space, "127.0.0.2", name: "mx.autre.mssante.fr") == first)
            #expect(try await shown(space, "127.0.0.2", name: "mx.second.mssante.fr") == fingerprint(second))
            let renewed = try OperatorSpace.credential("second.mssante.fr")
            try renewed.write(to: home, name: "second")
            let report = await node.reload(by: .system("essai"))
            #expect(report.certificates == ["principal", "second"])
            #expect(try await shown(space, "127.0.0.2", name: "mx.second.mssante.fr") == fingerprint(renewed))
            #expect(try await shown(space, "127.0.0.2") == first)
        }
        try await space.close()
    }
}
