import Logging
import MSSCore
import MSSSMTP
import MSSTLS
import MSSTestKit
import MSSTraces
import NIOCore
import TestIdentities
import Testing

@testable import MSSConnector

/// A server that takes sender, recipients and the whole content of its first message, and never answers the end of it.
private final class StallingBackend: SMTPBackend {
    private struct Session: SMTPBackendSession {
        let backend: StallingBackend

        func sender(_ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws -> SMTPAllowance { .standard }

        func recipient(
            _ recipient: SMTPRecipient, _ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts
        ) async throws {}

        func message(_ message: SMTPIncomingMessage) async throws -> SMTPReceipt {
            var content: [UInt8] = []
            for try await piece in message.body { content += piece.readableBytesView }
            let isFirst = backend.contents.withLock { contents in
                contents.append(String(decoding: content, as: UTF8.self))
                return contents.count == 1
            }
            guard isFirst else { return SMTPReceipt(id: message.session.id) }
            for await _ in backend.silence {}  // ends when the client goes
            throw CancellationError()
        }
    }

    /// Every content that came to its end, answered or not.
    let contents = Guarded<[String]>([])
    private let silence: AsyncStream<Never>
    private let end: AsyncStream<Never>.Continuation

    init() { (silence, end) = AsyncStream.makeStream(of: Never.self) }

    func session(_ facts: SMTPSessionFacts) async throws -> any SMTPBackendSession { Session(backend: self) }
}

@Suite("A server that never answers the end of a message", .timeLimit(.minutes(5)))
struct StallingPeerTests {
    @Test("RFC 5321 §4.5.3.2.6, RFC 1047: when the time for the answer is over the message is put off, and sent again")
    func endOfData() async throws {
        let space = try await TrustSpace()
        let backend = StallingBackend()
        let tls = try TLSContext(
            .server(
                policy: .operator(.v1_6), identity: TLSIdentity(space.clinic),
                clientAuthentication: .required(TestOperator.verifier)))
        let server = try await SMTPServer.start(
            [
                SMTPEntryPoint(
                    name: "clinique", address: .tcp(host: "127.0.0.5", port: space.port),
                    session: .operator(serverName: "mx.clinique.mssante.fr"), tls: ReloadableTLSContext(tls),
                    backend: backend)
            ], logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
        let alpha = try space.alpha.makeOperator(
            whitelist: space.whitelist, resolver: space.resolver, verifier: space.verifier, listen: "127.0.0.2",
            port: space.port, deliveryPort: space.port,
            change: { configuration in
                configuration.timeouts.endOfData = .seconds(1)
                configuration.retries = RetrySchedule(first: .milliseconds(200), longest: .seconds(1))
            })
        try await alpha.running {
            let sent = await space.alpha.submit(
                alpha, from: "jeanne.martin", as: space.alpha.doctor, to: ["dr@clinique.mssante.fr"])
            #expect(sent.outcomes[0].outcome == .acceptedElsewhere)
            // Nobody tells when a queue is empty.
            while await space.alpha.queue.count > 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        let failure = space.alpha.traces.events.first { $0.action == .sendMessage && $0.outcome == .failure }
        #expect(failure?.reply?.text.contains("timed out") == true, "\(failure as Any)")
        #expect(space.alpha.traces.events.contains { $0.action == .sendMessage && $0.outcome == .success })
        // The peer may have kept what it did not answer: a double is better than a loss.
        let contents = backend.contents.withLock { $0 }
        #expect(contents.count >= 2 && Set(contents).count == 1, "\(contents)")
        // The sender is told of nothing.
        #expect(await space.alpha.drop.messages(in: space.alpha.id("jeanne.martin")).isEmpty)
        await server.shutDown(grace: .zero)
        try await space.close()
    }
}
