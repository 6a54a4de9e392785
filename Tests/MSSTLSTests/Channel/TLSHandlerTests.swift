import MSSCore
import MSSTestKit
import NIOCore
import NIOEmbedded
import TestIdentities
import Testing

@testable import MSSTLS

@Suite("TLS handler, in memory")
struct TLSHandlerTests {
    @Test("Both sides learn version, suite, peer and server name", arguments: TLSCipherSuite.all)
    func facts(suite: TLSCipherSuite) throws {
        let pair = try EmbeddedPair(client: .testClient(policy: .operator(.v1_6).only(suite)))
        try pair.handshake()
        for (log, peer) in [(pair.clientLog, Identities.server), (pair.serverLog, Identities.client)] {
            let facts = try #require(log.facts)
            #expect(facts.version == suite.version)
            #expect(facts.suite == suite)
            #expect(facts.peer?.certificate.der == peer.credential.certificateDER)
            #expect(facts.serverName == "mx.hopital.test")
            #expect(!facts.isResumed)
            #expect(log.handshakesCompleted == 1)
            #expect(log.errors.isEmpty)
        }
        #expect(pair.clientHandler.facts?.suite == suite)
    }

    @Test("A connection works when bytes arrive one at a time", arguments: TLSVersion.allCases)
    func byteByByte(version: TLSVersion) throws {
        let pair = try EmbeddedPair(client: .testClient(policy: .operator(.v1_6).only(version)))
        try pair.handshake(piece: 1)
        #expect(pair.clientLog.facts?.version == version)
        let text = String(repeating: "x", count: 20_000)
        try pair.client.writeAndFlush(ByteBuffer(string: text)).wait()
        try pair.carry(piece: 1)
        #expect(pair.serverLog.text == text)
        try pair.server.writeAndFlush(ByteBuffer(string: "250 OK\r\n")).wait()
        try pair.carry(piece: 1)
        #expect(pair.clientLog.text == "250 OK\r\n")
    }

    @Test("Small writes of one flush share a record; a large one crosses whole", arguments: TLSVersion.allCases)
    func records(version: TLSVersion) throws {
        let pair = try EmbeddedPair(client: .testClient(policy: .operator(.v1_6).only(version)))
        try pair.handshake()
        var promises: [EventLoopFuture<Void>] = []
        for number in 0..<100 {
            promises.append(pair.client.write(ByteBuffer(string: "RCPT TO:<\(number)>\r\n")))
        }
        pair.client.flush()
        let wire = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
        #expect(try pair.client.readOutbound(as: ByteBuffer.self) == nil)
        let plain = (0..<100).map { "RCPT TO:<\($0)>\r\n" }.joined()
        #expect(wire.readableBytes < plain.utf8.count + 100)
        pair.server.pipeline.fireChannelRead(wire)
        #expect(pair.serverLog.text == plain)
        for promise in promises { try promise.wait() }

        let large = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try pair.server.writeAndFlush(ByteBuffer(bytes: large)).wait()
        try pair.carry(piece: 10_000)
        #expect(pair.clientLog.received == large)
    }

    @Test(
        "Whatever the records and the readings, everything arrives in order, also by readers who hold what they read",
        arguments: TLSVersion.allCases, [1000, 5000, 16_384])
    func readings(version: TLSVersion, record: Int) throws {
        let pair = try EmbeddedPair(client: .testClient(policy: .operator(.v1_6).only(version)))
        try pair.handshake()
        var held: [ByteBuffer] = []
        pair.serverLog.onRead = { _, buffer in if held.count < 40 { held.append(buffer) } }
        let sent = [UInt8]((0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        for start in stride(from: 0, to: sent.count, by: record) {
            let part = sent[start..<min(start + record, sent.count)]
            try pair.client.writeAndFlush(ByteBuffer(bytes: part)).wait()
        }
        try pair.carry(piece: 64 << 10)
        #expect(pair.serverLog.received == sent)
        #expect(held.allSatisfy { $0.capacity <= 64 << 10 })
        #expect(
            held.flatMap { Array($0.readableBytesView) }.elementsEqual(
                sent.prefix(held.map(\.readableBytes).reduce(0, +))))
    }

    @Test("What is written before the handshake is held, then sent in order")
    func heldWrites() throws {
        let pair = try EmbeddedPair()
        try pair.activate()
        let first = pair.client.writeAndFlush(ByteBuffer(string: "one "))
        pair.clientLog.onEstablished = { context in
            context.writeAndFlush(NIOAny(ByteBuffer(string: "two")), promise: nil)
        }
        try pair.carry { fromClient, bytes in
            #expect(!fromClient || !String(buffer: bytes).contains("one"))
        }
        #expect(pair.serverLog.text == "one two")
        try first.wait()
    }

    @Test("More than the limit written before the handshake fails the connection")
    func heldWritesBounded() throws {
        let pair = try EmbeddedPair(client: .testClient(limits: TLSLimits(maximumPendingBytes: 1000)))
        try pair.activate()
        let fits = pair.client.write(ByteBuffer(repeating: 0, count: 1000))
        let tooMuch = pair.client.write(ByteBuffer(repeating: 0, count: 1))
        #expect(pair.clientLog.failures == [.tooMuchWrittenBeforeHandshake])
        #expect(throws: TLSFailure(.tooMuchWrittenBeforeHandshake)) { try fits.wait() }
        #expect(throws: TLSFailure(.tooMuchWrittenBeforeHandshake)) { try tooMuch.wait() }
    }

    @Test("Writing, flushing and closing from within a read is safe")
    func reentrancy() throws {
        let pair = try EmbeddedPair()
        try pair.handshake()
        pair.serverLog.onRead = { context, _ in
            for number in 0..<50 {
                context.writeAndFlush(NIOAny(ByteBuffer(string: "\(number);")), promise: nil)
            }
            context.close(promise: nil)
        }
        try pair.client.writeAndFlush(ByteBuffer(string: "go")).wait()
        try pair.carry()
        #expect(pair.clientLog.text == (0..<50).map { "\($0);" }.joined())
        #expect(pair.clientLog.errors.isEmpty)
        #expect(pair.serverLog.errors.isEmpty)
        #expect(pair.clientLog.inactive)
    }

    @Test("An orderly close is no error on either side", arguments: TLSVersion.allCases)
    func orderlyClose(version: TLSVersion) throws {
        let pair = try EmbeddedPair(client: .testClient(policy: .operator(.v1_6).only(version)))
        try pair.handshake()
        pair.client.close(promise: nil)
        try pair.carry()
        #expect(pair.serverLog.inactive)
        #expect(pair.serverLog.errors.isEmpty)
        #expect(pair.clientLog.errors.isEmpty)
    }

    @Test("A connection cut without close_notify is a truncation", arguments: TLSVersion.allCases)
    func truncation(version: TLSVersion) throws {
        let pair = try EmbeddedPair(client: .testClient(policy: .operator(.v1_6).only(version)))
        try pair.handshake()
        try pair.client.writeAndFlush(ByteBuffer(string: "DATA")).wait()
        try pair.carry()
        pair.server.pipeline.fireChannelInactive()
        #expect(pair.serverLog.text == "DATA")
        #expect(pair.serverLog.failures == [.truncated])
    }

    @Test("A TCP half-close without close_notify is a truncation; after it, the application may still write")
    func halfClose() throws {
        let pair = try EmbeddedPair()
        pair.server.allowRemoteHalfClosure = true
        try pair.handshake()
        // The client's half-close, taken from the wire: close_notify, then TCP's FIN.
        try pair.client.writeAndFlush(ByteBuffer(string: "last")).wait()
        pair.client.pipeline.close(mode: .output, promise: nil)
        while let bytes = try pair.client.readOutbound(as: ByteBuffer.self) {
            pair.server.pipeline.fireChannelRead(bytes)
        }
        #expect(pair.serverLog.text == "last")
        #expect(pair.serverLog.inputClosed)
        #expect(pair.server.isActive)
        pair.server.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)  // FIN
        #expect(pair.serverLog.errors.isEmpty)
        try pair.server.writeAndFlush(ByteBuffer(string: "answer")).wait()
        #expect(try pair.server.readOutbound(as: ByteBuffer.self) != nil)

        let cut = try EmbeddedPair()
        try cut.handshake()
        cut.server.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(cut.serverLog.failures == [.truncated])
    }

    @Test("One altered byte anywhere in a record ends the connection", arguments: TLSCipherSuite.all)
    func integrity(suite: TLSCipherSuite) throws {
        let pair = try EmbeddedPair(client: .testClient(policy: .operator(.v1_6).only(suite)))
        try pair.handshake()
        try pair.client.writeAndFlush(ByteBuffer(string: "MAIL FROM:<a@b>")).wait()
        try pair.carry { fromClient, bytes in
            guard fromClient else { return }
            bytes.setInteger(
                bytes.getInteger(at: bytes.writerIndex - 20, as: UInt8.self)! ^ 1, at: bytes.writerIndex - 20)
        }
        #expect(pair.serverLog.received.isEmpty)
        #expect(pair.serverLog.failures == [.protocolViolation])
    }

    @Test("A handshake that does not end in time is given up, with the connection")
    func timeout() throws {
        let pair = try EmbeddedPair(
            client: .testClient(limits: TLSLimits()), server: .testServer(limits: TLSLimits()))
        try pair.activate()
        let write = pair.server.writeAndFlush(ByteBuffer(string: "x"))
        pair.server.embeddedEventLoop.advanceTime(by: .seconds(29))
        #expect(pair.serverLog.errors.isEmpty)
        pair.server.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(pair.serverLog.failures == [.handshakeTimeout])
        #expect(throws: TLSFailure(.handshakeTimeout)) { try write.wait() }
        #expect(!pair.server.isActive)
    }

    @Test("The end of the connection within the handshake is told apart from a truncation")
    func closedDuringHandshake() throws {
        let pair = try EmbeddedPair()
        try pair.activate()
        pair.client.pipeline.fireChannelInactive()
        #expect(pair.clientLog.failures == [.closedDuringHandshake])
    }

    @Test(
        "Bytes that are not TLS are recognised",
        arguments: ["EHLO x\r\n", "GET / HTTP/1.1\r\n\r\n", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"])
    func notTLS(text: String) throws {
        let pair = try EmbeddedPair()
        try pair.activate()
        pair.server.pipeline.fireChannelRead(ByteBuffer(string: text))
        #expect(pair.serverLog.failures == [.notTLS])
        #expect(!pair.server.isActive)
    }

    @Test("With autoRead off, the handshake advances and a read is answered by plaintext")
    func reads() throws {
        let counter = ReadCounter()
        let pair = try EmbeddedPair()
        try pair.server.pipeline.syncOperations.addHandler(counter, position: .first)
        try pair.server.setOption(.autoRead, value: false).wait()
        try pair.activate()
        #expect(counter.reads > 0)
        try pair.carry(piece: 100)
        #expect(pair.serverLog.facts != nil)

        // Nothing was asked for: the rest is left in the socket.
        let before = counter.reads
        try pair.client.writeAndFlush(ByteBuffer(string: "hello")).wait()
        var wire = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
        pair.server.pipeline.read()
        #expect(counter.reads == before + 1)
        // Half a record answers nothing: the handler reads on.
        pair.server.pipeline.fireChannelRead(wire.readSlice(length: 10)!)
        pair.server.pipeline.fireChannelReadComplete()
        #expect(counter.reads == before + 2)
        pair.server.pipeline.fireChannelRead(wire)
        pair.server.pipeline.fireChannelReadComplete()
        #expect(pair.serverLog.text == "hello")
        #expect(counter.reads == before + 2)
    }
}

/// Counts the reads that reach the channel.
final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private(set) var reads = 0
    func read(context: ChannelHandlerContext) {
        reads += 1
        context.read()
    }
}
