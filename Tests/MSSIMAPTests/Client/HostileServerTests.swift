import MSSCore
import MSSSASL
import NIOCore
import NIOPosix
import Testing

@testable import MSSIMAP

/// A server that says one thing after the other, whatever it is told: each after a line of the client's.
private final class ScriptedServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private var lines: [String]
    private var input = ByteBuffer()

    init(_ lines: [String]) { self.lines = lines }

    static func start(_ lines: [String]) async throws -> (port: Int, channel: any Channel) {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptedServer(lines))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return (channel.localAddress!.port!, channel)
    }

    func channelActive(context: ChannelHandlerContext) { say(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var data = unwrapInboundIn(data)
        input.writeBuffer(&data)
        while let end = input.readableBytesView.firstIndex(of: 0x0A) {
            input.moveReaderIndex(to: end + 1)
            say(context)
        }
    }

    private func say(_ context: ChannelHandlerContext) {
        guard !lines.isEmpty else { return context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: lines.removeFirst())), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

@Suite("IMAP client: hostile servers")
struct HostileServerTests {
    private func opening(_ security: IMAPClientConfiguration.Security, _ lines: [String]) async throws
        -> IMAPClientFailure
    {
        let (port, server) = try await ScriptedServer.start(lines)
        defer { server.close(promise: nil) }
        var configuration = try LiveClient.configuration(port)
        configuration.security = security
        configuration.responseLimit = 100_000
        do {
            let connection = try await IMAPConnection.open(configuration)
            try await connection.select(.inbox)
            _ = try await connection.messages(.all, [.envelope]).collect()
            Issue.record("a hostile server was believed: \(lines)")
            return IMAPClientFailure(.cancelled)
        } catch let failure as IMAPClientFailure { return failure }
    }

    @Test("EX_LPS_0500: no token is said in clear: STARTTLS that is not offered, refused, injected behind, or PREAUTH")
    func startTLS() async throws {
        let offer = "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=XOAUTH2 SASL-IR] hello\r\n"
        #expect(
            try await opening(.startTLS, ["* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] hello\r\n"])
                == IMAPClientFailure(.notOffered("STARTTLS")))
        #expect(
            try await opening(.startTLS, ["* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n"])
                == IMAPClientFailure(.notOffered("STARTTLS")))
        #expect(
            try await opening(.startTLS, [offer, "C1 OK go\r\n* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n"])
                == IMAPClientFailure(.clearOctetsAfterStartTLS))
        let refused = try await opening(.startTLS, [offer, "C1 NO not now\r\n"])
        guard case .refused = refused.cause else { throw refused }
    }

    @Test("Endless lines, literals and nesting, answers to nobody, and a sudden end: each a failure, none a crash")
    func nonsense() async throws {
        let start = [
            "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hello\r\n", "C1 OK [CAPABILITY IMAP4rev1] in\r\n",
        ]
        let selected = start + ["* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nC2 OK x\r\n"]
        for (lines, cause): ([String], IMAPClientFailure.Cause) in [
            (["220 smtp.test ready\r\n"], .malformed(.unexpected("a status"))),
            (["* BYE [UNAVAILABLE] later\r\n"], .ended(IMAPStatusResponse(.bye, .unavailable, "later"))),
            (selected + [String(repeating: "x", count: 200_000)], .malformed(.tooMany)),
            (selected + ["* 1 FETCH (BODY[] {99999999}\r\n"], .malformed(.tooMany)),
            (selected + ["* 1 FETCH (ENVELOPE \(String(repeating: "(", count: 90_000))\r\n"], .malformed(.tooDeep)),
            (selected + ["C99 OK x\r\n"], .malformed(.malformedTag)),
            (selected + ["+ go on\r\n"], .malformed(.unexpected("a response"))),
            (selected + ["* 1 EXISTS\n"], .malformed(.unexpected("CRLF"))),
            (selected, .ended(nil)),
        ] {
            #expect(try await opening(.none, lines) == IMAPClientFailure(cause), "\(lines.last?.prefix(60) ?? "")")
        }
    }

    @Test("A server that falls silent is left")
    func silence() async throws {
        let (port, server) = try await ScriptedServer.start([""])
        defer { server.close(promise: nil) }
        var configuration = try LiveClient.configuration(port)
        configuration.silence = .milliseconds(100)
        await #expect(throws: IMAPClientFailure(.timedOut)) { try await IMAPConnection.open(configuration) }
    }
}
