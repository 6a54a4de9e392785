import Glibc
import MSSCore
import MSSStore
import MSSTestKit
import Testing

@testable import MSSOperator

/// `Tests/run-kill-loop` sets it: the loop of the acceptance is 200, the suite's is short.
private let lives = getenv("MSS_KILLS").flatMap { Int(String(cString: $0)) } ?? 8

@Suite("kill -9 of mss-operator under load over mutual TLS", .serialized, .timeLimit(.minutes(60)))
struct OperatorKillTests {
    /// What was sent and what was acknowledged, over all lives.
    private final class Load: Sendable {
        struct State {
            var next = 0
            var sent: Set<String> = []
            var taken: Set<String> = []
            var ofThisLife = 0
            var refusals: [String] = []
        }
        let state = Guarded(State())

        func name(_ kind: String) -> String {
            state.withLock { state in
                state.next += 1
                state.sent.insert("\(kind)\(state.next)")
                return "\(kind)\(state.next)"
            }
        }

        /// Returns how many were acknowledged in this life.
        func take(_ name: String) -> Int {
            state.withLock { state in
                state.taken.insert(name)
                state.ofThisLife += 1
                return state.ofThisLife
            }
        }

        func refuse(_ text: String) { state.withLock { $0.refusals.append(text) } }
    }

    /// Loads one life of the operator until `target` messages were acknowledged, and kills it at that moment, with the
    /// other messages under way.
    private func live(
        _ process: BackgroundTool, _ space: OperatorSpace, _ settings: OperatorSettings, _ load: Load, target: Int
    ) async throws {
        load.state.withLock { $0.ofThisLife = 0 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    // Straight into a mailbox (decision 0222), and through the queue into two.
                    let mailboxes = task % 2 == 0 ? ["secretariat"] : ["secretariat", "exploitation"]
                    let peer = try PeerServer(space, "beta.mssante.fr", to: "alpha.mssante.fr", at: "127.0.0.2")
                    loop: while true {
                        let name = load.name("e")
                        switch try await peer.send(name, to: mailboxes) {
                        case .taken: if load.take(name) >= target { process.signal(SIGKILL) }
                        case .refused(let text):
                            load.refuse(text)
                            break loop
                        case .lost: break loop
                        }
                    }
                    await peer.close()
                }
            }
            group.addTask {
                while true {
                    let name = load.name("s")
                    guard try await submit(name, settings) else { return }
                    if load.take(name) >= target { process.signal(SIGKILL) }
                }
            }
            try await group.waitForAll()
        }
        process.signal(SIGKILL)
        #expect(await process.ended() == 128 + SIGKILL, "\(process.written.suffix(2000))")
        let reached = load.state.withLock { $0.ofThisLife }
        #expect(reached >= target, "\(process.written.suffix(2000))")
    }

    /// Whether a message for beta, submitted over the admin socket, was acknowledged.
    private func submit(_ name: String, _ settings: OperatorSettings) async throws -> Bool {
        let client = AdminClient(socket: settings.administration.socket, administrator: "adele.admin")
        let from = "exploitation@alpha.mssante.fr"
        let text = "From: <\(from)>\r\nTo: <laboratoire@beta.mssante.fr>\r\nSubject: \(name)\r\n\r\n"
        let reply = try? await client.perform(
            SubmissionCommands.Submit.self, .init(from: from, to: ["laboratoire@beta.mssante.fr"]),
            payload: Array((text + PeerServer.body(name)).utf8))
        return reply?.message != nil
    }

    @Test(
        "RFC 5321 §6.1: whatever moment the process is killed at, what it acknowledged arrives, whole, in its mailboxes once and at its peer at least once"
    )
    func loop() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        let settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        let file = "\(space.folder)/alpha.mssante.fr/operateur.yaml"
        try TestFiles.write(settings.yaml, to: file, mode: 0o600)
        let first = try await space.open(settings)
        try await first.openMailboxes(["secretariat", "exploitation"])
        await first.close()
        let beta = try await space.open(space.settings("beta.mssante.fr", at: "127.0.0.3"))
        try await beta.openMailboxes(["laboratoire", "exploitation"])
        let load = Load()
        try await beta.running {
            for life in 0..<lives {
                let process = try await OperatorProcess.start(file)
                // 1 to 60 acknowledgements: also lives that end as soon as they have begun.
                try await live(process, space, settings, load, target: 1 + life * 37 % 60)
                if life % 20 == 19 {
                    print("\(life + 1) lives, \(load.state.withLock { $0.taken.count }) acknowledged")
                    fflush(nil)
                }
            }
            let alpha = try await space.open(settings)
            try await alpha.running {
                try await alpha.emptied()
                let (sent, taken) = load.state.withLock { ($0.sent, $0.taken) }
                let refusals = load.state.withLock { $0.refusals }
                let here = try await Arrivals(alpha, "secretariat")
                let copies = try await Arrivals(alpha, "exploitation")
                let there = try await Arrivals(beta, "laboratoire")
                #expect(here.damaged == [] && copies.damaged == [] && there.damaged == [])
                #expect(!copies.names.isEmpty && copies.names.isSubset(of: here.names) && copies.extra == 0)
                #expect(taken.subtracting(here.names).subtracting(there.names) == [], "acknowledged, and lost")
                #expect(here.names.union(there.names).subtracting(sent) == [])
                // The sender never repeats here what was not answered: nothing may be in a mailbox twice.
                #expect(here.extra == 0, "\(here.counts.filter { $0.value > 1 })")
                // Between the other server's 250 and the settlement a kill leaves one more attempt (RFC 1047), at most for
                // what was under way.
                #expect(there.extra <= lives * settings.outbound.attemptsPerDestination)
                #expect(refusals == [])
                print(
                    "kill -9 of mss-operator: \(lives) lives, \(taken.count) acknowledged of \(sent.count) sent,",
                    "\(here.names.count) in the mailbox, \(there.names.count) at the peer, \(there.extra) there twice")
            }
        }
        try await space.close()
    }
}
