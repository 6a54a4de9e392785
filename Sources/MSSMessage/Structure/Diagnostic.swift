/// Something in a message that the standards forbid and the parser tolerated.
///
/// One diagnostic stands for all occurrences of its kind, so a hostile message cannot multiply them.
public struct Diagnostic: Hashable, Sendable {
    /// What was found.
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// A line ended by LF without CR (RFC 5322 §2.3).
        case bareLineFeed
        /// A CR that no LF follows (RFC 5322 §2.3).
        case bareCarriageReturn
        /// A NUL byte (RFC 5322 §4).
        case nulByte
        /// A line of more than 998 octets (RFC 5322 §2.1.1).
        case longLine
        /// An octet above 127 in a header (allowed by RFC 6532 only as UTF-8).
        case eightBitHeader
        /// A header line without a colon, or a continuation that continues nothing.
        case malformedHeaderLine
        /// A field name with characters that RFC 5322 §3.6.8 forbids.
        case invalidFieldName
        /// An mbox `From ` line before the header.
        case mboxFromLine
        /// Header bytes beyond ``MessageLimits/headerBytes`` or ``MessageLimits/totalHeaderBytes``: not indexed.
        case headerTooLarge
        /// More fields than ``MessageLimits/fields`` or ``MessageLimits/totalFields``: not indexed.
        case tooManyFields
        /// More parts than ``MessageLimits/parts``: not separated.
        case tooManyParts
        /// Nesting beyond ``MessageLimits/depth``: not opened.
        case nestedTooDeep
        /// A multipart type without a usable boundary: taken as one opaque part.
        case missingBoundaryParameter
        /// A boundary longer than the 70 characters of RFC 2046 §5.1.1.
        case longBoundary
        /// A delimiter line with text after the boundary.
        case delimiterWithTrailer
        /// A multipart that ended without its close delimiter.
        case missingEndBoundary
        /// A multipart in which no delimiter was found.
        case noPartFound
        /// A composite type with a transfer encoding (RFC 2045 §6.4).
        case encodedComposite
        /// An address list with a missing or surplus bracket, comma, quote or parenthesis.
        case malformedAddress
        /// More addresses than ``MessageLimits/addresses`` in one field: the rest is not read.
        case tooManyAddresses
    }

    /// What was found.
    public let kind: Kind
    /// Byte offset of the first occurrence.
    public let offset: Int
    /// Number of occurrences.
    public let count: Int

    /// A diagnostic.
    public init(_ kind: Kind, offset: Int, count: Int = 1) {
        self.kind = kind
        self.offset = offset
        self.count = count
    }
}

/// Collects diagnostics: one entry a kind, whatever the order in which they are noted.
struct DiagnosticCollector: Sendable {
    private var entries: [Diagnostic.Kind: (offset: Int, count: Int)] = [:]

    mutating func note(_ kind: Diagnostic.Kind, at offset: Int, count: Int = 1) {
        guard count > 0 else { return }
        if let known = entries[kind] {
            entries[kind] = (min(known.offset, offset), known.count + count)
        } else {
            entries[kind] = (offset, count)
        }
    }

    /// Sorted by first offset, then kind.
    var diagnostics: [Diagnostic] {
        entries.map { Diagnostic($0, offset: $1.offset, count: $1.count) }
            .sorted { ($0.offset, $0.kind.rawValue) < ($1.offset, $1.kind.rawValue) }
    }
}
