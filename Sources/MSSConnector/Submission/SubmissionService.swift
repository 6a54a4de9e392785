import Logging
import MSSAccounts
import MSSCore
import MSSMessage
import MSSPolicy
import MSSSMTP
import MSSTraces
public import NIOCore

/// Takes messages from this operator's own: rights, whitelist and limits first, then the message, in one step for all of
/// its recipients (TM5.2P, TM5.4P, and the command line). Whatever domain the whitelist has may be written to
/// (EX_3.2_5010).
public struct SubmissionService: Sendable {
    let flow: MailFlow

    /// Judges a submission before its message is there: sender, then each recipient (EX_3.2_5060, §5.4.1).
    ///
    /// - Returns: the result without a message: a refusal of the whole, or outcomes of recipients.
    public func judge(_ submission: Submission) async -> SubmissionResult {
        do throws(ExchangeRefusal) {
            let sender = try await sender(submission)
            let limit = flow.rules.recipientLimit(for: submission.sender.domain)
            guard submission.recipients.count <= limit else { throw .tooManyRecipients(limit: limit) }
            var outcomes: [(recipient: MailAddress, outcome: SubmissionResult.Outcome)] = []
            for recipient in submission.recipients {
                outcomes.append((recipient.address, await outcome(recipient.address, submission.sender, sender)))
            }
            let accepted = outcomes.count { $0.outcome.isAccepted }
            guard accepted > 0, submission.acceptsPart || accepted == outcomes.count else {
                return SubmissionResult(
                    id: nil, refusal: .noRecipient, outcomes: outcomes.map(Self.unsent))
            }
            return SubmissionResult(id: nil, outcomes: outcomes)
        } catch {
            return SubmissionResult(
                id: nil, refusal: error, outcomes: submission.recipients.map { ($0.address, .notSent) })
        }
    }

    /// Takes a message. When this returns with a name, every accepted recipient will be served or its sender told.
    ///
    /// - Parameter body: the message, of any line ends.
    public func submit<Body: AsyncSequence>(_ submission: Submission, _ body: Body) async -> SubmissionResult
    where Body.Element == ByteBuffer {
        let now = flow.clock.now()
        let id = MessageNames.make(at: now)
        var result = await judge(submission)
        if result.refusal == nil, !(await flow.journal.isWorking()) {
            result = whole(.localFailure("traces"), submission)
        }
        for (recipient, outcome) in result.outcomes {
            if case .refused(let refusal) = outcome { await trace(refusal, submission, id, [recipient]) }
        }
        if let refusal = result.refusal {
            await trace(refusal, submission, id, submission.recipients.map(\.address))
            return result
        }
        do {
            let taken = try await take(body, submission, result, id, now)
            result.id = id
            if case .cleaned(_, let removed) = taken.screened {
                result.removedAttachments = removed.map { $0.filename ?? "" }
            }
            flow.metrics.submitted()
            flow.wake()
            await traceAccepted(submission, result, id, taken)
            return result
        } catch {
            let refusal = error as? ExchangeRefusal ?? ExchangeRefusal(spool: error)
            await trace(refusal, submission, id, submission.recipients.map(\.address))
            if case .malware = refusal { await flow.journal.note(.malware, submission.sender.text) }
            return whole(refusal, submission)
        }
    }

    /// Takes a message that is in memory.
    public func submit(_ submission: Submission, _ bytes: [UInt8]) async -> SubmissionResult {
        await submit(submission, Pieces(pieces: [ByteBuffer(bytes: bytes)]))
    }

    // MARK: The sender

    /// The mailbox that sends, once its author may send as it.
    private func sender(_ submission: Submission) async throws(ExchangeRefusal) -> MSSAccounts.Mailbox {
        let address = submission.sender
        guard flow.rules.domains.contains(address.domain) else { throw .foreignSender(address.domain) }
        // EX_3.2_5060: the sender's domain too.
        if let refusal = flow.rules.refusal(ofDomain: address.domain, flow.whitelist) { throw refusal }
        guard let directoryAddress = try? DirectoryMailAddress(address) else { throw .notAllowed(.unknownMailbox) }
        let mailbox: MSSAccounts.Mailbox
        let usage: Int64?
        do {
            guard let found = try await flow.accounts.directory.mailbox(at: directoryAddress) else {
                throw ExchangeRefusal.notAllowed(.unknownMailbox)
            }
            mailbox = found
            usage = try await flow.accounts.usage(of: found)
        } catch {
            throw error as? ExchangeRefusal ?? .localFailure("accounts: \(type(of: error))")
        }
        try await require(submission.origin, mailbox)
        // EX_GBM_4470: at 100 % a mailbox sends nothing either.
        if let usage, QuotaLevel(used: usage, quota: mailbox.quota) == .full { throw .senderFull }
        return mailbox
    }

    private func require(_ origin: Submission.Origin, _ mailbox: MSSAccounts.Mailbox) async throws(ExchangeRefusal) {
        switch origin {
        case .user(let actor, _, _):
            let decision: AccessDecision
            do {
                decision = try await flow.accounts.directory.decide(
                    actor, .send, at: mailbox.address, time: flow.clock.now())
            } catch { throw .localFailure("accounts: \(type(of: error))") }
            if case .denied(let denial) = decision {
                await flow.journal.note(.deniedAccess, actor.text)
                throw .notAllowed(denial)
            }
        case .administrator, .job:
            switch mailbox.state {
            case .active: break
            case .suspended: throw .notAllowed(.suspended)
            case .deleted: throw .notAllowed(.deleted)
            }
            let isOwn = mailbox.address == flow.rules.postmaster
            // Who runs the service does not write in the name of a professional.
            guard isOwn || mailbox.isTest || flow.rules.context.trustSpace == .test else {
                throw .notAllowed(.messagesAreNotForManagers)
            }
        }
    }

    // MARK: The recipients

    private func outcome(
        _ recipient: MailAddress, _ sender: MailAddress, _ mailbox: MSSAccounts.Mailbox
    ) async -> SubmissionResult.Outcome {
        if flow.rules.domains.contains(recipient.domain) {
            do {
                let facts = try await flow.accounts.recipient(recipient)
                let refusal = flow.rules.refusal(of: facts, from: sender, senderIsTest: mailbox.isTest)
                return refusal.map { .refused($0) } ?? .acceptedHere
            } catch { return .refused(.localFailure("accounts: \(type(of: error))")) }
        }
        let refusal = flow.rules.refusal(
            ofRemote: recipient, from: sender, senderIsTest: mailbox.isTest, flow.whitelist)
        return refusal.map { .refused($0) } ?? .acceptedElsewhere
    }

    private static func unsent(
        _ one: (recipient: MailAddress, outcome: SubmissionResult.Outcome)
    ) -> (recipient: MailAddress, outcome: SubmissionResult.Outcome) {
        one.outcome.isAccepted ? (one.recipient, .notSent) : one
    }

    private func whole(_ refusal: ExchangeRefusal, _ submission: Submission) -> SubmissionResult {
        SubmissionResult(id: nil, refusal: refusal, outcomes: submission.recipients.map { ($0.address, .notSent) })
    }

    // MARK: The message

    private func take<Body: AsyncSequence>(
        _ body: Body, _ submission: Submission, _ result: SubmissionResult, _ id: DeliveryID, _ now: Timestamp
    ) async throws -> MessageIntake.Taken where Body.Element == ByteBuffer {
        var envelope = OutgoingEnvelope(sender: submission.sender, recipients: [OutgoingEnvelope.Recipient]())
        envelope.recipients = zip(submission.recipients, result.outcomes)
            .filter { $0.1.outcome.isAccepted }.map(\.0)
        envelope.returned = submission.returned
        envelope.envelopeID = submission.envelopeID
        let zone = flow.zoneMinutes(now)
        let host = flow.host
        let stamp = ReceivedField.local(id: id, by: host, at: now, zoneMinutes: zone)
        let sender = try DirectoryMailAddress(submission.sender)
        let request = MessageIntake.Request(
            id: id, limit: flow.rules.sizeLimit(for: submission.sender.domain), mendsLineEnds: true,
            sender: submission.sender, recipients: envelope.recipients.map(\.address)
        ) { bytes, header in
            guard SubmissionHead.isAuthoredBy(sender, header) else { throw ExchangeRefusal.foreignAuthor }
            return SubmissionHead.completed(
                bytes, header, stamp: stamp, id: id.rawValue, host: host,
                date: MessageDate(now, zoneMinutes: zone))
        }
        let taken = try await flow.intake.take(body, request)
        do {
            envelope.hasInternationalHeader = taken.header.hasInternationalText
            envelope.isEightBit = try await taken.draft.content().hasEightBitOctets()
            try await taken.draft.commit(id, envelope, with: try flow.notices(about: taken, envelope), at: now)
        } catch {
            await taken.draft.discard()
            throw ExchangeRefusal(spool: error)
        }
        return taken
    }

    // MARK: Traces

    private func author(_ submission: Submission) -> (TraceAuthor, TraceAuthentication?) {
        switch submission.origin {
        case .user(_, let author, let authentication): (author, authentication)
        case .administrator(let person): (.administrator(person), nil)
        case .job(let name): (.system(name), nil)
        }
    }

    private func event(
        _ action: TraceAction, _ submission: Submission, _ id: DeliveryID, _ recipients: [MailAddress]
    ) -> TraceEvent {
        let (author, authentication) = author(submission)
        return TraceEvent(
            action, by: author, mailbox: submission.sender, means: submission.means, authentication: authentication,
            message: TraceMessage(identifier: id.rawValue, sender: submission.sender, recipients: recipients))
    }

    private func trace(
        _ refusal: ExchangeRefusal, _ submission: Submission, _ id: DeliveryID, _ recipients: [MailAddress]
    ) async {
        await flow.journal.refused(
            refusal, peer: nil, log: ["message": "\(id)"],
            event(.refuseMessage, submission, id, recipients))
    }

    private func traceAccepted(
        _ submission: Submission, _ result: SubmissionResult, _ id: DeliveryID, _ taken: MessageIntake.Taken
    ) async {
        let accepted = result.outcomes.filter { $0.outcome.isAccepted }.map(\.recipient)
        var event = event(.sendMessage, submission, id, accepted)
        event.reply = TraceText("accepted as \(id)")
        event.message?.subject = taken.header.subject
        event.message?.size = taken.size
        await flow.journal.trace([event])
        await flow.journal.note(.volume, submission.sender.text, count: accepted.count)
        flow.journal.logger.info(
            "submitted",
            metadata: ["message": "\(id)", "size": "\(taken.size)", "recipients": "\(accepted.count)"])
    }
}

extension SMTPContent {
    /// Whether any octet is above 127 (RFC 6152).
    func hasEightBitOctets() async throws -> Bool {
        struct Found: Error {}
        do {
            try await forEachChunk { chunk in
                if chunk.hasEightBitOctets { throw Found() }
            }
            return false
        } catch is Found { return true }
    }
}

extension ByteBuffer {
    /// Whether any octet is above 127; eight at a time.
    fileprivate var hasEightBitOctets: Bool {
        withUnsafeReadableBytes { bytes in
            var position = 0
            while position + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                if word & 0x8080_8080_8080_8080 != 0 { return true }
                position += 8
            }
            return bytes[position...].contains { $0 >= 0x80 }
        }
    }
}
