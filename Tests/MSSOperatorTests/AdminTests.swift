import Glibc
import MSSConnector
import MSSCore
import MSSSMTP
import MSSStore
import MSSTestKit
import MSSTraces
import MSSWhitelist
import Testing

@testable import MSSOperator

@Suite("The administration socket", .serialized, .timeLimit(.minutes(5)))
struct AdminTests {
    private func running(_ body: @escaping @Sendable (OperatorNode) async throws -> Void) async throws {
        try await running(with: { _ in }, body)
    }

    private func running(
        with change: (inout OperatorSettings) -> Void, _ body: @escaping @Sendable (OperatorNode) async throws -> Void
    ) async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        var settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        change(&settings)
        let node = try await space.open(settings)
        try await node.openMailboxes(["exploitation"])
        try await node.running { try await body(node) }
        try await space.close()
    }

    private func client(_ node: OperatorNode, as name: String? = "adele.admin") -> AdminClient {
        AdminClient(socket: node.settings.administration.socket, administrator: name)
    }

    private func status(_ node: OperatorNode, as name: String?, _ path: String = "etat", body: String = "{}")
        async throws -> Int
    {
        try await client(node, as: name).exchange("/commandes/\(path)", Array(body.utf8)).status
    }

    @Test("EX_SSI_5155: the socket is the service's alone, gone after the stop, and a name is required")
    func access() async throws {
        let path = SharedPath()
        try await running { node in
            let socket = node.settings.administration.socket
            path.value.withLock { $0 = socket }
            var facts = stat()
            #expect(stat(socket, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
            let named = try await status(node, as: "adele.admin")
            #expect(named == 200)
            #expect(try await status(node, as: nil) == 403)
            #expect(try await status(node, as: "  ") == 403)
            // Another process does not take a socket that lives.
            #expect(throws: OperatorFailure.self) { try LocalSocket.listen(at: socket, opensToGroup: false) }
        }
        #expect(Glibc.access(path.value.withLock { $0 }, F_OK) != 0)
    }

    @Test("ronde: how the daily round is; a confirmation that nothing waits for is refused")
    func round() async throws {
        try await running { node in
            let client = client(node)
            let shown = try await client.perform(RoundCommands.Show.self, AdminNothing())
            #expect(shown.doubt == nil && shown.failures == 0)
            #expect(await node.health().components["ronde"]?.state == .ok)
            await #expect(throws: AdminFailure.self) {
                try await client.perform(RoundCommands.Confirm.self, AdminNothing())
            }
        }
    }

    @Test(
        "ronde confirmer: after months without a round /health says what to do, and the round follows the confirmation")
    func confirmedRound() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains, revocation: .seconds(400 * 86_400))
        let clock = JumpingClock()
        let node = try await space.open(space.settings("alpha.mssante.fr", at: "127.0.0.2"), clock: clock)
        try await node.openMailboxes(["exploitation"])
        try await node.running {
            await node.connector.scheduler.runDue()
            clock.jump(.seconds(60 * 86_400))
            let part = await node.health().components["ronde"]
            #expect(part?.state == .warning && part?.explanation.contains("ronde confirmer") == true)
            let client = client(node)
            let reply = try await client.perform(RoundCommands.Confirm.self, AdminNothing())
            #expect(reply.doubt.contains("60 jours") || reply.doubt.contains("61 jours"))
            await node.connector.scheduler.runDue()
            #expect(await node.health().components["ronde"]?.state == .ok)
        }
        try await space.close()
    }

    @Test("EX_SSI_5155: with a list of administrators, who is not on it is refused, and each has the rights given")
    func listed() async throws {
        var adele = AdministratorSettings()
        (adele.account, adele.identifier) = ("compte-inexistant", "adele.admin")
        adele.duties = [.observation]
        let list = [adele]
        try await running(with: { $0.administration.administrators = list }) { node in
            let named = try await status(node, as: "adele.admin")
            #expect(named == 200)
            #expect(try await status(node, as: "mallory") == 403)
            #expect(try await status(node, as: "adele.admin", "file-relancer", body: #"{"domaine":"a.fr"}"#) == 403)
        }
    }

    @Test(
        "EX_SSI_5150, EX_SSI_5155: an account neither the service's nor root's nor listed is nobody, whatever it says")
    func foreign() {
        let settings = AdministrationSettings()
        let foreign = PeerCredentials(process: 7, user: 65_534, group: 65_534)
        #expect(throws: AdminFailure.self) {
            _ = try AdminCaller(foreign, declared: "adele.admin", settings)
        }
        #expect(throws: AdminFailure.self) { _ = try AdminCaller(nil, declared: "adele.admin", settings) }
        var listed = settings
        var one = AdministratorSettings()
        (one.account, one.identifier) = ("nobody", "899700000001")
        listed.administrators = [one]
        let caller = try? AdminCaller(foreign, declared: nil, listed)
        #expect(caller?.person.identifier == "899700000001")
        #expect(throws: AdminFailure.self) { _ = try AdminCaller(foreign, declared: "adele.admin", listed) }
    }

    @Test("EX_GDT_5020: an administrator at a terminal is told that actions are traced; the manual says so to all")
    func told() async throws {
        let tool = OperatorProcess.executable
        let manual = try await ExternalTool.run(tool, ["--help"])
        #expect(manual.text.contains("sont tracées au nom de l'administrateur"), "\(manual.everything)")
        try await running { node in
            let call = [tool, "etat", "--par", "adele.admin", "--socket", node.settings.administration.socket]
            let script = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
            let result = try await ExternalTool.run("python3", ["-c", script] + call)
            #expect(result.text.contains("Vos actions sont tracées à votre nom"), "\(result.everything)")
        }
    }

    @Test("A process of another account cannot even connect")
    func anotherAccount() async throws {
        guard geteuid() == 0 else { return }  // only root can take another account for the trial
        try await running { node in
            let script = """
                import os, socket, sys
                os.setgid(65534); os.setuid(65534)
                s = socket.socket(socket.AF_UNIX)
                try:
                    s.connect(sys.argv[1])
                    print("connected")
                except PermissionError:
                    print("refused")
                """
            let result = try await ExternalTool.run("python3", ["-c", script, node.settings.administration.socket])
            #expect(result.text == "refused\n", "\(result.everything)")
        }
    }

    @Test("Garbage, oversized and unknown requests are refused and the socket goes on")
    func attacks() async throws {
        try await running { node in
            let socket = node.settings.administration.socket
            for bytes in [
                "\u{16}\u{3}\u{1}\u{2}\r\n\r\n", "GET /\u{0} HTTP/1.1\r\n\r\n", "POST / HTTP/9.9\r\n\r\n",
                "POST /commandes/etat HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "POST /commandes/etat HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            ] {
                let answer = try await RawSocket.exchange(socket, Array(bytes.utf8))
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer)")
            }
            // A header without an end, and bodies beyond the bound.
            let long = "POST /commandes/etat HTTP/1.1\r\nX: " + String(repeating: "a", count: 200_000)
            #expect(!(try await RawSocket.exchange(socket, Array(long.utf8))).hasPrefix("HTTP/1.1 2"))
            #expect(try await status(node, as: "a", body: String(repeating: " ", count: (1 << 20) + 1)) == 413)
            #expect(try await status(node, as: "a", "envoyer", body: "{}") == 400)
            #expect(try await status(node, as: "a", "file-montrer", body: "{\"message\": 3}") == 400)
            #expect(try await status(node, as: "a", "file-montrer", body: "{\"message\": \"rien\"}") == 404)
            #expect(try await status(node, as: "a", "inconnue") == 404)
            #expect(try await status(node, as: "a", "../etat") == 404)
            // More connections than it takes: those beyond are closed, the others are served afterwards.
            let open = try (0..<40).map { _ in try RawSocket.connect(socket) }
            for descriptor in open { Glibc.close(descriptor) }
            var last = 0
            for _ in 0..<200 {
                last = (try? await status(node, as: "a")) ?? 0
                if last == 200 { break }
            }
            #expect(last == 200)
        }
    }

    @Test("The queue is shown and handled: list, show, hold, retry, release, drop; each change is traced")
    func queue() async throws {
        try await running { node in
            // Nobody listens at beta's address: the message waits.
            let client = client(node)
            var list = try await client.perform(QueueCommands.List.self, AdminNothing())
            #expect(list.messages == 0)
            let now = node.clock.now()
            for name in ["m1", "m2"] {
                _ = try await node.spool.enqueue(
                    Deliveries.make(name, from: "exploitation@alpha.mssante.fr", to: "dr@beta.mssante.fr"), at: now)
            }
            list = try await client.perform(QueueCommands.List.self, AdminNothing())
            #expect(list.destinations.map(\.domain) == ["beta.mssante.fr"])
            #expect(list.destinations[0].messages == 2)
            let messages = try await client.perform(QueueCommands.Messages.self, .init(domain: "beta.mssante.fr"))
            #expect(messages.map(\.id) == ["m1", "m2"])
            let shown = try await client.perform(QueueCommands.Show.self, .init("m1"))
            #expect(shown.recipients == ["dr@beta.mssante.fr"])
            #expect(shown.sender == "exploitation@alpha.mssante.fr")
            _ = try await client.perform(QueueCommands.Hold.self, .init("m1"))
            #expect(try await client.perform(QueueCommands.Show.self, .init("m1")).message.isHeld)
            _ = try await client.perform(QueueCommands.Release.self, .init("m1"))
            #expect(!(try await client.perform(QueueCommands.Show.self, .init("m1")).message.isHeld))
            _ = try await client.perform(QueueCommands.Retry.self, .init(domain: "beta.mssante.fr"))
            _ = try await client.perform(QueueCommands.Drop.self, .init("m1"))
            await #expect(throws: AdminFailure.self) {
                _ = try await client.perform(QueueCommands.Show.self, .init("m1"))
            }
            #expect(node.spool.count == 1)
            let traced = try await ExternalTool.run("grep", ["-rhoa", "file [a-z]* m1", node.layout.traces])
            let words = Set(traced.text.split(separator: "\n").map(String.init))
            #expect(words.isSuperset(of: ["file retenir m1", "file liberer m1", "file supprimer m1"]), "\(words)")
        }
    }

    @Test("The whitelist is told, refreshed and searched")
    func whitelist() async throws {
        try await running { node in
            let client = client(node)
            let status = try await client.perform(WhitelistCommands.Status.self, AdminNothing())
            #expect(status.isThere && status.ownDomains == ["alpha.mssante.fr": true])
            #expect(!(try await client.perform(WhitelistCommands.Refresh.self, .init()).isNew))
            let found = try await client.perform(WhitelistCommands.Lookup.self, .init("x@alpha.mssante.fr"))
            #expect(found.entries.map(\.domain) == ["alpha.mssante.fr"])
            let name = found.entries[0].certificateName
            #expect(try await client.perform(WhitelistCommands.Lookup.self, .init(name)).entries == found.entries)
            #expect(try await client.perform(WhitelistCommands.Lookup.self, .init("ailleurs.fr")).entries.isEmpty)
        }
    }
}
