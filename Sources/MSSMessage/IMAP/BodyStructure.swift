extension MessageStructure {
    /// The body structure as it stands in a `FETCH` response (RFC 3501 §7.4.2): `BODYSTRUCTURE` when `extended`,
    /// `BODY` otherwise.
    ///
    /// Sizes are those of the message served with CRLF line ends. `message/global` is described like `message/rfc822`
    /// when `rev2` (RFC 9051), as a basic type otherwise.
    public func imapBodyStructure(extended: Bool, rev2: Bool = false) -> [UInt8] {
        var describer = BodyDescriber(parts: parts, extended: extended, rev2: rev2)
        describer.describe(parts[0])
        return describer.writer.output
    }
}

/// Recursion is bounded by ``MessageLimits/depth``.
private struct BodyDescriber {
    let parts: [MessagePart]
    let extended: Bool
    let rev2: Bool
    var writer = IMAPWriter()

    /// A multipart must hold a part (RFC 3501 §9 `body-type-mpart`), a message a body: this one stands for none.
    private var empty: String {
        #"("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0"# + (extended ? " NIL NIL NIL NIL)" : ")")
    }

    mutating func describe(_ part: MessagePart) {
        writer.raw("(")
        // A multipart that could not be divided is one without parts.
        if part.contentType.type == "multipart" { multipart(part) } else { single(part) }
        writer.raw(")")
    }

    private mutating func multipart(_ part: MessagePart) {
        for child in part.children { describe(parts[child]) }
        if part.children.isEmpty { writer.raw(empty) }
        let type = part.contentType
        writer.raw(" ")
        writer.string(type.subtype)
        guard extended else { return }
        writer.raw(" ")
        parameters(part.header.first("Content-Type"))
        tail(part)
    }

    private mutating func single(_ part: MessagePart) {
        let type = part.contentType
        writer.string(type.type)
        writer.raw(" ")
        writer.string(type.subtype)
        writer.raw(" ")
        if part.header.contentType != nil {
            // RFC 2046 §4.1.2: text without charset is US-ASCII.
            parameters(part.header.first("Content-Type"), withCharset: type.type == "text")
        } else if type == .defaultText {
            writer.raw(#"("charset" "us-ascii")"#)
        } else {
            writer.raw("NIL")
        }
        for name in ["Content-ID", "Content-Description"] {
            writer.raw(" ")
            writer.string(part.header.first(name).map { HeaderText.string($0.unfolded) })
        }
        writer.raw(" ")
        writer.string(part.header.transferEncoding.name)
        writer.raw(" \(part.bodyRange.count + part.bodyBareLineFeeds)")
        if type.type == "text" {
            writer.raw(" \(part.bodyLines)")
        } else if type.essence == "message/rfc822" || (rev2 && type.essence == "message/global") {
            writer.raw(" ")
            if part.kind == .message, let child = part.children.first {
                writer.envelope(Envelope(parts[child].header))
                writer.raw(" ")
                describe(parts[child])
            } else {
                writer.raw("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) " + empty)
            }
            writer.raw(" \(part.bodyLines)")
        }
        guard extended else { return }
        writer.raw(" ")
        writer.string(part.header.first("Content-MD5").map { HeaderText.string($0.unfolded) })
        tail(part)
    }

    /// Disposition, language and location.
    private mutating func tail(_ part: MessagePart) {
        writer.raw(" ")
        if let field = part.header.first("Content-Disposition"), let disposition = field.contentDisposition {
            writer.raw("(")
            writer.string(disposition.kind)
            writer.raw(" ")
            parameters(field)
            writer.raw(")")
        } else {
            writer.raw("NIL")
        }
        writer.raw(" ")
        let languages = part.header.first("Content-Language").map {
            HeaderText.string($0.unfolded).split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
        }
        if let languages, !languages.isEmpty {
            writer.raw("(")
            for (index, language) in languages.enumerated() {
                if index > 0 { writer.raw(" ") }
                writer.string(language)
            }
            writer.raw(")")
        } else {
            writer.raw("NIL")
        }
        writer.raw(" ")
        writer.string(part.header.first("Content-Location").map { HeaderText.string($0.unfolded) })
    }

    /// Parameters as they stand: clients decode RFC 2231 themselves.
    private mutating func parameters(_ field: HeaderField?, withCharset: Bool = false) {
        guard let field else { return writer.raw("NIL") }
        var scanner = TokenScanner(field.unfolded)
        while let byte = scanner.current, byte != UInt8(ascii: ";") {
            if byte == UInt8(ascii: "(") { _ = scanner.comment() } else { scanner.position += 1 }
        }
        var parser = ParameterParser(scanner)
        var pairs = parser.raw()
        if withCharset, !pairs.contains(where: { $0.name.starts(with: "charset".utf8) }) {
            pairs.append((Array("charset".utf8), Array("us-ascii".utf8), false))
        }
        guard !pairs.isEmpty else { return writer.raw("NIL") }
        writer.raw("(")
        for (index, pair) in pairs.enumerated() {
            if index > 0 { writer.raw(" ") }
            writer.string(HeaderText.string(pair.name))
            writer.raw(" ")
            writer.string(HeaderText.string(pair.value))
        }
        writer.raw(")")
    }
}
