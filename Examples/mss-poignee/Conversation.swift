import MSSCore
import MSSTLS
import MSSWhitelist
import NIOCore

/// What one side learnt of the other.
struct Meeting: Sendable {
    var facts: TLSSessionFacts?
    var failure: TLSFailure?
    var line = ""
}

/// The server's part: says whether the peer is welcome, in one line, then closes.
final class Greeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let whitelist: any Whitelist

    init(_ whitelist: any Whitelist) { self.whitelist = whitelist }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let established = event as? TLSEstablished, let peer = established.facts.peer else { return }
        let name = peer.certificate.subject
        // EX_OPE_5020: after PKIX validation, the DN must have its counterpart in the whitelist.
        let domains = whitelist.domains(for: name)
        let answer: String
        if domains.isEmpty {
            let refusal = WhitelistRefusal.unknownCertificate(name)
            say("REFUSÉ   \(name.rfc4514)\n         \(refusal.told)")
            answer = "REFUS \(refusal.told)\n"
        } else {
            let list = domains.map(\.ascii).joined(separator: ", ")
            say("ACCEPTÉ  \(name.rfc4514)\n         domaines : \(list) (\(established.facts.version))")
            answer = "BIENVENUE \(list)\n"
        }
        context.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil)
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let failure = error as? TLSFailure else { return }
        say("REFUSÉ   \(failure.told)")
    }
}

/// The client's part: notes who the server is and what it says.
final class Listener: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let report: @Sendable (Meeting) -> Void
    private var meeting = Meeting()

    init(report: @escaping @Sendable (Meeting) -> Void) { self.report = report }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let established = event as? TLSEstablished { meeting.facts = established.facts }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        meeting.line += String(buffer: unwrapInboundIn(data))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let failure = error as? TLSFailure, meeting.failure == nil { meeting.failure = failure }
    }

    func channelInactive(context: ChannelHandlerContext) { report(meeting) }
}
