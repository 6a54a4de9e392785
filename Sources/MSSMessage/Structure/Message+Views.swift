/// What a reader shows of a message, told by the algorithm of RFC 8621 §4.1.4: indices into ``Message/parts``.
public struct MessageViews: Hashable, Sendable {
    /// Parts to show, in order, where plain text is preferred.
    public internal(set) var text: [Int] = []
    /// Parts to show, in order, where HTML is preferred.
    public internal(set) var html: [Int] = []
    /// All other parts.
    public internal(set) var attachments: [Int] = []
}

extension Message {
    /// The parts to show and the attachments.
    public var views: MessageViews {
        var finder = ViewFinder(parts: structure.parts)
        finder.visit([0], multipart: "mixed", inAlternative: false, text: true, html: true)
        return finder.views
    }

    /// The text to show: the plain-text parts, or the text of HTML parts as they stand when there are none.
    public var bodyText: String? {
        let shown = views.text.map { structure.parts[$0] }.filter { $0.contentType.type == "text" }
        return shown.isEmpty ? nil : shown.map(text(of:)).joined(separator: "\n")
    }
}

/// RFC 8621 §4.1.4 `parseStructure`; recursion is bounded by ``MessageLimits/depth``.
private struct ViewFinder {
    let parts: [MessagePart]
    var views = MessageViews()

    mutating func visit(_ siblings: [Int], multipart: String, inAlternative: Bool, text: Bool, html: Bool) {
        var (text, html) = (text, html)
        let (textBefore, htmlBefore) = (views.text.count, views.html.count)
        for (place, index) in siblings.enumerated() {
            let part = parts[index]
            let type = part.contentType
            if part.kind == .multipart {
                visit(
                    part.children, multipart: type.subtype,
                    inAlternative: inAlternative || type.subtype == "alternative",
                    text: text, html: html)
                continue
            }
            let isText = type.essence == "text/plain"
            let isHTML = type.essence == "text/html"
            let isMedia = ["image", "audio", "video"].contains(type.type)
            // RFC 8621: shown when not an attachment, and text or media, and (not after the first of `related`, and
            // not a named part after the first).
            let isInline =
                part.header.contentDisposition?.kind != "attachment" && (isText || isHTML || isMedia)
                && (place == 0 || (multipart != "related" && (isMedia || part.filename == nil)))
            guard isInline else {
                views.attachments.append(index)
                continue
            }
            if multipart == "alternative" {
                if isText {
                    views.text.append(index)
                } else if isHTML {
                    views.html.append(index)
                } else {
                    views.attachments.append(index)
                }
                continue
            }
            if inAlternative {
                if isText { html = false }
                if isHTML { text = false }
            }
            if text { views.text.append(index) }
            if html { views.html.append(index) }
            if (!text || !html) && isMedia { views.attachments.append(index) }
        }
        // An alternative with only one of both serves both.
        if multipart == "alternative" {
            if views.text.count == textBefore, views.html.count > htmlBefore { views.text += views.html[htmlBefore...] }
            if views.html.count == htmlBefore, views.text.count > textBefore { views.html += views.text[textBefore...] }
        }
    }
}
