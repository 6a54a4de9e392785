import MSSCore
import MSSSMTP
import MSSTLS
import MSSTestKit

@testable import MSSOperator

/// Another operator's server that sends: its certificate, mutual TLS, one session.
struct PeerServer: Sendable {
    /// What became of a message.
    enum Answer: Sendable, Hashable {
        /// `250`: the other side answers for it from now on.
        case taken
        /// The reply code and enhanced status of a refusal, and its text.
        case refused(String)
        /// No answer: the connection ended, or never was.
        case lost
    }

    private let client: SMTPClient
    private let domain: String
    private let target: String

    /// The server of `domain`, for an operator of the space at `address`.
    init(_ space: OperatorSpace, _ domain: String, to target: String, at address: String) throws {
        let home = "\(space.folder)/\(domain)"
        let tls = try TLSContext(
            .client(
                policy: .operator(.v1_6),
                identity: TLSIdentity(certificateFile: "\(home)/principal.pem", keyFile: "\(home)/principal.key"),
                verifier: PKIXVerifier(trustStore: try TrustStore(contentsOf: ["\(space.folder)/igc/ca.pem"]))))
        let configuration = SMTPClientConfiguration(
            session: SMTPClientSessionConfiguration(clientName: .domain(try Domain("mx.\(domain)"))),
            tls: ReloadableTLSContext(tls), comparesServerName: false)
        client = SMTPClient(
            SMTPDestination(.host(address, port: space.port), serverName: "mx.\(target)"), configuration)
        self.domain = domain
        self.target = target
    }

    /// The body of the message of a name: every name has its own, of 20 octets to 30 KB.
    static func body(_ name: String) -> String {
        let seed = name.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
        return String(repeating: "ligne \(name)\r\n", count: 1 + Int(seed % (seed % 7 == 0 ? 2000 : 60)))
    }

    /// Sends a message of that name from `laboratoire` to mailboxes.
    func send(_ name: String, to locals: [String] = ["secretariat"]) async throws -> Answer {
        let (sender, recipients) = ("laboratoire@\(domain)", locals.map { "\($0)@\(target)" })
        let text = "From: <\(sender)>\r\nTo: <\(recipients[0])>\r\nSubject: \(name)\r\n\r\n" + Self.body(name)
        let envelope = OutgoingEnvelope(
            sender: try MailAddress(sender), recipients: try recipients.map { try MailAddress($0) })
        do {
            let result = try await client.send(SMTPOutgoingMessage(envelope, SMTPContent(Array(text.utf8))))
            guard let failure = result.failures.first else { return .taken }
            return answer(failure)
        } catch { return answer(error) }
    }

    private func answer(_ failure: SMTPClientFailure) -> Answer {
        failure.reply.map { .refused("\($0) \($0.lines.joined(separator: " "))") } ?? .lost
    }

    func close() async { await client.close() }
}
