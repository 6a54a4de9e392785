import Logging
import MSSCore
import MSSSMTP
import MSSTLS
import NIOCore

/// Another operator's server that takes sender, recipients and the whole content of a message, and does not answer its
/// end until it is told to.
final class StallingPeer: SMTPBackend {
    private struct State {
        var answers = false
        var waiting: [AsyncStream<Never>.Continuation] = []
        var taken: [String] = []
    }

    private struct Session: SMTPBackendSession {
        let peer: StallingPeer

        func sender(_ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws -> SMTPAllowance { .standard }

        func recipient(
            _ recipient: SMTPRecipient, _ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts
        ) async throws {}

        func message(_ message: SMTPIncomingMessage) async throws -> SMTPReceipt {
            var content: [UInt8] = []
            for try await piece in message.body { content += piece.readableBytesView }
            try await peer.take(String(decoding: content, as: UTF8.self))
            return SMTPReceipt(id: message.session.id)
        }
    }

    /// Tells of each message that is here whole and has no answer.
    let unanswered: AsyncStream<Void>
    private let tell: AsyncStream<Void>.Continuation
    private let state = Guarded(State())

    private init() { (unanswered, tell) = AsyncStream.makeStream(of: Void.self) }

    /// The server of `domain`, at an address of the space.
    static func start(
        _ space: OperatorSpace, _ domain: String, at address: String
    ) async throws -> (peer: StallingPeer, server: SMTPServer) {
        let home = "\(space.folder)/\(domain)"
        let tls = try TLSContext(
            .server(
                policy: .operator(.v1_6),
                identity: TLSIdentity(certificateFile: "\(home)/principal.pem", keyFile: "\(home)/principal.key"),
                clientAuthentication: .required(
                    PKIXVerifier(trustStore: try TrustStore(contentsOf: ["\(space.folder)/igc/ca.pem"])))))
        let peer = StallingPeer()
        let server = try await SMTPServer.start(
            [
                SMTPEntryPoint(
                    name: "muet", address: .tcp(host: address, port: space.port),
                    session: .operator(serverName: "mx.\(domain)"), tls: ReloadableTLSContext(tls), backend: peer)
            ], logger: .silent)
        return (peer, server)
    }

    func session(_ facts: SMTPSessionFacts) async throws -> any SMTPBackendSession { Session(peer: self) }

    /// The messages that were answered by 250.
    var taken: [String] { state.withLock { $0.taken } }

    /// Answers from now on.
    func answer() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.answers = true
            return state.waiting
        }
        for one in waiting { one.finish() }
    }

    /// What was kept waiting is never taken, even when answers begin: whatever is taken was sent for it.
    private func take(_ content: String) async throws {
        let (silence, end) = AsyncStream.makeStream(of: Never.self)
        let isTaken = state.withLock { state in
            if state.answers { state.taken.append(content) } else { state.waiting.append(end) }
            return state.answers
        }
        guard !isTaken else { return }
        tell.yield()
        for await _ in silence {}  // ends when the client goes, or answers begin
        throw CancellationError()
    }
}
