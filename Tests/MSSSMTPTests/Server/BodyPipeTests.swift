import MSSCore
import NIOCore
import Testing

@testable import MSSSMTP

@Suite("The body of a message on its way to the backend", .timeLimit(.minutes(2)))
struct BodyPipeTests {
    private let demands = Guarded(0)

    private func make(limit: Int = 1000, memory: BodyMemory = BodyMemory(limit: 1 << 20)) -> BodyPipe {
        BodyPipe(limit: limit, memory: memory) { [demands] in demands.withLock { $0 += 1 } }
    }

    private func piece(_ count: Int, _ octet: UInt8 = 1) -> ByteBuffer { ByteBuffer(repeating: octet, count: count) }

    @Test("Pieces come in order, then the end; small ones wake nobody before there is enough, or the end")
    func order() async throws {
        let pipe = make()
        async let read = {
            var octets: [UInt8] = []
            for try await piece in SMTPMessageBody(pipe: pipe) { octets += piece.readableBytesView }
            return octets
        }()
        for octet in UInt8(0)..<100 { _ = pipe.push(piece(10, octet)) }
        pipe.finish(.success(()))
        #expect(try await read == (UInt8(0)..<100).flatMap { [UInt8](repeating: $0, count: 10) })
        #expect(pipe.wasReadToTheEnd)
    }

    @Test("A reader that waits gets the one small piece that there is when the message ends")
    func small() async throws {
        let pipe = make()
        _ = pipe.push(piece(1))
        async let first = pipe.next()
        #expect(try await first == piece(1))
        async let second = pipe.next()
        _ = pipe.push(piece(2))
        pipe.finish(.success(()))
        #expect(try await second == piece(2))
        #expect(try await pipe.next() == nil)
    }

    @Test("A message that breaks off is none, whatever is there of it; and its memory is free")
    func failure() async throws {
        let memory = BodyMemory(limit: 1 << 20)
        let pipe = make(memory: memory)
        async let next = pipe.next()
        _ = pipe.push(piece(10))
        pipe.finish(.failure(.disconnected))
        // The piece may have come first; nothing comes after the failure.
        do { if try await next != nil { _ = try await pipe.next() } } catch SMTPBodyError.disconnected {}
        await #expect(throws: SMTPBodyError.disconnected) { _ = try await pipe.next() }
        #expect(!pipe.wasReadToTheEnd && memory.inFlight == 0)
    }

    @Test("When all sessions hold too much, a reader is woken for a single octet, and calls for more once it has all")
    func memory() async throws {
        let memory = BodyMemory(limit: 0)
        let pipe = make(memory: memory)
        #expect(!pipe.push(piece(1)))
        #expect(try await pipe.next() == piece(1))
        #expect(demands.withLock { $0 } == 1 && memory.inFlight == 0)
        async let next = pipe.next()
        _ = pipe.push(piece(2))
        // Without the wake this would wait for ever.
        #expect(try await next == piece(2))
        #expect(memory.inFlight == 0)
    }

    @Test("A full pipe asks for more when it is half empty, and when it is given up")
    func demand() async throws {
        let pipe = make(limit: 100)
        for _ in 0..<9 { #expect(pipe.push(piece(10))) }
        #expect(!pipe.push(piece(10)))
        for _ in 0..<4 { _ = try await pipe.next() }
        #expect(demands.withLock { $0 } == 0)
        _ = try await pipe.next()
        #expect(demands.withLock { $0 } == 1)
        for _ in 0..<4 { #expect(pipe.push(piece(10))) }
        #expect(!pipe.push(piece(10)))
        pipe.abandon()
        #expect(demands.withLock { $0 } == 2)
    }

    @Test("A cancelled reader is told, and what is there stays")
    func cancelled() async throws {
        let pipe = make()
        let task = Task { try await pipe.next() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        _ = pipe.push(piece(3))
        #expect(try await pipe.next() == piece(3))
    }
}
