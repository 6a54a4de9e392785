import MSSCore
import MSSSASL
import NIOCore

@testable import MSSSMTP

/// Keeps what it is given; refuses what the test tells it to.
final class CollectingBackend: SMTPBackend {
    struct Message: Sendable {
        var facts: SMTPSessionFacts
        var envelope: SMTPEnvelope
        var content: [UInt8]
        var text: String { String(decoding: content, as: UTF8.self) }
    }

    /// Called at each question with its name; may throw.
    let judge: @Sendable (String, SMTPSessionFacts) async throws -> Void
    /// Called before each piece of a message is read.
    let beforePiece: @Sendable (Int) async throws -> Void
    private let state = Guarded(
        (messages: [Message](), errors: [String](), closed: 0, credentials: [SASLCredentials]()))
    let arrivals: AsyncStream<Message>
    private let arrived: AsyncStream<Message>.Continuation

    init(
        judge: @escaping @Sendable (String, SMTPSessionFacts) async throws -> Void = { _, _ in },
        beforePiece: @escaping @Sendable (Int) async throws -> Void = { _ in }
    ) {
        self.judge = judge
        self.beforePiece = beforePiece
        (arrivals, arrived) = AsyncStream.makeStream()
    }

    var messages: [Message] { state.withLock { $0.messages } }
    var errors: [String] { state.withLock { $0.errors } }
    var closed: Int { state.withLock { $0.closed } }
    var credentials: [SASLCredentials] { state.withLock { $0.credentials } }

    func session(_ facts: SMTPSessionFacts) async throws -> any SMTPBackendSession {
        try await judge("session", facts)
        return Session(backend: self)
    }

    struct Session: SMTPBackendSession {
        let backend: CollectingBackend

        func hello(_ facts: SMTPSessionFacts) async throws { try await backend.judge("hello", facts) }

        func authenticate(_ credentials: SASLCredentials, _ facts: SMTPSessionFacts) async throws -> SMTPIdentity {
            backend.state.withLock { $0.credentials.append(credentials) }
            try await backend.judge("authenticate", facts)
            return SMTPIdentity(mailbox: credentials.claimedIdentity ?? "")
        }

        func sender(_ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws -> SMTPAllowance {
            try await backend.judge("sender", facts)
            return .standard
        }

        func recipient(
            _ recipient: SMTPRecipient, _ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts
        ) async throws {
            if recipient.path.address?.localPart == "unknown" { throw SMTPRefusal.unknown }
            try await backend.judge("recipient", facts)
        }

        func message(_ message: SMTPIncomingMessage) async throws -> SMTPReceipt {
            var content: [UInt8] = []
            do {
                try await backend.beforePiece(0)
                for try await piece in message.body {
                    content += piece.readableBytesView
                    try await backend.beforePiece(content.count)
                }
                try await backend.judge("message", message.session)
            } catch {
                backend.state.withLock { $0.errors.append("\(error)") }
                throw error
            }
            let taken = Message(facts: message.session, envelope: message.envelope, content: content)
            let number = backend.state.withLock { state in
                state.messages.append(taken)
                return state.messages.count
            }
            backend.arrived.yield(taken)
            return SMTPReceipt(id: "m\(number)")
        }

        func closed(_ facts: SMTPSessionFacts) async { backend.state.withLock { $0.closed += 1 } }
    }
}
