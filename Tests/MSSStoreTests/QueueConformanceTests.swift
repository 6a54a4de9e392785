import MSSCore
import MSSSMTP
import Testing

@testable import MSSStore

/// The queues that must behave alike.
enum QueueKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case memory, spool

    var testDescription: String { rawValue }

    /// Runs a test with an empty queue.
    func with(_ body: (any DeliveryQueue) async throws -> Void) async throws {
        switch self {
        case .memory: try await body(InMemoryDeliveryQueue())
        case .spool:
            let folder = try TestFolder()
            defer { folder.remove() }
            let spool = try await folder.open()
            try await body(spool)
            await spool.close()
        }
    }
}

@Suite("Every delivery queue keeps the protocol's promises")
struct QueueConformanceTests {
    @Test(
        "a message is leased by destination, once, until it is settled or the lease runs out",
        arguments: QueueKind.allCases)
    func leases(_ kind: QueueKind) async throws {
        try await kind.with { queue in
            _ = try await queue.enqueue(.to("b@d.test", "c@d.test", "e@f.test"), at: start)
            let jobs = try await queue.lease(request())
            #expect(Set(jobs.map(\.destination.ascii)) == ["d.test", "f.test"])
            let job = try #require(jobs.first { $0.destination.ascii == "d.test" })
            #expect(job.message.envelope.recipients.map(\.address.text) == ["b@d.test", "c@d.test"])
            #expect(try await queue.lease(request(at: start + .seconds(599))).isEmpty)
            let later = try await queue.lease(request(at: start + .seconds(600)))
            #expect(later.count == 2)
            // The first lease is lost: its holder changes nothing.
            await #expect(throws: DeliveryQueueError.leaseLost) {
                try await queue.settle(job, DeliverySettlement(delivered: [address("b@d.test")]), at: start)
            }
            await #expect(throws: DeliveryQueueError.leaseLost) { try await queue.extend(job, until: start) }
            let again = try #require(later.first { $0.destination.ascii == "d.test" })
            #expect(again.message.envelope.recipients.count == 2)
        }
    }

    @Test("a lease that is kept longer lasts longer", arguments: QueueKind.allCases)
    func extends(_ kind: QueueKind) async throws {
        try await kind.with { queue in
            _ = try await queue.enqueue(.to("b@d.test"), at: start)
            let job = try #require(try await queue.lease(request()).first)
            try await queue.extend(job, until: start + .seconds(1200))
            #expect(try await queue.lease(request(at: start + .seconds(700))).isEmpty)
            #expect(try await queue.lease(request(at: start + .seconds(1200))).count == 1)
        }
    }

    @Test(
        "settling serves, fails and defers recipient by recipient; the last one served ends the message",
        arguments: QueueKind.allCases)
    func settles(_ kind: QueueKind) async throws {
        try await kind.with { queue in
            let id = try await queue.enqueue(.to("b@d.test", "c@d.test", "e@d.test"), at: start)
            let job = try #require(try await queue.lease(request()).first)
            let settlement = DeliverySettlement(
                delivered: [address("b@d.test")], failed: [address("c@d.test")], deferred: [address("e@d.test")],
                nextAttempt: start + .seconds(60), delayWasNotified: true,
                notices: [.to("a@client.test", from: nil)])
            try await queue.settle(job, settlement, at: start)
            let notice = try await queue.lease(request())
            #expect(notice.map(\.destination.ascii) == ["client.test"])
            #expect(try await queue.nextDue() == start + .seconds(60))
            let again = try #require(try await queue.lease(request(at: start + .seconds(60))).first)
            #expect(again.id == id)
            #expect(again.message.envelope.recipients.map(\.address.text) == ["e@d.test"])
            #expect(again.attempts == 1)
            #expect(again.delayWasNotified)
            try await queue.settle(again, DeliverySettlement(delivered: [address("e@d.test")]), at: start)
            await #expect(throws: DeliveryQueueError.leaseLost) {
                try await queue.settle(again, DeliverySettlement(), at: start)
            }
            await #expect(throws: DeliveryQueueError.unknownMessage) { try await queue.hold(id, true) }
        }
    }

    @Test("recipients that a settlement does not name are due again at once", arguments: QueueKind.allCases)
    func unnamed(_ kind: QueueKind) async throws {
        try await kind.with { queue in
            _ = try await queue.enqueue(.to("b@d.test", "c@d.test"), at: start)
            let job = try #require(try await queue.lease(request()).first)
            try await queue.settle(
                job, DeliverySettlement(delivered: [address("b@d.test")], countsAsAttempt: false), at: start)
            let again = try #require(try await queue.lease(request()).first)
            #expect(again.message.envelope.recipients.map(\.address.text) == ["c@d.test"])
            #expect(again.attempts == 0)
        }
    }

    @Test("a held message is not leased until it is released", arguments: QueueKind.allCases)
    func holds(_ kind: QueueKind) async throws {
        try await kind.with { queue in
            let id = try await queue.enqueue(.to("b@d.test"), at: start)
            try await queue.hold(id, true)
            #expect(try await queue.lease(request()).isEmpty)
            #expect(try await queue.nextDue() == nil)
            try await queue.hold(id, false)
            #expect(try await queue.nextDue() == start)
            let job = try #require(try await queue.lease(request()).first)
            // A lease that runs goes on.
            try await queue.hold(id, true)
            try await queue.settle(job, DeliverySettlement(deferred: [address("b@d.test")]), at: start)
            #expect(try await queue.lease(request()).isEmpty)
            try await queue.hold(id, false)
            #expect(try await queue.lease(request()).count == 1)
            await #expect(throws: DeliveryQueueError.unknownMessage) {
                try await queue.hold(DeliveryID("other"), true)
            }
        }
    }

    @Test(
        "no more jobs are given than asked for, in all and for each destination; the longest due come first",
        arguments: QueueKind.allCases)
    func limits(_ kind: QueueKind) async throws {
        try await kind.with { queue in
            for second in 0..<4 { _ = try await queue.enqueue(.to("b@d.test"), at: start + .seconds(10 - second)) }
            _ = try await queue.enqueue(.to("b@f.test"), at: start + .seconds(11))
            let time = start + .seconds(20)
            let d = try Domain("d.test")
            let others = try await queue.lease(request(at: time, allowances: [d: 0], seconds: 1))
            #expect(others.map(\.destination.ascii) == ["f.test"])
            let jobs = try await queue.lease(request(at: time, limit: 3, allowances: [d: 2]))
            #expect(jobs.map(\.arrival) == [start + .seconds(7), start + .seconds(8)])
        }
    }

    @Test("a message has the name that it is given, and is taken once under it", arguments: QueueKind.allCases)
    func names(_ kind: QueueKind) async throws {
        try await kind.with { queue in
            let first = try await queue.enqueue(.to("b@d.test", id: "4bXyz"), at: start)
            #expect(first == DeliveryID("4bXyz"))
            #expect(try await queue.enqueue(.to("b@d.test", id: "4bXyz"), at: start) == first)
            #expect(try await queue.lease(request()).count == 1)
        }
    }

    @Test("a message needs a recipient", arguments: QueueKind.allCases)
    func empty(_ kind: QueueKind) async throws {
        try await kind.with { queue in
            await #expect(throws: DeliveryQueueError.noRecipient) { try await queue.enqueue(.to(), at: start) }
        }
    }

    @Test("an envelope and its message come out as they went in", arguments: QueueKind.allCases)
    func whole(_ kind: QueueKind) async throws {
        try await kind.with { queue in
            var recipient = OutgoingEnvelope.Recipient(address("élise@d.test"))
            recipient.notify = [.success, .delay]
            recipient.original = OriginalRecipient(address: "first@d.test")
            var never = OutgoingEnvelope.Recipient(address("\"two words\"@d.test"))
            never.notify = .never
            let envelope = OutgoingEnvelope(
                sender: address("a@client.test"), recipients: [recipient, never], isEightBit: true,
                hasInternationalHeader: true, returned: .headers, envelopeID: "env+1")
            // Longer than a piece.
            let content = noise(10_000, seed: 1)
            let message = SMTPOutgoingMessage(
                envelope, SMTPContent(content), sevenBitContent: SMTPContent("seven".utf8), lineEnds: .mend)
            _ = try await queue.enqueue(NewDelivery(message), at: start)
            let job = try #require(try await queue.lease(request()).first)
            #expect(job.message.envelope == envelope)
            #expect(job.message.lineEnds == .mend)
            #expect(job.arrival == start)
            for _ in 0..<2 { #expect(try await job.message.content.bytes() == content) }
            #expect(job.message.content.size == content.count)
            #expect(try await job.message.sevenBitContent?.bytes() == Array("seven".utf8))
        }
    }

    @Test("what fails at a random point of a long life changes nothing of the rest", arguments: QueueKind.allCases)
    func longLife(_ kind: QueueKind) async throws {
        // The same random traffic; what is left at the end is what a plain model says.
        try await kind.with { queue in
            var random = SplitMix(state: 42)
            var expected: [String: Set<String>] = [:]
            for step in 0..<300 {
                let time = start + .seconds(step)
                if random.next(3) > 0 {
                    let names = (0...random.next(3)).map { "r\($0)@d\(random.next(5)).test" }
                    let recipients = Set(names).sorted().map { address($0) }
                    let envelope = OutgoingEnvelope(sender: nil, recipients: recipients)
                    let message = SMTPOutgoingMessage(
                        envelope, SMTPContent(noise(random.next(9000), seed: UInt64(step))))
                    let id = try await queue.enqueue(NewDelivery(message, id: DeliveryID("n\(step)")), at: time)
                    expected[id.rawValue] = Set(recipients.map(\.text))
                    continue
                }
                for job in try await queue.lease(request(at: time, limit: 3, seconds: 5)) {
                    let size = try await job.message.content.bytes().count
                    #expect(size == job.message.content.size)
                    let waiting = job.message.envelope.recipients.map(\.address)
                    let served = waiting.filter { _ in random.next(2) == 0 }
                    guard random.next(4) > 0 else { continue }  // the lease runs out
                    try await queue.settle(
                        job,
                        DeliverySettlement(
                            delivered: served, deferred: waiting.filter { !served.contains($0) },
                            nextAttempt: time + .seconds(random.next(20))), at: time)
                    expected[job.id.rawValue]?.subtract(served.map(\.text))
                    if expected[job.id.rawValue]?.isEmpty == true { expected[job.id.rawValue] = nil }
                }
            }
            var left: [String: Set<String>] = [:]
            for job in try await queue.lease(
                request(at: start + .seconds(10_000), limit: 10_000, perDestination: 10_000))
            {
                left[job.id.rawValue, default: []].formUnion(job.message.envelope.recipients.map(\.address.text))
            }
            #expect(left == expected)
        }
    }
}

/// Random numbers that are the same each time.
struct SplitMix {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(bound))
    }
}
