import Glibc

// Header blocks (RFC 5322 §2.2), read line by line.
extension StructureParser {
    /// Indexes a header line that is not empty.
    mutating func headerLine(_ line: Line, _ text: UnsafeRawBufferPointer) {
        let relative = line.start - parts[open[open.count - 1].index].headerRange.lowerBound
        if blockIsFull || relative + line.total > min(limits.headerBytes, headerBytesLeft) {
            blockIsFull = true
            fieldIsOpen = false
            noted.note(.headerTooLarge, at: line.start)
            return
        }
        if copiesHeaders { block.append(contentsOf: line.octets) }
        if text[0] == Ascii.space || text[0] == Ascii.tab {
            if fieldIsOpen {
                locations[locations.count - 1].end = UInt32(relative + text.count)
            } else {
                noted.note(.malformedHeaderLine, at: line.start)
            }
            return
        }
        fieldIsOpen = false
        guard let colon = memchr(text.baseAddress!, Int32(UInt8(ascii: ":")), text.count),
            case let length = UnsafeRawPointer(colon) - text.baseAddress!, length > 0
        else {
            noted.note(relative == 0 && Self.isMboxLine(text) ? .mboxFromLine : .malformedHeaderLine, at: line.start)
            return
        }
        // `From jdoe@example.org Wed Jun 30 21:49:08 1993` has its first colon in the time.
        if relative == 0, Self.isMboxLine(text) {
            noted.note(.mboxFromLine, at: line.start)
            return
        }
        var nameLength = length
        while nameLength > 0, text[nameLength - 1] == Ascii.space || text[nameLength - 1] == Ascii.tab {
            nameLength -= 1
        }
        for index in 0..<nameLength where !Ascii.isFieldName(text[index]) {
            noted.note(.invalidFieldName, at: line.start)
            break
        }
        guard locations.count < limits.fields, fieldsLeft > 0 else {
            noted.note(.tooManyFields, at: line.start)
            return
        }
        fieldsLeft -= 1
        fieldIsOpen = true
        locations.append(
            HeaderBlock.Location(
                start: UInt32(relative), nameLength: UInt32(nameLength), valueStart: UInt32(relative + length + 1),
                end: UInt32(relative + text.count)))
    }

    private static func isMboxLine(_ text: UnsafeRawBufferPointer) -> Bool {
        text.starts(with: "From ".utf8) || text.starts(with: ">From ".utf8)
    }

    /// Ends the header under way; the body of its part starts at `end`.
    mutating func endHeader(at end: Int, _ chunk: UnsafeRawBufferPointer, byEmptyLine: Bool) {
        let place = open.count - 1
        let index = open[place].index
        let start = parts[index].headerRange.lowerBound
        headerBytesLeft -= min(end - start, limits.headerBytes, headerBytesLeft)
        parts[index].headerRange = start..<end
        parts[index].bodyRange = end..<end
        parts[index].header.locations = locations
        open[place].linesBefore = lines
        open[place].bareLinesBefore = bareLines
        state = .body
        lastLineEnd = 0
        let fields = locations
        locations = []
        let descends: Bool
        if copiesHeaders {
            parts[index].header.storage = block
            block = []
            descends = parts[index].header.storage.withUnsafeBytes { classify(place, $0, fields) }
        } else {
            descends = classify(place, UnsafeRawBufferPointer(rebasing: chunk[start..<end]), fields)
        }
        if descends, byEmptyLine {
            if parts.count < limits.parts {
                beginPart(at: end, parent: index, inDigest: false)
            } else {
                parts[index].kind = .leaf
                noted.note(.tooManyParts, at: end)
            }
        }
    }

    /// Tells what a part is from its `Content-Type`; returns whether a message starts in its body.
    private mutating func classify(
        _ place: Int, _ header: UnsafeRawBufferPointer, _ fields: [HeaderBlock.Location]
    ) -> Bool {
        let index = open[place].index
        let start = parts[index].headerRange.lowerBound
        guard let value = Self.value("content-type", header, fields) else {
            guard parts[index].isInDigest else { return false }
            return beginsMessage(place, header, fields)
        }
        var scanner = TokenScanner(value)
        let type = scanner.headToken().map(Ascii.lower)
        guard type == Self.multipart || type == Self.message else { return false }
        scanner.skipCFWS()
        guard scanner.current == UInt8(ascii: "/") else { return false }
        scanner.position += 1
        let subtype = scanner.headToken(slash: true).map(Ascii.lower)
        if type == Self.message {
            // RFC 2046 §5.2.1, RFC 6532 §3.7, RFC 5537 for news.
            guard subtype == Self.rfc822 || subtype == Self.global || subtype == Self.news else { return false }
            return beginsMessage(place, header, fields)
        }
        guard parts[index].depth < limits.depth else {
            noted.note(.nestedTooDeep, at: start)
            return false
        }
        var parser = ParameterParser(scanner)
        let raw = parser.raw()
        var boundary = raw.first { $0.name == Self.boundary }?.value
        if boundary == nil, raw.contains(where: { $0.name.starts(with: Self.boundary) }) {
            parser = ParameterParser(scanner)
            boundary = parser.parameters()["boundary"].map { Array($0.utf8) }
        }
        // RFC 2046 §5.1.1: a boundary does not end with a blank.
        while let last = boundary?.last, Ascii.isBlank(last) { boundary!.removeLast() }
        guard let boundary, !boundary.isEmpty, boundary.count <= limits.boundaryBytes else {
            noted.note(.missingBoundaryParameter, at: start)
            return false
        }
        if boundary.count > 70 { noted.note(.longBoundary, at: start) }
        if !isIdentity(header, fields) { noted.note(.encodedComposite, at: start) }
        parts[index].kind = .multipart
        open[place].delimiter = Self.dashes + boundary
        open[place].isDigest = subtype == Self.digest
        delimiters += 1
        return false
    }

    private mutating func beginsMessage(
        _ place: Int, _ header: UnsafeRawBufferPointer, _ fields: [HeaderBlock.Location]
    ) -> Bool {
        let index = open[place].index
        let start = parts[index].headerRange.lowerBound
        guard parts[index].depth < limits.depth else {
            noted.note(.nestedTooDeep, at: start)
            return false
        }
        // An encoded message cannot be read where it lies; `Message.embeddedMessage(of:)` decodes it.
        guard isIdentity(header, fields) else {
            noted.note(.encodedComposite, at: start)
            return false
        }
        parts[index].kind = .message
        return true
    }

    private func isIdentity(_ header: UnsafeRawBufferPointer, _ fields: [HeaderBlock.Location]) -> Bool {
        guard let value = Self.value("content-transfer-encoding", header, fields) else { return true }
        var scanner = TokenScanner(value)
        return TransferEncoding(token: scanner.restOfToken()).isIdentity
    }

    /// The unfolded value of the first field of a lower-case name.
    private static func value(
        _ name: StaticString, _ header: UnsafeRawBufferPointer, _ fields: [HeaderBlock.Location]
    ) -> [UInt8]? {
        let length = name.utf8CodeUnitCount
        for field in fields where Int(field.nameLength) == length {
            let start = Int(field.start)
            var equal = true
            for offset in 0..<length where Ascii.lower(header[start + offset]) != name.utf8Start[offset] {
                equal = false
                break
            }
            guard equal else { continue }
            return HeaderText.unfold(Array(header[Int(field.valueStart)..<Int(field.end)])[...])
        }
        return nil
    }

    private static let multipart = Array("multipart".utf8)
    private static let message = Array("message".utf8)
    private static let rfc822 = Array("rfc822".utf8)
    private static let global = Array("global".utf8)
    private static let news = Array("news".utf8)
    private static let digest = Array("digest".utf8)
    private static let boundary = Array("boundary".utf8)
    private static let dashes = Array("--".utf8)
}
