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
        let deposit = MailboxDeposit(flow: flow, key: key, arrival: arrival, recipient: recipient)
        var event = deposit.trace(sender: message.envelope.sender, size: message.content.size)
        do throws(ExchangeRefusal) {
            let mailbox = try await deposit.mailbox()
            let made = try await deposit.put(message.content, message.envelope, into: mailbox)
            deposit.describe(made, in: &event)
            try await follow(mailbox, recipient, message, arrival: arrival, size: made.receipt.size)
            await flow.journal.trace([event])
            deposit.log(mailbox)
            return outcome(.success(SMTPReply(code: 250, enhanced: "2.1.5", text: "Delivered")))
        } catch {
            event.outcome = .failure
            await flow.journal.refused(error, peer: nil, log: ["message": "\(key)"], event)
            return outcome(.failure(error.deliveryFailure))
        }
    }

    /// What follows a delivery. When it fails, the delivery is tried again, and the mailbox recognises it.
    private func follow(
        _ mailbox: MSSAccounts.Mailbox, _ recipient: OutgoingEnvelope.Recipient, _ message: SMTPOutgoingMessage,
        arrival: Timestamp, size: Int
    ) async throws(ExchangeRefusal) {
        guard Consequences.areDue(of: message.envelope, for: recipient, mailbox) else { return }
        do {
            let prefix = try await message.content.prefix(256 << 10)
            let consequences = Consequences(
                flow: flow, mailbox: mailbox, recipient: recipient, message: message, header: Message(prefix).header,
                arrival: arrival, size: size)
            if Consequences.answers(mailbox) {
                // At most once (decision 0160), and not worth holding up what is delivered (decision 0180).
                do { try await consequences.answer(replies) } catch {
                    flow.journal.logger.error(
                        "not answered", metadata: ["mailbox": "\(mailbox.id)", "error": "\(type(of: error))"])
                }
            }
            if let destination = mailbox.forwarding { try await consequences.forward(to: destination.address) }
            // Last: what fails before it is tried again, and the sender reads one receipt.
            if Consequences.wantsReceipt(recipient) { try await consequences.sendReceipt() }
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
