import MSSSessions
import NIOCore
import NIOEmbedded
import Testing

@Suite("Driving a session on a channel, without waiting for time")
struct SessionHandlerTests {
    private func channel() async throws -> NIOAsyncTestingChannel {
        let channel = NIOAsyncTestingChannel()
        try await channel.testingEventLoop.executeInContext {
            try channel.pipeline.syncOperations.addHandler(EchoHandler())
        }
        try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/x"))
        return channel
    }

    private func said(_ channel: NIOAsyncTestingChannel) async throws -> String {
        String(buffer: try await channel.waitForOutboundWrite(as: ByteBuffer.self))
    }

    @Test("A session that is due is ended, no sooner, and the connection with it")
    func due() async throws {
        let channel = try await channel()
        #expect(try await said(channel) == "hello\n")
        await channel.testingEventLoop.advanceTime(by: .minutes(14))
        try await channel.writeInbound(ByteBuffer(string: "x\n"))
        #expect(try await said(channel) == "x\n")
        await channel.testingEventLoop.advanceTime(by: .minutes(14))
        #expect(try await channel.readOutbound(as: ByteBuffer.self) == nil)
        await channel.testingEventLoop.advanceTime(by: .minutes(1))
        #expect(try await said(channel) == "too slow\n")
        await channel.testingEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test("Of a client that does not read nothing more is done; it is cut without a word when that has lasted too long")
    func unread() async throws {
        let channel = try await channel()
        #expect(try await said(channel) == "hello\n")
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        try await channel.writeInbound(ByteBuffer(string: "x\n"))
        await channel.testingEventLoop.advanceTime(by: .seconds(299))
        #expect(channel.isActive)
        #expect(try await channel.readOutbound(as: ByteBuffer.self) == nil)
        await channel.testingEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
        #expect(try await channel.readOutbound(as: ByteBuffer.self) == nil)
    }
}
