public import MSSCore

/// A delivery status notification (RFC 3461, 3464, 6522) whose human part is French and in plain words (RE_GBM_4410,
/// EX_GBM_4450, EX_GBM_4460).
///
/// Send it with a null return path (`MAIL FROM:<>`), and never about a message that had one itself: a notice about a
/// notice would travel for ever (RFC 3461 §6.2).
public struct DeliveryNotice: Sendable {
    /// What of the message comes back with the notice (`RET`, RFC 3461 §4.3).
    public enum Returned: Sendable, Hashable {
        /// Nothing.
        case nothing
        /// The header.
        case header([UInt8])
        /// The whole message.
        case message([UInt8])
    }

    /// What is told about one recipient.
    public struct Outcome: Sendable, Hashable {
        /// The machine's view.
        public var recipient: DeliveryReport.Recipient
        /// The reader's view.
        public var reason: NoticeReason

        /// An outcome; by default the reason that the status stands for.
        public init(_ recipient: DeliveryReport.Recipient, reason: NoticeReason? = nil) {
            self.recipient = recipient
            self.reason = reason ?? NoticeReason(action: recipient.action, status: recipient.status)
        }

        /// An outcome known here, with this SDK's status for it.
        public init(_ address: MailAddress, _ reason: NoticeReason, original: DeliveryReport.TypedValue? = nil) {
            recipient = DeliveryReport.Recipient(
                final: .address(address.text), action: reason.action, status: reason.status, original: original)
            self.reason = reason
        }
    }

    /// The operator's own mailbox, shown as the author.
    public var from: Mailbox
    /// The sender of the message concerned: the address of its return path.
    public var to: Mailbox
    /// The host that makes the notice.
    public var reportingHost: String
    /// The outcomes, all of one kind or mixed.
    public var outcomes: [Outcome]
    /// The subject of the message concerned, shown in a readable form.
    public var originalSubject: String?
    /// Its date.
    public var originalDate: MessageDate?
    /// Its identifier, without angle brackets, so that clients tie the notice to it.
    public var originalMessageID: String?
    /// The envelope identifier that came with it.
    public var envelopeID: String?
    /// What comes back of it.
    public var returned: Returned = .nothing

    /// A notice about one message.
    public init(from: Mailbox, to: Mailbox, reportingHost: String, outcomes: [Outcome]) {
        self.from = from
        self.to = to
        self.reportingHost = reportingHost
        self.outcomes = outcomes
    }

    /// The machine part.
    public var report: DeliveryReport {
        DeliveryReport(
            reportingMTA: .host(reportingHost), envelopeID: envelopeID, arrivalDate: originalDate,
            recipients: outcomes.map(\.recipient))
    }

    /// The message to send.
    public func message() -> OutgoingMessage {
        let words = NoticeText(self)
        var parts = [
            OutgoingPart.html(words.html, text: words.plain),
            OutgoingPart(
                ContentType("message", "delivery-status"), .octets(ContentSource(report.body)), encoding: .sevenBit),
        ]
        switch returned {
        case .nothing: break
        case .header(let bytes): parts.append(OutgoingPart(ContentType("text", "rfc822-headers"), .message(bytes)))
        case .message(let bytes): parts.append(.message(bytes))
        }
        var message = OutgoingMessage(
            from: from, to: [to], subject: words.subject,
            content: .multipart("report", parts, parameters: ["report-type": "delivery-status"]))
        // RFC 3834 §5: nothing may answer a notice automatically.
        message.fields.append(OutgoingField("Auto-Submitted", .tokens("auto-replied")))
        message.fields.append(OutgoingField("Content-Language", .tokens("fr")))
        if let originalMessageID {
            message.inReplyTo = [originalMessageID]
            message.references = [originalMessageID]
        }
        return message
    }
}
