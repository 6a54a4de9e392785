import MSSConnector
import MSSCore
import MSSSMTP
import MSSStore
import MSSTestKit
import MSSTLS
import MSSTraces
import Testing

@testable import MSSOperator

@Suite("Two operators from their settings", .serialized, .timeLimit(.minutes(10)))
struct TwoNodesTests {
    static let domains = ["alpha.mssante.fr": "127.0.0.2", "beta.mssante.fr": "127.0.0.3"]

    static func submit(
        _ node: OperatorNode, from: String, to: [String], body: String = "Bonjour\r\n"
    ) async throws -> SubmissionCommands.Submit.Reply {
        let client = AdminClient(socket: node.settings.administration.socket, administrator: "adele.admin")
        let message = "From: <\(from)>\r\nTo: <\(to[0])>\r\nSubject: Bilan\r\n\r\n\(body)"
        return try await client.perform(
            SubmissionCommands.Submit.self, .init(from: from, to: to), payload: Array(message.utf8))
    }

    static func run(
        clamd: String? = nil,
        _ body: @escaping @Sendable (OperatorSpace, OperatorNode, OperatorNode) async throws -> Void
    ) async throws {
        let space = try await OperatorSpace(domains)
        do {
            let alpha = try await space.open(space.settings("alpha.mssante.fr", at: "127.0.0.2", clamd: clamd))
            let beta = try await space.open(space.settings("beta.mssante.fr", at: "127.0.0.3", clamd: clamd))
            try await alpha.openMailboxes(["secretariat", "exploitation"])
            try await beta.openMailboxes(["laboratoire", "exploitation"])
            try await alpha.running { try await beta.running { try await body(space, alpha, beta) } }
        } catch {
            try await space.close()
            throw error
        }
        try await space.close()
    }

    @Test(
        "EX_3.2_5010: messages submitted over the admin socket go both ways into encrypted mailboxes, traced and scanned"
    )
    func bothWays() async throws {
        let clamd = try await ClamdPeer.start()
        defer { clamd.stop() }
        try await Self.run(clamd: clamd.socket) { space, alpha, beta in
            let there = try await Self.submit(
                alpha, from: "secretariat@alpha.mssante.fr",
                to: ["laboratoire@beta.mssante.fr", "personne@alpha.mssante.fr", "dr@ailleurs.fr"],
                body: "Secret médical\r\n")
            #expect(there.recipients.map(\.outcome) == ["accepte_ailleurs", "refuse", "refuse"])
            #expect(there.recipients[1].requirement == "EX_GBM_4460")
            #expect(there.recipients[2].requirement == "EX_3.2_5060")
            let arrived = try await beta.inbox("laboratoire", atLeast: 1)
            #expect(arrived[0].contains("by mx.beta.mssante.fr with ESMTPS"))
            #expect(arrived[0].hasSuffix("Secret médical\r\n"))
            _ = try await Self.submit(
                beta, from: "laboratoire@beta.mssante.fr", to: ["secretariat@alpha.mssante.fr"])
            #expect(try await alpha.inbox("secretariat", atLeast: 1)[0].hasPrefix("Return-Path: <laboratoire@beta"))

            // EX_SSI_5090: real clamd, real EICAR.
            let infected = try await Self.submit(
                alpha, from: "secretariat@alpha.mssante.fr", to: ["laboratoire@beta.mssante.fr"],
                body: ClamdPeer.eicar + "\r\n")
            #expect(infected.message == nil)
            #expect(infected.requirement == "EX_SSI_5090")
            #expect(try await alpha.quarantine.entries().count == 1)

            // What lies on the disk says nothing of what was written.
            let found = try await ExternalTool.run(
                "grep", ["-rl", "Secret m", space.folder, "--include=*", "--exclude-dir=traces"])
            #expect(found.text == "")
            for node in [alpha, beta] {
                let heads = try await node.traces.heads()
                #expect(heads.allSatisfy { $0.sequence > 0 })
            }
        }
    }

    @Test("EX_GDT_5040: after the stop, the journals of both operators verify, with the administrator's name in them")
    func journals() async throws {
        let space = try await OperatorSpace(Self.domains)
        let settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        let node = try await space.open(settings)
        try await node.openMailboxes(["secretariat", "exploitation"])
        try await node.running {
            _ = try await Self.submit(
                node, from: "exploitation@alpha.mssante.fr", to: ["secretariat@alpha.mssante.fr"])
            #expect(try await node.inbox("secretariat", atLeast: 1).count == 1)
        }
        let certificate = try Identities.load(settings.certificates[0]).tls.chain[0]
        let result = await TraceVerifier(folder: node.layout.traces, certificates: [certificate]).verify()
        #expect(result.isSound, "\(result.findings.map(\.explanation))")
        #expect(result.records > 3)
        let bytes = try await ExternalTool.run("grep", ["-rl", "adele.admin", node.layout.traces])
        #expect(bytes.text != "")
        try await space.close()
    }

    @Test("A restart keeps the queue: what waits for an operator that is down is delivered by the next process")
    func restart() async throws {
        let space = try await OperatorSpace(Self.domains)
        let settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        let alpha = try await space.open(settings)
        try await alpha.openMailboxes(["secretariat", "exploitation"])
        try await alpha.running {
            let reply = try await Self.submit(
                alpha, from: "secretariat@alpha.mssante.fr", to: ["laboratoire@beta.mssante.fr"])
            #expect(reply.message != nil)
        }
        let beta = try await space.open(space.settings("beta.mssante.fr", at: "127.0.0.3"))
        try await beta.openMailboxes(["laboratoire", "exploitation"])
        let again = try await space.open(settings)
        #expect(again.spool.count == 1)
        try await beta.running {
            try await again.running {
                let arrived = try await beta.inbox("laboratoire", atLeast: 1)
                #expect(arrived.count == 1)
            }
        }
        try await space.close()
    }

    @Test("A stop in the middle of deliveries loses nothing and doubles nothing")
    func stopWhileDelivering() async throws {
        let space = try await OperatorSpace(Self.domains)
        let settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        let beta = try await space.open(space.settings("beta.mssante.fr", at: "127.0.0.3"))
        try await beta.openMailboxes(["laboratoire", "exploitation"])
        let alpha = try await space.open(settings)
        try await alpha.openMailboxes(["secretariat", "exploitation"])
        let count = 20
        try await beta.running {
            try await alpha.running {
                for number in 0..<count {
                    let reply = try await Self.submit(
                        alpha, from: "secretariat@alpha.mssante.fr", to: ["laboratoire@beta.mssante.fr"],
                        body: "Message \(number)\r\n")
                    #expect(reply.message != nil)
                }
            }
            // Whatever was not sent before the stop is sent by the next run.
            let again = try await space.open(settings)
            try await again.running {
                let arrived = try await beta.inbox("laboratoire", atLeast: count)
                #expect(Set(arrived.map { $0.split(separator: "\r\n").last ?? "" }).count == count)
                #expect(arrived.count == count)
            }
        }
        try await space.close()
    }
}
