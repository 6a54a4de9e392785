import MSSCore
import MSSTestKit
import Testing

@testable import MSSOperator

@Suite("mss-lps, the client that editors read as a tutorial", .serialized, .timeLimit(.minutes(10)))
struct LPSToolTests {
    private static let executable = OperatorProcess.executable.replacing("/mss-operator", with: "/mss-lps")

    @Test(
        "EX_LPS_0300: from an address and a token it finds the servers, sends, lists, reads, searches, orders and watches"
    )
    func persons() async throws {
        try await ClientSpace.run(with: { $0.terms.tellsAtFirstUse = false }) { space in
            func lps(_ arguments: [String], by session: String) async throws -> String {
                let result = try await ExternalTool.run(
                    Self.executable, arguments + ["--session", "\(space.directory)/\(session).json"])
                #expect(result.succeeded, "\(arguments) \(result.everything)")
                return result.text
            }
            let servers = try await ExternalTool.run(
                Self.executable, ["autoconfig", space.jeanne, "--bac", space.directory])
            #expect(
                servers.text.contains("\(space.one.lpsHosts.imapPSC):\(space.lps.imapPSC)"), "\(servers.everything)")
            for (mailbox, family) in [(space.jeanne, "Martin"), (space.paul, "Durand")] {
                let opened = try await lps(
                    ["login", mailbox, "--bac", space.directory, "--jeton", try space.token(family)], by: family)
                #expect(opened.contains("0 messages"))
            }
            let sent = try await lps(
                [
                    "send", "--a", space.paul, "--objet", "Bilan été", "--texte", "Glycémie normale", "--copie",
                    "--fichier", space.one.accountsFile,
                ], by: "Martin")
            #expect(sent.contains("pris en charge"))
            _ = try await space.node.inbox("paul.durand", atLeast: 1)
            #expect(try await lps(["list"], by: "Durand").contains("1\tN"))
            let read = try await lps(["read", "1", "--vers", space.directory], by: "Durand")
            #expect(read.contains("Objet : Bilan été") && read.contains("Glycémie normale"))
            let attachment = try TestFiles.read("\(space.directory)/1-comptes.json")
            #expect(attachment == (try TestFiles.read(space.one.accountsFile)))
            #expect(try await lps(["search", "Glycémie"], by: "Durand").contains("Bilan été"))
            #expect(try await lps(["conversation", "1"], by: "Durand").contains("Bilan été"))
            #expect(try await lps(["list", "Sent"], by: "Martin").contains("Bilan été"))
            // What comes while it watches is shown.
            let watching = try BackgroundTool(
                Self.executable, ["watch", "--nombre", "1", "--session", "\(space.directory)/Durand.json"])
            _ = try await watching.wait(for: "En attente (1 messages).")
            _ = try await lps(["send", "--a", space.paul, "--objet", "Suite", "--texte", "x"], by: "Martin")
            _ = try await watching.wait(for: "Suite")
            #expect(await watching.ended() == 0)
            _ = try await lps(["move", "1", "Archive"], by: "Durand")
            #expect(try await lps(["list", "Archive"], by: "Durand").contains("Bilan été"))
            _ = try await lps(["delete", "2"], by: "Durand")
            #expect(try await lps(["list"], by: "Durand") == "")
            let refused = try await ExternalTool.run(
                Self.executable,
                [
                    "login", space.jeanne, "--bac", space.directory, "--jeton",
                    try space.token("Martin", flaw: .expired), "--session", "\(space.directory)/refus.json",
                ])
            #expect(!refused.succeeded && refused.errors.contains("[EX_LPS_0710]"), "\(refused.everything)")
        }
    }

    @Test(
        "EX_LPS_1100: an application logs in with its certificate; CIBA signs a person in, and tokens renew themselves")
    func others() async throws {
        try await ClientSpace.run(with: { $0.terms.tellsAtFirstUse = false }) { space in
            let credential = try #require(space.one.credential(.applicationClient))
            let application = try await ExternalTool.run(
                Self.executable,
                [
                    "login", space.application, "--bac", space.directory, "--certificat", credential.certificate,
                    "--cle", credential.key, "--session", "\(space.directory)/app.json",
                ])
            #expect(application.text.contains("0 messages"), "\(application.everything)")
            let file = "\(space.directory)/ciba.json"
            let signing = try BackgroundTool(
                Self.executable,
                [
                    "login", space.jeanne, "--bac", space.directory, "--ciba", space.identity("Martin"), "--session",
                    file,
                ])
            _ = try await signing.wait(for: "Confirmez sur votre téléphone")
            _ = try await space.sandbox.tell(.decide(approved: true))
            _ = try await signing.wait(for: "0 messages")
            #expect(await signing.ended() == 0)
            // The token is over by the next command, which has another one.
            let text = String(decoding: try TestFiles.read(file), as: UTF8.self)
            let pattern = /"expires" : \d+/
            try TestFiles.write(text.replacing(pattern, with: "\"expires\" : 1"), to: file, mode: 0o600)
            let listed = try await ExternalTool.run(Self.executable, ["list", "--session", file])
            #expect(listed.succeeded, "\(listed.everything)")
            let after = String(decoding: try TestFiles.read(file), as: UTF8.self)
            #expect(!after.contains("\"expires\" : 1,") && after != text)
        }
    }
}
