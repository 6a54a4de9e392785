import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import MSSTraces
import Testing

/// The command `mss-traces`, run as an administrator runs it.
@Suite struct TraceToolTests {
    /// It is built beside the tests.
    private static let tool = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "mss-traces").path

    private func run(_ arguments: [String]) async throws -> ExternalTool.Result {
        try await ExternalTool.run(TraceToolTests.tool, arguments, seconds: 120)
    }

    /// A store of two sealed and two open traces, its key, certificate and list of authorised persons.
    private func filled() async throws -> (TestStore, [String]) {
        let test = try TestStore()
        let store = try await test.open()
        try await store.record([received(1), received(2)])
        try await store.seal()
        try await store.record([received(3, mailbox: "zoe@hopital.mssante.fr"), technical(1)])
        try await store.close()
        let (key, certificate) = (test.folder + "/key.pem", test.folder + "/cert.pem")
        try TestFiles.write(TestStore.credential.privateKeyPEM, to: key)
        #expect(chmod(key, 0o600) == 0)
        let text = Data(TestStore.credential.certificateDER).base64EncodedString(options: .lineLength64Characters)
        try TestFiles.write(
            "-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n", to: certificate)
        try TestFiles.write(
            "# personnes habilitées\nadmin-7 chercher exporter\nstagiaire chercher\n", to: test.folder + "/droits")
        return (
            test,
            [
                "--cle", key, "--certificat", certificate, "--habilitations", test.folder + "/droits", "--ancrage",
                test.folder + "/anchor",
            ]
        )
    }

    @Test("EX_GDT_5010: the command finds a deletion, an edit and a rewriting, and says which")
    func verify() async throws {
        let (test, _) = try await filled()
        defer { test.remove() }
        let certificate = ["--certificat", test.folder + "/cert.pem"]
        let sound = try await run(["verifier", test.root, "--ancrage", test.folder + "/anchor"] + certificate)
        #expect(sound.status == 0 && sound.text.contains("Le journal est intact."), "\(sound.everything)")
        #expect(sound.text.contains("4 traces vérifiées, dont 2 depuis le dernier scellé"))
        let bare = try await run(["verifier", test.root] + certificate)
        #expect(bare.status == 0 && bare.text.contains("sans ancrage"))
        let heads = try await run(["empreintes", test.root])
        #expect(heads.status == 0 && heads.text.split(separator: "\n").count == 2)
        try TestFiles.write("Bonjour, voici les empreintes :\n\n" + heads.text, to: test.folder + "/heads")

        let path = test.path(.functional, "0000000001.segment")
        let bytes = try TestFiles.read(path)
        var edited = bytes
        edited[bytes.count - 40] ^= 1
        try TestFiles.write(edited, to: path)
        let damaged = try await run(["verifier", test.root] + certificate)
        #expect(damaged.status == 1 && damaged.text.contains("ANOMALIE : La trace 2"), "\(damaged.everything)")
        try TestFiles.write(bytes, to: path)

        let open = test.path(.functional, "0000000002.segment")
        #expect(remove(open) == 0 && remove(test.path(.functional, "head")) == 0)
        let empty = try await TraceStore.open(
            test.root, signer: try TestStore.signer(),
            configuration: TraceConfiguration(
                upkeepInterval: nil, recovery: .acceptLoss(by: TracePerson(identifier: "mallory"), reason: "?")))
        try await empty.record(received(9))
        try await empty.close()
        let fooled = try await run(["verifier", test.root] + certificate)
        #expect(fooled.status == 0)
        for proof in [["--empreintes", test.folder + "/heads"], ["--ancrage", test.folder + "/anchor"]] {
            let found = try await run(["verifier", test.root] + certificate + proof)
            #expect(found.status == 1 && found.text.contains("La trace 3"), "\(found.everything)")
        }
        #expect(try await run(["verifier", test.folder + "/rien"] + certificate).status == 1)
        #expect(try await run(["verifier", test.root, "--certificat", test.folder + "/rien"]).status == 2)
    }

    @Test("EX_GDT_5010: the command searches for who may, and leaves a trace of it")
    func search() async throws {
        let (test, options) = try await filled()
        defer { test.remove() }
        let command = ["chercher", test.root] + options + ["--motif", "incident:INC-9"]
        let found = try await run(command + ["--par", "admin-7", "--boite", "zoe@hopital.mssante.fr"])
        #expect(found.status == 0 && found.text.split(separator: "\n").count == 1, "\(found.everything)")
        #expect(found.text.contains("message.receive\tsuccess\tCN=labo.mssante.fr\tzoe@hopital.mssante.fr\tM3"))
        let all = try await run(command + ["--par", "stagiaire", "--action", "message.receive"])
        #expect(all.status == 0 && all.text.split(separator: "\n").count == 3)
        #expect(try await run(command + ["--par", "curieux"]).status == 3)
        #expect(try await run(command + ["--par", "admin-7", "--action", "nulle.part"]).status != 0)
        let traces = try await run(command + ["--par", "admin-7", "--action", "traces.consult"])
        #expect(traces.text.contains("admin-7") && traces.text.contains("stagiaire"))
        #expect(traces.text.contains("refused\tcurieux"))
        #expect(try await test.verify().isSound)
    }

    @Test("EX_GDT_5010: the command exports with the proof, for who may")
    func export() async throws {
        let (test, options) = try await filled()
        defer { test.remove() }
        let command =
            ["exporter", test.root] + options + ["--motif", "autorite:ART-2026-11", "--vers", test.folder + "/export"]
        #expect(try await run(command + ["--par", "stagiaire"]).status == 3)
        let done = try await run(command + ["--par", "admin-7", "--action", "message.receive"])
        #expect(done.status == 0 && done.text.hasPrefix("3 traces de 2 segments"), "\(done.everything)")
        let checked = try await ExternalTool.run(
            "sh", [test.folder + "/export/verifier.sh", "--chaine"], seconds: 300)
        #expect(checked.succeeded && checked.text.hasPrefix("conforme : 3 traces"), "\(checked.everything)")
    }

    @Test("While the service writes, the command verifies and hands over heads, and does not search")
    func busy() async throws {
        let (test, options) = try await filled()
        defer { test.remove() }
        let store = try await test.open()
        try await store.record(received(4))
        #expect(
            try await run([
                "verifier", test.root, "--certificat", test.folder + "/cert.pem", "--ancrage", test.folder + "/anchor",
            ]).status == 0)
        #expect(try await run(["empreintes", test.root]).status == 0)
        let found = try await run(
            ["chercher", test.root] + options + ["--motif", "exploitation:x", "--par", "admin-7"])
        #expect(found.status == 2 && found.errors.contains("déjà ouvert en écriture"), "\(found.everything)")
        try await store.close()
    }
}
