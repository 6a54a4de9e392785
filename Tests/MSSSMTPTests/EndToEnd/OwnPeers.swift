import MSSCore
import MSSDNS
import MSSTLS
import NIOCore
import TestIdentities

@testable import MSSSMTP

extension SMTPClientConfiguration {
    /// A client of ``SMTPServer/live``: mutual TLS, the server known by its certificate.
    static func own(
        comparesServerName: Bool = true, certificate: Bool = true, checkPeer: PeerCheck? = nil,
        credentials: CredentialSource? = nil, change: (inout SMTPClientSessionConfiguration) -> Void = { _ in }
    ) throws -> SMTPClientConfiguration {
        var session = SMTPClientSessionConfiguration(
            clientName: .domain(try Domain("mx.clinique.test")), timeouts: .patient)
        change(&session)
        return SMTPClientConfiguration(
            session: session,
            tls: ReloadableTLSContext(
                try TLSContext(
                    .client(
                        policy: .operator(.v1_6), identity: certificate ? LiveIdentity.client.identity : nil,
                        verifier: PKIXVerifier.testPKI, limits: LiveIdentities.limits))),
            comparesServerName: comparesServerName, checkPeer: checkPeer, credentials: credentials)
    }
}

extension SMTPDestination {
    /// The server of ``SMTPServer/live``.
    static func own(_ port: Int, domain: String? = "hopital.test") -> SMTPDestination {
        SMTPDestination(
            // a literal
            .host("127.0.0.1", port: port), domain: domain.map { try! Domain($0) }, serverName: "mx.hopital.test")
    }
}

extension SMTPDestination {
    /// Such a server at a socket of the file system, whose place no other test can take between two servers.
    static func own(_ path: String) -> SMTPDestination {
        // a literal
        SMTPDestination(.unixSocket(path), domain: try! Domain("hopital.test"), serverName: "mx.hopital.test")
    }
}

extension SMTPOutgoingMessage {
    /// A message with dots and accents, and everything that an envelope may say.
    static func full(_ recipients: String..., text: String = fullText) -> SMTPOutgoingMessage {
        var envelope = OutgoingEnvelope(
            sender: address("a@clinique.test"), recipients: recipients.map { address($0) }, isEightBit: true)
        envelope.envelopeID = "essai+1"
        envelope.returned = .headers
        envelope.recipients[0].notify = [.failure, .delay]
        envelope.recipients[0].original = OriginalRecipient(address: "b@hopital.test")
        return SMTPOutgoingMessage(envelope, SMTPContent(text.utf8))
    }

    /// Such a message that is read in pieces of so many octets.
    static func pieces(_ text: String, of count: Int, to recipient: String = "b@hopital.test") -> SMTPOutgoingMessage {
        let whole = ByteBuffer(string: text)
        var message = full(recipient)
        message.content = SMTPContent(size: whole.readableBytes) {
            AsyncStream { continuation in
                var rest = whole
                while let piece = rest.readSlice(length: min(count, rest.readableBytes)), piece.readableBytes > 0 {
                    continuation.yield(piece)
                }
                continuation.finish()
            }
        }
        return message
    }

    static let fullText = "Subject: Bilan\r\n\r\n.ligne\r\n..deux\r\nété\r\n.\r\nfin\r\n"
}
