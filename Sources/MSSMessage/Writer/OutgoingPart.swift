/// A part to write: its media type, its own fields, and its content.
public struct OutgoingPart: Sendable {
    /// What a part holds.
    public enum Content: Sendable {
        /// Text, written in UTF-8 with CRLF line ends whatever its own were.
        case text(String)
        /// Octets, carried in base64 unless ``OutgoingPart/encoding`` says otherwise.
        case octets(ContentSource)
        /// The parts of a multipart type.
        case parts([OutgoingPart])
        /// A whole message (`message/rfc822`) or its header (`text/rfc822-headers`), its line ends made CRLF.
        case message([UInt8])
    }

    /// The media type. The writer adds `boundary` and, for text, `charset`.
    public var contentType: ContentType
    /// The disposition (RFC 2183).
    public var disposition: ContentDisposition?
    /// The `Content-ID`, without angle brackets.
    public var contentID: String?
    /// Further fields of the part, in order (`Content-Description`, `Content-Language`, …).
    public var fields: [OutgoingField]
    /// The content.
    public var content: Content
    /// The transfer encoding; `nil` lets the writer choose. An encoding that cannot carry the content is refused.
    public var encoding: TransferEncoding?

    /// A part.
    public init(
        _ contentType: ContentType, _ content: Content, disposition: ContentDisposition? = nil,
        contentID: String? = nil, fields: [OutgoingField] = [], encoding: TransferEncoding? = nil
    ) {
        self.contentType = contentType
        self.content = content
        self.disposition = disposition
        self.contentID = contentID
        self.fields = fields
        self.encoding = encoding
    }

    /// The part as it stands within a multipart: its header, an empty line, its content encoded.
    ///
    /// - Throws: ``WriterError``, or what a source of its content throws; an asynchronous one is refused.
    public func encoded(options: WriterOptions = WriterOptions()) throws -> [UInt8] {
        var writer = try MessageWriter(part: self, options: options)
        return try writer.bytes()
    }

    /// Plain text.
    public static func text(_ text: String) -> OutgoingPart { OutgoingPart(ContentType("text", "plain"), .text(text)) }

    /// HTML alone; see ``html(_:text:)`` for HTML that every reader can show.
    public static func html(_ html: String) -> OutgoingPart { OutgoingPart(ContentType("text", "html"), .text(html)) }

    /// HTML with its plain-text alternative first (RFC 2046 §5.1.4: the richest last).
    public static func html(_ html: String, text: String) -> OutgoingPart {
        .multipart("alternative", [.text(text), .html(html)])
    }

    /// A multipart of any subtype, for example `mixed`, `related`, `report`.
    public static func multipart(
        _ subtype: String, _ parts: [OutgoingPart], parameters: Parameters = [:]
    ) -> OutgoingPart {
        OutgoingPart(ContentType("multipart", subtype, parameters), .parts(parts))
    }

    /// A body with attachments (`multipart/mixed`); the body alone when there are none.
    public static func mixed(_ body: OutgoingPart, attachments: [OutgoingPart]) -> OutgoingPart {
        attachments.isEmpty ? body : .multipart("mixed", [body] + attachments)
    }

    /// An attachment; its name is encoded per RFC 2231, and repeated per RFC 2047 for older readers.
    public static func attachment(
        _ filename: String, type: ContentType = ContentType("application", "octet-stream"), _ source: ContentSource
    ) -> OutgoingPart {
        OutgoingPart(type, .octets(source), disposition: ContentDisposition("attachment", ["filename": filename]))
    }

    /// A part shown within the body, referred to as `cid:` by HTML (RFC 2392).
    public static func inline(
        contentID: String, filename: String? = nil, type: ContentType, _ source: ContentSource
    ) -> OutgoingPart {
        var disposition = ContentDisposition("inline")
        disposition.filename = filename
        return OutgoingPart(type, .octets(source), disposition: disposition, contentID: contentID)
    }

    /// A whole message as a part (`message/rfc822`), as forwarding and notices need it.
    public static func message(_ bytes: [UInt8]) -> OutgoingPart {
        OutgoingPart(ContentType("message", "rfc822"), .message(bytes))
    }
}
