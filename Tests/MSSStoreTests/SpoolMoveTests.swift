import MSSCore
import MSSSMTP
import MSSTestKit
import Testing

@testable import MSSStore

@Suite("Messages that move in the spool")
struct SpoolMoveTests {
    /// Moves a message with its pieces, and looks before the batch has ended.
    private func move(
        _ id: DeliveryID, in spool: Spool, then look: @escaping @Sendable (UInt64) throws -> Void = { _ in }
    ) async throws {
        let number = try #require(spool.state.withLock { $0.index.numbers[id] })
        let envelope = try #require(try spool.envelopeBytes(number))
        let entry = try #require(spool.state.withLock { $0.index.entries[number] })
        let pieces = try entry.content.chunks.map { try spool.read($0) }
        try await spool.commits.perform { log in
            var message = try #require(spool.state.withLock { $0.index.stored(number, envelope: envelope) })
            message.content.chunks = try pieces.map { try log.append(chunk: $0, isGrowth: true) }
            try log.append([.move(message, from: entry.segment)], isGrowth: true)
            log.unpin(message.content.chunks)
            try look(number)
        }
    }

    @Test("a message that moves is read at every moment: its new place is in the file before anybody is sent there")
    func readWhileMoving() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let notices = Notices<SpoolNotice>()
        let spool = try await folder.open(TestFolder.small(notices: notices))
        let body = noise(9000, seed: 4)
        let id = try await spool.enqueue(.to("a@d.test", body: body), at: start)
        let envelope = try await spool.message(id)?.message.envelope
        try await move(id, in: spool) { number in
            #expect(try spool.envelope(number) == envelope)
            var read: [UInt8] = []
            for piece in 0..<3 { read += try spool.read(number, piece, isSevenBit: false) ?? [] }
            #expect(read == body)
        }
        #expect(try await spool.lease(request()).map(\.id) == [id])
        #expect(notices.all == [])
        await spool.close()
    }

    @Test("damage that was met is not written into the log by a move: the next life reads again")
    func damageIsOfThisLife() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        var spool = try await folder.open()
        let id = try await spool.enqueue(.to("a@d.test", body: noise(5000, seed: 5)), at: start)
        let held = try await spool.enqueue(.to("b@d.test"), at: start)
        try await spool.hold(held, true)
        spool.state.withLock { state in
            for number in Array(state.index.entries.keys) { state.index.markDamaged(number) }
        }
        #expect(try await spool.lease(request()).isEmpty)
        #expect(spool.messages().allSatisfy { $0.isHeld && $0.isDamaged })
        try await move(id, in: spool)
        try await move(held, in: spool)
        #expect(try await spool.lease(request()).isEmpty)
        await spool.close()

        spool = try await folder.open()
        #expect(try await spool.lease(request()).map(\.id) == [id])
        // What somebody decided stays decided; who releases it, releases it from both.
        spool.state.withLock { state in
            for number in Array(state.index.entries.keys) { state.index.markDamaged(number) }
        }
        try await spool.hold(held, false)
        #expect(try await spool.lease(request()).map(\.id) == [held])
        await spool.close()
    }
}
