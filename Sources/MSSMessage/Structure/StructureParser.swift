import Glibc

/// Finds the parts of a message in one pass over its octets, given whole or in chunks of any size; both ways give the
/// same structure.
///
/// Beyond the header blocks, memory is constant for each part: bodies are scanned where they lie and never kept.
public struct StructureParser: Sendable {
    /// A part that has begun and not ended.
    struct OpenPart: Sendable {
        var index: Int
        /// `--` and the boundary while delimiters count; an ended multipart has none.
        var delimiter: [UInt8] = []
        var isDigest = false
        var linesBefore = 0
        var bareLinesBefore = 0
    }
    enum State: Sendable {
        case header
        /// The body of the innermost open part: content, preamble or epilogue.
        case body
    }
    /// A line: its first octets (all, unless it is longer than what is kept of it) and what is known of the rest.
    struct Line {
        var octets: UnsafeRawBufferPointer
        var start: Int
        /// Octets, the line end included.
        var total: Int
        /// Octets of the line end: 2, 1, or 0 at the end of the message.
        var ending: Int
        var end: Int { start + total }
        /// The octets without the line end.
        var text: UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: octets.prefix(min(octets.count, total - ending)))
        }
    }

    /// Octets of a line that are kept to compare it with delimiters.
    static let capture = 512

    let limits: MessageLimits
    /// Whether header bytes are copied (chunks) or stay in the message (whole).
    let copiesHeaders: Bool

    var parts: [MessagePart] = []
    var open: [OpenPart] = []
    var state = State.header
    var noted = DiagnosticCollector()
    /// Open parts with a delimiter; without any, bodies need not look at line starts.
    var delimiters = 0
    /// Octets read so far.
    public private(set) var position = 0
    /// Where the line under way starts.
    private var lineStart = 0
    /// Octets of the line end before it; 0 at the beginning of a body.
    var lastLineEnd = 0
    // Line ends over the whole message.
    var lines = 0
    var bareLines = 0

    // A line that a chunk cut: its first octets, length, last two octets, and what they hold.
    private var carry: [UInt8] = []
    private var carryTotal = 0
    private var carryLast: UInt8 = 0
    private var carryBeforeLast: UInt8 = 0
    private var carryCensus = OctetCensus()

    // The header under way.
    var block: [UInt8] = []
    var locations: [HeaderBlock.Location] = []
    /// Whether a continuation line belongs to the last location.
    var fieldIsOpen = false
    var blockIsFull = false
    var headerBytesLeft: Int
    var fieldsLeft: Int

    /// A parser that is given a message in chunks.
    public init(limits: MessageLimits = .standard) { self.init(limits: limits, copiesHeaders: true) }

    init(limits: MessageLimits, copiesHeaders: Bool) {
        self.limits = limits
        self.copiesHeaders = copiesHeaders
        headerBytesLeft = limits.totalHeaderBytes
        fieldsLeft = limits.totalFields
        beginPart(at: 0, parent: nil, inDigest: false)
    }

    /// Reads the next octets.
    public mutating func append(_ chunk: UnsafeRawBufferPointer) { feed(chunk, last: false) }

    /// Reads the next octets.
    public mutating func append(_ chunk: some Sequence<UInt8>) {
        let done: Void? = chunk.withContiguousStorageIfAvailable { feed(UnsafeRawBufferPointer($0), last: false) }
        if done == nil { Array(chunk).withUnsafeBytes { feed($0, last: false) } }
    }

    /// Ends the message and returns its structure.
    public mutating func finish() -> MessageStructure {
        feed(UnsafeRawBufferPointer(start: nil, count: 0), last: true)
        return MessageStructure(parts: parts, diagnostics: noted.diagnostics, size: position)
    }

    /// Reads a whole message; headers stay in its bytes.
    static func parse(_ bytes: [UInt8], limits: MessageLimits) -> MessageStructure {
        var parser = StructureParser(limits: limits, copiesHeaders: false)
        bytes.withUnsafeBytes { parser.feed($0, last: true) }
        for index in parser.parts.indices {
            parser.parts[index].header.storage = bytes
            parser.parts[index].header.first = parser.parts[index].headerRange.lowerBound
        }
        return MessageStructure(parts: parser.parts, diagnostics: parser.noted.diagnostics, size: bytes.count)
    }

    // MARK: Lines

    private mutating func feed(_ chunk: UnsafeRawBufferPointer, last: Bool) {
        let offset = position
        position += chunk.count
        var at = 0
        while at < chunk.count {
            if state == .body, carryTotal == 0 {
                at = scanBody(chunk, from: at, offset: offset)
                guard at < chunk.count else { break }
            }
            let base = chunk.baseAddress!  // not nil: the chunk holds octets
            guard let found = memchr(base + at, Int32(Ascii.lf), chunk.count - at) else { break }
            let end = UnsafeRawPointer(found) - base + 1
            let octets = UnsafeRawBufferPointer(rebasing: chunk[at..<end])
            if carryTotal > 0 {
                keep(octets)
                takeCarried(chunk, ending: carryBeforeLast == Ascii.cr ? 2 : 1)
            } else {
                let ending = octets.count > 1 && octets[octets.count - 2] == Ascii.cr ? 2 : 1
                take(
                    Line(octets: octets, start: lineStart, total: octets.count, ending: ending), OctetCensus(octets),
                    chunk)
            }
            at = end
        }
        if at < chunk.count {
            let octets = UnsafeRawBufferPointer(rebasing: chunk[at...])
            if last, carryTotal == 0 {
                take(Line(octets: octets, start: lineStart, total: octets.count, ending: 0), OctetCensus(octets), chunk)
            } else {
                keep(octets)
            }
        }
        if last {
            if carryTotal > 0 { takeCarried(chunk, ending: 0) }
            if state == .header { endHeader(at: position, chunk, byEmptyLine: false) }
            close(downTo: 0, at: position, withoutLastLineEnd: false)
        }
    }

    /// Scans lines of content until one may be a delimiter or the chunk ends; returns where that line starts.
    private mutating func scanBody(_ chunk: UnsafeRawBufferPointer, from start: Int, offset: Int) -> Int {
        let base = chunk.baseAddress!  // not nil: called within a chunk that holds octets
        let count = chunk.count
        let watch = delimiters > 0
        let dash = UInt8(ascii: "-")
        var at = start
        var lines = 0
        var bare = 0
        var firstBare = 0
        var lastEnding = lastLineEnd
        while at < count {
            // A lone `-` at the chunk's end may become `--`.
            if watch, base.load(fromByteOffset: at, as: UInt8.self) == dash,
                at + 1 == count || base.load(fromByteOffset: at + 1, as: UInt8.self) == dash
            {
                break
            }
            guard let found = memchr(base + at, Int32(Ascii.lf), count - at) else { break }
            let end = UnsafeRawPointer(found) - base
            lines += 1
            if end > at, base.load(fromByteOffset: end - 1, as: UInt8.self) == Ascii.cr {
                lastEnding = 2
            } else {
                lastEnding = 1
                if bare == 0 { firstBare = at }
                bare += 1
            }
            if end + 1 - at - lastEnding > HeaderWriter.hardLimit { noteLongLine(offset + at) }
            at = end + 1
        }
        guard lines > 0 else { return at }
        self.lines += lines
        bareLines += bare
        noted.note(.bareLineFeed, at: offset + firstBare, count: bare)
        if bare > 0 { mark(.bareLineEnd) }
        lastLineEnd = lastEnding
        lineStart = offset + at
        let run = UnsafeRawBufferPointer(rebasing: chunk[start..<at])
        note(OctetCensus(run), lineEndings: lines - bare, run, offset + start)
        return at
    }

    /// Keeps the beginning of a line that the chunk cuts: all of a header line, as much of another as tells delimiters.
    private mutating func keep(_ piece: UnsafeRawBufferPointer) {
        let cap = state == .header ? limits.headerBytes + 4 : Self.capture
        if carry.count < cap { carry.append(contentsOf: piece.prefix(cap - carry.count)) }
        carryBeforeLast = piece.count > 1 ? piece[piece.count - 2] : carryLast
        carryLast = piece[piece.count - 1]
        carryTotal += piece.count
        carryCensus.add(OctetCensus(piece))
    }

    private mutating func takeCarried(_ chunk: UnsafeRawBufferPointer, ending: Int) {
        let octets = carry
        let (total, census) = (carryTotal, carryCensus)
        carry = []
        carryTotal = 0
        carryLast = 0
        carryBeforeLast = 0
        carryCensus = OctetCensus()
        octets.withUnsafeBytes {
            take(
                Line(octets: $0, start: lineStart, total: total, ending: total > 1 ? ending : min(ending, 1)), census,
                chunk)
        }
    }

    /// Handles one line: a delimiter, a header line, or content.
    private mutating func take(_ line: Line, _ census: OctetCensus, _ chunk: UnsafeRawBufferPointer) {
        lineStart = line.end
        let text = line.text
        if delimiters > 0, text.count >= 2, text[0] == UInt8(ascii: "-"), text[1] == UInt8(ascii: "-"),
            let match = match(line)
        {
            delimit(match, line, chunk)
            count(line, census)
            return
        }
        count(line, census)
        switch state {
        case .body: lastLineEnd = line.ending
        case .header:
            if census.eightBit { noted.note(.eightBitHeader, at: line.start) }
            if text.count == 0, line.total > 0 {
                endHeader(at: line.end, chunk, byEmptyLine: true)
            } else {
                headerLine(line, text)
            }
        }
    }

    private mutating func count(_ line: Line, _ census: OctetCensus) {
        if line.ending > 0 {
            lines += 1
            if line.ending == 1 {
                bareLines += 1
                noted.note(.bareLineFeed, at: line.start)
                mark(.bareLineEnd)
            }
        }
        if line.total - line.ending > HeaderWriter.hardLimit { noteLongLine(line.start) }
        note(census, lineEndings: line.ending == 2 ? 1 : 0, nil, line.start)
    }

    // MARK: Notes

    private mutating func mark(_ trait: OctetTraits) { parts[open[open.count - 1].index].traits.insert(trait) }

    private mutating func noteLongLine(_ offset: Int) {
        noted.note(.longLine, at: offset)
        mark(.longLine)
    }

    /// Notes what a run of octets holds; `run` gives them when they are more than one line.
    private mutating func note(
        _ census: OctetCensus, lineEndings: Int, _ run: UnsafeRawBufferPointer?, _ offset: Int
    ) {
        if census.eightBit { mark(.eightBit) }
        if census.nuls > 0 {
            mark(.nul)
            noted.note(.nulByte, at: offset + (run.map { OctetCensus.line(of: 0, in: $0) } ?? 0), count: census.nuls)
        }
        if census.returns > lineEndings {
            mark(.bareLineEnd)
            noted.note(
                .bareCarriageReturn, at: offset + (run.map { OctetCensus.lineOfBareReturn(in: $0) } ?? 0),
                count: census.returns - lineEndings)
        }
    }
}
