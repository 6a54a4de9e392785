import Glibc
import MSSCore
import MSSSMTP
import MSSTestKit
import NIOCore
import Testing

@testable import MSSStore

@Suite("The spool")
struct SpoolTests {
    @Test("RFC 5321 §6.1: what was taken, settled, held and deferred is there after the spool is opened again")
    func reopened() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        var spool = try await folder.open()
        let content = noise(30_000, seed: 3)
        let first = try await spool.enqueue(.to("b@d.test", "c@d.test", "e@f.test", body: content), at: start)
        let held = try await spool.enqueue(.to("h@d.test"), at: start)
        try await spool.hold(held, true)
        let gone = try await spool.enqueue(.to("g@g.test"), at: start)
        for job in try await spool.lease(request()) {
            switch job.destination.ascii {
            case "d.test":
                try await spool.settle(
                    job,
                    DeliverySettlement(
                        delivered: [address("b@d.test")], deferred: [address("c@d.test")],
                        nextAttempt: start + .seconds(60), delayWasNotified: true, reason: "busy"), at: start)
            case "g.test": try await spool.settle(job, DeliverySettlement(failed: [address("g@g.test")]), at: start)
            default: break  // leased when the process ends
            }
        }
        await spool.close()
        await #expect(throws: StoreError.closed) { try await spool.enqueue(.to("b@d.test"), at: start) }

        spool = try await folder.open()
        #expect(spool.count == 2)
        await #expect(throws: DeliveryQueueError.unknownMessage) { try await spool.hold(gone, true) }
        let jobs = try await spool.lease(request(at: start + .seconds(60)))
        #expect(jobs.map(\.id) == [first, first])
        let deferred = try #require(jobs.first { $0.destination.ascii == "d.test" })
        #expect(deferred.message.envelope.recipients.map(\.address.text) == ["c@d.test"])
        #expect(deferred.attempts == 1 && deferred.delayWasNotified)
        let lost = try #require(jobs.first { $0.destination.ascii == "f.test" })
        #expect(lost.attempts == 0)
        #expect(try await lost.message.content.bytes() == content)
        let shown = try #require(try await spool.message(held))
        #expect(shown.summary.isHeld)
        let shares = spool.messages().first { $0.id == first }?.shares
        #expect(shares?.compactMap(\.reason) == ["busy"])
        // A name that the spool made is not made again.
        let next = try await spool.enqueue(.to("b@d.test"), at: start)
        #expect(![first, held, gone].contains(next))
        await spool.close()
    }

    @Test("calls that come at once share their syncs, and each gets its own answer")
    func together() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let first = try await folder.open()
        let names = try await withThrowingTaskGroup(of: DeliveryID.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await first.enqueue(
                        .to("r\(number)@d\(number % 7).test", body: noise(number * 10, seed: UInt64(number))), at: start
                    )
                }
            }
            return try await group.reduce(into: Set<DeliveryID>()) { $0.insert($1) }
        }
        #expect(names.count == 200)
        await first.close()
        let spool = try await folder.open()
        var found: Set<DeliveryID> = []
        for job in try await spool.lease(request(limit: 1000, perDestination: 1000)) {
            let name = job.message.envelope.recipients[0].address.localPart
            let number = try #require(Int(name.dropFirst()))
            #expect(try await job.message.content.bytes() == noise(number * 10, seed: UInt64(number)))
            found.insert(job.id)
        }
        #expect(found == names)
        await spool.close()
    }

    @Test("a draft is written while it arrives, can be read before it is taken, and is gone when it is not taken")
    func drafts() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        let content = noise(100_000, seed: 5)
        let draft = spool.draft()
        for piece in stride(from: 0, to: content.count, by: 1500) {
            try await draft.append(ByteBuffer(bytes: content[piece..<min(piece + 1500, content.count)]))
        }
        #expect(await draft.size == content.count)
        for _ in 0..<2 { #expect(try await draft.read().bytes() == content) }
        #expect(spool.count == 0)
        let envelope = OutgoingEnvelope(sender: nil, recipients: [address("b@d.test")])
        let names = try await draft.commit(
            DeliveryID("m1"), envelope, with: [.to("a@client.test", from: nil)], at: start)
        #expect(names[0] == DeliveryID("m1") && spool.count == 2)
        let job = try #require(try await spool.lease(request()).first { $0.id == names[0] })
        #expect(try await job.message.content.bytes() == content)
        await #expect(throws: StoreError.closed) { try await draft.commit(nil, envelope, at: start) }

        let abandoned = spool.draft()
        try await abandoned.append(ByteBuffer(bytes: content))
        await abandoned.discard()
        #expect(spool.count == 2)
        await spool.close()
    }

    @Test("segments whose messages have ended are used again: the folder does not grow with traffic")
    func recycling() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        var most = 0
        for round in 0..<40 {
            for number in 0..<10 {
                _ = try await spool.enqueue(.to("b@d.test", body: noise(6000, seed: UInt64(number))), at: start)
            }
            for job in try await spool.lease(request()) {
                try await spool.settle(job, DeliverySettlement(delivered: [address("b@d.test")]), at: start)
            }
            if round > 2 { most = max(most, try Folder.names(folder.spool).count) }
        }
        #expect(spool.count == 0)
        // 2.4 MB went through files of 64 KB.
        #expect(most <= 10)
        #expect(spool.usage.octets == 0)
        await spool.close()
        let again = try await folder.open()
        #expect(again.count == 0)
        await again.close()
    }

    @Test("one message that stays does not keep the segments of all that came and went around it")
    func compaction() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        let content = noise(9000, seed: 9)
        var kept: [DeliveryID] = []
        for round in 0..<30 {
            kept.append(try await spool.enqueue(.to("k@mort.test", body: content), at: start + .seconds(round)))
            for _ in 0..<8 { _ = try await spool.enqueue(.to("b@d.test", body: noise(6000, seed: 1)), at: start) }
            let mort = try Domain("mort.test")
            for job in try await spool.lease(request(allowances: [mort: 0])) {
                try await spool.settle(job, DeliverySettlement(delivered: [address("b@d.test")]), at: start)
            }
        }
        // Compaction runs beside the traffic; each durable call lets it see what it freed.
        var rounds = 0
        while spool.usage.segments > 14, rounds < 2000 {
            _ = try await spool.hold(kept[0], false)
            rounds += 1
        }
        #expect(spool.usage.segments <= 14, "30 messages of 9 KB take \(spool.usage.segments) segments of 64 KB")
        // Leases survive the move of a message.
        let jobs = try await spool.lease(request(at: start + .seconds(100)))
        #expect(jobs.map(\.id) == kept)
        #expect(spool.count == kept.count)
        for job in jobs { #expect(try await job.message.content.bytes() == content) }
        for job in jobs.dropFirst(3) {
            try await spool.settle(job, DeliverySettlement(delivered: [address("k@mort.test")]), at: start)
        }
        await spool.close()
        let again = try await folder.open()
        #expect(Set(again.messages().map(\.id)) == Set(kept.prefix(3)))
        for job in try await again.lease(request(at: start + .seconds(100))) {
            #expect(try await job.message.content.bytes() == content)
        }
        await again.close()
    }

    @Test("A piece that cannot be read keeps its own segment; the others are emptied all the same")
    func compactionBesideDamage() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        for round in 0..<30 {
            _ = try await spool.enqueue(.to("k@mort.test", body: noise(9000, seed: 9)), at: start + .seconds(round))
            if round == 0 {
                let place = try #require(
                    spool.state.withLock { $0.index.entries.values.first?.content.chunks.first })
                let file = try File(SpoolLayout(root: folder.spool).segment(place.segment), .readWrite)
                let position = Int(place.offset) + 1000
                try file.write([try file.read(1, at: position)[0] ^ 1], at: position)
            }
            for _ in 0..<8 { _ = try await spool.enqueue(.to("b@d.test", body: noise(6000, seed: 1)), at: start) }
            let mort = try Domain("mort.test")
            for job in try await spool.lease(request(allowances: [mort: 0])) {
                try await spool.settle(job, DeliverySettlement(delivered: [address("b@d.test")]), at: start)
            }
        }
        let last = try #require(spool.messages().last).id
        var rounds = 0
        while spool.usage.segments > 16, rounds < 2000 {
            _ = try await spool.hold(last, false)
            rounds += 1
        }
        #expect(spool.usage.segments <= 16, "\(spool.usage.segments) segments")
        #expect(spool.count == 30)
        await spool.close()
    }

    @Test("operators list by destination and reason, show, retry, hold, release and drop")
    func operators() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        let first = try await spool.enqueue(.to("b@d.test", "e@f.test", body: Array("1234".utf8)), at: start)
        let second = try await spool.enqueue(.to("c@d.test"), at: start + .seconds(1))
        for job in try await spool.lease(request(at: start + .seconds(2))) where job.destination.ascii == "d.test" {
            try await spool.settle(
                job,
                DeliverySettlement(
                    deferred: job.message.envelope.recipients.map(\.address), nextAttempt: start + .seconds(500),
                    reason: "network failure in connecting: timed out"), at: start)
        }
        let list = spool.destinations()
        #expect(list.map(\.domain) == ["d.test", "f.test"])
        #expect(list[0].messages == 2 && list[0].oldest == start && list[0].nextAttempt == start + .seconds(500))
        #expect(list[0].reasons == ["network failure in connecting: timed out": 2])
        #expect(list[1].leased == 1 && list[1].nextAttempt == nil)
        #expect(spool.messages(to: try Domain("f.test")).map(\.id) == [first])
        #expect(spool.messages(after: first).map(\.id) == [second])
        let shown = try #require(try await spool.message(first))
        #expect(shown.message.envelope.recipients.map(\.address.text) == ["b@d.test", "e@f.test"])
        #expect(try await shown.message.content.bytes() == Array("1234".utf8))
        #expect(try await spool.message(DeliveryID("none")) == nil)

        #expect(try await spool.nextDue() == start + .seconds(500))
        try await spool.retry(second, at: start + .seconds(3))
        #expect(try await spool.nextDue() == start + .seconds(3))
        #expect(try await spool.retry(destination: try Domain("d.test"), at: start + .seconds(4)) == 2)
        #expect(try await spool.lease(request(at: start + .seconds(4), seconds: 1)).count == 2)
        await #expect(throws: DeliveryQueueError.unknownMessage) {
            try await spool.retry(DeliveryID("none"), at: start)
        }
        try await spool.drop(second)
        #expect(try await spool.message(second) == nil)
        await #expect(throws: DeliveryQueueError.unknownMessage) { try await spool.drop(second) }
        await spool.close()
        let again = try await folder.open()
        #expect(again.messages().map(\.id) == [first])
        await again.close()
    }

    @Test("what lies on the disk tells nothing of a message to who has no master key")
    func encrypted() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        let secret = Array("Subject: Biopsie de Mme Durand\r\n\r\n".utf8)
        _ = try await spool.enqueue(.to("durand.marie@patient.test", body: secret), at: start)
        await spool.close()
        for name in try Folder.names(folder.spool) {
            let bytes = try TestFiles.read(folder.spool + "/" + name)
            #expect(!bytes.contains(sequence: Array("Biopsie".utf8)))
            #expect(!bytes.contains(sequence: Array("durand".utf8)))
        }
        let other = try StoreMasterKey([UInt8](repeating: 8, count: 32))
        await #expect(throws: StoreError.wrongMasterKey(path: folder.spool)) {
            try await Spool.open(folder.spool, master: other, configuration: TestFolder.small())
        }
    }

    @Test("a folder that holds something else is refused")
    func foreign() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        try Folder.make(folder.spool)
        try TestFiles.write([1, 2, 3], to: folder.spool + "/letters.txt")
        await #expect(throws: StoreError.notAStore(path: folder.spool)) { try await folder.open() }
        try TestFiles.write([1, 2, 3], to: folder.spool + "/store")
        await #expect(throws: StoreError.notAStore(path: folder.spool)) { try await folder.open() }
    }

    @Test("a message longer than the log takes at once is refused with its size, and nothing is harmed")
    func tooLong() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let spool = try await folder.open()
        let many = (0..<2000).map { address("recipient-with-a-long-name-\($0)@domain-\($0).test") }
        let message = SMTPOutgoingMessage(OutgoingEnvelope(sender: nil, recipients: many), SMTPContent([1]))
        await #expect {
            try await spool.enqueue(NewDelivery(message), at: start)
        } throws: { error in if case StoreError.tooLarge = error { true } else { false } }
        #expect(try await spool.enqueue(.to("b@d.test"), at: start) == DeliveryID("s1"))
        await spool.close()
    }
}

extension [UInt8] {
    func contains(sequence: [UInt8]) -> Bool {
        guard count >= sequence.count else { return false }
        return (0...(count - sequence.count)).contains { start in
            self[start] == sequence[0] && Array(self[start..<start + sequence.count]) == sequence
        }
    }
}
