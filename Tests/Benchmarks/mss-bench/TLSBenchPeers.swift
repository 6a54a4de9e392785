import ArgumentParser
import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import NIOCore
import NIOPosix
import TestIdentities

/// Swallows what comes; answers one byte once `expected` bytes have come, or after each first read when unbounded.
final class TLSBenchSink: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let expected: Int
    private var got = 0
    init(expected: Int) { self.expected = expected }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let first = got == 0
        got += unwrapInboundIn(data).readableBytes
        if got == expected || (expected == .max && first) {
            context.writeAndFlush(NIOAny(ByteBuffer(integer: UInt8(1))), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}  // s_time closes without close_notify
}

/// Sends bytes once established, and is done when they were answered (at once when there are none to send).
final class TLSBenchDriver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var left: Int
    private let done: EventLoopPromise<Void>
    private let chunk = ByteBuffer(repeating: 0x61, count: 65536)
    private var established = false

    init(bytes: Int, done: EventLoopPromise<Void>, reply: Int = 1) {
        left = bytes
        self.done = done
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is TLSEstablished else { return }
        established = true
        if left == 0 { done.succeed() } else { pump(context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { pump(context) }

    private func pump(_ context: ChannelHandlerContext) {
        while established, left > 0, context.channel.isWritable {
            let part = chunk.getSlice(at: 0, length: min(left, chunk.readableBytes))!
            left -= part.readableBytes
            context.writeAndFlush(NIOAny(part), promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { done.succeed() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        done.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { done.fail(ChannelError.eof) }
}

/// `openssl s_server` on a port of its choice.
final class OpenSSLServer {
    let port: Int
    private let process = Process()
    private let input = Pipe()

    init(_ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = ["s_server", "-accept", "127.0.0.1:0"] + arguments
        // A file rather than a pipe: nothing to drain.
        let file = try TestFiles.temporaryDirectory("mss-bench") + "/s_server"
        try TestFiles.write("", to: file)
        let output = FileHandle(forWritingAtPath: file)
        process.standardOutput = output
        process.standardError = output
        process.standardInput = input  // kept open: s_server ends with it
        try process.run()
        let mark = "ACCEPT 127.0.0.1:"
        while true {
            let text = String(decoding: try TestFiles.read(file), as: UTF8.self)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.hasPrefix(mark) }) {
                port = Int(line.dropFirst(mark.count))!
                break
            }
            guard process.isRunning else { throw BenchFailure("s_server: \(text)") }
            usleep(5000)
        }
    }

    func stop() {
        kill(process.processIdentifier, SIGKILL)
    }
}
