import Logging
import MSSAccounts
import MSSCore
import MSSMessage
import MSSSMTP
import MSSTraces
import NIOCore

/// Puts a message into one mailbox of the operator: what deliveries from the queue and those that need none share.
struct MailboxDeposit: Sendable {
    let flow: MailFlow
    /// The message's name: with the mailbox it names the delivery, by which a repeated one is recognised.
    let key: String
    let arrival: Timestamp
    let recipient: OutgoingEnvelope.Recipient

    /// What was put.
    struct Made: Sendable {
        var receipt: MailboxReceipt
        var mark: NoticeMark?
        /// Whether an explanation was added to a notice.
        var isDressed = false
    }

    /// The recipient's mailbox. Since the message was judged, it may have been suspended or closed.
    func mailbox() async throws(ExchangeRefusal) -> MSSAccounts.Mailbox {
        let found: MSSAccounts.Mailbox?
        do { found = try await flow.accounts.mailbox(at: recipient.address) } catch {
            throw .localFailure("accounts: \(type(of: error))")
        }
        // Its circle was judged when the message was taken.
        let facts = ExchangeRules.Recipient(address: recipient.address, mailbox: found)
        if let refusal = flow.rules.refusal(of: facts, from: nil) { throw refusal }
        guard let mailbox = found else { throw .unknownMailbox }
        return mailbox
    }

    /// Puts it there; durable when it returns.
    func put(
        _ content: SMTPContent, _ envelope: OutgoingEnvelope, into mailbox: MSSAccounts.Mailbox
    ) async throws(ExchangeRefusal) -> Made {
        // RFC 5321 §4.4: the server that makes final delivery writes the return path.
        let isCopy = SentCopy.isOne(recipient, envelope)
        let path = isCopy ? "" : "Return-Path: <\(envelope.sender?.text ?? "")>\r\n"
        // EX_GBM_4430: the mark stands above everything that another wrote.
        let notice = try await isCopy || mailbox.kind != .application ? nil : mark(content)
        // RE_GBM_4410: people get an explanation; software reads the notice as it came.
        let dress =
            try await flow.dressesNotices && envelope.sender == nil && mailbox.kind != .application
            ? DressedNotice(Message(beginning(of: content))) : nil
        let shown = dress.map {
            content.replacing(
                first: $0.replaced, by: ByteBuffer(bytes: $0.beginning), end: ByteBuffer(bytes: $0.end))
        }
        let delivery = MailboxDelivery(
            (shown ?? content).prefixed(by: ByteBuffer(string: path + (notice?.line ?? ""))),
            to: MailboxReference(mailbox),
            folder: isCopy ? .sent : .inbox, key: "\(key)/\(mailbox.id.rawValue)", received: arrival, isSeen: isCopy,
            quota: mailbox.quota)
        do {
            return Made(
                receipt: try await flow.accounts.drop.deliver(delivery), mark: notice, isDressed: dress != nil)
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
        try await NoticeMark(reading: beginning(of: content))
    }

    private func beginning(of content: SMTPContent) async throws(ExchangeRefusal) -> [UInt8] {
        do { return try await content.prefix(NoticeMark.lookedAt) } catch {
            throw .localFailure("content: \(type(of: error))")
        }
    }

    // MARK: Trace and log

    /// The trace of the attempt; ``describe(_:in:)`` completes that of a success.
    func trace(sender: MailAddress?, size: Int?) -> TraceEvent {
        TraceEvent(
            .deposit, by: .system("remise"), mailbox: recipient.address,
            message: TraceMessage(identifier: key, sender: sender, recipients: [recipient.address], size: size))
    }

    /// What was put, in the trace.
    func describe(_ made: Made, in event: inout TraceEvent) {
        event.reply = TraceText("250 2.1.5 \(made.receipt.id)")
        if let mark = made.mark, mark.asksForAction {
            event.changes.append(TraceChange("avis", before: nil, after: mark.kind))
        }
        if made.isDressed { event.changes.append(TraceChange("avis", before: nil, after: "expliqué")) }
    }

    func log(_ mailbox: MSSAccounts.Mailbox) {
        flow.journal.logger.info("delivered", metadata: ["message": "\(key)", "mailbox": "\(mailbox.id)"])
    }
}
