import MSSAccounts
import MSSCore
import MSSMessage
import MSSPolicy
import MSSSMTP
import MSSTraces
import NIOCore

/// What follows the delivery of one message into one mailbox.
struct Consequences: Sendable {
    let flow: MailFlow
    let mailbox: MSSAccounts.Mailbox
    let recipient: OutgoingEnvelope.Recipient
    let message: SMTPOutgoingMessage
    let header: HeaderBlock
    let arrival: Timestamp
    let size: Int

    /// Whether anything follows the delivery of a message; a notice has no consequences, nor has one's own copy.
    static func areDue(
        of envelope: OutgoingEnvelope, for recipient: OutgoingEnvelope.Recipient, _ mailbox: MSSAccounts.Mailbox
    ) -> Bool {
        guard envelope.sender != nil, !SentCopy.isOne(recipient, envelope) else { return false }
        return wantsReceipt(recipient) || answers(mailbox) || mailbox.forwarding != nil
    }

    static func wantsReceipt(_ recipient: OutgoingEnvelope.Recipient) -> Bool {
        recipient.notify?.contains(.success) ?? false
    }

    static func answers(_ mailbox: MSSAccounts.Mailbox) -> Bool {
        mailbox.isAutomaticReply || mailbox.automaticReply != nil
    }

    private func enqueue(_ delivery: NewDelivery) async throws {
        _ = try await flow.queue.enqueue(delivery, at: flow.clock.now())
        flow.wake()
    }

    // MARK: Receipt (EX_GBM_4450)

    /// Tells the sender, who asked for it, that the message is in the mailbox (RFC 3461 §5.2.1).
    func sendReceipt() async throws {
        guard let sender = message.envelope.sender else { return }
        let original = recipient.original.map { DeliveryReport.TypedValue($0.addressType, $0.address) }
        var notice = DeliveryNotice(
            from: flow.author, to: MSSMessage.Mailbox(sender), reportingHost: flow.host.ascii,
            outcomes: [DeliveryNotice.Outcome(recipient.address, .delivered, original: original)])
        notice.envelopeID = message.envelope.envelopeID
        notice.originalSubject = header.subject
        notice.originalMessageID = header.messageID
        notice.originalDate = header.date ?? MessageDate(arrival, zoneMinutes: flow.zoneMinutes(arrival))
        try await enqueue(OperatorMail.delivery(notice.message(), to: sender, clock: flow.clock))
    }

    // MARK: Automatic replies

    /// Answers for the mailbox: the test answer of its domain (EX_GBM_4020), or its holder's (EX_GBM_4471).
    func answer(_ ledger: any ReplyLedger) async throws {
        guard let sender = message.envelope.sender else { return }
        let now = flow.clock.now()
        let key = MSSMessage.AutomaticReply.key(sender.text)
        guard var reply = reply(now) else { return }
        // A single test message is answered each time; what automatic messages there are stay unanswered.
        if mailbox.isAutomaticReply { reply.answersUnaddressed = true }
        guard
            case .reply(let correspondent) = reply.decide(
                header: header, envelopeSender: sender.text, lastReplies: [:], now: now)
        else { return }
        // Noted first: of an answer too many and one too few, the second does no harm.
        if !mailbox.isAutomaticReply {
            guard try await ledger.claim(mailbox.id, to: key, at: now, interval: reply.interval) else { return }
        }
        let answer = reply.message(
            to: correspondent, from: MSSMessage.Mailbox(mailbox.address.address), answering: header)
        try await enqueue(OperatorMail.delivery(answer, to: sender, clock: flow.clock))
        await flow.journal.trace([
            TraceEvent(
                .reply, by: .system("réponse automatique"), mailbox: mailbox.address.address,
                message: TraceMessage(identifier: header.messageID ?? "", sender: nil, recipients: [sender]))
        ])
    }

    private func reply(_ now: Timestamp) -> MSSMessage.AutomaticReply? {
        let own = [mailbox.address.address]
        if mailbox.isAutomaticReply {
            let date = MessageDate(arrival, zoneMinutes: flow.zoneMinutes(arrival)).rfc5322
            return MSSMessage.AutomaticReply(
                addresses: own,
                text: """
                    Bonjour,

                    La boîte aux lettres de test \(mailbox.address.address.text) a bien reçu votre message.

                    Reçu le : \(date)
                    Taille : \(size) octets
                    Serveur : \(flow.host.ascii)

                    Cette réponse est automatique (EX_GBM_4020). Les messages reçus ici sont supprimés avant un mois.

                    """)
        }
        guard let set = mailbox.automaticReply else { return nil }
        var reply = MSSMessage.AutomaticReply(addresses: own, text: set.text)
        reply.start = set.from
        reply.end = set.until
        return reply
    }

    // MARK: Forwarding (EX_GBM_4480)

    /// Sends the message on to another mailbox of the same holder; a copy stays here.
    ///
    /// It leaves in the name of this mailbox: another operator accepts no other sender from us (§6.7.1.1 step 6), and a
    /// failure comes back here. Notices are not sent on: they would go round in a circle.
    func forward(to destination: MailAddress) async throws {
        guard mailbox.kind == .person, message.envelope.sender != nil,
            let sender = Optional(mailbox.address.address)
        else { return }
        let isAgain = header.all("Delivered-To").contains { field in
            field.addresses().mailboxes.contains { box in
                box.mailAddress.flatMap { try? DirectoryMailAddress($0) } == mailbox.address
            }
        }
        let isTrusted = flow.rules.refusal(ofDomain: destination.domain, flow.whitelist) == nil
        guard !isAgain, isTrusted, destination != sender else { return }
        let now = flow.clock.now()
        let id = MessageNames.make(at: now)
        let mark =
            "Delivered-To: \(sender.text)\r\n"
            + ReceivedField.local(id: id, by: flow.host, at: now, zoneMinutes: flow.zoneMinutes(now))
        var envelope = OutgoingEnvelope(
            sender: sender, recipients: [OutgoingEnvelope.Recipient(destination, notify: [.failure])],
            isEightBit: message.envelope.isEightBit)
        envelope.hasInternationalHeader = message.envelope.hasInternationalHeader
        let content = message.content.prefixed(by: ByteBuffer(string: mark))
        try await enqueue(NewDelivery(SMTPOutgoingMessage(envelope, content), id: id))
        await flow.journal.trace([
            TraceEvent(
                .forward, by: .system("transfert"), mailbox: sender,
                message: TraceMessage(
                    identifier: id.rawValue, sender: message.envelope.sender, recipients: [destination], size: size))
        ])
    }
}
