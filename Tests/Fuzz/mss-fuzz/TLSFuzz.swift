import Glibc
import MSSCore
import MSSTLS
import NIOCore
import NIOEmbedded

// Nothing here throws, whatever the bytes: a `try!` that does is a finding, as a precondition that fails.

/// Hostile bytes to a server's handshake: whatever comes, nothing is delivered, nobody is let in, memory is bounded.
let fuzzTLSServer: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    feed(UnsafeBufferPointer(start: bytes, count: count), to: try! TLSHandler(server: TLSFuzz.server))
    return 0
}

/// Hostile bytes to a client that has sent its ClientHello.
let fuzzTLSClient: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    feed(
        UnsafeBufferPointer(start: bytes, count: count),
        to: try! TLSHandler(client: TLSFuzz.client, serverName: "a.test"))
    return 0
}

/// A real client and server whose bytes are altered, cut and repeated on the way: what one side delivers is always the
/// beginning of what the other wrote.
let fuzzTLSSession: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    var changes = UnsafeBufferPointer(start: bytes, count: count)[...]
    let clientLog = FuzzLog("client ")
    let serverLog = FuzzLog("server ")
    let client = try! TLSFuzz.channel(TLSHandler(client: TLSFuzz.client, serverName: "a.test"), clientLog)
    let server = try! TLSFuzz.channel(TLSHandler(server: TLSFuzz.server), serverLog)
    var moved = true
    while moved {
        moved = false
        for (from, to) in [(client, server), (server, client)] {
            while var data = try! from.readOutbound(as: ByteBuffer.self) {
                moved = true
                if changes.count >= 4 {
                    let change = changes.popFirst()!
                    let position = Int(changes.popFirst()!) << 8 | Int(changes.popFirst()!)
                    let value = changes.popFirst()!
                    let index = data.readerIndex + position % max(data.readableBytes, 1)
                    switch change % 8 {
                    case 1: data.setInteger(data.getInteger(at: index, as: UInt8.self)! ^ value, at: index)
                    case 2: data.moveWriterIndex(to: index)
                    case 3: to.pipeline.fireChannelRead(data)  // and once more below
                    case 4: data.setInteger(value, at: index)
                    default: break
                    }
                }
                if to.isActive {
                    to.pipeline.fireChannelRead(data)
                    to.pipeline.fireChannelReadComplete()
                }
            }
        }
    }
    precondition("server hello".utf8.starts(with: clientLog.received))
    precondition("client hello".utf8.starts(with: serverLog.received))
    for channel in [client, server] { _ = try? channel.finish(acceptAlreadyClosed: true) }
    return 0
}

private func feed(_ bytes: UnsafeBufferPointer<UInt8>, to handler: TLSHandler) {
    let log = FuzzLog("")
    let channel = try! TLSFuzz.channel(handler, log)
    // The first byte chooses the size of the pieces.
    let piece = Int(bytes.first ?? 0) % 64 * 7 + 1
    var rest = bytes.dropFirst()
    while !rest.isEmpty, channel.isActive {
        channel.pipeline.fireChannelRead(ByteBuffer(bytes: rest.prefix(piece)))
        channel.pipeline.fireChannelReadComplete()
        rest = rest.dropFirst(piece)
    }
    var sent = 0
    while let data = try! channel.readOutbound(as: ByteBuffer.self) { sent += data.readableBytes }
    precondition(log.received.isEmpty && !log.established)
    precondition(sent < 32 << 10)
    precondition(log.errors <= 1)
    _ = try? channel.finish(acceptAlreadyClosed: true)
}

private enum TLSFuzz {
    static let identity: TLSIdentity = {
        // A certificate of this run: nothing secret is kept in the repository.
        let pipe = popen("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=fuzz -keyout - 2>/dev/null", "r")!
        defer { pclose(pipe) }
        var pem = [UInt8](repeating: 0, count: 16 << 10)
        pem.removeSubrange(fread(&pem, 1, pem.count, pipe)...)
        let certificates = try! Certificate.parsePEM(pem)
        return TLSIdentity(chain: certificates, key: PrivateKey(unencryptedPEM: pem)!)
    }()

    static let server = try! TLSContext(
        .server(policy: .operator(.v1_6), identity: identity, clientAuthentication: .required(AcceptingVerifier())))
    static let client = try! TLSContext(
        .client(policy: .operator(.v1_6), identity: identity, verifier: AcceptingVerifier()))

    static func channel(_ handler: TLSHandler, _ log: FuzzLog) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([handler, log])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/f")).wait()
        return channel
    }
}

private struct AcceptingVerifier: PeerVerifier {
    func verify(_ peer: PresentedPeer, at time: Timestamp) -> PeerVerdict {
        do {
            let certificate = try Certificate(der: peer.certificateDER)
            return .accepted(VerifiedPeer(certificate: certificate, chain: [certificate], revocation: .notChecked))
        } catch { return .refused(.malformed(error)) }
    }
}

private final class FuzzLog: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let name: String
    private(set) var received: [UInt8] = []
    private(set) var established = false
    private(set) var errors = 0

    init(_ name: String) { self.name = name }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is TLSEstablished else { return }
        established = true
        context.write(NIOAny(ByteBuffer(string: name)), promise: nil)
        context.writeAndFlush(NIOAny(ByteBuffer(string: "hello")), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytesView
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { errors += 1 }
}
