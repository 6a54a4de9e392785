import MSSCore
import Testing

@testable import MSSSMTP

@Suite("The queue in memory keeps the protocol's promises")
struct QueueTests {
    private let now = Timestamp(seconds: 1_000_000)
    private let queue = InMemoryDeliveryQueue()

    private func request(at time: Timestamp, limit: Int = 10, allowances: [Domain: Int] = [:]) -> DeliveryLeaseRequest {
        DeliveryLeaseRequest(
            limit: limit, perDestination: 5, allowances: allowances, now: time, until: time + .seconds(600))
    }

    @Test("a message is leased by destination, once, until it is settled or the lease runs out")
    func leases() async throws {
        let id = try await queue.enqueue(.test("b@d.test", "c@d.test", "e@f.test"), at: now)
        let jobs = await queue.lease(request(at: now))
        #expect(Set(jobs.map(\.destination.ascii)) == ["d.test", "f.test"])
        let job = try #require(jobs.first { $0.destination.ascii == "d.test" })
        #expect(job.message.envelope.recipients.map(\.address.text) == ["b@d.test", "c@d.test"])
        #expect(await queue.lease(request(at: now + .seconds(599))).isEmpty)
        let later = await queue.lease(request(at: now + .seconds(600)))
        #expect(later.count == 2)
        // The first lease is lost: its holder changes nothing.
        await #expect(throws: DeliveryQueueError.leaseLost) {
            try await queue.settle(job, DeliverySettlement(delivered: [address("b@d.test")]), at: now)
        }
        await #expect(throws: DeliveryQueueError.leaseLost) { try await queue.extend(job, until: now) }
        #expect(await queue.waiting(id).count == 3)
    }

    @Test("settling serves, fails and defers recipient by recipient; the last one served ends the message")
    func settles() async throws {
        let id = try await queue.enqueue(.test("b@d.test", "c@d.test", "e@d.test"), at: now)
        let job = await queue.lease(request(at: now))[0]
        let settlement = DeliverySettlement(
            delivered: [address("b@d.test")], failed: [address("c@d.test")], deferred: [address("e@d.test")],
            nextAttempt: now + .seconds(60), delayWasNotified: true, notices: [.test("a@client.test", from: nil)])
        try await queue.settle(job, settlement, at: now)
        #expect(await queue.waiting(id).map(\.text) == ["e@d.test"])
        #expect(await queue.count == 2)  // the notice came in with the settlement
        let notice = await queue.lease(request(at: now))
        #expect(notice.map(\.destination.ascii) == ["client.test"])
        #expect(await queue.nextDue() == now + .seconds(60))
        let again = await queue.lease(request(at: now + .seconds(60)))[0]
        #expect(again.attempts == 1)
        #expect(again.delayWasNotified)
        try await queue.settle(again, DeliverySettlement(delivered: [address("e@d.test")]), at: now)
        #expect(await queue.count == 1)
        await #expect(throws: DeliveryQueueError.leaseLost) {
            try await queue.settle(again, DeliverySettlement(), at: now)
        }
    }

    @Test("a held message is not leased until it is released")
    func holds() async throws {
        let id = try await queue.enqueue(.test("b@d.test"), at: now)
        try await queue.hold(id, true)
        #expect(await queue.lease(request(at: now)).isEmpty)
        #expect(await queue.nextDue() == nil)
        try await queue.hold(id, false)
        #expect(await queue.lease(request(at: now)).count == 1)
        await #expect(throws: DeliveryQueueError.unknownMessage) {
            try await queue.hold(DeliveryID("other"), true)
        }
    }

    @Test("no more jobs are given than asked for, in all and for each destination; the longest due come first")
    func limits() async throws {
        for second in 0..<4 {
            _ = try await queue.enqueue(.test("b@d.test"), at: now + .seconds(10 - second))
        }
        _ = try await queue.enqueue(.test("b@f.test"), at: now + .seconds(11))
        let time = now + .seconds(20)
        let d = try Domain("d.test")
        #expect(await queue.lease(request(at: time, allowances: [d: 0])).map(\.destination.ascii) == ["f.test"])
        let jobs = await queue.lease(request(at: time, limit: 3, allowances: [d: 2]))
        #expect(jobs.map(\.arrival) == [now + .seconds(7), now + .seconds(8)])
    }

    @Test("a message needs a recipient")
    func empty() async {
        await #expect(throws: DeliveryQueueError.noRecipient) { try await queue.enqueue(.test(), at: now) }
    }
}

extension NewDelivery {
    static func test(_ recipients: String..., from sender: String? = "a@client.test") -> NewDelivery {
        let envelope = OutgoingEnvelope(
            sender: sender.map { address($0) }, recipients: recipients.map { address($0) })
        return NewDelivery(SMTPOutgoingMessage(envelope, SMTPContent("Subject: Bilan\r\n\r\nx\r\n".utf8)))
    }
}

@Suite("Envelopes sent on")
struct EnvelopeTests {
    @Test("an envelope as received goes on with all that it says (RFC 3461 §5.2.1)")
    func received() {
        let received = SMTPEnvelope(
            sender: .address(address("a@client.test")),
            parameters: MailParameters(
                size: 10, body: .eightBit, smtpUTF8: true, dsnReturn: .headers, envelopeID: "e"),
            recipients: [
                SMTPRecipient(
                    .address(address("b@d.test")),
                    RecipientParameters(notify: .never, originalRecipient: OriginalRecipient(address: "x@d.test"))),
                SMTPRecipient(.postmaster),
            ])
        let envelope = OutgoingEnvelope(received: received, postmaster: address("pm@own.test"))
        #expect(envelope.sender == address("a@client.test"))
        #expect(envelope.isEightBit)
        #expect(envelope.hasInternationalHeader)
        #expect(envelope.returned == .headers)
        #expect(envelope.envelopeID == "e")
        #expect(envelope.recipients.map(\.address.text) == ["b@d.test", "pm@own.test"])
        #expect(envelope.recipients.map(\.notify) == [.never, nil])
        #expect(envelope.recipients[0].original?.address == "x@d.test")
        let notice = OutgoingEnvelope(received: SMTPEnvelope(sender: .null), postmaster: address("pm@own.test"))
        #expect(notice.sender == nil)
    }
}
