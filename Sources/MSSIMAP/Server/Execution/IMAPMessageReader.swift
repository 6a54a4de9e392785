import MSSMessage
import NIOCore

/// Finds the sections of a message without holding it: its header and structure are read once, in windows; octets are
/// passed on as they come.
struct IMAPMessageReader {
    /// Where a section lies, or what it is made of.
    enum Located {
        case range(Range<Int>)
        case octets(ArraySlice<UInt8>)
        case missing
    }

    let content: any IMAPMessageContent
    let summary: IMAPMessageSummary?
    private var header: ArraySlice<UInt8>?
    private var structure: MessageStructure?

    /// Octets read at once: a frame of MSSStore.
    static let window = 64 << 10
    /// Octets of a header that are looked at; what is beyond belongs to the text.
    private static let longestHeader = 1 << 20

    init(_ content: any IMAPMessageContent, _ summary: IMAPMessageSummary? = nil) {
        self.content = content
        self.summary = summary
        header = summary?.header
    }

    // MARK: Reading

    /// The message's header, the empty line after it included.
    mutating func headerOctets() async throws -> ArraySlice<UInt8> {
        if let header { return header }
        var octets: [UInt8] = []
        var end: Int?
        let limit = min(content.size, Self.longestHeader)
        while octets.count < limit, end == nil {
            let start = octets.count
            let piece = try await content.octets(start..<min(start + Self.window, limit))
            guard piece.readableBytes > 0 else { break }
            octets += piece.readableBytesView
            end = Self.headerEnd(octets, from: max(0, start - 3))
        }
        if let end { octets.removeLast(octets.count - end) }
        header = octets[...]
        return octets[...]
    }

    /// Where the header ends: behind the first empty line.
    static func headerEnd(_ octets: [UInt8], from start: Int) -> Int? {
        var index = start
        if start == 0 {
            if octets.starts(with: [0x0D, 0x0A]) { return 2 }
            if octets.first == 0x0A { return 1 }
        }
        while index < octets.count, let feed = octets[index...].firstIndex(of: 0x0A) {
            if feed + 1 < octets.count, octets[feed + 1] == 0x0A { return feed + 2 }
            if feed + 2 < octets.count, octets[feed + 1] == 0x0D, octets[feed + 2] == 0x0A { return feed + 3 }
            index = feed + 1
        }
        return nil
    }

    /// The message's header fields.
    mutating func headerBlock() async throws -> HeaderBlock {
        if let structure { return structure.root.header }
        return Message(Array(try await headerOctets())).header
    }

    /// `ENVELOPE` as it stands in a response.
    mutating func envelope() async throws -> ArraySlice<UInt8> {
        if let structure = summary?.structure { return structure.envelope }
        return Envelope(try await headerBlock()).imapBytes[...]
    }

    /// `BODYSTRUCTURE` or `BODY` as it stands in a response.
    mutating func bodyStructure(extended: Bool, rev2: Bool) async throws -> ArraySlice<UInt8> {
        if extended, let structure = summary?.structure { return structure.body(rev2: rev2) }
        return try await messageStructure().imapBodyStructure(extended: extended, rev2: rev2)[...]
    }

    /// The structure: the whole message is read once, nothing of its bodies is kept.
    mutating func messageStructure() async throws -> MessageStructure {
        if let structure { return structure }
        var parser = StructureParser()
        var position = 0
        while position < content.size {
            let piece = try await content.octets(position..<min(position + Self.window, content.size))
            guard piece.readableBytes > 0 else { break }
            piece.withUnsafeReadableBytes { parser.append($0) }
            position += piece.readableBytes
        }
        let structure = parser.finish()
        self.structure = structure
        return structure
    }

    // MARK: Sections

    /// Where a section lies (RFC 9051 §6.4.5.1).
    mutating func locate(_ section: IMAPSection) async throws -> Located {
        if section.part.isEmpty {
            switch section.content {
            case .whole: return .range(0..<content.size)
            case .header: return .octets(try await headerOctets())
            case .text: return .range(try await headerOctets().count..<content.size)
            case .fields(let names, let isNot):
                let octets = try await headerOctets()
                return .octets(RawHeaderField.fields(names.map(RawHeaderField.name), isNot: isNot, of: octets)[...])
            case .mime: return .missing
            }
        }
        let structure = try await messageStructure()
        guard let part = structure.part(section: section.part) else { return .missing }
        switch section.content {
        case .whole: return .range(part.bodyRange)
        case .mime: return .range(part.headerRange)
        case .header, .text, .fields:
            guard part.kind == .message, let index = part.children.first else { return .missing }
            let inner = structure.parts[index]
            switch section.content {
            case .header: return .range(inner.headerRange)
            case .text: return .range(inner.bodyRange)
            case .fields(let names, let isNot):
                let octets = Array(try await read(inner.headerRange).readableBytesView)
                return .octets(
                    RawHeaderField.fields(names.map(RawHeaderField.name), isNot: isNot, of: octets[...])[...])
            default: return .missing
            }
        }
    }

    /// A range as one buffer: for headers, which are bounded.
    func read(_ range: Range<Int>) async throws -> ByteBuffer {
        var all = ByteBuffer()
        try await forEachPiece(of: range) { all.writeImmutableBuffer($0) }
        return all
    }

    /// The octets of a range, window by window.
    func forEachPiece(
        of range: Range<Int>, isolation: isolated (any Actor)? = #isolation, _ body: (ByteBuffer) async throws -> Void
    ) async throws {
        var position = range.lowerBound
        while position < range.upperBound {
            let piece = try await content.octets(position..<min(position + Self.window, range.upperBound))
            guard piece.readableBytes > 0 else { throw IMAPRefusal(.corruption, "The message cannot be read") }
            try await body(piece)
            position += piece.readableBytes
        }
    }

    // MARK: BINARY

    /// A part for `BINARY`; `nil` when there is none.
    mutating func part(_ number: [Int]) async throws -> MessagePart? {
        let structure = try await messageStructure()
        guard !number.isEmpty else { return nil }
        return structure.part(section: number)
    }

    /// The octets of a part, its transfer encoding undone (RFC 3516 §4.2), piece by piece.
    ///
    /// - Throws: ``IMAPRefusal`` with `UNKNOWN-CTE` for an encoding that is not known.
    func forEachDecodedPiece(
        of part: MessagePart, isolation: isolated (any Actor)? = #isolation, _ body: ([UInt8]) async throws -> Void
    ) async throws {
        guard part.kind == .leaf else {
            return try await forEachPiece(of: part.bodyRange) { try await body(Array($0.readableBytesView)) }
        }
        switch part.header.transferEncoding {
        case .sevenBit, .eightBit, .binary:
            try await forEachPiece(of: part.bodyRange) { try await body(Array($0.readableBytesView)) }
        case .base64:
            var decoder = Base64Decoder()
            try await forEachPiece(of: part.bodyRange) { piece in
                var output: [UInt8] = []
                piece.withUnsafeReadableBytes { decoder.decode($0, into: &output) }
                try await body(output)
            }
            var rest: [UInt8] = []
            decoder.finish(into: &rest)
            try await body(rest)
        case .quotedPrintable:
            var decoder = QuotedPrintableDecoder()
            try await forEachPiece(of: part.bodyRange) { piece in
                var output: [UInt8] = []
                piece.withUnsafeReadableBytes { decoder.decode($0, into: &output) }
                try await body(output)
            }
            var rest: [UInt8] = []
            decoder.finish(into: &rest)
            try await body(rest)
        case .uuencode, .other: throw IMAPRefusal(.unknownCTE, "Transfer encoding not known")
        }
    }

    /// Octets of a part, decoded.
    func decodedSize(of part: MessagePart) async throws -> Int {
        var size = 0
        try await forEachDecodedPiece(of: part) { size += $0.count }
        return size
    }
}
