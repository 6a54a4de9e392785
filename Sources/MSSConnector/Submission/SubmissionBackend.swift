import MSSAccounts
import MSSCore
import MSSMessage
import MSSSASL
public import MSSSMTP
import MSSTLS
import MSSTraces

/// An entry point where client software submits messages (TM5.2P, TM5.4P): who it is by the ``AccessGate``, what it may
/// send by the ``SubmissionService``.
public struct SubmissionBackend: SMTPBackend {
    let gate: AccessGate
    let submission: SubmissionService
    let entryPoint: AccessAttempt.EntryPoint

    /// A client has connected; nothing is known yet.
    public func session(_ facts: SMTPSessionFacts) async throws -> any SMTPBackendSession {
        SubmissionSession(gate: gate, submission: submission, entryPoint: entryPoint)
    }
}

/// One client's session: what its login opened, and nothing else.
final class SubmissionSession: SMTPBackendSession {
    private let gate: AccessGate
    private let submission: SubmissionService
    private let entryPoint: AccessAttempt.EntryPoint
    private let opened = Guarded<AccessGrant?>(nil)

    init(gate: AccessGate, submission: SubmissionService, entryPoint: AccessAttempt.EntryPoint) {
        self.gate = gate
        self.submission = submission
        self.entryPoint = entryPoint
    }

    // MARK: Login

    func authenticate(_ credentials: SASLCredentials, _ facts: SMTPSessionFacts) async throws -> SMTPIdentity {
        let attempt = AccessAttempt(
            .submission, at: entryPoint, credentials, certificate: facts.tls?.peer?.certificate, means: means(facts))
        do throws(AccessRefusal) {
            let grant = try await gate.open(attempt)
            opened.withLock { $0 = grant }
            return SMTPIdentity(mailbox: grant.mailbox.address.address.text, holder: grant.actor.text)
        } catch {
            // EX_LPS_0710; RFC 4954 §6 for what may be tried again.
            let replies = SMTPReplies()
            let words = error.isTemporary ? replies.temporaryAuthenticationFailure : replies.invalidCredentials
            let reply = SMTPReply(
                code: words.code, enhanced: words.enhanced, text: words.lines[0] + gate.advice(on: error))
            throw SMTPRefusal(reply, cause: error.description)
        }
    }

    private func means(_ facts: SMTPSessionFacts) -> TraceMeans {
        TraceMeans(software: facts.clientName.map { "\($0)" }, channel: "submission", address: facts.address)
    }

    // MARK: The envelope

    /// What the session would submit.
    private func request(
        _ envelope: SMTPEnvelope, _ recipients: [SMTPRecipient], _ facts: SMTPSessionFacts
    ) throws -> Submission {
        guard let grant = opened.withLock({ $0 }) else {
            throw SMTPRefusal(SMTPReplies().authenticationRequired, cause: "no login")
        }
        let received = OutgoingEnvelope(
            received: SMTPEnvelope(
                sender: envelope.sender, parameters: envelope.parameters, recipients: recipients),
            postmaster: submission.flow.rules.postmaster.address)
        var request = Submission(
            .user(grant.actor, grant.author, grant.authentication),
            sender: envelope.sender.address ?? grant.mailbox.address.address, recipients: received.recipients,
            returned: received.returned, envelopeID: received.envelopeID,
            // A recipient accepted at RCPT and refused since must not be lost in a 250.
            acceptsPart: false, means: means(facts))
        // RFC 8098 §3: disposition notifications have no return path.
        request.hasNullPath = envelope.sender.address == nil
        request.session = facts
        return request
    }

    func sender(_ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws -> SMTPAllowance {
        let request = try request(envelope, [], facts)
        let rules = submission.flow.rules
        let size = rules.sizeLimit(for: request.sender.domain)
        var refusal = await submission.refusal(ofSender: request)
        if refusal == nil, let announced = envelope.parameters.size, announced > size {
            refusal = .tooLarge(limit: size)
        }
        if let refusal {
            await submission.refuse(refusal, request, [], asked: "MAIL FROM:\(envelope.sender.wire)")
            throw refusal.smtp
        }
        // One more than allowed gets as far as its refusal, and its trace.
        return SMTPAllowance(
            recipients: rules.recipientLimit(for: request.sender.domain) + 1, messageSize: rules.technicalSize)
    }

    func recipient(
        _ recipient: SMTPRecipient, _ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts
    ) async throws {
        let request = try request(envelope, [recipient], facts)
        let limit = submission.flow.rules.recipientLimit(for: request.sender.domain)
        var refusal: ExchangeRefusal?
        if envelope.recipients.count >= limit {
            refusal = .tooManyRecipients(limit: limit)
        } else {
            let judged = await submission.judge(request)
            if case .refused(let reason)? = judged.outcomes.first?.outcome {
                refusal = reason
            } else {
                refusal = judged.refusal
            }
        }
        guard let refusal else { return }
        await submission.refuse(
            refusal, request, request.recipients.map(\.address), asked: "RCPT TO:\(recipient.path.wire)")
        throw refusal.smtp
    }

    // MARK: The message

    func message(_ message: SMTPIncomingMessage) async throws -> SMTPReceipt {
        let request = try request(message.envelope, message.envelope.recipients, message.session)
        let result = await submission.submit(request, message.body)
        if let id = result.id { return SMTPReceipt(id: id.rawValue) }
        throw result.reason.smtp
    }
}

extension SubmissionResult {
    /// Why nothing was taken, for who reads one reply: where no recipient was left, what stood in the way of one, of those
    /// that may pass first.
    var reason: ExchangeRefusal {
        guard case .noRecipient? = refusal else { return refusal ?? .localFailure("no result") }
        let reasons = outcomes.compactMap { outcome -> ExchangeRefusal? in
            if case .refused(let reason) = outcome.outcome { reason } else { nil }
        }
        return reasons.first { !$0.isPermanent } ?? reasons.first ?? .noRecipient
    }
}
