import MSSAccounts
import MSSCore
import MSSSMTP
import MSSTraces
import MSSWhitelist
import NIOCore
import Testing

@testable import MSSConnector

@Suite("Submission and delivery here, without other operators")
struct SubmissionTests {
    /// An operator and a list that has it and `beta.mssante.fr`.
    static func make() async throws -> (TestOperator, Operator) {
        let alpha = try await TestOperator("alpha")
        let list = Samples.whitelist([
            ("alpha.mssante.fr", try alpha.certificateName), ("beta.mssante.fr", Samples.name("mx.beta")),
        ])
        return (alpha, try alpha.makeOperator(whitelist: list))
    }

    @Test("EX_3.2_5060: mixed recipients get precise results in one submission, and the message is committed once")
    func mixed() async throws {
        let (alpha, operation) = try await Self.make()
        let recipients = [
            "paul.durand@alpha.mssante.fr", "dr@beta.mssante.fr", "dr@gmail.com", "nobody@alpha.mssante.fr",
            "labo-test@alpha.mssante.fr",
        ]
        let result = await alpha.submit(operation, from: "jeanne.martin", as: alpha.doctor, to: recipients)
        let id = try #require(result.id)
        #expect(result.refusal == nil)
        #expect(result.outcomes[0].outcome == .acceptedHere)
        #expect(result.outcomes[1].outcome == .acceptedElsewhere)
        #expect(result.outcomes[2].outcome == .refused(.notTrusted(.unknownDomain(Samples.domain("gmail.com")))))
        #expect(result.outcomes[3].outcome == .refused(.unknownMailbox))
        guard case .refused(.testCircle) = result.outcomes[4].outcome else {
            Issue.record("\(result.outcomes[4].outcome)")
            return
        }
        #expect(await alpha.queue.count == 1)
        #expect(Set(await alpha.queue.waiting(id).map(\.text)) == [recipients[0], recipients[1]])
        // EX_GDT_5030: each refusal and the sending have their trace, the requirement with it.
        let events = alpha.traces.events
        #expect(events.count { $0.action == .refuseMessage } == 3)
        #expect(events.contains { $0.changes.contains { $0.after == "EX_3.2_5060" } })
        #expect(events.contains { $0.changes.contains { $0.after == "EX_GBM_4010" } })
        let sent = try #require(events.first { $0.action == .sendMessage })
        #expect(sent.message?.identifier == id.rawValue)
        #expect(sent.message?.subject == "Bilan")
        #expect(sent.mailbox == alpha.address("jeanne.martin"))
    }

    @Test("All or nothing where the sender wants it so")
    func allOrNothing() async throws {
        let (alpha, operation) = try await Self.make()
        var submission = Submission(
            .user(.person(alpha.doctor), .person(.init(identifier: "8")), .proSanteConnect),
            sender: alpha.address("jeanne.martin"),
            recipients: [
                .init(alpha.address("paul.durand")), .init(alpha.address("nobody")),
            ])
        submission.acceptsPart = false
        let result = await operation.submission.submit(
            submission, TestOperator.message(from: "jeanne.martin@alpha.mssante.fr", to: ["x@y.fr"]))
        #expect(result.id == nil)
        #expect(result.refusal == .noRecipient)
        #expect(result.outcomes[0].outcome == .notSent)
        #expect(result.outcomes[1].outcome == .refused(.unknownMailbox))
        #expect(await alpha.queue.count == 0)
    }

    @Test("EX_GBM_4230: nobody sends as a mailbox without a role in it; administrators only as test and own mailboxes")
    func rights() async throws {
        let (alpha, operation) = try await Self.make()
        let to = ["paul.durand@alpha.mssante.fr"]
        let stranger = await alpha.submit(operation, from: "jeanne.martin", as: alpha.colleague, to: to)
        #expect(stranger.refusal == .notAllowed(.noRole))
        let unentitled = await alpha.submit(operation, from: "service-cardiologie", as: alpha.director, to: to)
        #expect(unentitled.refusal == .notAllowed(.notEntitled))
        func inject(_ local: String) async -> SubmissionResult {
            let sender = alpha.address(local)
            return await operation.submission.submit(
                Submission(
                    .administrator(.init(identifier: "adele")), sender: sender,
                    recipients: [.init(alpha.address("paul.durand"))]),
                TestOperator.message(from: sender.text, to: to))
        }
        #expect(await inject("jeanne.martin").refusal == .notAllowed(.messagesAreNotForManagers))
        #expect(await inject("exploitation").id != nil)
        // A test mailbox may be used, but keeps to its circle.
        #expect(await inject("labo-test").refusal == .noRecipient)
        #expect(await alpha.queue.count == 1)
    }

    @Test("A sender of another's domain, an author who is not the sender, too many recipients: refused whole")
    func wholeRefusals() async throws {
        let (alpha, operation) = try await Self.make()
        func submit(_ sender: MailAddress, _ recipients: [MailAddress], _ from: String) async -> ExchangeRefusal? {
            await operation.submission.submit(
                Submission(
                    .user(.person(alpha.doctor), .person(.init(identifier: "8")), .proSanteConnect), sender: sender,
                    recipients: recipients.map { .init($0) }),
                TestOperator.message(from: from, to: ["x@y.fr"])
            ).refusal
        }
        let paul = alpha.address("paul.durand")
        let jeanne = alpha.address("jeanne.martin")
        let foreign = Samples.address("dr@beta.mssante.fr")
        #expect(await submit(foreign, [paul], foreign.text) == .foreignSender(foreign.domain))
        #expect(await submit(jeanne, [paul], "paul.durand@alpha.mssante.fr") == .foreignAuthor)
        let many = Array(repeating: paul, count: 41)
        let refusal = await submit(jeanne, many, jeanne.text)
        #expect(refusal == .tooManyRecipients(limit: 40))
        #expect(refusal?.requirement == "EX_GBM_4420")
        #expect(await submit(jeanne, Array(many.prefix(40)), jeanne.text) == nil)
    }

    @Test("EX_GBM_4410: a message of 10 Mo passes, a larger one is refused and leaves nothing behind")
    func sizes() async throws {
        let (alpha, operation) = try await Self.make()
        func submit(_ size: Int) async -> SubmissionResult {
            let line = String(repeating: "x", count: 998) + "\r\n"
            let message = TestOperator.message(
                from: "jeanne.martin@alpha.mssante.fr", to: ["x@y.fr"],
                body: String(repeating: line, count: size / 1000))
            return await alpha.submit(
                operation, from: "jeanne.martin", as: alpha.doctor, to: ["paul.durand@alpha.mssante.fr"],
                message: message)
        }
        #expect(await submit(9_999_000).id != nil)
        #expect(await submit(10_500_000).refusal == .tooLarge(limit: 10_485_760))
        #expect(await alpha.queue.count == 1)
        #expect(alpha.spool.draftOctets == 0)
    }

    @Test("A trace that cannot be kept stops the next message, not the one taken, and is kept later")
    func failingTraces() async throws {
        struct Full: Error {}
        let (alpha, operation) = try await Self.make()
        alpha.traces.fail(with: Full())
        let to = ["paul.durand@alpha.mssante.fr"]
        let first = await alpha.submit(operation, from: "jeanne.martin", as: alpha.doctor, to: to)
        #expect(first.id != nil)
        let second = await alpha.submit(operation, from: "jeanne.martin", as: alpha.doctor, to: to)
        #expect(second.refusal == .localFailure("traces"))
        #expect(second.refusal?.isPermanent == false)
        alpha.traces.fail(with: nil)
        let third = await alpha.submit(operation, from: "jeanne.martin", as: alpha.doctor, to: to)
        #expect(third.id != nil)
        let traced = alpha.traces.events.filter { $0.action == .sendMessage }.map { $0.message?.identifier }
        #expect(traced == [first.id?.rawValue, third.id?.rawValue])
        #expect(await alpha.queue.count == 2)
    }

    @Test("RFC 5321 §4.2.3: without room for a message the sender is told 452 4.3.1, and may come back")
    func noRoom() {
        let refusal = ExchangeRefusal(spool: MessageSpoolError.noRoom)
        #expect(refusal.reply.code == 452 && refusal.reply.enhanced == "4.3.1" && !refusal.isPermanent)
        struct Fault: Error {}
        #expect(ExchangeRefusal(spool: Fault()).reply.code == 451)
    }

    @Test("RFC 5321 §4.2.3: a spool that fills up while a message arrives keeps nothing of it")
    func spoolFillsUp() async throws {
        let spool = InMemorySpool(limit: 10)
        let intake = MessageIntake(spool: spool, screening: nil, metrics: ConnectorMetrics())
        let request = MessageIntake.Request(
            id: DeliveryID("m"), limit: 1_000_000, sender: nil, recipients: [], head: { bytes, _ in bytes })
        let body = Pieces(pieces: [
            ByteBuffer(string: "A: b\r\n\r\n"), ByteBuffer(string: "more than there is room for"),
        ])
        await #expect(throws: ExchangeRefusal.noRoom) { _ = try await intake.take(body, request) }
        #expect(spool.draftOctets == 0)
    }

    @Test("EX_GBM_4470: a full mailbox neither sends nor receives")
    func fullMailbox() async throws {
        let (alpha, operation) = try await Self.make()
        try await alpha.perform(.setQuota(alpha.id("jeanne.martin"), 10))
        _ = try await alpha.drop.deliver(
            MailboxDelivery(
                SMTPContent("0123456789\r\n".utf8), to: MailboxReference(alpha.mailboxes["jeanne.martin"]!), key: "k",
                received: Samples.epoch))
        let sends = await alpha.submit(
            operation, from: "jeanne.martin", as: alpha.doctor, to: ["paul.durand@alpha.mssante.fr"])
        #expect(sends.refusal == .senderFull)
        let receives = await alpha.submit(
            operation, from: "paul.durand", as: alpha.colleague, to: ["jeanne.martin@alpha.mssante.fr"])
        #expect(receives.outcomes[0].outcome == .refused(.full))
    }

    @Test("Where no recipient is left, the client reads what stood in the way of one, of those that may pass first")
    func reasonOfAll() {
        func result(_ outcomes: [SubmissionResult.Outcome]) -> SubmissionResult {
            SubmissionResult(
                id: nil, refusal: .noRecipient,
                outcomes: outcomes.map { (Samples.address("a@alpha.mssante.fr"), $0) })
        }
        let trouble = ExchangeRefusal.localFailure("x")
        #expect(result([.refused(.full), .refused(trouble), .notSent]).reason == trouble)
        #expect(result([.notSent, .refused(.full)]).reason == .full)
        #expect(result([.notSent]).reason == .noRecipient)
        #expect(SubmissionResult(id: nil, refusal: trouble, outcomes: []).reason == trouble)
    }
}
