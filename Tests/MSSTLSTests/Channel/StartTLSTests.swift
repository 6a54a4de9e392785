import MSSCore
import MSSTestKit
import NIOCore
import NIOPosix
import TestIdentities
import Testing

@testable import MSSTLS

@Suite("STARTTLS")
struct StartTLSTests {
    static let message = [
        "EHLO c", "STARTTLS", "EHLO c", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "hello\r\n.", "QUIT",
    ]

    @Test("EX_3.1_5020, EX_3.2_5020: TLS starts in place on both sides and carries the message")
    func inPlace() async throws {
        let (channel, outcomes) = try await MiniSMTPServer.start(.testServer())
        let client = try await MiniSMTPClient.run(channel.localAddress!.port!, .testClient(), Self.message)
        #expect(client.facts?.peer?.certificate.der == Identities.server.credential.certificateDER)
        #expect(client.failures.isEmpty)
        for await outcome in outcomes {
            #expect(outcome.text == "hello\n")
            #expect(outcome.facts?.peer?.certificate.der == Identities.client.credential.certificateDER)
            #expect(outcome.failures.isEmpty)
            break
        }
        try await channel.close()
    }

    @Test(
        "CVE-2011-0411: commands injected in clear behind STARTTLS end the connection, whether they come in the same segment or not"
    )
    func injectionAtServer() async throws {
        let (channel, outcomes) = try await MiniSMTPServer.start(.testServer())
        let port = channel.localAddress!.port!
        _ = try await ExternalTool.run(
            "python3",
            [
                "-c",
                """
                import socket
                def talk(first, rest):
                    s = socket.create_connection(('127.0.0.1', \(port)))
                    f = s.makefile('rb'); f.readline()
                    s.sendall(b'EHLO x\\r\\n'); f.readline(); f.readline()
                    s.sendall(first)
                    if rest:
                        f.readline(); s.sendall(rest)
                    f.read()
                talk(b'STARTTLS\\r\\nMAIL FROM:<evil@x>\\r\\n', b'')
                talk(b'STARTTLS\\r\\n', b'MAIL FROM:<evil@x>\\r\\n')
                """,
            ])
        var seen: [TLSFailure.Kind] = []
        for await outcome in outcomes {
            #expect(outcome.facts == nil && outcome.received.isEmpty)
            seen += outcome.kinds
            if seen.count == 2 { break }
        }
        #expect(seen == [.clearBytesBeforeTLS(count: 20), .notTLS])
        try await channel.close()
    }

    @Test("A reply injected in clear behind the go-ahead is refused by the client")
    func injectionAtClient() async throws {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(InjectingServer())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let client = try await MiniSMTPClient.run(channel.localAddress!.port!, .testClient(), Self.message)
        #expect(client.kinds == [.clearBytesBeforeTLS(count: 12)])
        #expect(client.failures.first?.requirement == "EX_3.1_5020")
        try await channel.close()
    }
}

/// Answers STARTTLS with a go-ahead and one reply more.
private final class InjectingServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    func channelActive(context: ChannelHandlerContext) { say(context, "220 x\r\n") }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let isStart = String(buffer: unwrapInboundIn(data)).hasPrefix("STARTTLS")
        say(context, isStart ? "220 go\r\n250 AUTH x\r\n" : "250 STARTTLS\r\n")
    }
    private func say(_ context: ChannelHandlerContext, _ text: String) {
        context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
    }
}
