/// A parsed message: its original bytes, never altered, and its structure. Everything else is decoded when asked for.
public struct Message: Sendable {
    /// The original bytes.
    public let bytes: [UInt8]
    /// The parts and diagnostics.
    public let structure: MessageStructure

    /// Parses a message; nothing is refused, what is amiss is in the structure's diagnostics.
    public init(_ bytes: [UInt8], limits: MessageLimits = .standard) {
        self.bytes = bytes
        structure = StructureParser.parse(bytes, limits: limits)
    }

    /// Joins bytes and a structure found in them earlier, for example while they were received in chunks.
    public init(_ bytes: [UInt8], structure: MessageStructure) {
        precondition(structure.size == bytes.count, "the structure of another message")
        self.bytes = bytes
        self.structure = structure
    }

    /// The header of the message.
    public var header: HeaderBlock { structure.parts[0].header }
    /// The parts, the message itself first.
    public var parts: [MessagePart] { structure.parts }

    /// A part's body as it stands in the message, encoded.
    public func rawBody(of part: MessagePart) -> ArraySlice<UInt8> { bytes[part.bodyRange] }

    /// A part's content, its transfer encoding undone; for a composite part, its octets as they stand.
    public func content(of part: MessagePart) -> [UInt8] {
        let raw = rawBody(of: part)
        guard part.kind == .leaf else { return Array(raw) }
        return switch part.header.transferEncoding {
        case .base64: Base64.decode(raw)
        case .quotedPrintable: QuotedPrintable.decode(raw)
        case .uuencode: UUEncoding.decode(raw)
        case .sevenBit, .eightBit, .binary, .other: Array(raw)
        }
    }

    /// A part's content as text, by the charset of its type; without one, UTF-8 where it fits, else Windows-1252.
    public func text(of part: MessagePart) -> String {
        let content = content(of: part)
        guard let label = part.contentType.parameters["charset"] else { return HeaderText.string(content) }
        return Charset.decode(content[...], label: label)
    }

    /// The message that a part of type `message/rfc822` or `message/global` carries, decoded first if it was encoded
    /// (RFC 6532 §3.7); `nil` for other types.
    public func embeddedMessage(of part: MessagePart, limits: MessageLimits = .standard) -> Message? {
        let type = part.contentType
        guard type.type == "message", ["rfc822", "global", "news"].contains(type.subtype) else { return nil }
        return Message(content(of: part), limits: limits)
    }
}
