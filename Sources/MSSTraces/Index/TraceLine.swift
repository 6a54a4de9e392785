import MSSCore

extension TraceRecord {
    /// The record on one line for a terminal: tab-separated, nothing in it can break the line or reach the terminal.
    public var line: String {
        let time = event.time ?? written
        var cells = [
            time.xsdDateTime, "\(family.rawValue) \(sequence)", event.action.code, event.outcome.rawValue,
            event.author.summary, event.mailbox?.text ?? "-",
        ]
        if let message = event.message {
            let recipients = message.recipients.map(\.text).joined(separator: ",")
            cells += [message.identifier, "\(message.sender?.text ?? "<>") → \(recipients)"]
        }
        if let request = event.request { cells.append(request.text) }
        if let reply = event.reply { cells.append(reply.text) }
        return cells.map(TerminalText.printable).joined(separator: "\t")
    }
}

extension TraceAuthor {
    /// The author in a few words.
    var summary: String {
        switch self {
        case .person(let person), .administrator(let person): person.identifier
        case .delegate(let person, let principal): "\(person.identifier) pour \(principal.identifier)"
        case .application(let name), .peer(let name), .system(let name): name
        case .unauthenticated(let claimed): "non authentifié (\(claimed ?? "-"))"
        }
    }
}

/// Texts of others on a terminal.
public enum TerminalText {
    /// The text with controls replaced: nobody writes to the reader's terminal through a trace.
    public static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }
}
