import ArgumentParser
import Foundation
import MSSCore
import MSSSMTP
import MSSTestKit

/// mss-operator as it is installed, a process made from settings, beside Postfix with its defaults: the same load over
/// mutual TLS, everything durable before its `250`, in both directions.
struct OperatorBench: AsyncParsableCommand {
    /// What is dead stays in the queue: last.
    enum Part: String, ExpressibleByArgument, CaseIterable { case inbound, sizes, outbound, memory, dead }

    static let configuration = CommandConfiguration(
        commandName: "operator",
        abstract: "mss-operator: into mailboxes, out of the queue, dead destinations, memory; beside Postfix.")

    @Option(help: "mss-operator to measure; by default the one built beside this program.") var program: String?
    @Option(help: "Parts: \(Part.allCases.map(\.rawValue).joined(separator: ", ")).") var parts: [Part] = Part.allCases
    @Option(help: "Sessions at once.") var sessions = 100
    @Option(help: "Messages of each session.") var messages = 20
    @Option(help: "Octets of a message.") var size = 10_240
    @Option(help: "Messages of the queue that is drained.") var queue = 10_000
    @Option(help: "Messages queued for dead destinations.") var dead = 100_000
    @Option(help: "Rounds of traffic between two looks at the memory.") var rounds = 10

    func run() async throws {
        let space = try await OperatorBenchSpace(program)
        do {
            // The accounts once; each part starts its own process.
            let first = try await space.start()
            try await space.loadAccounts()
            try await first.stop()
            for part in Part.allCases where parts.contains(part) { try await measure(part, space) }
        } catch {
            try await space.close()
            throw error
        }
        try await space.close()
    }

    private func measure(_ part: Part, _ space: OperatorBenchSpace) async throws {
        switch part {
        case .inbound:
            try await inbound(space, [(sessions, messages, size), (sessions, 1, size)], goal: 3)
        case .sizes:
            try await inbound(
                space,
                [(1, 100, 10_240), (10, 50, 10_240), (10, 20, 102_400), (10, 5, 1 << 20), (4, 3, 10 << 20)], goal: nil)
        case .outbound: try await outbound(space)
        case .dead: try await deadDestinations(space)
        case .memory: try await memory(space)
        }
    }

    // MARK: Into mailboxes

    private func inbound(
        _ space: OperatorBenchSpace, _ loads: [(sessions: Int, messages: Int, size: Int)], goal: Int?
    ) async throws {
        let process = try await space.start()
        let mailbox = "b@boites.postfix.test"
        let postfix = try await space.postfix { $0.mailboxes = [mailbox] }
        let ours = try space.load(to: space.alpha.address, space.sandbox.description.smtpPort)
        let theirs = try space.load(to: "127.0.0.1", postfix.port)
        var arrived = 0
        for one in loads {
            tell(
                "Into mailboxes, \(one.sessions) sessions of \(one.messages) messages of \(one.size) octets, mutual TLS"
            )
            let count = one.sessions * one.messages
            let us = try await both("  mss-operator", count, one.size) {
                try await ours.run(
                    sessions: one.sessions,
                    .init(
                        from: OperatorBenchSpace.peerSender, to: OperatorBenchSpace.recipient, messages: one.messages,
                        size: one.size))
            } arrived: {
                try await process.drained()
            }
            arrived += count
            let total = arrived
            let them = try await both("  Postfix, Maildir", count, one.size) {
                try await theirs.run(
                    sessions: one.sessions,
                    .init(from: OperatorBenchSpace.peerSender, to: mailbox, messages: one.messages, size: one.size))
            } arrived: {
                let folder = "\(postfix.directory)/mail/\(mailbox)/new"
                while ((try? TestFiles.names(in: folder)) ?? []).count < total {
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            tell("  ratio \(String(format: "%.1f", us / them))" + (goal.map { ", goal \($0)" } ?? ""))
        }
        tell("  resident \(process.memory("VmRSS")) MB, highest \(process.memory("VmHWM")) MB")
        try await postfix.stop()
        try await process.stop()
    }

    /// Tells the rate of acknowledgements, and returns the rate until the last message is in its mailbox.
    private func both(
        _ name: String, _ count: Int, _ size: Int, _ load: () async throws -> Double, arrived: () async throws -> Void
    ) async throws -> Double {
        let start = ContinuousClock.now
        let sending = try await load()
        try await arrived()
        let total = (ContinuousClock.now - start) / .seconds(1)
        let rate = Double(count) / total
        tell(
            "\(name): \(Int(rate)) messages/s into the mailbox (\(Int(rate * Double(size) / 1e6)) MB/s), "
                + "\(Int(Double(count) / sending)) acknowledged a second")
        return rate
    }

    // MARK: Out of the queue

    private func outbound(_ space: OperatorBenchSpace) async throws {
        tell("A queue of \(queue) messages of \(size) octets to one peer, mutual TLS")
        let (counter, server) = try await CountingServer.start(space)
        try await space.fill(queue, size: size, to: space.beta.domains)
        let process = try await space.start()
        let us = await counter.rate(of: queue)
        try await process.drained()
        tell("  mss-operator: \(Int(us)) messages/s")
        try await process.stop()

        let postfix = try await space.postfix { configuration in
            configuration.routes = [
                .everything(
                    address: space.beta.address, port: space.sandbox.description.smtpPort,
                    certificateName: space.beta.host)
            ]
            configuration.settings["defer_transports"] = "smtp"
            configuration.settings["smtp_bind_address"] = ""
        }
        let load = try space.load(to: "127.0.0.1", postfix.port)
        let plan = SMTPLoad.Plan(
            from: OperatorBenchSpace.recipient, to: "jeanne.martin@ch-beta.mssante.fr", messages: queue / 50, size: size
        )
        _ = try await load.run(sessions: 50, plan)
        for (command, arguments) in [
            ("postconf", ["-c", "\(postfix.directory)/etc", "-e", "defer_transports="]),
            ("postfix", ["-c", "\(postfix.directory)/etc", "reload"]),
            ("postqueue", ["-c", "\(postfix.directory)/etc", "-f"]),
        ] {
            let result = try await ExternalTool.run(command, arguments)
            guard result.succeeded else { throw BenchFailure(result.everything) }
        }
        let them = await counter.rate(of: queue / 50 * 50)
        tell("  Postfix: \(Int(them)) messages/s")
        tell("  ratio \(String(format: "%.1f", us / them)), goal 2")
        try await postfix.stop()
        await server.shutDown()
    }

    // MARK: Dead destinations, memory

    private func deadDestinations(_ space: OperatorBenchSpace) async throws {
        let live = 2000
        let (counter, server) = try await CountingServer.start(space)
        try await space.fill(live, size: size, to: space.beta.domains)
        let alone = try await space.start()
        let without = await counter.rate(of: live)
        try await alone.drained()
        try await alone.stop()
        try await space.fill(dead, size: size, to: OperatorBenchSpace.deadDomains)
        try await space.fill(live, size: size, to: space.beta.domains)
        let process = try await space.start()
        let with = await counter.rate(of: live)
        tell("\(dead) messages of \(size) octets queued for \(OperatorBenchSpace.deadDomains.count) dead destinations")
        tell("  a live one: \(Int(with)) messages/s beside them, \(Int(without)) without them")
        // Attempts go on meanwhile.
        try await Task.sleep(for: .seconds(20))
        let waiting = try await process.metric("mss_queue_messages") ?? 0
        tell(
            "  \(Int(waiting)) waiting; resident \(process.memory("VmRSS")) MB, highest \(process.memory("VmHWM")) MB, "
                + "goal 200 MB")
        try await process.stop()
        await server.shutDown()
    }

    private func memory(_ space: OperatorBenchSpace) async throws {
        let process = try await space.start()
        let load = try space.load(to: space.alpha.address, space.sandbox.description.smtpPort)
        let plan = SMTPLoad.Plan(
            from: OperatorBenchSpace.peerSender, to: OperatorBenchSpace.recipient, messages: messages, size: size)
        var figures: [Int] = []
        for _ in 0..<rounds {
            _ = try await load.run(sessions: sessions, plan)
            try await process.drained()
            figures.append(process.memory("VmRSS"))
        }
        tell("Resident after each of \(rounds) rounds of \(sessions * messages) messages: \(figures) MB")
        try await process.stop()
    }
}
