/// A message disposition notification (RFC 8098), its human part in French: read receipts, and the reports by which
/// software tells that a structured message was or was not integrated (CI-SIS).
///
/// Send it with a null return path, to the address of `Disposition-Notification-To` only.
public struct DispositionNotice: Sendable {
    /// Who reports.
    public var from: Mailbox
    /// Who asked, in `Disposition-Notification-To`.
    public var to: Mailbox
    /// The machine part.
    public var report: DispositionReport
    /// The subject of the message concerned.
    public var originalSubject: String?
    /// The message concerned, returned whole: the CI-SIS asks it for failures of integration.
    public var original: DeliveryNotice.Returned = .nothing

    /// A notice.
    public init(from: Mailbox, to: Mailbox, report: DispositionReport, originalSubject: String? = nil) {
        self.from = from
        self.to = to
        self.report = report
        self.originalSubject = originalSubject
    }

    /// The notice of a failed integration of a structured message (CI-SIS; code 900 to 906), which returns the message.
    public static func integrationFailure(
        _ cause: ProcessingReport.Cause, from: Mailbox, to: Mailbox, originalSubject: String?,
        originalMessageID: String?,
        original: [UInt8], software: String
    ) -> DispositionNotice {
        let result = ProcessingReport(cause: cause, subject: originalSubject.flatMap { StructuredSubject(parsing: $0) })
        var notice = DispositionNotice(
            from: from, to: to,
            report: DispositionReport(
                finalRecipient: .address(from.address), disposition: .processed, isAutomaticAction: true,
                isSentAutomatically: true, originalRecipient: .address(from.address),
                originalMessageID: originalMessageID,
                reportingUA: "\(from.domain ?? "localhost"); \(software)", modifiers: ["error"],
                errors: [result.errorText]),
            originalSubject: originalSubject)
        notice.original = .message(original)
        return notice
    }

    /// The subject line.
    public var subject: String {
        let structured = originalSubject.flatMap { StructuredSubject(parsing: $0) }
        if let failure = report.processingReport {
            return ProcessingReport(code: failure.code, subject: structured).text
        }
        // CI-SIS: a report of success repeats the subject of the structured message.
        if report.disposition == .processed, let structured { return structured.text }
        let head =
            switch report.disposition {
            case .displayed: "Accusé de lecture"
            case .processed: "Message traité"
            case .deleted: "Message supprimé sans avoir été lu"
            case .dispatched: "Message transmis"
            case .denied, .failed: "Message non traité"
            }
        return head + (originalSubject.map { " : " + StructuredSubject.readable(StructuredSubject.line($0)) } ?? "")
    }

    private var words: String {
        let text = DispositionText(report, originalSubject: originalSubject)
        guard let failure = report.processingReport else { return text.sentence }
        return "Le message\(text.title) n'a pas pu être intégré dans le logiciel du destinataire.\n\n"
            + "Erreur \(failure.code) : \(failure.cause?.label ?? "erreur d'intégration").\n\n"
            + "Le message d'origine est joint à cet avis."
    }

    /// The message to send.
    public func message() -> OutgoingMessage {
        var parts = [
            OutgoingPart.text(
                words.split(separator: "\n", omittingEmptySubsequences: false).map {
                    PlainBuilder.wrap(String($0), indent: "")
                }.joined(separator: "\n") + "\n"),
            OutgoingPart(
                ContentType("message", "disposition-notification"), .octets(ContentSource(report.body)),
                encoding: .sevenBit),
        ]
        switch original {
        case .nothing: break
        case .header(let bytes): parts.append(OutgoingPart(ContentType("text", "rfc822-headers"), .message(bytes)))
        case .message(let bytes): parts.append(.message(bytes))
        }
        var message = OutgoingMessage(
            from: from, to: [to], subject: subject,
            content: .multipart("report", parts, parameters: ["report-type": "disposition-notification"]))
        message.fields.append(OutgoingField("Auto-Submitted", .tokens("auto-replied")))
        message.fields.append(OutgoingField("Content-Language", .tokens("fr")))
        if let id = report.originalMessageID {
            message.inReplyTo = [id]
            message.references = [id]
        }
        return message
    }

    /// The ordinary message of the same content, for a structured message that asked for no notification (CI-SIS).
    public func ordinaryMessage() -> OutgoingMessage {
        var attachments: [OutgoingPart] = []
        if case .message(let bytes) = original {
            var part = OutgoingPart.message(bytes)
            part.disposition = ContentDisposition("attachment", ["filename": "message_original.eml"])
            attachments.append(part)
        }
        var message = OutgoingMessage(
            from: from, to: [to], subject: subject, content: .mixed(.text(words + "\n"), attachments: attachments))
        message.fields.append(OutgoingField("Auto-Submitted", .tokens("auto-generated")))
        if let id = report.originalMessageID {
            message.inReplyTo = [id]
            message.references = [id]
        }
        return message
    }
}

/// What a disposition says, in a sentence.
struct DispositionText {
    /// The subject of the message concerned, quoted, with a blank before it; empty when it is not known.
    let title: String
    /// What became of the message.
    let sentence: String

    init(_ report: DispositionReport, originalSubject: String?) {
        title = originalSubject.map { " « \(StructuredSubject.readable(StructuredSubject.line($0))) »" } ?? ""
        let what =
            switch report.disposition {
            case .displayed: "a été affiché par son destinataire. Cela ne garantit pas qu'il a été lu ou compris."
            case .processed:
                report.isFailure ? "n'a pas pu être traité." : "a été traité par le logiciel du destinataire."
            case .deleted: "a été supprimé. Il n'a peut-être pas été lu."
            case .dispatched: "a été transmis à une autre personne. Il n'a peut-être pas été lu."
            case .denied, .failed: "n'a pas pu être traité."
            }
        sentence = "Le message\(title) \(what)"
    }
}

extension ProcessingReport {
    init(code: Int, subject: StructuredSubject?) {
        self.init(cause: .other, subject: subject)
        self.code = code
    }
}

/// Whether a message that asks for a notification should be answered with one (RFC 8098 §2.1).
public enum DispositionRequest: Sendable, Hashable {
    /// None was asked for, or none may be sent.
    case none
    /// May be sent to this mailbox without asking.
    case automatic(Mailbox)
    /// The user must agree first: asked by another than the sender, or for several addresses.
    case needsConsent(Mailbox)

    /// Reads the request of a message that came with the return path `envelopeSender` (`nil` or empty: none known).
    public init(_ header: HeaderBlock, envelopeSender: String?) {
        let asked = header.addresses("Disposition-Notification-To").mailboxes
        // Never for a notice: no MDN about an MDN, and nothing to the null sender.
        guard let first = asked.first, envelopeSender != "",
            header.first("Content-Type")?.contentType?.essence.lowercased() != "multipart/report"
        else {
            self = .none
            return
        }
        let sender = envelopeSender ?? header.addresses("Return-Path").mailboxes.first?.address
        let same = sender.map { $0.lowercased() == first.address.lowercased() } ?? false
        self = same && asked.count == 1 ? .automatic(first) : .needsConsent(first)
    }
}
