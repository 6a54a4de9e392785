import MSSCore
import NIOCore
import Testing

@testable import MSSSMTP

@Suite("A message on its way to the backend")
struct BodyPipeTests {
    private let memory = BodyMemory(limit: 1 << 20)
    private let demands = Guarded(0)

    private func pipe(_ limit: Int = 400) -> BodyPipe {
        BodyPipe(limit: limit, memory: memory) { [demands] in demands.withLock { $0 += 1 } }
    }

    private func piece(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 0x78, count: count) }

    private func read(_ pipe: BodyPipe) async throws -> [Int] {
        var sizes: [Int] = []
        while let piece = try await pipe.next() { sizes.append(piece.readableBytes) }
        return sizes
    }

    /// Returns once the reader waits.
    private func waiting(_ pipe: BodyPipe) async { while !pipe.hasReader { await Task.yield() } }

    @Test("A reader that waits is woken for an eighth of the room, or by the end: nothing is lost, nothing is left")
    func waking() async throws {
        let pipe = pipe()
        let reader = Task { try await read(pipe) }
        await waiting(pipe)
        #expect(pipe.push(piece(30)) && pipe.hasReader && memory.inFlight == 30)
        #expect(pipe.push(piece(30)) && !pipe.hasReader)
        await waiting(pipe)
        #expect(memory.inFlight == 0)
        #expect(pipe.push(piece(10)) && pipe.push(piece(20)) && pipe.hasReader)
        pipe.finish(.success(()))
        #expect(try await reader.value == [30, 30, 10, 20] && pipe.wasReadToTheEnd && memory.inFlight == 0)
        #expect(demands.withLock { $0 } == 0)
    }

    @Test("A long message wakes its reader for ever more octets, up to half the room, unless memory is scarce")
    func wakingLessOften() async throws {
        let pipe = pipe()
        let reader = Task { try await read(pipe) }
        for worth in [50, 100, 200, 200] {
            await waiting(pipe)
            // Just too few, and enough.
            #expect(pipe.push(piece(worth - 1)) && pipe.hasReader)
            #expect(pipe.push(piece(1)) && !pipe.hasReader)
        }
        await waiting(pipe)
        memory.add(1 << 17)
        #expect(pipe.push(piece(49)) && pipe.hasReader)
        #expect(pipe.push(piece(1)) && !pipe.hasReader)
        await waiting(pipe)
        memory.remove(1 << 17)
        pipe.finish(.success(()))
        #expect(try await reader.value == [49, 1, 99, 1, 199, 1, 199, 1, 49, 1] && memory.inFlight == 0)
    }

    @Test("A reader that waits gets what is there when no more comes for a while")
    func handingOver() async throws {
        let pipe = pipe()
        let reader = Task { try await read(pipe) }
        await waiting(pipe)
        pipe.handOver()
        #expect(pipe.push(piece(10)) && pipe.push(piece(20)) && pipe.hasReader)
        pipe.handOver()
        #expect(!pipe.hasReader)
        await waiting(pipe)
        #expect(memory.inFlight == 0)
        pipe.finish(.success(()))
        #expect(try await reader.value == [10, 20])
    }

    @Test("A full pipe says so, and once when half of it is free again")
    func demand() async throws {
        let pipe = pipe()
        #expect(pipe.push(piece(150)) && !pipe.push(piece(150)))
        _ = try await pipe.next()
        #expect(demands.withLock { $0 } == 1)
        _ = try await pipe.next()
        #expect(demands.withLock { $0 } == 1 && memory.inFlight == 0)
    }

    @Test("Who was told to wait is told when there is room, though more of the same reading found some in between")
    func demandStays() async throws {
        let pipe = pipe(1 << 20)
        for _ in 0..<9 { #expect(pipe.push(piece(100_000))) }
        #expect(!pipe.push(piece(100_000)))
        _ = try await pipe.next()
        // Below the mark, above the half.
        #expect(!pipe.push(piece(50_000)))
        #expect(demands.withLock { $0 } == 0)
        pipe.finish(.success(()))
        #expect(try await read(pipe).count == 10)
        #expect(demands.withLock { $0 } == 1 && memory.inFlight == 0)
    }

    @Test("When all sessions hold too much a reader is woken for anything, and more is asked for once it has all")
    func pressed() async throws {
        let pipe = pipe()
        let reader = Task { try await read(pipe) }
        await waiting(pipe)
        #expect(pipe.push(piece(10)) && pipe.hasReader)
        memory.add(1 << 20)
        #expect(!pipe.push(piece(20)))
        await waiting(pipe)
        #expect(demands.withLock { $0 } == 1 && memory.inFlight == 1 << 20)
        #expect(pipe.push(piece(30)))
        pipe.finish(.success(()))
        #expect(try await reader.value == [10, 20, 30])
        memory.remove(1 << 20)
    }

    @Test("Many sessions around the limit of all: nobody waits for ever", .timeLimit(.minutes(2)))
    func aroundTheLimit() async throws {
        // What two readers hold is just about too much.
        let memory = BodyMemory(limit: 6000)
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                let demands = Guarded(0)
                let pipe = BodyPipe(limit: 1 << 20, memory: memory) { demands.withLock { $0 += 1 } }
                group.addTask { try await read(pipe).reduce(0, +) }
                group.addTask {
                    for _ in 0..<20_000 {
                        let seen = demands.withLock { $0 }
                        guard !pipe.push(piece(100)) else { continue }
                        while demands.withLock({ $0 }) == seen {
                            try Task.checkCancellation()
                            await Task.yield()
                        }
                    }
                    pipe.finish(.success(()))
                    return 0
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(total == 8 * 20_000 * 100 && memory.inFlight == 0)
    }

    @Test("A message that does not end properly gives its reader an error, and nothing of what it had not read")
    func failure() async throws {
        let pipe = pipe()
        let reader = Task { try await read(pipe) }
        await waiting(pipe)
        #expect(pipe.push(piece(10)))
        pipe.finish(.failure(.disconnected))
        await #expect(throws: SMTPBodyError.disconnected) { try await reader.value }
        #expect(!pipe.wasReadToTheEnd && memory.inFlight == 0)
    }

    @Test("A reader that is cancelled leaves; one that comes cancelled gets what is there")
    func cancellation() async throws {
        let pipe = pipe()
        let reader = Task { try await read(pipe) }
        await waiting(pipe)
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
        #expect(pipe.push(piece(10)))
        let late = Task { [self] in
            withUnsafeCurrentTask { $0?.cancel() }
            return (try await pipe.next()?.readableBytes, await Result { try await read(pipe) })
        }
        let (count, rest) = try await late.value
        #expect(count == 10)
        #expect(throws: CancellationError.self) { try rest.get() }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
