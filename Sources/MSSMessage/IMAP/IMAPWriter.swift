/// Writes parenthesised lists of IMAP `FETCH` responses.
struct IMAPWriter {
    private(set) var output: [UInt8] = []

    mutating func raw(_ text: String) { output += text.utf8 }

    /// `nstring`: quoted where the grammar lets it be, else a literal; NUL can stand in neither (RFC 3501 §9).
    mutating func string(_ text: String?) {
        guard let text else { return raw("NIL") }
        let bytes = text.utf8.filter { $0 != 0 }
        if bytes.count <= 1000, bytes.allSatisfy({ $0 >= 32 && $0 < 127 }) {
            output.append(UInt8(ascii: "\""))
            for byte in bytes {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { output.append(UInt8(ascii: "\\")) }
                output.append(byte)
            }
            output.append(UInt8(ascii: "\""))
        } else {
            raw("{\(bytes.count)}\r\n")
            output += bytes
        }
    }

    mutating func envelope(_ envelope: Envelope) {
        raw("(")
        string(envelope.date)
        raw(" ")
        string(envelope.subject)
        for list in [envelope.from, envelope.sender, envelope.replyTo, envelope.to, envelope.cc, envelope.bcc] {
            raw(" ")
            addresses(list)
        }
        raw(" ")
        string(envelope.inReplyTo)
        raw(" ")
        string(envelope.messageID)
        raw(")")
    }

    private mutating func addresses(_ list: [Envelope.Address]) {
        guard !list.isEmpty else { return raw("NIL") }
        raw("(")
        for address in list {
            raw("(")
            string(address.name)
            raw(" ")
            string(address.route)
            raw(" ")
            string(address.mailbox)
            raw(" ")
            string(address.host)
            raw(")")
        }
        raw(")")
    }
}
