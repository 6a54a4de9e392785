import Logging
import MSSCore
import MSSSMTP
import MSSStore
import MSSTLS
import MSSTestKit
import MSSTraces
import NIOCore
import NIOPosix
import Testing

@testable import MSSOperator

/// The table of faults of Documentation/Operator.md, row by row: certificates, revocation lists, peers, the disk.
@Suite("Faults of trust, of peers and of the disk", .serialized, .timeLimit(.minutes(10)))
struct TrustFaultTests {
    @Test(
        "EX_SSI_5085: a certificate that expires while running stops exchanges and loses nothing; its successor takes over at a reload"
    )
    func expired() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains, revocation: .seconds(30 * 86_400))
        let home = "\(space.folder)/alpha.mssante.fr"
        let now = SystemWallClock().now()
        try TestPKI.shared.issue(
            .server(commonName: "mx.alpha.mssante.fr", dnsNames: ["mx.alpha.mssante.fr"]),
            validity: .window(
                from: Timestamp(seconds: now.seconds - 3600), to: Timestamp(seconds: now.seconds + 86_400))
        ).write(to: home, name: "principal")
        let clock = JumpingClock()
        let alpha = try await space.open(space.settings("alpha.mssante.fr", at: "127.0.0.2"), clock: clock)
        try await alpha.openMailboxes(["secretariat", "exploitation"])
        let (logger, lines) = Logger.read()
        let beta = try await space.open(
            space.settings("beta.mssante.fr", at: "127.0.0.3"), clock: clock, logger: logger)
        try await beta.openMailboxes(["laboratoire", "exploitation"])
        @Sendable func submit() async throws {
            _ = try await TwoNodesTests.submit(
                beta, from: "laboratoire@beta.mssante.fr", to: ["secretariat@alpha.mssante.fr"])
        }
        try await alpha.running {
            try await beta.running {
                // No message before: a session that is open already would go on.
                #expect(await alpha.health().components["certificats"]?.state == .warning)
                clock.jump(.seconds(2 * 86_400))
                try await submit()
                await FaultTests.putOff(lines, to: "alpha.mssante.fr")
                let health = await alpha.health().components["certificats"]
                #expect(health?.state == .failure, "\(health as Any)")
                #expect(try await alpha.inbox("secretariat") == [])
                try OperatorSpace.credential("alpha.mssante.fr").write(to: home, name: "principal")
                #expect(await alpha.reload(by: .system("essai")).certificates == ["principal"])
                #expect(await alpha.health().components["certificats"]?.state == .ok)
                #expect(try await alpha.inbox("secretariat", atLeast: 1).count == 1)
            }
        }
        try await space.close()
    }

    @Test("EX_OPE_5050: with revocation lists out of date no peer is believed; with fresh ones exchanges go on")
    func staleLists() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains, revocation: .seconds(86_400))
        let clock = JumpingClock()
        try await FaultTests.run(space, space.settings("alpha.mssante.fr", at: "127.0.0.2"), clock: clock) {
            alpha, peer in
            #expect(try await peer.send("r1") == .taken)
            space.crls.fault = .status(503)
            clock.jump(.seconds(2 * 86_400))
            await alpha.trust.refresher.refreshAll()
            let other = try FaultTests.peer(space)
            #expect(try await other.send("r2") != .taken)
            await other.close()
            #expect(await alpha.health().components["crl"]?.state == .warning)
            #expect(alpha.trust.alerts.snapshot.notFetched > 0)
            try space.crls.publish(lifetime: .seconds(30 * 86_400))
            space.crls.fault = nil
            await alpha.trust.refresher.refreshAll()
            let again = try FaultTests.peer(space)
            #expect(try await again.send("r2") == .taken)
            await again.close()
            #expect(await alpha.health().components["crl"]?.state == .ok)
            #expect(try await alpha.inbox("secretariat", atLeast: 2).count == 2)
        }
        try await space.close()
    }

    @Test("A peer that takes connections and says nothing holds up its own messages only, and no stop")
    func stalls() async throws {
        let hosts = TwoNodesTests.domains.merging(["gamma.mssante.fr": "127.0.0.4"]) { first, _ in first }
        let space = try await OperatorSpace(hosts)
        let (calls, called) = AsyncStream.makeStream(of: Void.self)
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                called.yield()
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.4", port: space.port).get()
        var settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        settings.inbound.grace = .seconds(1)
        let beta = try await space.open(space.settings("beta.mssante.fr", at: "127.0.0.3"))
        try await beta.openMailboxes(["laboratoire", "exploitation"])
        try await beta.running { [settings] in
            try await FaultTests.run(space, settings) { alpha, peer in
                for _ in 0..<12 {
                    _ = try await TwoNodesTests.submit(
                        alpha, from: "secretariat@alpha.mssante.fr", to: ["dr@gamma.mssante.fr"])
                }
                _ = await calls.first { true }
                #expect(alpha.spool.destinations().contains { $0.leased > 0 })
                for _ in 0..<5 {
                    _ = try await TwoNodesTests.submit(
                        alpha, from: "secretariat@alpha.mssante.fr", to: ["laboratoire@beta.mssante.fr"])
                }
                #expect(try await beta.inbox("laboratoire", atLeast: 5).count == 5)
                #expect(try await peer.send("p1") == .taken)
                let waiting = alpha.spool.destinations().first { $0.domain == "gamma.mssante.fr" }
                #expect(waiting?.messages == 12)
                #expect((waiting?.leased ?? 99) <= settings.outbound.attemptsPerDestination)
            }
        }
        // Stopped within its time; nothing was given up.
        let again = try await space.open(settings)
        #expect(again.spool.count == 12)
        await again.close()
        try await silent.close()
        try await space.close()
    }

    @Test("RFC 1047: a peer that never answers a whole message holds up its own only, and no stop; nothing is lost")
    func stallsAfterContent() async throws {
        let hosts = TwoNodesTests.domains.merging(["gamma.mssante.fr": "127.0.0.4"]) { first, _ in first }
        let space = try await OperatorSpace(hosts)
        let (gamma, server) = try await StallingPeer.start(space, "gamma.mssante.fr", at: "127.0.0.4")
        var settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        settings.inbound.grace = .seconds(1)
        let beta = try await space.open(space.settings("beta.mssante.fr", at: "127.0.0.3"))
        try await beta.openMailboxes(["laboratoire", "exploitation"])
        let count = 12
        try await beta.running { [settings] in
            try await FaultTests.run(space, settings) { alpha, peer in
                for number in 0..<count {
                    _ = try await TwoNodesTests.submit(
                        alpha, from: "secretariat@alpha.mssante.fr", to: ["dr@gamma.mssante.fr"],
                        body: "Message \(number)\r\n")
                }
                // As many as one destination may have under way, each sent to its end.
                var held = 0
                for await _ in gamma.unanswered {
                    held += 1
                    if held == settings.outbound.attemptsPerDestination { break }
                }
                for _ in 0..<5 {
                    _ = try await TwoNodesTests.submit(
                        alpha, from: "secretariat@alpha.mssante.fr", to: ["laboratoire@beta.mssante.fr"])
                }
                #expect(try await beta.inbox("laboratoire", atLeast: 5).count == 5)
                #expect(try await peer.send("q1") == .taken)
                let waiting = alpha.spool.destinations().first { $0.domain == "gamma.mssante.fr" }
                #expect(waiting?.messages == count && waiting?.leased == held, "\(waiting as Any)")
            }
        }
        // Broken off by the stop, within its time. Nobody knows whether the peer has them: they are sent again.
        let again = try await space.open(settings)
        #expect(again.spool.count == count)
        gamma.answer()
        try await again.running { try await again.emptied() }
        let taken = gamma.taken
        #expect(Set(taken.map { $0.split(separator: "\r\n").last ?? "" }).count == count, "\(taken)")
        #expect(taken.count == count)
        await server.shutDown(grace: .zero)
        try await space.close()
    }

    @Test(
        "RFC 5321 §4.5.4.1, EX_GBM_4460: a peer that answers 4xx for days: the sender is told of the delay after four hours, and of the end after five days"
    )
    func refusesForDays() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains, revocation: .seconds(30 * 86_400))
        let clock = JumpingClock()
        // Without its scanner beta answers 451 to everything.
        let beta = try await space.open(space.settings("beta.mssante.fr", at: "127.0.0.3", clamd: "/nulle/part.sock"))
        try await beta.openMailboxes(["laboratoire", "exploitation"])
        let (logger, lines) = Logger.read()
        try await beta.running {
            try await FaultTests.run(
                space, space.settings("alpha.mssante.fr", at: "127.0.0.2"), clock: clock, logger: logger
            ) { alpha, _ in
                _ = try await TwoNodesTests.submit(
                    alpha, from: "secretariat@alpha.mssante.fr", to: ["laboratoire@beta.mssante.fr"])
                for _ in 0..<2 { await FaultTests.putOff(lines) }
                #expect(FaultTests.attempts(alpha) >= 2)
                let reasons = try #require(alpha.spool.destinations().first).reasons
                #expect(reasons.keys.contains { $0.contains("451") }, "\(reasons)")
                clock.jump(.seconds(4 * 3600 + 60))
                let delay = try await alpha.inbox("secretariat", atLeast: 1)[0]
                #expect(delay.contains("Action: delayed"))
                for _ in 0..<4 {
                    let before = FaultTests.attempts(alpha)
                    clock.jump(.seconds(86_400))
                    repeat { await FaultTests.putOff(lines) } while FaultTests.attempts(alpha) == before
                }
                // Told once, and not given up on the fourth day.
                #expect(try await alpha.inbox("secretariat").count == 1)
                clock.jump(.seconds(86_400))
                let end = try await alpha.inbox("secretariat", atLeast: 2)[1]
                #expect(end.contains("Action: failed"))
                #expect(end.contains("Final-Recipient: rfc822; laboratoire@beta.mssante.fr"))
                try await alpha.emptied()
                #expect(try await beta.inbox("laboratoire") == [])
            }
        }
        try await space.close()
    }

    @Test(
        "RFC 5321 §6.1: on a full disk messages are put off by 45x, none acknowledged is lost; with room they are taken again",
        .enabled(if: SmallDisk.isPossible))
    func fullDisk() async throws {
        let disk = try SmallDisk(megabytes: 32)
        defer { disk.remove() }
        let space = try await OperatorSpace(TwoNodesTests.domains)
        var settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        settings.data.folder = "\(disk.path)/donnees"
        let taken = Guarded<Set<String>>([])
        try await FaultTests.run(space, settings) { alpha, peer in
            func send(_ name: String) async throws -> PeerServer.Answer {
                let answer = try await peer.send(name)
                if answer == .taken { taken.withLock { _ = $0.insert(name) } }
                return answer
            }
            #expect(try await send("f0") == .taken)
            disk.fill()
            var refusal: String?
            for number in 1..<3000 where refusal == nil {
                if case .refused(let text) = try await send("f\(number)") { refusal = text }
            }
            let text = try #require(refusal)
            #expect(text.contains("452") || text.contains("451"), "\(text)")
            #expect(await alpha.health().components["disque"]?.state == .warning)
            // As long as it lasts.
            for number in 3000..<3010 {
                let answer = try await send("f\(number)")
                #expect(answer != .lost)
            }
            disk.release()
            let answer = try await send("f9000")
            #expect(answer == .taken)
            try await alpha.emptied()
            let here = try await Arrivals(alpha, "secretariat")
            #expect(here.names == taken.withLock { $0 })
            #expect(here.extra == 0 && here.damaged == [])
        }
        try await space.close()
    }
}
