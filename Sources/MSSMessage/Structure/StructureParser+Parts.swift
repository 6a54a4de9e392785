// Parts begin, end and are told apart by delimiters (RFC 2046 §5.1).
extension StructureParser {
    /// An open multipart whose delimiter a line is.
    struct Match {
        var place: Int
        var closes: Bool
        var exact: Bool
    }

    mutating func beginPart(at offset: Int, parent: Int?, inDigest: Bool) {
        let index = parts.count
        let depth = parent.map { parts[$0].depth + 1 } ?? 0
        parts.append(
            MessagePart(
                index: index, parent: parent, depth: depth,
                header: HeaderBlock(storage: [], first: 0, messageOffset: offset), headerRange: offset..<offset,
                bodyRange: offset..<offset, isInDigest: inDigest))
        if let parent { parts[parent].children.append(index) }
        open.append(OpenPart(index: index))
        state = .header
        block = []
        locations = []
        fieldIsOpen = false
        blockIsFull = false
    }

    /// The multipart whose delimiter the line is. A line that is a delimiter and nothing else wins, the innermost
    /// first; else the longest boundary that the line starts with, for RFC 2046 §5.1.1 lets text follow it.
    func match(_ line: Line) -> Match? {
        let text = UnsafeRawBufferPointer(rebasing: line.text.prefix(Self.capture))
        let isWhole = line.total - line.ending == text.count
        var best: Match?
        var bestLength = 0
        for place in open.indices.reversed() {
            let delimiter = open[place].delimiter
            guard !delimiter.isEmpty, text.count >= delimiter.count,
                delimiter.count > bestLength || best?.exact == false,
                text.starts(with: delimiter)
            else { continue }
            var end = delimiter.count
            let closes = end + 2 <= text.count && text[end] == UInt8(ascii: "-") && text[end + 1] == UInt8(ascii: "-")
            if closes { end += 2 }
            while end < text.count, text[end] == Ascii.space || text[end] == Ascii.tab { end += 1 }
            let match = Match(place: place, closes: closes, exact: isWhole && end == text.count)
            if match.exact { return match }
            if delimiter.count > bestLength {
                best = match
                bestLength = delimiter.count
            }
        }
        return best
    }

    mutating func delimit(_ match: Match, _ line: Line, _ chunk: UnsafeRawBufferPointer) {
        if !match.exact { noted.note(.delimiterWithTrailer, at: line.start) }
        if state == .header {
            endHeader(at: line.start, chunk, byEmptyLine: false)
            lastLineEnd = 0
        }
        close(downTo: match.place + 1, at: line.start, withoutLastLineEnd: true)
        lastLineEnd = line.ending
        state = .body
        let owner = open[match.place]
        if match.closes {
            open[match.place].delimiter = []
            delimiters -= 1
        } else if parts.count >= limits.parts {
            noted.note(.tooManyParts, at: line.start)
        } else {
            beginPart(at: line.end, parent: owner.index, inDigest: owner.isDigest)
        }
    }

    /// Ends the open parts from a place on the stack inwards. The line end before a delimiter is the delimiter's.
    mutating func close(downTo place: Int, at end: Int, withoutLastLineEnd: Bool) {
        let spare = withoutLastLineEnd ? lastLineEnd : 0
        while open.count > place {
            let closed = open.removeLast()
            let start = parts[closed.index].bodyRange.lowerBound
            parts[closed.index].bodyRange = start..<max(start, end - spare)
            parts[closed.index].bodyLines = max(0, lines - closed.linesBefore - (spare > 0 ? 1 : 0))
            parts[closed.index].bodyBareLineFeeds = max(0, bareLines - closed.bareLinesBefore - (spare == 1 ? 1 : 0))
            if parts[closed.index].kind == .multipart, parts[closed.index].children.isEmpty {
                noted.note(.noPartFound, at: start)
            }
            if !closed.delimiter.isEmpty {
                delimiters -= 1
                noted.note(.missingEndBoundary, at: max(start, end - spare))
            }
            if let parent = parts[closed.index].parent { parts[parent].traits.formUnion(parts[closed.index].traits) }
        }
    }
}
