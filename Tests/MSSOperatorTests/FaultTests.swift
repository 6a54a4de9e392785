import Glibc
import Logging
import MSSAccounts
import MSSCore
import MSSStore
import MSSTestKit
import MSSWhitelist
import Testing

@testable import MSSOperator

/// The table of faults of Documentation/Operator.md, row by row, over real sockets.
@Suite("Faults around an operator", .serialized, .timeLimit(.minutes(10)))
struct FaultTests {
    static func peer(_ space: OperatorSpace) throws -> PeerServer {
        try PeerServer(space, "beta.mssante.fr", to: "alpha.mssante.fr", at: "127.0.0.2")
    }

    /// Runs alpha, and a server of beta's that sends to it.
    static func run(
        _ space: OperatorSpace, _ settings: OperatorSettings, clock: any WallClock = SystemWallClock(),
        logger: Logger = .silent, _ body: @escaping @Sendable (OperatorNode, PeerServer) async throws -> Void
    ) async throws {
        let alpha = try await space.open(settings, clock: clock, logger: logger)
        if alpha.index.mailbox(at: try DirectoryMailAddress("secretariat@alpha.mssante.fr")) == nil {
            try await alpha.openMailboxes(["secretariat", "exploitation"])
        }
        let peer = try peer(space)
        try await alpha.running { try await body(alpha, peer) }
        await peer.close()
    }

    /// Reads a log up to the next line that tells of a delivery put off.
    static func putOff(_ lines: AsyncStream<String>, to domain: String = "beta.mssante.fr") async {
        let line = await lines.first { $0.contains("put off") && $0.contains(domain) }
        #expect(line != nil)
    }

    /// Reads a log until each of these texts has stood in some line, in any order.
    static func read(_ lines: AsyncStream<String>, until texts: Set<String>) async {
        var missing = texts
        for await line in lines {
            missing = missing.filter { !line.contains($0) }
            if missing.isEmpty { return }
        }
        Issue.record("never told: \(missing)")
    }

    static func attempts(_ node: OperatorNode) -> Int {
        node.spool.messages().flatMap(\.shares).map(\.attempts).max() ?? 0
    }

    @Test("EX_SSI_5090: while clamd is dead every message is put off, none passes; when it is back they are taken")
    func clamd() async throws {
        let first = try await ClamdPeer.start()
        let space = try await OperatorSpace(TwoNodesTests.domains)
        let link = "\(space.folder)/clamd.sock"
        symlink(first.socket, link)
        let settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2", clamd: link)
        try await Self.run(space, settings) { alpha, peer in
            #expect(try await peer.send("a1") == .taken)
            first.stop()
            guard case .refused(let text) = try await peer.send("a2") else {
                Issue.record("taken without a scanner")
                return
            }
            #expect(text.contains("451") && text.contains("EX_SSI_5090"))
            #expect(await alpha.health().components["antivirus"]?.state == .failure)
            let second = try await ClamdPeer.start()
            defer { second.stop() }
            unlink(link)
            symlink(second.socket, link)
            #expect(try await peer.send("a2") == .taken)
            #expect(try await alpha.inbox("secretariat", atLeast: 2).count == 2)
        }
        try await space.close()
    }

    @Test("While the DNS is dead messages wait, and others' are taken; with the DNS they leave")
    func nameServer() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        var settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        settings.dns.timeout = .seconds(1)
        let beta = try await space.open(space.settings("beta.mssante.fr", at: "127.0.0.3"))
        try await beta.openMailboxes(["laboratoire", "exploitation"])
        let (logger, lines) = Logger.read()
        try await beta.running { [settings] in
            try await Self.run(space, settings, logger: logger) { alpha, peer in
                space.zones.fault = .silence
                let sent = try await TwoNodesTests.submit(
                    alpha, from: "secretariat@alpha.mssante.fr", to: ["laboratoire@beta.mssante.fr"])
                #expect(sent.recipients.map(\.outcome) == ["accepte_ailleurs"])
                await Self.putOff(lines)
                #expect(alpha.spool.count == 1 && Self.attempts(alpha) >= 1)
                #expect(try await peer.send("d1") == .taken)
                space.zones.fault = nil
                #expect(try await beta.inbox("laboratoire", atLeast: 1).count == 1)
            }
        }
        try await space.close()
    }

    @Test(
        "EX_2.2_5035: with the whitelist's server dead for a week the last verified list serves, also after a restart, and the age is told"
    )
    func whitelistServer() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains, revocation: .seconds(30 * 86_400))
        let settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        let clock = JumpingClock()
        try await Self.run(space, settings, clock: clock) { alpha, peer in
            #expect(try await peer.send("w1") == .taken)
            try space.list.apply(.refusal)
            clock.jump(.seconds(7 * 86_400))
            guard case .failure = await alpha.trust.whitelist.refresh() else {
                Issue.record("a list of a dead server")
                return
            }
            #expect(try await peer.send("w2") == .taken)
            let health = await alpha.health().components["liste_blanche"]
            #expect(health?.state == .warning && health?.explanation.contains("7 jours") == true, "\(health as Any)")
            #expect(try await alpha.inbox("secretariat", atLeast: 2).count == 2)
        }
        // A restart in the meantime, with the copy on the disk.
        let again = try await OperatorNode.open(settings, clock: clock, logger: .silent)
        let peer = try Self.peer(space)
        try await again.running {
            #expect(try await peer.send("w3") == .taken)
            try space.list.apply(nil)
            _ = try await again.trust.whitelist.refresh().get()
            #expect(await again.health().components["liste_blanche"]?.state == .ok)
        }
        await peer.close()
        try await space.close()
    }

    @Test(
        "EX_SDT_5010: a clock two days ahead gives nothing up; put right, what it had put off by two days leaves at once"
    )
    func clockJumps() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains, revocation: .seconds(30 * 86_400))
        var settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        // Beta is not there yet: between two attempts the message waits for longer than the test.
        settings.outbound.firstRetry = .seconds(3600)
        settings.outbound.longestRetry = .seconds(3600)
        let clock = JumpingClock()
        let (logger, lines) = Logger.read()
        try await Self.run(space, settings, clock: clock, logger: logger) { alpha, peer in
            _ = try await TwoNodesTests.submit(
                alpha, from: "secretariat@alpha.mssante.fr", to: ["laboratoire@beta.mssante.fr"])
            await Self.putOff(lines)
            #expect(Self.attempts(alpha) == 1)
            clock.jump(.seconds(2 * 86_400))
            // The jump makes it due; the sender is told of the delay, by that clock.
            await Self.putOff(lines)
            #expect(Self.attempts(alpha) == 2)
            let notice = try await alpha.inbox("secretariat", atLeast: 1)[0]
            #expect(notice.contains("Action: delayed"))
            #expect(alpha.spool.messages().contains { $0.shares.contains { $0.destination == "beta.mssante.fr" } })
            #expect(try await peer.send("c1") == .taken)

            let beta = try await space.open(space.settings("beta.mssante.fr", at: "127.0.0.3"))
            try await beta.openMailboxes(["laboratoire", "exploitation"])
            try await beta.running {
                clock.correct()
                let arrived = try await beta.inbox("laboratoire", atLeast: 1)
                #expect(arrived.count == 1)
            }
            #expect(try await peer.send("c2") == .taken)
            #expect(try await alpha.inbox("secretariat", atLeast: 3).count == 3)
        }
        try await space.close()
    }

    @Test("EX_SDT_5010: a clock set back before the certificates refuses exchanges for now; put right, they go on")
    func clockGoesBack() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains, revocation: .seconds(30 * 86_400))
        let (betaLogger, betaLines) = Logger.read()
        let beta = try await space.open(space.settings("beta.mssante.fr", at: "127.0.0.3"), logger: betaLogger)
        try await beta.openMailboxes(["laboratoire", "exploitation"])
        let clock = JumpingClock()
        let (logger, lines) = Logger.read()
        try await beta.running {
            try await Self.run(
                space, space.settings("alpha.mssante.fr", at: "127.0.0.2"), clock: clock, logger: logger
            ) { alpha, _ in
                // Alpha is at work. Nothing between the two before: a session that is open already would go on.
                _ = try await TwoNodesTests.submit(
                    alpha, from: "exploitation@alpha.mssante.fr", to: ["secretariat@alpha.mssante.fr"])
                #expect(try await alpha.inbox("secretariat", atLeast: 1).count == 1)
                // The certificates of both begin an hour before the tests.
                clock.jump(.seconds(-2 * 86_400))
                _ = try await TwoNodesTests.submit(
                    alpha, from: "exploitation@alpha.mssante.fr", to: ["laboratoire@beta.mssante.fr"])
                _ = try await TwoNodesTests.submit(
                    beta, from: "laboratoire@beta.mssante.fr", to: ["secretariat@alpha.mssante.fr"])
                await Self.read(lines, until: ["peer refused", "put off"])
                await Self.putOff(betaLines, to: "alpha.mssante.fr")
                let waiting = try #require(alpha.spool.destinations().first { $0.domain == "beta.mssante.fr" })
                #expect(
                    waiting.reasons.keys.contains { $0.contains("n'est valable qu'à partir du") },
                    "\(waiting.reasons)")
                #expect(waiting.messages == 1 && beta.spool.count == 1)
                #expect(try await beta.inbox("laboratoire") == [])
                #expect(try await alpha.inbox("secretariat").count == 1)
                clock.correct()
                // That is all. An attempt under way at that moment may be made twice, as the table says.
                #expect(try await beta.inbox("laboratoire", atLeast: 1).count >= 1)
                #expect(try await alpha.inbox("secretariat", atLeast: 2).count == 2)
                for node in [alpha, beta] { try await node.emptied() }
                #expect(try await alpha.inbox("exploitation").allSatisfy { !$0.contains("Action: failed") })
            }
        }
        try await space.close()
    }
}
