import Logging
import MSSSASL
import MSSSessions
import NIOCore

/// One question of a session, carried to authenticator, backend or runner, and what comes of it turned into an answer.
struct IMAPCall: Sendable {
    var entryPoint: SharedIMAPEntryPoint
    var facts: IMAPSessionFacts
    var runner: IMAPCommandRunner?
    var output: IMAPOutput
    var log: SessionLog
    /// Notes whose mailbox the session reads; `false` when there are too many sessions.
    var admit: @Sendable (IMAPIdentity) -> Bool

    struct Result: Sendable {
        /// `nil`: nothing can be answered in the place where the client is; the connection ends.
        var answer: IMAPServerSession.Answer?
        /// The runner of the account that was opened.
        var opened: IMAPCommandRunner?
    }

    func answer(_ question: IMAPServerSession.Question) async -> Result {
        await Self.answer(log) {
            if case .authenticate(let credentials) = question { return try await authenticate(credentials) }
            guard let runner else { throw IMAPRefusal.internalFault }
            return Result(answer: try await answer(question, runner))
        }
    }

    /// Tells of changes until it is cancelled. A call of its own, since thousands wait in it: what it does not need it
    /// does not hold.
    static func idle(_ runner: IMAPCommandRunner, _ log: SessionLog) async -> Result {
        await Self.answer(log) {
            do { return Result(answer: .done(try await runner.idle())) } catch is CancellationError {
                return Result(answer: .done(IMAPOutcome("IDLE completed")))
            }
        }
    }

    /// Does something, and says of a failure what the session can use.
    private static func answer(_ log: SessionLog, _ body: () async throws -> Result) async -> Result {
        do { return try await body() } catch let refusal as IMAPRefusal {
            log(.info, "refused", ["code": "\(refusal.code?.name ?? "")", "cause": "\(refusal.cause ?? refusal.text)"])
            return Result(answer: .refused(refusal))
        } catch is IMAPNoSuchMessage {
            return Result(answer: .done(IMAPOutcome(.bad, nil, "No such message number")))
        } catch let broken as IMAPBrokenResponse {
            // The client has gone, or its message cannot be read to the end.
            let level: Logger.Level = broken.cause is CancellationError ? .debug : .error
            log(level, "a response broke off", ["error": "\(broken.cause)"])
            return Result(answer: nil)
        } catch is CancellationError {
            return Result(answer: .refused(.internalFault))
        } catch {
            log(.error, "backend failed", ["error": "\(error)"])
            return Result(answer: .refused(.internalFault))
        }
    }

    private func authenticate(_ credentials: SASLCredentials) async throws -> Result {
        let identity = try await entryPoint.value.authenticator.authenticate(credentials, facts)
        guard admit(identity) else {
            throw IMAPRefusal(.limit, "Too many sessions on this mailbox", cause: "sessions per mailbox")
        }
        let account = try await entryPoint.value.backend.open(identity, facts)
        let runner = IMAPCommandRunner(account, output, entryPoint.configuration)
        return Result(answer: .authenticated(identity), opened: runner)
    }

    private func answer(
        _ question: IMAPServerSession.Question, _ runner: IMAPCommandRunner
    ) async throws -> IMAPServerSession.Answer {
        switch question {
        case .authenticate, .idle: return .refused(.internalFault)
        case .execute(let command, let tag):
            do { return .done(try await runner.run(command, tag: tag)) } catch let refusal as IMAPRefusal {
                // What was told before the refusal stands before it.
                try await runner.flush()
                throw refusal
            }
        case .draft(let name, let item, let size):
            try await runner.draft(name, item, size: size)
            return .accepted
        case .piece(let piece):
            try await runner.add(piece)
            return .accepted
        case .append: return .done(try await runner.append())
        }
    }
}
