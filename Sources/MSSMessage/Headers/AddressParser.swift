/// Reads address lists (RFC 5322 §3.4, obsolete syntax of §4.4, RFC 6532) from an unfolded value, tolerantly.
///
/// One pass; every octet belongs to one token. What is amiss is diagnosed and read as far as it makes sense.
struct AddressParser {
    private var scanner: TokenScanner
    private var words: EncodedWordScanner
    private var noted = DiagnosticCollector()
    private var entries: [AddressEntry] = []
    private var remaining: Int
    /// Whether encoded words are decoded; IMAP's ENVELOPE wants them as they stand.
    private let decodes: Bool

    // The mailbox under way.
    private var tokens: [AddressToken] = []
    private var comments: [String] = []
    private var angle: (route: String?, address: String)?
    private var blankBefore = false

    // The group under way.
    private var group: (name: String, members: [Mailbox])?

    static func parse(
        _ value: [UInt8], limits: MessageLimits = .standard, decodes: Bool = true
    ) -> AddressList {
        var parser = AddressParser(value, limits, decodes)
        parser.run()
        return AddressList(parser.entries, diagnostics: parser.noted.diagnostics)
    }

    private init(_ value: [UInt8], _ limits: MessageLimits, _ decodes: Bool) {
        self.decodes = decodes
        scanner = TokenScanner(value)
        words = EncodedWordScanner(value)
        remaining = limits.addresses
    }

    private func decode(_ bytes: [UInt8]) -> String {
        decodes ? HeaderText.decode(bytes) : HeaderText.string(bytes)
    }

    private mutating func amiss() { noted.note(.malformedAddress, at: scanner.position) }

    private mutating func run() {
        while let byte = scanner.current {
            if remaining == 0 {
                noted.note(.tooManyAddresses, at: scanner.position)
                break
            }
            switch byte {
            case Ascii.space, Ascii.tab, Ascii.cr, Ascii.lf:
                scanner.position += 1
                blankBefore = true
                continue
            case UInt8(ascii: "("):
                let (text, closed) = scanner.comment()
                if !closed { amiss() }
                comments.append(decode(text))
                blankBefore = true
                continue
            case UInt8(ascii: "\""):
                let glued = !blankBefore
                let (text, closed) = scanner.quotedString()
                if !closed { amiss() }
                tokens.append(.quoted(text, glued: glued))
            case UInt8(ascii: "<"):
                if angle != nil {
                    // A comma is missing between two bracketed addresses.
                    amiss()
                    endMailbox()
                }
                readAngle()
            case UInt8(ascii: ","):
                scanner.position += 1
                endMailbox()
            case UInt8(ascii: ";"):
                scanner.position += 1
                endMailbox()
                if let ended = group {
                    remaining = max(0, remaining - 1)
                    entries.append(.group(name: ended.name, ended.members))
                    group = nil
                } else {
                    amiss()  // a separator of some mail programs
                }
            case UInt8(ascii: ":"):
                scanner.position += 1
                if group == nil, angle == nil {
                    let name = phrase(tokens)
                    tokens = []
                    group = (name, [])
                } else {
                    amiss()
                }
            case UInt8(ascii: ">"), UInt8(ascii: ")"):
                scanner.position += 1
                amiss()
            default: readAtom()
            }
            blankBefore = false
        }
        endMailbox()
        if let open = group {
            amiss()
            entries.append(.group(name: open.name, open.members))
        }
    }

    private mutating func readAtom() {
        let start = scanner.position
        let glued = !blankBefore
        if decodes, scanner.bytes[start] == UInt8(ascii: "="), start + 1 < scanner.bytes.count,
            scanner.bytes[start + 1] == UInt8(ascii: "?"), let word = words.word(at: start)
        {
            tokens.append(.encoded(word))
            scanner.position = word.end
            return
        }
        var literal = false
        while let byte = scanner.current {
            if byte == UInt8(ascii: "[") { literal = true }
            if byte == UInt8(ascii: "]") { literal = false }
            if Ascii.isBlank(byte) { break }
            if byte == UInt8(ascii: ":"), literal {
                scanner.position += 1
                continue
            }
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ","),
                UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\""):
                tokens.append(.atom(Array(scanner.bytes[start..<scanner.position]), glued: glued))
                return
            default: scanner.position += 1
            }
        }
        tokens.append(.atom(Array(scanner.bytes[start..<scanner.position]), glued: glued))
    }

    /// Reads `<route:address>`; the bracket may never close.
    private mutating func readAngle() {
        scanner.position += 1
        var text: [UInt8] = []
        var colon: Int?
        loop: while let byte = scanner.current {
            switch byte {
            case UInt8(ascii: ">"):
                scanner.position += 1
                // `<<a@b>>`: the surplus bracket is diagnosed by the caller.
                angle = split(text, colon)
                return
            case UInt8(ascii: "<"):
                scanner.position += 1
                amiss()
            case UInt8(ascii: "("):
                let (comment, closed) = scanner.comment()
                if !closed { amiss() }
                comments.append(decode(comment))
            case UInt8(ascii: "\""):
                let start = scanner.position
                let (_, closed) = scanner.quotedString()
                if !closed { amiss() }
                text += scanner.bytes[start..<scanner.position]
            case UInt8(ascii: ","):
                // Within a route a comma separates domains; elsewhere the bracket was never closed.
                guard text.first == UInt8(ascii: "@"), colon == nil else { break loop }
                text.append(byte)
                scanner.position += 1
            case UInt8(ascii: ";"): break loop
            default:
                if byte == UInt8(ascii: ":"), colon == nil, text.first == UInt8(ascii: "@") { colon = text.count }
                if !Ascii.isBlank(byte) { text.append(byte) }
                scanner.position += 1
            }
        }
        amiss()
        angle = split(text, colon)
    }

    private func split(_ text: [UInt8], _ colon: Int?) -> (String?, String) {
        guard let colon else { return (nil, HeaderText.string(text)) }
        return (HeaderText.string(Array(text[..<colon])), HeaderText.string(Array(text[(colon + 1)...])))
    }

    private mutating func endMailbox() {
        defer {
            tokens = []
            comments = []
            angle = nil
        }
        guard !tokens.isEmpty || angle != nil || !comments.isEmpty else { return }
        var mailbox: Mailbox
        if let angle {
            let name = phrase(tokens)
            mailbox = Mailbox(name: tokens.isEmpty ? nil : name, address: angle.address, route: angle.route)
        } else if tokens.isEmpty {
            // A comment alone (RFC 5322 §4.4 obs-mbox-list) is no mailbox.
            return
        } else {
            mailbox = bare()
        }
        mailbox.comments = comments
        guard remaining > 0 else { return }
        remaining -= 1
        if group != nil { group!.members.append(mailbox) } else { entries.append(.mailbox(mailbox)) }
    }

    /// A mailbox without brackets: an address, possibly with blanks around its dots (RFC 5322 §4.4), or words with an
    /// address among them, or words alone.
    private mutating func bare() -> Mailbox {
        // Runs of tokens that touch, or that a dot or an at-sign joins.
        var runs: [[AddressToken]] = []
        var joined = false
        for token in tokens {
            if !runs.isEmpty, token.isGlued || joined || token.beginsWithJoint {
                runs[runs.count - 1].append(token)
            } else {
                runs.append([token])
            }
            joined = token.endsWithJoint
        }
        if runs.count == 1 { return Mailbox(address: addressText(runs[0])) }
        amiss()
        if let place = runs.lastIndex(where: { $0.contains(where: \.hasAt) }) {
            var others = runs
            let address = addressText(others.remove(at: place))
            return Mailbox(name: phrase(others.flatMap { $0 }), address: address)
        }
        return Mailbox(name: phrase(tokens), address: "")
    }

    private func addressText(_ run: [AddressToken]) -> String {
        run.map { token in
            switch token {
            case .atom(let text, _): return HeaderText.string(text)
            case .encoded(let word): return Charset.decode(word.octets[...], label: word.charset)
            case .quoted(let text, _):
                guard run.count > 1 else { return decode(text) }
                // A quoted local part keeps its quotes: without them it would be another address.
                var quoted = "\""
                for character in HeaderText.string(text).unicodeScalars {
                    if character == "\"" || character == "\\" { quoted.unicodeScalars.append("\\") }
                    quoted.unicodeScalars.append(character)
                }
                return quoted + "\""
            }
        }.joined()
    }

    /// The text of a display name: words separated by one space, adjacent encoded words joined.
    private func phrase(_ tokens: [AddressToken]) -> String {
        var text = ""
        var joiner = WordJoiner()
        var previousEncoded = false
        for token in tokens {
            switch token {
            case .encoded(let word):
                if !previousEncoded, !text.isEmpty { text += " " }
                joiner.add(word)
                previousEncoded = true
                continue
            case .atom(let bytes, let glued):
                if previousEncoded {
                    text += joiner.finish()
                    joiner = WordJoiner()
                }
                if !text.isEmpty, !glued { text += " " }
                text += decode(bytes)
            case .quoted(let bytes, let glued):
                if previousEncoded {
                    text += joiner.finish()
                    joiner = WordJoiner()
                }
                if !text.isEmpty, !glued { text += " " }
                text += decode(bytes)
            }
            previousEncoded = false
        }
        return text + joiner.finish()
    }
}
