import Glibc
import MSSCore
import MSSTestKit
import Testing

@testable import MSSOperator

@Suite("Sockets that systemd passes for client software", .serialized, .timeLimit(.minutes(5)))
struct PassedClientSocketsTests {
    /// What systemd does for the units of `quickstart`: bound sockets as descriptors from 3 on, named by the environment.
    private static let systemd = """
        import os, socket, sys
        program, file, address = sys.argv[1:4]
        names, ports = sys.argv[4:8], sys.argv[8:12]
        held = []
        for offset, port in enumerate(ports):
            s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, int(port))); s.listen(16)
            held.append(os.dup2(s.fileno(), 100 + offset)); s.close()
        for offset, descriptor in enumerate(held):
            os.dup2(descriptor, 3 + offset); os.close(descriptor)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(names)), LISTEN_FDNAMES=":".join(names))
        os.execv(program, [program, "run", "--config", file])
        """

    private static let greetings = """
        import socket, sys, time
        for port in sys.argv[2:]:
            for _ in range(600):
                try:
                    s = socket.create_connection((sys.argv[1], int(port)), timeout=60); break
                except ConnectionRefusedError: time.sleep(0.1)
            print(s.recv(400).decode().strip())
        """

    @Test("§6.8.1: each of the four entry points answers at the socket that systemd opened for it")
    func four() async throws {
        let directory = try TestFiles.temporaryDirectory("mss-passed")
        let plan = SandboxPlan(
            operators: [.init("alpha", domains: ["ch-alpha.mssante.fr"])], whitelist: .generated(count: 60))
        let sandbox = try Sandbox.create(plan, in: directory)
        let one = sandbox.description.operators[0]
        var settings = try OperatorSettings(contentsOf: one.configuration)
        let names = ["envoi-psc", "lecture-psc", "envoi-certificat", "lecture-certificat"]
        settings.apiLPS.submissionPSC.address = .systemd(name: names[0])
        settings.apiLPS.imapPSC.address = .systemd(name: names[1])
        settings.apiLPS.submissionCertificate.address = .systemd(name: names[2])
        settings.apiLPS.imapCertificate.address = .systemd(name: names[3])
        settings.apiLPS.autoconfiguration = nil
        let file = "\(directory)/operateur.yaml"
        try TestFiles.write(settings.yaml, to: file, mode: 0o600)
        // Ports of the sandbox that nobody uses now: it does not run.
        let lps = sandbox.description.lps
        let ports = [lps.submissionPSC, lps.imapPSC, lps.submissionCertificate, lps.imapCertificate].map { "\($0)" }
        let process = try BackgroundTool(
            "python3", ["-c", Self.systemd, OperatorProcess.executable, file, one.address] + names + ports)
        let client = try await ExternalTool.run(
            "python3", ["-c", Self.greetings, one.address] + ports, seconds: 120)
        let lines = client.text.split(separator: "\n").map { String($0) }
        #expect(lines.count == 4, "\(client.everything) \(process.written)")
        let starts = ["220 \(one.lpsHosts.submissionPSC)", "* OK", "220 \(one.lpsHosts.submissionCertificate)", "* OK"]
        for (line, start) in zip(lines, starts) { #expect(line.hasPrefix(start), "\(line)") }
        // It greets before it heeds signals.
        try await process.wait(for: "\"texte\":\"running\"")
        process.signal(SIGTERM)
        #expect(await process.ended() == 0, "\(process.written)")
        CommandWorld.remove(directory)
    }
}
