import MSSAccounts
import MSSCore
import MSSSMTP
import MSSTraces
import Testing

@testable import MSSConnector

@Suite("Delivery into mailboxes and what follows it", .timeLimit(.minutes(10)))
struct LocalDeliveryTests {
    /// Runs a body with a working operator.
    static func run(
        clock: any WallClock = SystemWallClock(), _ body: (TestOperator, Operator) async throws -> Void
    ) async throws {
        let alpha = try await TestOperator("alpha", clock: clock)
        let list = Samples.whitelist([
            ("alpha.mssante.fr", try alpha.certificateName), ("beta.mssante.fr", Samples.name("mx.beta")),
        ])
        let operation = try alpha.makeOperator(whitelist: list)
        try await operation.running { try await body(alpha, operation) }
    }

    @Test("A message reaches its mailbox once, with Return-Path and one Received, and is traced there")
    func deposit() async throws {
        try await Self.run { alpha, operation in
            let result = await alpha.submit(
                operation, from: "jeanne.martin", as: alpha.doctor, to: ["paul.durand@alpha.mssante.fr"])
            let id = try #require(result.id)
            let kept = await alpha.drop.messages(in: alpha.id("paul.durand"), atLeast: 1)
            #expect(kept.count == 1)
            #expect(
                kept[0].text.hasPrefix(
                    "Return-Path: <jeanne.martin@alpha.mssante.fr>\r\nReceived: by mx.alpha.mssante.fr with local\r\n"
                        + "\tid \(id); "))
            #expect(kept[0].text.contains("\r\n\r\nBonjour\r\n"))
        }
    }

    @Test("RFC 5321 §4.5.1: postmaster of each domain is the operator's mailbox")
    func postmaster() async throws {
        try await Self.run { alpha, operation in
            let result = await alpha.submit(
                operation, from: "jeanne.martin", as: alpha.doctor, to: ["Postmaster@alpha.mssante.fr"])
            #expect(result.outcomes[0].outcome == .acceptedHere)
            #expect(await alpha.drop.messages(in: alpha.id("exploitation"), atLeast: 1).count == 1)
        }
    }

    @Test("EX_GBM_4450: who asks for it by NOTIFY is told in French that the message is in the mailbox")
    func receipt() async throws {
        try await Self.run { alpha, operation in
            _ = await alpha.submit(
                operation, from: "jeanne.martin", as: alpha.doctor, to: ["paul.durand@alpha.mssante.fr"],
                notify: [.success, .failure])
            let notice = await alpha.drop.messages(in: alpha.id("jeanne.martin"), atLeast: 1)[0].text
            #expect(notice.hasPrefix("Return-Path: <>\r\n"))
            #expect(notice.contains("report-type=delivery-status"))
            #expect(notice.contains("Action: delivered"))
            #expect(notice.contains("Status: 2.1.5"))
            #expect(notice.contains("Content-Language: fr"))
        }
    }

    @Test("EX_GBM_4460: a mailbox suspended after the message was taken answers its sender with a French notice, 5.2.1")
    func suspendedMeanwhile() async throws {
        let alpha = try await TestOperator("alpha")
        let list = Samples.whitelist([("alpha.mssante.fr", try alpha.certificateName)])
        let operation = try alpha.makeOperator(whitelist: list)
        // Nothing runs yet: the message waits.
        _ = await alpha.submit(
            operation, from: "jeanne.martin", as: alpha.doctor, to: ["paul.durand@alpha.mssante.fr"])
        try await alpha.perform(.suspend(alpha.id("paul.durand"), reason: "enquête"))
        try await operation.running {
            let notice = await alpha.drop.messages(in: alpha.id("jeanne.martin"), atLeast: 1)[0].text
            #expect(notice.contains("Status: 5.2.1"))
            #expect(notice.contains("Action: failed"))
            #expect(notice.contains("suspendue"))
        }
        #expect(await alpha.drop.messages(in: alpha.id("paul.durand")).isEmpty)
        #expect(operation.metrics.snapshot.failed == 1)
    }

    @Test("EX_GBM_4471: a mailbox answers for its holder, once in a week to each correspondent, and never a machine")
    func vacation() async throws {
        try await Self.run { alpha, operation in
            let now = alpha.clock.now()
            try await alpha.perform(
                .replyAutomatically(
                    alpha.id("paul.durand"),
                    AutomaticReply(text: "Absent jusqu'à lundi.", from: now - .seconds(60), until: nil)),
                by: .person(alpha.colleague))
            for _ in 0..<2 {
                _ = await alpha.submit(
                    operation, from: "jeanne.martin", as: alpha.doctor, to: ["paul.durand@alpha.mssante.fr"])
            }
            #expect(await alpha.drop.messages(in: alpha.id("paul.durand"), atLeast: 2).count == 2)
            let answer = await alpha.drop.messages(in: alpha.id("jeanne.martin"), atLeast: 1)[0].text
            #expect(answer.hasPrefix("Return-Path: <>\r\n"))
            #expect(answer.contains("Auto-Submitted: auto-replied"))
            #expect(answer.contains("Absent"))
            // A third message with a mark of a machine, and a fourth that shows the queue was emptied in between.
            let machine = Array(
                ("Auto-Submitted: auto-generated\r\n"
                    + String(
                        decoding: TestOperator.message(
                            from: "jeanne.martin@alpha.mssante.fr", to: ["paul.durand@alpha.mssante.fr"]),
                        as: UTF8.self)).utf8)
            _ = await alpha.submit(
                operation, from: "jeanne.martin", as: alpha.doctor, to: ["paul.durand@alpha.mssante.fr"],
                message: machine)
            #expect(await alpha.drop.messages(in: alpha.id("paul.durand"), atLeast: 3).count == 3)
            #expect(await alpha.drop.messages(in: alpha.id("jeanne.martin")).count == 1)
        }
    }

    @Test("RFC 3834 §2: a correspondent is answered once in an interval, however many messages ask at once")
    func claims() async throws {
        let ledger = InMemoryReplyLedger()
        let granted = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    await ledger.claim(MailboxID(1), to: "a@b.fr", at: Samples.epoch, interval: .seconds(60))
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(granted == 1)
        // Two deliveries at once: the one that read the clock first may ask last.
        let before = Samples.epoch - .milliseconds(1)
        #expect(await !ledger.claim(MailboxID(1), to: "a@b.fr", at: before, interval: .seconds(60)))
        #expect(await ledger.claim(MailboxID(2), to: "a@b.fr", at: Samples.epoch, interval: .seconds(60)))
        let later = Samples.epoch + .seconds(60)
        #expect(await ledger.claim(MailboxID(1), to: "a@b.fr", at: later, interval: .seconds(60)))
    }

    @Test("EX_GBM_4480: a message is sent on to the same holder's other mailbox, in this one's name, and a copy stays")
    func forwarding() async throws {
        let alpha = try await TestOperator("alpha")
        let list = Samples.whitelist([("alpha.mssante.fr", try alpha.certificateName)])
        let operation = try alpha.makeOperator(whitelist: list)
        // A second mailbox of the same doctor, her name written otherwise.
        var draft = Mailbox(
            id: MailboxID(0), kind: .person, address: Samples.directory("jeanne.mar-tin@alpha.mssante.fr"),
            responsible: alpha.doctor, createdAt: Timestamp(seconds: 0))
        draft.structure = alpha.finess
        let second = try await alpha.accounts.perform(.create(draft), by: TestOperator.administrator).mailbox!
        try await alpha.perform(
            .forward(alpha.id("jeanne.martin"), to: second.address), by: .person(alpha.doctor))
        try await operation.running {
            _ = await alpha.submit(
                operation, from: "paul.durand", as: alpha.colleague, to: ["jeanne.martin@alpha.mssante.fr"])
            let sentOn = await alpha.drop.messages(in: second.id, atLeast: 1)[0].text
            #expect(
                sentOn.hasPrefix(
                    "Return-Path: <jeanne.martin@alpha.mssante.fr>\r\nDelivered-To: jeanne.martin@alpha.mssante.fr\r\n")
            )
            #expect(sentOn.contains("From: <paul.durand@alpha.mssante.fr>"))
            #expect(await alpha.drop.messages(in: alpha.id("jeanne.martin")).count == 1)
        }
        #expect(alpha.traces.events.contains { $0.action == .forward })
    }

    @Test(
        "EX_GBM_4020: each domain has its automatic-reply mailbox, opened where it lacks, which answers a test message")
    func automaticReply() async throws {
        try await Self.run { alpha, operation in
            await operation.scheduler.runDue()
            let address = Samples.directory("reponse.automatique-test@alpha.mssante.fr")
            let mailbox = try #require(alpha.index.mailbox(at: address))
            #expect(mailbox.isTest && mailbox.isAutomaticReply)
            let sender = alpha.address("labo-test")
            let result = await operation.submission.submit(
                Submission(
                    .administrator(.init(identifier: "adele")), sender: sender,
                    recipients: [.init(address.address)]),
                TestOperator.message(from: sender.text, to: [address.address.text]))
            #expect(result.id != nil)
            let answer = await alpha.drop.messages(in: alpha.id("labo-test"), atLeast: 1)[0].text
            #expect(answer.contains("\r\nFrom: reponse.automatique-test@alpha.mssante.fr\r\n"))
            #expect(answer.contains("Auto-Submitted: auto-replied"))
            #expect(await alpha.drop.messages(in: mailbox.id).count == 1)
        }
    }

    @Test("A store that fails for a while delays a delivery; a repeated one is recognised and not doubled")
    func repeated() async throws {
        let drop = InMemoryMailboxDrop()
        let mailbox = MailboxReference(Samples.mailbox("alice@alpha.mssante.fr"))
        let delivery = MailboxDelivery(
            SMTPContent("Subject: x\r\n\r\n".utf8), to: mailbox, key: "m1/1", received: Samples.epoch)
        await drop.fail(with: .unavailable("disk full"))
        await #expect(throws: MailboxDropError.unavailable("disk full")) { try await drop.deliver(delivery) }
        await drop.fail(with: nil)
        let first = try await drop.deliver(delivery)
        let second = try await drop.deliver(delivery)
        #expect(!first.isRepeated && second.isRepeated)
        #expect(first.id == second.id)
        #expect(await drop.usage(of: mailbox).messages == 1)
        await drop.destroy(mailbox)
        await #expect(throws: MailboxDropError.noMailbox) { try await drop.deliver(delivery) }
    }

    private struct BrokenLedger: ReplyLedger {
        func claim(
            _ mailbox: MailboxID, to correspondent: String, at time: Timestamp, interval: Duration
        ) async throws -> Bool { throw CancellationError() }
    }

    @Test("A ledger of replies out of order costs the automatic reply, no receipt and no delivery")
    func brokenLedger() async throws {
        let alpha = try await TestOperator("alpha")
        let operation = try alpha.makeOperator(
            whitelist: Samples.whitelist([("alpha.mssante.fr", try alpha.certificateName)]),
            services: { $0.replies = BrokenLedger() })
        try await alpha.perform(
            .replyAutomatically(
                alpha.id("paul.durand"),
                AutomaticReply(text: "Absent.", from: alpha.clock.now() - .seconds(60), until: nil)),
            by: TestOperator.administrator)
        try await operation.running {
            _ = await alpha.submit(
                operation, from: "jeanne.martin", as: alpha.doctor, to: ["paul.durand@alpha.mssante.fr"],
                notify: .success)
            let receipt = await alpha.drop.messages(in: alpha.id("jeanne.martin"), atLeast: 1)
            #expect(receipt.count == 1 && receipt[0].text.contains("Action: delivered"))
        }
        #expect(await alpha.drop.messages(in: alpha.id("paul.durand")).count == 1)
        #expect(await alpha.queue.count == 0)
    }
}
