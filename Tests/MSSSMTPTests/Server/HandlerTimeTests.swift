import Logging
import MSSCore
import NIOCore
import NIOEmbedded
import Testing

@testable import MSSSMTP

@Suite("SMTP server channel: time, without waiting for it")
struct HandlerTimeTests {
    private func channel(
        _ configuration: SMTPSessionConfiguration, _ backend: CollectingBackend
    ) async throws -> NIOAsyncTestingChannel {
        let entryPoint = SMTPEntryPoint(
            name: "test", address: .tcp(host: "", port: 0), session: configuration, tls: nil, backend: backend)
        let channel = NIOAsyncTestingChannel()
        try await channel.testingEventLoop.executeInContext {
            try channel.pipeline.syncOperations.addHandler(
                SMTPServerHandler(
                    entryPoint, facts: SMTPSessionFacts(id: "1", entryPoint: "test", peer: nil),
                    memory: BodyMemory(limit: 1 << 20), logger: Logger(label: "test"), ended: {}))
        }
        try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/x"))
        return channel
    }

    private func reply(_ channel: NIOAsyncTestingChannel) async throws -> String {
        String(buffer: try await channel.waitForOutboundWrite(as: ByteBuffer.self))
    }

    @Test("EX_LPS_1000: the channel itself ends an idle session after 15 minutes, by 421")
    func idle() async throws {
        let channel = try await channel(.open.with { $0.limits = .apiLPS }, CollectingBackend())
        #expect(try await reply(channel).hasPrefix("220"))
        await channel.testingEventLoop.advanceTime(by: .minutes(14))
        try await channel.writeInbound(ByteBuffer(string: "NOOP\r\n"))
        #expect(try await reply(channel).hasPrefix("250"))
        await channel.testingEventLoop.advanceTime(by: .minutes(14))
        #expect(try await channel.readOutbound(as: ByteBuffer.self) == nil)
        await channel.testingEventLoop.advanceTime(by: .minutes(1))
        #expect(try await reply(channel) == "421 4.4.2 Timeout, closing connection\r\n")
        await channel.testingEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test("EX_LPS_1000: and any session after four hours")
    func wholeSession() async throws {
        let channel = try await channel(.open.with { $0.limits = .apiLPS }, CollectingBackend())
        #expect(try await reply(channel).hasPrefix("220"))
        for _ in 0..<23 {
            await channel.testingEventLoop.advanceTime(by: .minutes(10))
            try await channel.writeInbound(ByteBuffer(string: "NOOP\r\n"))
            #expect(try await reply(channel).hasPrefix("250"))
        }
        await channel.testingEventLoop.advanceTime(by: .minutes(10))
        #expect(try await reply(channel).hasPrefix("421 4.4.2 Session time"))
    }

    @Test("A backend that never answers is cancelled, and its client told")
    func silentBackend() async throws {
        let cancelled = AsyncStream.makeStream(of: Void.self)
        let backend = CollectingBackend(judge: { question, _ in
            guard question == "hello" else { return }
            do { try await Task.sleep(for: .seconds(3600)) } catch {
                cancelled.continuation.yield()
                throw error
            }
        })
        let channel = try await channel(.open, backend)
        #expect(try await reply(channel).hasPrefix("220"))
        try await channel.writeInbound(ByteBuffer(string: "EHLO x\r\n"))
        await channel.testingEventLoop.advanceTime(by: .minutes(9))
        #expect(try await reply(channel).hasPrefix("421 4.3.0"))
        for await _ in cancelled.stream { break }
    }
}
