internal import NIOCore

/// Answers datagrams.
final class DNSDatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let state: DNSServerState

    init(_ state: DNSServerState) { self.state = state }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let peer = envelope.remoteAddress
        state.answer(Array(envelope.data.readableBytesView), over: .udp, on: context.eventLoop) { answer in
            let reply = AddressedEnvelope(remoteAddress: peer, data: ByteBuffer(bytes: answer))
            context.writeAndFlush(self.wrapOutboundOut(reply), promise: nil)
        }
    }

    /// A datagram that could not be sent or received concerns its peer alone: the server goes on.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

/// Answers messages of a connection, each behind its length (RFC 1035 §4.2.2), in any number (RFC 7766 §6.2.1).
final class DNSStreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// No question is longer: a name, its type, an OPT record with options.
    private static let maximumQuestion = 4096

    private let state: DNSServerState
    private var unread = ByteBuffer()

    init(_ state: DNSServerState) { self.state = state }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        unread.writeBuffer(&part)
        while let length = unread.getInteger(at: unread.readerIndex, as: UInt16.self) {
            guard length <= Self.maximumQuestion else { return context.close(promise: nil) }
            guard unread.readableBytes >= 2 + Int(length) else { break }
            unread.moveReaderIndex(forwardBy: 2)
            let bytes = unread.readBytes(length: Int(length)) ?? []
            state.answer(bytes, over: .tcp, on: context.eventLoop) { answer in
                var reply = ByteBuffer(integer: UInt16(answer.count))
                reply.writeBytes(answer)
                context.writeAndFlush(self.wrapOutboundOut(reply), promise: nil)
            }
            // A peer that asks and does not read gets no more memory than the transport's own.
            guard context.channel.isWritable else { return context.close(promise: nil) }
        }
        unread.discardReadBytes()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
