import Foundation
import Glibc
import MSSAccounts
import MSSCore
import MSSTestKit
import Testing

@testable import MSSOperator

/// The executable itself, started as a process.
enum OperatorProcess {
    /// The folder of the products, where this test's own bundle lies.
    static let executable: String = {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, 4095)
        var own = String(decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // A helper of the toolchain may have loaded the bundle, which is an argument then.
        if let bundle = CommandLine.arguments.first(where: { $0.hasSuffix(".xctest") }) { own = bundle }
        return (own as NSString).deletingLastPathComponent + "/mss-operator"
    }()

    /// Starts `run` and waits until it says that it works.
    static func start(_ settings: String) async throws -> BackgroundTool {
        let tool = try BackgroundTool(executable, ["run", "--config", settings])
        try await tool.wait(for: "\"texte\":\"running\"")
        return tool
    }
}

@Suite("The mss-operator executable", .serialized, .timeLimit(.minutes(10)))
struct ProcessTests {
    private func call(_ arguments: [String], input: String = "") async throws -> ExternalTool.Result {
        try await ExternalTool.run(OperatorProcess.executable, arguments, input: Array(input.utf8))
    }

    @Test("run, envoyer, file, liste-blanche, etat; SIGHUP reloads, SIGTERM stops gracefully, kill -9 loses nothing")
    func life() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        let settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        let home = "\(space.folder)/alpha.mssante.fr"
        let file = "\(home)/operateur.yaml"
        try TestFiles.write(settings.yaml, to: file, mode: 0o600)
        // Accounts are made before the process has the stores.
        let node = try await space.open(settings)
        try await node.openMailboxes(["secretariat", "exploitation"])
        await node.close()

        let first = try await OperatorProcess.start(file)
        let common = ["--config", file, "--par", "adele.admin"]
        let sent = try await call(
            [
                "envoyer", "--de", "exploitation@alpha.mssante.fr", "--a", "secretariat@alpha.mssante.fr",
                "x@ailleurs.fr",
            ]
                + common, input: "Subject: Essai\r\nFrom: exploitation@alpha.mssante.fr\r\n\r\nBonjour\r\n")
        #expect(sent.status == 1, "\(sent.everything)")
        #expect(sent.text.contains("secretariat@alpha.mssante.fr  accepte_ici"))
        #expect(sent.text.contains("EX_3.2_5060"))
        let waiting = try await call(
            ["envoyer", "--de", "exploitation@alpha.mssante.fr", "--a", "dr@beta.mssante.fr"] + common,
            input: "Subject: Essai\r\nFrom: exploitation@alpha.mssante.fr\r\n\r\nBonjour\r\n")
        #expect(waiting.status == 0, "\(waiting.everything)")
        let state = try await call(["etat", "--json"] + common)
        #expect(state.status == 0, "\(state.everything)")
        #expect(state.text.contains("\"etat\":\"ok\""))
        #expect(try await call(["liste-blanche"] + common).text.contains("alpha.mssante.fr : autorisé"))
        #expect(try await call(["liste-blanche", "chercher", "beta.mssante.fr"] + common).status == 0)
        #expect(try await call(["liste-blanche", "chercher", "ailleurs.fr"] + common).status == 1)

        first.signal(SIGHUP)
        try await first.wait(for: "\"texte\":\"reloaded\"")
        // Nothing acknowledged is lost, whatever the end.
        first.signal(SIGKILL)
        #expect(await first.ended() == 128 + SIGKILL)
        let second = try await OperatorProcess.start(file)
        let queue = try await call(["file"] + common)
        #expect(queue.text.contains("beta.mssante.fr  1 messages"), "\(queue.everything)")
        second.signal(SIGTERM)
        #expect(await second.ended() == 0, "\(second.written)")
        #expect(access(settings.administration.socket, F_OK) != 0)
        let alone = try await call(["etat"] + common)
        #expect(alone.status == 2)
        #expect(alone.errors.contains("L'opérateur ne répond pas"))
        try await space.close()
    }

    @Test("Settings that are wrong are told in French, line by line, with the exit status 2")
    func wrongSettings() async throws {
        let folder = try TestFiles.temporaryDirectory("mss-settings")
        try TestFiles.write("operateur:\n  nom_serveur: 3\n  domaine: x\n", to: "\(folder)/o.yaml", mode: 0o600)
        let result = try await call(["run", "--config", "\(folder)/o.yaml"])
        #expect(result.status == 2)
        #expect(result.errors.contains("ligne 3, « operateur.domaine » : cette clé n'existe pas"))
    }

    @Test("The socket that systemd passes is the entry point's")
    func passedSocket() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        var settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        settings.inbound.address = .systemd(name: "operateurs")
        let home = "\(space.folder)/alpha.mssante.fr"
        let file = "\(home)/operateur.yaml"
        try TestFiles.write(settings.yaml, to: file, mode: 0o600)
        // What systemd does: a bound socket as descriptor 3, told by the environment.
        let script = """
            import os, socket, sys
            s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.2", int(sys.argv[1]))); s.listen(16)
            os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="operateurs")
            os.execv(sys.argv[2], [sys.argv[2], "run", "--config", sys.argv[3]])
            """
        let process = try BackgroundTool("python3", ["-c", script, "\(space.port)", OperatorProcess.executable, file])
        let client = try await ExternalTool.run(
            "python3",
            [
                "-c",
                """
                import socket, sys, time
                for _ in range(600):
                    try:
                        s = socket.create_connection(("127.0.0.2", int(sys.argv[1])), timeout=60); break
                    except ConnectionRefusedError: time.sleep(0.1)
                print(s.recv(200).decode())
                """, "\(space.port)",
            ], seconds: 120)
        #expect(client.text.hasPrefix("220 mx.alpha.mssante.fr"), "\(client.everything)")
        // It greets before it heeds signals.
        try await process.wait(for: "\"texte\":\"running\"")
        process.signal(SIGTERM)
        #expect(await process.ended() == 0, "\(process.written)")
        try await space.close()
    }
}
