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
                    entryPoint, SharedSessionConfiguration(configuration),
                    facts: SMTPSessionFacts(id: "1", entryPoint: "test", peer: nil),
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

    @Test("RFC 2920 §3.2: replies to commands that came together go together, and wait for nothing else")
    func groups() async throws {
        let channel = try await channel(.open, CollectingBackend())
        #expect(try await reply(channel).hasPrefix("220"))
        try await channel.writeInbound(ByteBuffer(string: "EHLO x\r\n"))
        #expect(try await reply(channel).hasPrefix("250"))
        try await channel.writeInbound(
            ByteBuffer(string: "MAIL FROM:<a@x.fr>\r\nRCPT TO:<b@y.fr>\r\nRCPT TO:<c@y.fr>\r\nDATA\r\n"))
        let codes = try await reply(channel).split(separator: "\r\n").map { $0.prefix(3) }
        #expect(codes == ["250", "250", "250", "354"])
        try await channel.writeInbound(ByteBuffer(string: "x\r\n.\r\nMAIL FROM:<a@x.fr>\r\nRCP"))
        // The message's own does not wait for the next sender, nor MAIL's for the rest of what has begun.
        let accepted = try await reply(channel)
        #expect(accepted.hasPrefix("250 2.0.0 Accepted as ") && accepted.split(separator: "\r\n").count == 1)
        #expect(try await reply(channel).hasPrefix("250 2.1.0"))
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

    @Test("One octet a second: a command has the idle time in all, a message must advance; another session is unharmed")
    func oneOctetASecond() async throws {
        for isContent in [false, true] {
            let backend = CollectingBackend()
            let slow = try await channel(.open, backend)
            let other = try await channel(.open, backend)
            for channel in [slow, other] { #expect(try await reply(channel).hasPrefix("220")) }
            if isContent {
                for (line, code) in [
                    ("EHLO x", "250"), ("MAIL FROM:<a@x.fr>", "250"), ("RCPT TO:<b@y.fr>", "250"), ("DATA", "354"),
                ] {
                    try await slow.writeInbound(ByteBuffer(string: line + "\r\n"))
                    #expect(try await reply(slow).hasPrefix(code))
                }
            }
            for second in 1..<300 {
                try await slow.writeInbound(ByteBuffer(string: "N"))
                await slow.testingEventLoop.advanceTime(by: .seconds(1))
                await other.testingEventLoop.advanceTime(by: .seconds(1))
                guard second % 60 == 0 else { continue }
                try await other.writeInbound(ByteBuffer(string: "NOOP\r\n"))
                #expect(try await reply(other).hasPrefix("250"))
            }
            #expect(try await slow.readOutbound(as: ByteBuffer.self) == nil)
            let held = try await slow.testingEventLoop.executeInContext {
                try slow.pipeline.syncOperations.handler(type: SMTPServerHandler.self).heldOctets
            }
            #expect(held < 400)
            await slow.testingEventLoop.advanceTime(by: .seconds(1))
            #expect(try await reply(slow) == "421 4.4.2 Timeout, closing connection\r\n")
            await slow.testingEventLoop.advanceTime(by: .seconds(2))
            #expect(!slow.isActive)
            try await other.writeInbound(ByteBuffer(string: "NOOP\r\n"))
            #expect(try await reply(other).hasPrefix("250"))
            try await other.close()
        }
    }

    @Test(
        "A client that does not read its replies: no more is said than fits, and after five minutes it is cut without a word"
    )
    func unreadReplies() async throws {
        let channel = try await channel(.open.with { $0.limits.idle = .hours(1) }, CollectingBackend())
        #expect(try await reply(channel).hasPrefix("220"))
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        try await channel.writeInbound(ByteBuffer(string: String(repeating: "NOOP\r\n", count: 500)))
        await channel.testingEventLoop.advanceTime(by: .seconds(299))
        #expect(channel.isActive)
        #expect(try await channel.readOutbound(as: ByteBuffer.self) == nil)
        // It reads again, in time: everything is answered.
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        #expect(try await reply(channel) == String(repeating: "250 2.0.0 OK\r\n", count: 500))
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        try await channel.writeInbound(ByteBuffer(string: "NOOP\r\n"))
        await channel.testingEventLoop.advanceTime(by: .seconds(299))
        #expect(channel.isActive)
        await channel.testingEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
        #expect(try await channel.readOutbound(as: ByteBuffer.self) == nil)
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
