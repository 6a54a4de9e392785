import MSSAccounts
import MSSCore
import MSSMessage
import MSSSMTP
import MSSTestKit
import MSSTraces
import NIOCore
import Testing

@testable import MSSConnector
@testable import MSSSMTP

@Suite("Into a mailbox without the queue (decision 0222)", .timeLimit(.minutes(10)))
struct DirectDeliveryTests {
    /// Takes messages, and loses its answer as often as asked.
    actor ForgetfulDrop: MailboxDrop {
        struct Lost: Error {}
        private let base: InMemoryMailboxDrop
        private var losses: Int

        init(_ base: InMemoryMailboxDrop, losing losses: Int) {
            self.base = base
            self.losses = losses
        }

        func deliver(_ delivery: MailboxDelivery) async throws -> MailboxReceipt {
            let receipt = try await base.deliver(delivery)
            guard losses > 0 else { return receipt }
            losses -= 1
            throw Lost()
        }

        func usage(of mailbox: MailboxReference) async -> MailboxUsage { await base.usage(of: mailbox) }
        func purge(
            _ mailbox: MailboxReference, _ folder: MailboxFolder?, receivedBefore time: Timestamp
        ) async -> Int { await base.purge(mailbox, folder, receivedBefore: time) }
        func destroy(_ mailbox: MailboxReference) async { await base.destroy(mailbox) }
    }

    let alpha: TestOperator

    init() async throws { alpha = try await TestOperator("alpha") }

    private func make(
        change: (inout OperatorConfiguration) -> Void = { _ in },
        services: (inout OperatorServices) -> Void = { _ in }
    ) throws -> Operator {
        let list = Samples.whitelist([("alpha.mssante.fr", try alpha.certificateName)])
        return try alpha.makeOperator(whitelist: list, change: change, services: services)
    }

    /// Gives the operator a message, as its peer's session does after its checks.
    private func take(
        _ operation: Operator, to recipients: [String] = ["paul.durand"], notify: DSNNotify? = nil, size: Int = 100
    ) async throws -> SMTPReceipt {
        let pipe = BodyPipe(limit: 1 << 20, memory: BodyMemory(limit: 1 << 20)) {}
        let line = String(repeating: "x", count: 98) + "\r\n"
        _ = pipe.push(ByteBuffer(string: "Subject: x\r\n\r\n" + String(repeating: line, count: size / 100)))
        pipe.finish(.success(()))
        var envelope = SMTPEnvelope(sender: .address(Samples.address("dr@beta.mssante.fr")))
        envelope.recipients = recipients.map {
            SMTPRecipient(.address(alpha.address($0)), RecipientParameters(notify: notify))
        }
        return try await InboundSession(flow: operation.flow).message(
            SMTPIncomingMessage(
                session: InboundTests.facts(InboundTests.peer), envelope: envelope,
                body: SMTPMessageBody(pipe: pipe)))
    }

    private func kept(_ local: String = "paul.durand") async -> [InMemoryMailboxDrop.Kept] {
        await alpha.drop.messages(in: alpha.id(local))
    }

    @Test("RFC 5321 §6.1: a short message for one mailbox is there when it is acknowledged, traced twice, never queued")
    func direct() async throws {
        let operation = try make()
        let receipt = try await take(operation)
        let message = try #require(await kept().first)
        #expect(message.text.hasPrefix("Return-Path: <dr@beta.mssante.fr>\r\nReceived: from mx.beta.mssante.fr "))
        #expect(message.key == "\(receipt.id)/\(alpha.id("paul.durand").rawValue)")
        #expect(await alpha.queue.count == 0 && alpha.spool.draftOctets == 0)
        #expect(alpha.traces.events.map(\.action) == [.receiveMessage, .deposit])
        #expect(alpha.traces.events.allSatisfy { $0.message?.identifier == receipt.id })
        #expect(alpha.traces.events[1].reply?.text == "250 2.1.5 \(message.id)")
        let numbers = operation.metrics.snapshot
        #expect(numbers.received == 1 && numbers.deliveredHere == 1 && numbers.withinTarget == 1)
    }

    @Test("What more than one commit must promise, and what is long, goes through the queue")
    func queued() async throws {
        let operation = try make()
        let several = try await take(operation, to: ["paul.durand", "jeanne.martin"])
        let receipt = try await take(operation, notify: .success)
        let long = try await take(operation, size: 130_000)
        let configured = try await take(try make { $0.directDelivery = 0 })
        try await alpha.perform(
            .replyAutomatically(
                alpha.id("paul.durand"),
                AutomaticReply(text: "Absent.", from: alpha.clock.now() - .seconds(60), until: nil)),
            by: .person(alpha.colleague))
        let answering = try await take(operation)
        for taken in [several, receipt, long, configured, answering] {
            #expect(await !alpha.queue.waiting(DeliveryID(taken.id)).isEmpty)
        }
        #expect(await kept().isEmpty)
    }

    @Test("A mailbox that cannot take it, or is closed meanwhile, leaves the message to the queue: nothing is lost")
    func falls() async throws {
        let operation = try make()
        await alpha.drop.fail(with: .unavailable("disk full"))
        let failed = try await take(operation)
        await alpha.drop.fail(with: nil)
        try await alpha.perform(.suspend(alpha.id("jeanne.martin"), reason: "enquête"))
        let suspended = try await take(operation, to: ["jeanne.martin"])
        for taken in [failed, suspended] { #expect(await alpha.queue.waiting(DeliveryID(taken.id)).count == 1) }
        #expect(await kept().isEmpty)
        try await operation.running {
            #expect(await alpha.drop.messages(in: alpha.id("paul.durand"), atLeast: 1).count == 1)
        }
        #expect(await kept("jeanne.martin").isEmpty)
    }

    @Test("A mailbox that took the message and whose answer was lost recognises it when the queue delivers it again")
    func lostAnswer() async throws {
        let drop = ForgetfulDrop(alpha.drop, losing: 1)
        let operation = try make(services: { $0.mailboxes = drop })
        let receipt = try await take(operation)
        #expect(await kept().count == 1)
        #expect(await alpha.queue.waiting(DeliveryID(receipt.id)).count == 1)
        let deposits = alpha.traces.events.filter { $0.action == .deposit }
        #expect(deposits.isEmpty)
        try await operation.running {
            while await alpha.queue.count > 0 { await Task.yield() }
        }
        #expect(await kept().count == 1)
        #expect(alpha.traces.events.filter { $0.action == .deposit }.count == 1)
    }

    @Test("Mailboxes that stand still hold up no more senders than there are places: the queue takes the others")
    func places() async throws {
        let direct = DirectDelivery(limit: 1 << 20, places: 1)
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        struct StandingDrop: MailboxDrop {
            let base: InMemoryMailboxDrop
            let enter: AsyncStream<Void>.Continuation
            let released: AsyncStream<Void>

            func deliver(_ delivery: MailboxDelivery) async throws -> MailboxReceipt {
                enter.yield()
                for await _ in released { break }
                return try await base.deliver(delivery)
            }
            func usage(of mailbox: MailboxReference) async -> MailboxUsage { await base.usage(of: mailbox) }
            func purge(
                _ mailbox: MailboxReference, _ folder: MailboxFolder?, receivedBefore time: Timestamp
            ) async -> Int { 0 }
            func destroy(_ mailbox: MailboxReference) async {}
        }
        let drop = StandingDrop(base: alpha.drop, enter: enter, released: released)
        let flow = try make(services: { $0.mailboxes = drop }).flow
        let taken = MessageIntake.Taken(
            draft: try await alpha.spool.draft(), size: 10, header: Message([]).header, screened: .clean)
        let envelope = OutgoingEnvelope(sender: nil, recipients: [alpha.address("paul.durand")])
        let now = alpha.clock.now()
        async let first = direct.deliver(taken, DeliveryID("m1"), envelope, at: now, flow) != nil
        for await _ in entered { break }
        let second = await direct.deliver(taken, DeliveryID("m2"), envelope, at: now, flow)
        #expect(second == nil)
        release.yield()
        #expect(await first)
        #expect(await kept().map(\.key) == ["m1/\(alpha.id("paul.durand").rawValue)"])
    }
}
