import Glibc
import MSSCore
import NIOCore
import NIOPosix

/// A clamd as far as `VERSION` goes: a real one has its date from the files of freshclam, which tests do not have.
final class DatedClamd: Sendable {
    let port: Int
    private let channel: any Channel

    /// One whose signatures were made at a time.
    static func start(_ made: Timestamp) async throws -> DatedClamd {
        let answer = "ClamAV 1.4.3/27450/\(date(made))\0"
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(VersionHandler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return DatedClamd(channel)
    }

    private init(_ channel: any Channel) {
        self.channel = channel
        port = channel.localAddress!.port!  // bound just now, over TCP
    }

    func stop() async throws { try await channel.close().get() }

    /// As clamd writes it (asctime(3)).
    private static func date(_ time: Timestamp) -> String {
        var seconds = time_t(time.seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 26)
        asctime_r(&parts, &text)
        return String(decoding: text.prefix { $0 != 0 && $0 != 0x0A }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Whatever is asked, the answer is the version.
private final class VersionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let answer: String

    init(_ answer: String) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil)
    }
}
