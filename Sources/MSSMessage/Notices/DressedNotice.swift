public import MSSCore

/// A notice of another mail system, dressed for the person who reads it (RE_GBM_4410): an explanation in French stands
/// before what the system wrote, of which every octet stays.
///
/// A report (`multipart/report`) remains one, so that software finds its machine part where it was: its first part, the one
/// for people, becomes a `multipart/mixed` of the explanation and of the part as it came. A notice in words alone becomes
/// such a `multipart/mixed` itself. The subject of a delivery notice is said in French, and what it was stays in
/// `X-Original-Subject`.
///
/// Dress notices only: what came with a null return path. What is signed or encrypted is left alone, and so are reports on
/// structured messages, which software reads by their subject (CI-SIS).
public struct DressedNotice: Sendable {
    /// What stands in place of the first ``replaced`` octets of the message.
    public let beginning: [UInt8]
    /// Octets of the message that ``beginning`` stands for; all others follow it as they are.
    public let replaced: Int
    /// What stands after the message.
    public let end: [UInt8]
    /// What the notice is about.
    public let kind: ReceivedNotice.Kind

    /// Recipients that are explained; the notice as it came names the others too.
    private static let mostRecipients = 40

    /// Dresses a notice; `nil` when the message is none, is French already, or cannot be dressed.
    ///
    /// - Parameter message: the notice, or as much of its beginning as holds its first part and its report.
    public init?(_ message: Message) {
        guard let root = message.parts.first, !message.isInFrench,
            StructuredSubject(parsing: message.header.subject ?? "") == nil,
            ProcessingReport(subject: message.header.subject ?? "") == nil
        else { return nil }
        let notice = ReceivedNotice(message)
        guard let words = Explanation(message, notice), let part = try? words.part.encoded() else { return nil }
        kind = notice.kind
        if root.kind == .multipart, root.contentType.subtype == "report" {
            // With a second part seen, the first is whole.
            guard root.children.count >= 2 else { return nil }
            let first = message.parts[root.children[0]]
            // A part that is all header ends with the line end that its delimiter needs: that of the new part stands there
            // then.
            let isAllHeader = first.bodyRange.isEmpty && message.bytes[first.range].last == 0x0A
            beginning =
                DressedNotice.header(of: message, words.subject)
                + message.bytes[root.headerRange.upperBound..<first.range.lowerBound]
                + DressedNotice.mixed(part, before: message.bytes[first.range], first.traits)
                + (isAllHeader ? [0x0D, 0x0A] : [])
            replaced = first.range.upperBound
            end = []
        } else {
            guard notice.certainty >= .likely, root.bodyRange.count > 0, !DressedNotice.isSealed(root) else {
                return nil
            }
            let boundary = DressedNotice.boundary()
            let (outer, inner) = DressedNotice.split(message, words.subject)
            beginning =
                outer
                + Array("MIME-Version: 1.0\r\n\(DressedNotice.type(boundary, root.traits))\r\n--\(boundary)\r\n".utf8)
                + part + Array("\r\n--\(boundary)\r\n".utf8) + inner + [0x0D, 0x0A]
            replaced = root.headerRange.upperBound
            end = Array("\r\n--\(boundary)--\r\n".utf8)
        }
    }

    /// What must arrive as it was sent.
    private static func isSealed(_ root: MessagePart) -> Bool {
        let type = root.contentType
        return type.type == "multipart" && ["signed", "encrypted"].contains(type.subtype)
            || type.type == "application" && type.subtype.hasSuffix("pkcs7-mime")
    }

    // MARK: Parts

    /// "=_" can stand neither in base64 nor in quoted-printable (RFC 2045 §6.7 note); 130 random bits else.
    private static func boundary() -> String {
        var random = AnyRandom(base: SystemRandomNumberGenerator())
        return "=_" + random.letters(26)
    }

    /// The type of what holds the explanation and the notice as it came.
    private static func type(_ boundary: String, _ traits: OctetTraits) -> String {
        "Content-Type: multipart/mixed; boundary=\"\(boundary)\"\r\n"
            + (traits.contains(.eightBit) ? "Content-Transfer-Encoding: 8bit\r\n" : "")
    }

    private static func mixed(_ part: [UInt8], before first: ArraySlice<UInt8>, _ traits: OctetTraits) -> [UInt8] {
        let boundary = boundary()
        return Array("\(type(boundary, traits))\r\n--\(boundary)\r\n".utf8) + part
            + Array("\r\n--\(boundary)\r\n".utf8) + first + Array("\r\n--\(boundary)--".utf8)
    }

    // MARK: Header

    /// The header with the new subject, if any.
    private static func header(of message: Message, _ subject: String?) -> [UInt8] {
        let range = message.parts[0].headerRange
        guard let subject = subject.flatMap(field) else { return Array(message.bytes[range]) }
        let fields = message.header.all("Subject")
        // Where the first one stood: what servers wrote on the way stays together at the top (RFC 5322 §3.6).
        var result: [UInt8] = fields.isEmpty ? subject : []
        var position = range.lowerBound
        for (number, field) in fields.enumerated() {
            result += message.bytes[position..<field.range.lowerBound]
            if number == 0 { result += subject }
            result += renamed(field)
            position = field.range.upperBound
        }
        return result + message.bytes[position..<range.upperBound]
    }

    /// The header in two: fields of the message, and those that describe its content and go with it.
    private static func split(_ message: Message, _ subject: String?) -> (outer: [UInt8], inner: [UInt8]) {
        let subject = subject.flatMap(field)
        var outer: [UInt8] = []
        var inner: [UInt8] = []
        var isWritten = false
        for field in message.header {
            let name = field.name.lowercased()
            if name.hasPrefix("content-") {
                inner += message.bytes[field.range] + [0x0D, 0x0A]
            } else if name == "subject", let subject {
                outer += (isWritten ? [] : subject) + renamed(field) + [0x0D, 0x0A]
                isWritten = true
            } else if name != "mime-version" {
                outer += message.bytes[field.range] + [0x0D, 0x0A]
            }
        }
        return (outer + (isWritten ? [] : subject ?? []), inner)
    }

    private static func field(_ subject: String) -> [UInt8]? {
        var writer = HeaderWriter(utf8: false)
        guard (try? writer.write(OutgoingField("Subject", .text(subject)))) != nil else { return nil }
        return writer.output
    }

    private static func renamed(_ field: HeaderField) -> [UInt8] {
        // Its first line keeps under 998 octets: the longer name goes on a line of its own if need be.
        let first = field.rawValue.prefix { $0 != 0x0A }.count
        return Array("X-Original-Subject:".utf8) + (first > 900 ? [0x0D, 0x0A, 0x20] : []) + field.rawValue
    }

    // MARK: Words

    /// What the reader is told.
    private struct Explanation {
        /// The subject in French; `nil` leaves it as it is.
        let subject: String?
        let part: OutgoingPart

        init?(_ message: Message, _ notice: ReceivedNotice) {
            let original = message.returnedHeader
            switch notice.kind {
            case .delivery(let reason):
                var outcomes: [DeliveryNotice.Outcome] = []
                var server: String?
                if let report = message.deliveryReport {
                    outcomes = report.recipients.map { recipient in
                        DeliveryNotice.Outcome(
                            DressedNotice.shown(recipient), reason: ReceivedNotice.reason(of: recipient))
                    }
                    server = report.reportingMTA.value
                } else {
                    outcomes = notice.recipients.compactMap { try? MailAddress($0) }.map { .init($0, reason) }
                }
                guard !outcomes.isEmpty else { return nil }
                let left = outcomes.count - DressedNotice.mostRecipients
                let words = NoticeText(
                    Array(outcomes.prefix(DressedNotice.mostRecipients)),
                    about: NoticeText.Original(subject: original?.subject, date: original?.date),
                    closing: (left > 0 ? ["L'avis concerne encore \(left) autre(s) destinataire(s)."] : [])
                        + [DressedNotice.closing(server)])
                subject = words.subject
                part = .html(words.html, text: words.plain)
            case .disposition:
                guard let report = message.dispositionReport, report.processingReport == nil else { return nil }
                subject = nil
                let words = DispositionText(report, originalSubject: original?.subject)
                var plain = PlainBuilder()
                var html = HTMLBuilder()
                let recipient = "Destinataire : \(DressedNotice.line(report.finalRecipient.value))"
                for text in [words.sentence, recipient] {
                    plain.paragraph(text)
                    html.paragraph(text)
                }
                plain.paragraph(DressedNotice.closing(nil))
                html.small(DressedNotice.closing(nil))
                part = .html(html.document, text: plain.text)
            case .absence, .otherAutomatic, .ordinary: return nil
            }
        }
    }

    private static func closing(_ server: String?) -> String {
        let name = server.map(line) ?? ""
        return "Cette explication a été ajoutée par votre service de messagerie MSSanté. L'avis tel qu'il a été reçu"
            + (name.isEmpty ? "" : " (serveur \(name))") + " suit ; n'y répondez pas."
    }

    /// A recipient with the texts of another system made fit to be shown.
    private static func shown(_ recipient: DeliveryReport.Recipient) -> DeliveryReport.Recipient {
        var shown = recipient
        shown.final.value = line(recipient.final.value)
        shown.original?.value = line(recipient.original?.value ?? "")
        if shown.original?.value == "" { shown.original = nil }
        return shown
    }

    /// A text that others wrote: one line, bounded, nothing invisible.
    private static func line(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(320) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: break
            default: scalars.append(scalar)
            }
        }
        return StructuredSubject.line(String(scalars))
    }
}

extension Message {
    /// Whether the notice says what it is in French already: by its own account, or in its words.
    fileprivate var isInFrench: Bool {
        let shown = parts.prefix(4).filter { $0.index == 0 || $0.contentType.type != "message" }
        let declared = shown.contains { part in
            part.header.first("Content-Language")?.text.lowercased().hasPrefix("fr") ?? false
        }
        guard !declared else { return true }
        guard let first = views.text.first.map({ parts[$0] }), first.contentType.type == "text" else { return false }
        let words = FoldedText(String(text(of: first).prefix(16 << 10)))
        return NoticePhrases.french.contains { words.contains($0) }
            && !NoticePhrases.english.contains { words.contains($0) }
    }

    /// The header of the message that a report returns, whole or only its header.
    fileprivate var returnedHeader: HeaderBlock? {
        for part in parts where part.depth <= 2 {
            if part.kind == .message, let inner = part.children.first { return parts[inner].header }
            guard part.kind == .leaf else { continue }
            switch part.contentType.essence {
            case "text/rfc822-headers", "message/global-headers": return Message(content(of: part)).header
            case "message/rfc822", "message/global": return embeddedMessage(of: part)?.header
            default: continue
            }
        }
        return nil
    }
}
