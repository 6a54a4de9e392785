import Logging
import MSSAccounts
import MSSCore
import MSSMessage
import MSSSMTP
import MSSTraces
import NIOCore

/// Delivers into the mailboxes of the operator what the queue holds for its domains, and does what follows: receipts for
/// senders who asked, automatic replies, forwarding.
struct LocalDelivery: DeliveryAttempting {
    let flow: MailFlow
    let replies: any ReplyLedger

    func deliver(_ message: SMTPOutgoingMessage, to domain: Domain) async -> DeliveryResult {
        let now = flow.clock.now()
        return await deliver(message, key: MessageNames.make(at: now).rawValue, arrival: now)
    }

    func deliver(_ job: DeliveryJob) async -> DeliveryResult {
        await deliver(job.message, key: job.id.rawValue, arrival: job.arrival)
    }

    private func deliver(_ message: SMTPOutgoingMessage, key: String, arrival: Timestamp) async -> DeliveryResult {
        var outcomes: [DeliveryOutcome] = []
        var isAvailable = true
        for recipient in message.envelope.recipients {
            let outcome = await serve(recipient, message, key: key, arrival: arrival)
            if case .failure(let failure) = outcome.result, !failure.isPermanent { isAvailable = false }
            outcomes.append(outcome)
        }
        return DeliveryResult(outcomes: outcomes, reached: isAvailable)
    }

    private func serve(
        _ recipient: OutgoingEnvelope.Recipient, _ message: SMTPOutgoingMessage, key: String, arrival: Timestamp
    ) async -> DeliveryOutcome {
        func outcome(_ result: Result<SMTPReply, SMTPClientFailure>) -> DeliveryOutcome {
            // Whatever notice is due of a mailbox of ours, this side writes (RFC 3461 §5.2.2).
            DeliveryOutcome(recipient, result, host: flow.host.ascii, passedNotices: true)
        }
        var event = TraceEvent(
            .deposit, by: .system("remise"), mailbox: recipient.address,
            message: TraceMessage(
                identifier: key, sender: message.envelope.sender, recipients: [recipient.address],
                size: message.content.size))
        do throws(ExchangeRefusal) {
            let (mailbox, receipt, mark) = try await put(message, recipient, key: key, arrival: arrival)
            event.reply = TraceText("250 2.1.5 \(receipt.id)")
            if let mark, mark.asksForAction {
                event.changes.append(TraceChange("avis", before: nil, after: mark.kind))
            }
            if !SentCopy.isOne(recipient, message.envelope) {
                try await follow(mailbox, recipient, message, arrival: arrival, size: receipt.size)
            }
            await flow.journal.trace([event])
            flow.journal.logger.info("delivered", metadata: ["message": "\(key)", "mailbox": "\(mailbox.id)"])
            return outcome(.success(SMTPReply(code: 250, enhanced: "2.1.5", text: "Delivered")))
        } catch {
            event.outcome = .failure
            await flow.journal.refused(error, peer: nil, log: ["message": "\(key)"], event)
            return outcome(.failure(error.deliveryFailure))
        }
    }

    private func put(
        _ message: SMTPOutgoingMessage, _ recipient: OutgoingEnvelope.Recipient, key: String, arrival: Timestamp
    ) async throws(ExchangeRefusal) -> (MSSAccounts.Mailbox, MailboxReceipt, NoticeMark?) {
        let found: MSSAccounts.Mailbox?
        do { found = try await flow.accounts.mailbox(at: recipient.address) } catch {
            throw .localFailure("accounts: \(type(of: error))")
        }
        // Since the message was taken, the mailbox may have been suspended or closed. Its circle was judged then.
        let facts = ExchangeRules.Recipient(address: recipient.address, mailbox: found)
        if let refusal = flow.rules.refusal(of: facts, from: nil) { throw refusal }
        guard let mailbox = found else { throw .unknownMailbox }
        // RFC 5321 §4.4: the server that makes final delivery writes the return path.
        let isCopy = SentCopy.isOne(recipient, message.envelope)
        let path = isCopy ? "" : "Return-Path: <\(message.envelope.sender?.text ?? "")>\r\n"
        // EX_GBM_4430: the mark stands above everything that another wrote.
        let notice = try await isCopy || mailbox.kind != .application ? nil : mark(message.content)
        let delivery = MailboxDelivery(
            message.content.prefixed(by: ByteBuffer(string: path + (notice?.line ?? ""))),
            to: MailboxReference(mailbox),
            folder: isCopy ? .sent : .inbox, key: "\(key)/\(mailbox.id.rawValue)", received: arrival, isSeen: isCopy,
            quota: mailbox.quota)
        do {
            return (mailbox, try await flow.accounts.drop.deliver(delivery), notice)
        } catch MailboxDropError.noMailbox {
            throw .unknownMailbox
        } catch MailboxDropError.overQuota {
            throw .full
        } catch MailboxDropError.unavailable(let detail) {
            throw .localFailure("mailboxes: \(detail)")
        } catch {
            throw .localFailure("mailboxes: \(type(of: error))")
        }
    }

    /// What a message for an application is.
    private func mark(_ content: SMTPContent) async throws(ExchangeRefusal) -> NoticeMark {
        do { return NoticeMark(reading: try await content.prefix(NoticeMark.lookedAt)) } catch {
            throw .localFailure("content: \(type(of: error))")
        }
    }

    /// What follows a delivery. When it fails, the delivery is tried again, and the mailbox recognises it.
    private func follow(
        _ mailbox: MSSAccounts.Mailbox, _ recipient: OutgoingEnvelope.Recipient, _ message: SMTPOutgoingMessage,
        arrival: Timestamp, size: Int
    ) async throws(ExchangeRefusal) {
        guard message.envelope.sender != nil else { return }
        let wantsReceipt = recipient.notify?.contains(.success) ?? false
        let answers = mailbox.isAutomaticReply || mailbox.automaticReply != nil
        guard wantsReceipt || answers || mailbox.forwarding != nil else { return }
        do {
            let prefix = try await message.content.prefix(256 << 10)
            let consequences = Consequences(
                flow: flow, mailbox: mailbox, recipient: recipient, message: message, header: Message(prefix).header,
                arrival: arrival, size: size)
            if wantsReceipt { try await consequences.sendReceipt() }
            if answers { try await consequences.answer(replies) }
            if let destination = mailbox.forwarding { try await consequences.forward(to: destination.address) }
        } catch {
            throw .localFailure("after delivery: \(type(of: error))")
        }
    }
}

extension TraceAction {
    /// A message put into a mailbox of the operator.
    static let deposit = TraceAction(.functional, "message.deposit")!  // a constant of allowed characters
    /// A message sent on from a mailbox to another of the same holder (EX_GBM_4480).
    static let forward = TraceAction(.functional, "message.forward")!  // a constant of allowed characters
    /// An automatic reply (EX_GBM_4020, EX_GBM_4471).
    static let reply = TraceAction(.functional, "message.auto-reply")!  // a constant of allowed characters
}
