public import MSSSMTP
public import NIOCore
public import NIOPosix

/// Scans with clamd (ClamAV), over TCP or a Unix socket, by INSTREAM: the content goes over the connection, so clamd may
/// run as another user or on another machine.
///
/// Set in `clamd.conf`: `StreamMaxLength` at least as large as the largest message, `AlertExceedsMax yes` (otherwise what
/// exceeds `MaxScanSize` or `MaxFileSize` counts as clean), and where it is wanted `AlertEncrypted yes`.
public struct ClamAVScanner: MalwareScanner {
    /// Where clamd listens.
    public enum Address: Sendable, Hashable {
        /// `TCPSocket`, `TCPAddr`.
        case tcp(host: String, port: Int)
        /// `LocalSocket`.
        case unix(path: String)
    }

    /// Where clamd listens.
    public let address: Address
    /// The largest content sent to it: its `StreamMaxLength`.
    public let maximumSize: Int
    /// How long a connection may take.
    public let connectTimeout: Duration
    /// How long a scan may take, the sending included.
    public let timeout: Duration
    private let group: any EventLoopGroup

    /// A scanner.
    public init(
        _ address: Address, maximumSize: Int = 100 << 20, connectTimeout: Duration = .seconds(5),
        timeout: Duration = .seconds(120), group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        precondition(maximumSize > 0 && timeout > .zero && connectTimeout > .zero)
        self.address = address
        self.maximumSize = maximumSize
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        self.group = group
    }

    /// Scans octets.
    public func scan(_ content: SMTPContent) async throws(ScanFailure) -> ScanVerdict {
        if let size = content.size, size > maximumSize { throw .tooLarge }
        let maximumSize = maximumSize
        let reply = try await converse { outbound in
            try await outbound.write(ByteBuffer(string: "zINSTREAM\0"))
            var sent = 0
            try await content.forEachChunk { chunk in
                sent += chunk.readableBytes
                guard sent <= maximumSize else { throw ScanFailure.tooLarge }
                // clamd(8): chunks of four octets of length in network order, and the data; an empty one ends.
                var framed = ByteBuffer()
                framed.reserveCapacity(chunk.readableBytes + 4)
                guard chunk.readableBytes > 0 else { return }
                framed.writeInteger(UInt32(chunk.readableBytes))
                framed.writeImmutableBuffer(chunk)
                try await outbound.write(framed)
            }
            try await outbound.write(ByteBuffer(bytes: [0, 0, 0, 0]))
        }
        return try ClamAVReply.verdict(reply)
    }

    /// The version of clamd and of its signatures, for supervision; fails when clamd cannot be had.
    public func version() async throws(ScanFailure) -> String {
        try await converse { outbound in try await outbound.write(ByteBuffer(string: "zVERSION\0")) }
    }

    /// One connection: what `say` writes, and clamd's answer up to its NUL.
    private func converse(
        _ say: @escaping @Sendable (NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws -> Void
    ) async throws(ScanFailure) -> String {
        let timeout = timeout
        do {
            return try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask { try await self.exchange(say) }
                group.addTask {
                    try await Task.sleep(for: timeout)
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let reply = first else { throw ScanFailure.timedOut }
                return reply
            }
        } catch let failure as ScanFailure { throw failure } catch {
            throw .unavailable("\(type(of: error))")
        }
    }

    private func exchange(
        _ say: @escaping @Sendable (NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws -> Void
    ) async throws -> String {
        let bootstrap = ClientBootstrap(group: group).connectTimeout(TimeAmount(connectTimeout))
        @Sendable func wrap(_ channel: any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> {
            channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
        }
        let channel =
            switch address {
            case .tcp(let host, let port):
                try await bootstrap.connect(host: host, port: port, channelInitializer: wrap)
            case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: wrap)
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: String?.self) { group in
                // Beside the sending: a clamd that has had enough answers before the end.
                group.addTask { try await ClamAVReply.read(inbound) }
                group.addTask {
                    try await say(outbound)
                    return nil
                }
                defer { group.cancelAll() }
                var failure: (any Error)?
                while let result = await group.nextResult() {
                    switch result {
                    case .success(let reply?): return reply
                    case .success(nil): continue
                    case .failure(let error as ScanFailure): throw error
                    // A broken connection may still hold the answer that explains it.
                    case .failure(let error): failure = failure ?? error
                    }
                }
                throw failure ?? ScanFailure.unavailable("no answer")
            }
        }
    }
}

/// What clamd says.
enum ClamAVReply {
    private static let maximumLength = 4096

    /// Reads up to the NUL that ends an answer.
    static func read(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async throws -> String {
        var bytes: [UInt8] = []
        for try await piece in inbound {
            bytes += piece.readableBytesView
            if let end = bytes.firstIndex(of: 0) { return String(decoding: bytes[..<end], as: UTF8.self) }
            guard bytes.count <= maximumLength else { throw ScanFailure.unexpected("endless answer") }
        }
        throw ScanFailure.unavailable("connection ended without an answer")
    }

    /// The verdict that an answer to INSTREAM stands for. Only `stream: OK` is clean.
    static func verdict(_ reply: String) throws(ScanFailure) -> ScanVerdict {
        if reply == "stream: OK" { return .clean }
        if reply.hasSuffix(" FOUND"), reply.hasPrefix("stream: ") {
            let name = reply.dropFirst("stream: ".count).dropLast(" FOUND".count)
            return .infected([name.isEmpty ? "?" : String(name)])
        }
        if reply.hasPrefix("INSTREAM size limit exceeded") { throw .tooLarge }
        throw .unexpected(String(reply.prefix(200)))
    }
}
