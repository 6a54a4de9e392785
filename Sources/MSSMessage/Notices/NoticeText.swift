import MSSCore

/// The human part of a delivery notice, as plain text and as HTML that says the same.
struct NoticeText {
    let subject: String
    let plain: String
    let html: String

    /// What is known of the message that a notice is about.
    struct Original {
        var subject: String?
        var date: MessageDate?
    }

    /// The text of a notice of this operator.
    init(_ notice: DeliveryNotice) {
        self.init(
            notice.outcomes, about: Original(subject: notice.originalSubject, date: notice.originalDate),
            closing: [
                "Cet avis a été rédigé automatiquement par votre service de messagerie MSSanté ; n'y répondez pas."
            ])
    }

    init(_ outcomes: [DeliveryNotice.Outcome], about original: Original, closing: [String]) {
        let reasons = outcomes.map(\.reason)
        let failed = reasons.contains { $0.action == .failed }
        let headline =
            failed ? "Message non remis" : reasons.contains(.delayed) ? "Message retardé" : "Accusé de réception"
        let single = Set(reasons).count == 1 ? reasons.first : nil
        subject = headline + (single.map { " : \($0.title)" } ?? "")

        var plain = PlainBuilder()
        var html = HTMLBuilder()
        let concerned = NoticeText.concerned(original)
        plain.paragraph(headline.uppercased())
        html.heading(headline, color: failed ? "#b00020" : reasons.contains(.delayed) ? "#9a5b00" : "#1b6e3c")
        if let concerned {
            plain.paragraph(concerned)
            html.paragraph(concerned)
        }
        for outcome in outcomes {
            let address = outcome.recipient.original?.value ?? outcome.recipient.final.value
            let code = "Code technique : \(outcome.recipient.status)"
            let lines = [outcome.reason.explanation, outcome.reason.advice.map { "Que faire ? \($0)" }].compactMap {
                $0
            }
            plain.block(title: "Destinataire : \(address)", lines: lines + NoticeText.retry(outcome) + [code])
            html.block(title: address, lines: lines + NoticeText.retry(outcome), code: code)
        }
        for words in closing {
            plain.paragraph(words)
            html.small(words)
        }
        self.plain = plain.text
        self.html = html.document
    }

    private static func concerned(_ original: Original) -> String? {
        let subject = original.subject.map { "« \(StructuredSubject.readable(StructuredSubject.line($0))) »" }
        let date = original.date.map { "du \($0.timestamp.frenchDateTime(zoneMinutes: $0.zoneMinutes ?? 0))" }
        let parts = [subject, date].compactMap { $0 }
        return parts.isEmpty ? nil : "Votre message \(parts.joined(separator: " ")) :"
    }

    private static func retry(_ outcome: DeliveryNotice.Outcome) -> [String] {
        guard outcome.reason == .delayed, let until = outcome.recipient.willRetryUntil else { return [] }
        return [
            "Les tentatives se poursuivent jusqu'au \(until.timestamp.frenchDateTime(zoneMinutes: until.zoneMinutes ?? 0))."
        ]
    }
}

extension Timestamp {
    /// `21/11/2026 à 13 h 05`.
    func frenchDateTime(zoneMinutes: Int) -> String {
        let civil = civil(offsetSeconds: zoneMinutes * 60)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(two(civil.day))/\(two(civil.month))/\(civil.year) à \(civil.hour) h \(two(civil.minute))"
    }
}

/// Plain text, its lines wrapped at 76 columns.
struct PlainBuilder {
    private(set) var text = ""

    mutating func paragraph(_ words: String) {
        text += PlainBuilder.wrap(words, indent: "") + "\n\n"
    }

    mutating func block(title: String, lines: [String]) {
        text += title + "\n"
        for line in lines { text += PlainBuilder.wrap(line, indent: "  ") + "\n" }
        text += "\n"
    }

    static func wrap(_ words: String, indent: String) -> String {
        var lines: [String] = []
        var line = indent
        for word in words.split(separator: " ") {
            if line.count + 1 + word.count > 76, line.count > indent.count {
                lines.append(line)
                line = indent
            }
            line += (line.count > indent.count ? " " : "") + word
        }
        return (lines + [line]).joined(separator: "\n")
    }
}

/// A small HTML page: no script, no image, nothing fetched from anywhere.
struct HTMLBuilder {
    private var body = ""

    mutating func heading(_ words: String, color: String) {
        body += "<h1 style=\"font-size:1.3em;color:\(color)\">\(HTMLBuilder.escape(words))</h1>\n"
    }

    mutating func paragraph(_ words: String) { body += "<p>\(HTMLBuilder.escape(words))</p>\n" }

    mutating func block(title: String, lines: [String], code: String) {
        body +=
            "<div style=\"border-left:4px solid #888;padding-left:1em;margin:1em 0\">\n<p><strong>\(HTMLBuilder.escape(title))</strong></p>\n"
        for line in lines { paragraph(line) }
        small(code)
        body += "</div>\n"
    }

    mutating func small(_ words: String) {
        body += "<p style=\"font-size:0.85em;color:#555\">\(HTMLBuilder.escape(words))</p>\n"
    }

    var document: String {
        "<!DOCTYPE html>\n<html lang=\"fr\"><head><meta charset=\"utf-8\"><title>Avis</title></head>\n"
            + "<body style=\"font-family:sans-serif;line-height:1.4\">\n\(body)</body></html>\n"
    }

    static func escape(_ text: some StringProtocol) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
