import Glibc
import MSSCore
import MSSSASL
import MSSTLS
import NIOCore
import NIOPosix
import Testing

@testable import MSSSMTP

extension SMTPServer {
    /// Octets that the server holds for its clients: read and not acted on, said and not sent; in the sum also those
    /// that wait for backends.
    func heldOctets() async -> (sum: Int, ofOne: Int) {
        var held = (sum: bufferedOctets, ofOne: 0)
        for channel in table.channels {
            let session = channel.eventLoop.submit {
                try channel.pipeline.syncOperations.handler(type: SMTPServerHandler.self).heldOctets
            }
            let octets = [try? await session.get(), try? await channel.getOption(.bufferedWritableBytes).get()]
                .reduce(0) { $0 + ($1 ?? 0) }  // none of a session that is gone meanwhile
            held = (held.sum + octets, max(held.ofOne, octets))
        }
        return held
    }
}

extension RawClient {
    /// Ends the connection by a reset (RFC 9293 §3.10.7.4), without a word of TLS.
    func reset() async throws {
        try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        let channel = channel
        try await channel.eventLoop.submit {
            if let context = try? channel.pipeline.syncOperations.context(handlerType: TLSHandler.self) {
                context.close(promise: nil)
            } else {
                channel.close(promise: nil)
            }
        }.get()
    }
}
