import MSSConnector
import MSSCore
import MSSSMTP
import MSSTestKit
import MSSTraces
import Testing

@testable import MSSOperator
@testable import MSSStore

@Suite("A queue whose files were damaged goes into service again", .serialized)
struct QueueRescueTests {
    private func operate(_ world: CommandWorld, _ arguments: [String]) async throws -> ExternalTool.Result {
        let file = world.root + "/operateur.yaml"
        try TestFiles.write(world.settings.yaml, to: file, mode: 0o600)
        return try await ExternalTool.run(
            "\(DocumentedCommandsTests.products)/mss-operator", arguments + ["--config", file])
    }

    @Test(
        "RFC 5321 §6.1, EX_GDT_5040: what can be read waits again, what cannot is named to the administrator and traced"
    )
    func rescued() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        let queue = OperatorLayout(world.settings.data.folder).queue
        let place = try await world.withNode { node, context in
            for number in 1...3 {
                let envelope = OutgoingEnvelope(
                    sender: try MailAddress("jeanne.martin@alpha.mssante.fr"),
                    recipients: [try MailAddress("paul\(number)@beta.mssante.fr")])
                _ = try await node.spool.enqueue(
                    NewDelivery(
                        SMTPOutgoingMessage(envelope, SMTPContent(noise(5000, seed: UInt64(number)))),
                        id: DeliveryID("w\(number)")), at: context.now)
            }
            return try #require(node.spool.state.withLock { $0.index.entries[2]?.content.chunks.first })
        }
        // A sound queue is left alone.
        let sound = try await operate(world, ["file", "recuperer", "--par", "adele.admin"])
        #expect(sound.succeeded && sound.text.contains("intacte : 3 messages"), "\(sound.everything)")

        let path = SpoolLayout(root: queue).segment(place.segment)
        var bytes = try TestFiles.read(path)
        bytes[Int(place.offset) + 1000] ^= 1
        try TestFiles.write(bytes, to: path)
        // The service says what to do.
        await #expect {
            try await world.withNode { _, _ in }
        } throws: { error in
            guard case OperatorFailure.queue? = error as? OperatorFailure else { return false }
            return (error as? any ExplainedFailure)?.explanation.contains("file recuperer") == true
        }

        let rescue = try await operate(world, ["file", "recuperer", "--par", "adele.admin"])
        #expect(rescue.status == 1, "\(rescue.everything)")
        for text in [
            "2 messages sont de nouveau en attente", "PERDU : w2", "jeanne.martin@alpha.mssante.fr", "paul2@beta",
        ] {
            #expect(rescue.text.contains(text), "\(text): \(rescue.everything)")
        }
        try await world.withNode { node, context in
            #expect(node.spool.messages().map(\.id.rawValue) == ["w1", "w3"])
            var criteria = TraceCriteria(action: "queue.handle")
            criteria.family = "technique"
            let handled = try await SearchTraces.run(
                SearchTraces.Arguments(
                    criteria: criteria, purpose: "exploitation:essai"), context)
            #expect(handled.records.contains { $0.line.contains("récupération") && $0.line.contains("adele.admin") })
            let lost = try await SearchTraces.run(
                SearchTraces.Arguments(
                    criteria: TraceCriteria(action: "incident.detect"), purpose: "exploitation:essai"), context)
            #expect(
                lost.records.count == 1
                    && lost.records.contains { $0.line.contains("w2") && $0.line.contains("paul2@") })
            // Not while the service runs.
            let busy = try await operate(world, ["file", "recuperer", "--par", "adele.admin"])
            #expect(!busy.succeeded && busy.everything.contains("déjà ouvert"), "\(busy.everything)")
        }
        // The damaged files are beside it, under the name that was told.
        let kept = try CommandWorld.names(world.settings.data.folder).filter { $0.hasPrefix("file.endommagee-") }
        #expect(kept.count == 1 && rescue.text.contains(kept[0]))
        #expect(
            try TestFiles.read("\(world.settings.data.folder)/\(kept[0])/\(Folder.name(place.segment)).segment")
                == bytes)
    }
}
