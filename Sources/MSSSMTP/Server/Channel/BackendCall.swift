import Logging
import MSSCore
import MSSSessions

/// One question to the backend, carried to it and its answer, or its error, turned into what the session understands.
struct BackendCall: Sendable {
    var backend: any SMTPBackend
    var session: (any SMTPBackendSession)?
    var facts: SMTPSessionFacts
    var isLMTP: Bool
    var localError: SMTPReply
    var log: SessionLog

    struct Outcome: Sendable {
        var answer: SMTPServerSession.Answer
        /// The session that the backend opened.
        var opened: (any SMTPBackendSession)?
    }

    func answer(_ question: SMTPServerSession.Question, _ pipe: BodyPipe?) async -> Outcome {
        do {
            if case .session = question { return Outcome(answer: .accepted, opened: try await backend.session(facts)) }
            guard let session else { throw SMTPRefusal(localError, cause: "no session of the backend") }
            return Outcome(answer: try await answer(question, session, pipe))
        } catch let refusal as SMTPRefusal {
            log(.info, "backend refused", ["reply": "\(refusal.reply)", "cause": "\(refusal.cause ?? "")"])
            return Outcome(answer: .refused(refusal))
        } catch is CancellationError {
            return Outcome(answer: .refused(SMTPRefusal(localError, cause: "cancelled")))
        } catch let error as SMTPBodyError {
            return Outcome(answer: .refused(SMTPRefusal(localError, cause: "message not complete: \(error)")))
        } catch {
            log(.error, "backend failed", ["error": "\(error)"])
            return Outcome(answer: .refused(SMTPRefusal(localError)))
        }
    }

    private func answer(
        _ question: SMTPServerSession.Question, _ session: any SMTPBackendSession, _ pipe: BodyPipe?
    ) async throws -> SMTPServerSession.Answer {
        switch question {
        case .session: return .accepted
        case .hello:
            try await session.hello(facts)
            return .accepted
        case .authenticate(let credentials):
            return .authenticated(try await session.authenticate(credentials, facts))
        case .sender(let envelope): return .senderAccepted(try await session.sender(envelope, facts))
        case .recipient(let recipient, let envelope):
            try await session.recipient(recipient, envelope, facts)
            return .accepted
        case .message(let envelope):
            guard let pipe else { throw SMTPRefusal(localError, cause: "no body") }
            defer { pipe.abandon() }
            let message = SMTPIncomingMessage(session: facts, envelope: envelope, body: SMTPMessageBody(pipe: pipe))
            let results = try await take(message, session)
            // RFC 5321 §6.1: a receipt for what was not read to its end would be a promise about nothing.
            guard pipe.wasReadToTheEnd else {
                log(.error, "the backend accepted a message that it had not read to the end")
                throw SMTPRefusal(localError)
            }
            return .taken(results)
        }
    }

    private func take(
        _ message: SMTPIncomingMessage, _ session: any SMTPBackendSession
    ) async throws -> [Result<SMTPReceipt, SMTPRefusal>] {
        if isLMTP, let session = session as? any LMTPBackendSession { return try await session.deliver(message) }
        return [.success(try await session.message(message))]
    }
}
