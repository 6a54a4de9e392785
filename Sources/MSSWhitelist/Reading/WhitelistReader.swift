import MSSCore
import MSSXML

/// Turns the events of a document into entries. A value: events in, content out at the end.
struct WhitelistReader {
    private let names = WhitelistFormat.names
    private var formatVersion: String?
    private var generated: Timestamp?
    private var sawList = false
    private var inList = false
    private var log = DiagnosticLog()
    private var elementCount = 0
    private var fields = EntryFields()
    private var interned = EntryInterning()
    /// Depth of an unknown element being skipped.
    private var skippedDepth: Int?
    private var wrongRoot: String?
    /// Whether the field being read holds an element: what remains of its text is no value.
    private var fieldIsBroken = false

    /// A reader for a document of about this many bytes.
    init(documentLength: Int = 0) { interned.reserve(forDocumentOf: documentLength) }

    mutating func read(_ event: borrowing some ListEvent & ~Copyable) throws(WhitelistFormatError) {
        if let depth = skippedDepth {
            if event.kind == .end, event.depth == depth { skippedDepth = nil }
            return
        }
        switch (event.kind, event.depth) {
        case (.start, 1):
            guard event.name != names.root else { return }
            // Told at the end: in a document cut inside its first tag the name is only part of the truth.
            wrongRoot = event.expandedName.description
            skippedDepth = 1
        case (.start, 2): try startInRoot(event)
        case (.start, 3) where inList:
            if event.name == names.entry {
                elementCount += 1
                guard elementCount <= WhitelistFormat.maximumEntries else { throw .tooManyEntries }
                fields = EntryFields()
                log.entry = elementCount
            } else {
                try skip(event)
            }
        case (.start, 4) where inList:
            guard let field = EntryFields.Field(event.name, names) else { return try skip(event) }
            guard !fields.has(field) else {
                log.add(.repeatedField(field.label))
                return try skip(event)
            }
            fieldIsBroken = false
        case (.start, _):
            fieldIsBroken = true
            try skip(event)
        case (.end, 2): try endInRoot(event)
        case (.end, 3) where inList: finishEntry()
        case (.end, 4) where inList:
            guard let field = EntryFields.Field(event.name, names) else { return }
            guard event.textLength <= WhitelistFormat.maximumFieldLength else { throw .fieldTooLong(field.label) }
            fields[field] =
                fieldIsBroken
                ? TextPool.empty : event.withText { interned.texts.number(trimming: $0) }
            if field == .name { log.name = interned.texts.string(fields[.name]) }
        case (.end, _): break
        case (.text, let depth):
            // Text of a field comes again with its end tag.
            let isField = depth == 4 && inList || depth == 2 && !inList
            if !isField, !event.isWhitespace { log.add(.strayText) }
        }
    }

    private mutating func startInRoot(_ event: borrowing some ListEvent & ~Copyable) throws(WhitelistFormatError) {
        if event.name == names.list {
            guard !sawList else { throw .repeatedElement("ListeDomaines") }
            sawList = true
            inList = true
        } else if event.name == names.generated {
            guard generated == nil else { throw .repeatedElement("DateDeGeneration") }
        } else if event.name == names.signature {
            throw .signatureInContent
        } else if event.name != names.versionFormat {
            try skip(event)
        }
    }

    private mutating func endInRoot(_ event: borrowing some ListEvent & ~Copyable) throws(WhitelistFormatError) {
        if event.name == names.list {
            inList = false
            log.entry = nil
            log.name = ""
        } else if event.name == names.generated {
            guard event.textLength <= WhitelistFormat.maximumFieldLength else {
                throw .fieldTooLong("DateDeGeneration")
            }
            let text = event.withText { String(decoding: $0, as: UTF8.self) }
            let (result, lacksZone) = EntryInterning.time(text)
            do { generated = try result.get() } catch { throw .invalidGenerationDate(error) }
            if lacksZone { log.add(.missingZone) }
        } else if event.name == names.versionFormat {
            guard event.textLength <= WhitelistFormat.maximumFieldLength else { throw .fieldTooLong("versionFormat") }
            if formatVersion == nil {
                formatVersion = event.withText { String(decoding: $0, as: UTF8.self) }.trimmed
            } else {
                log.add(.repeatedField("versionFormat"))
            }
        }
    }

    /// Leaves an element and all below it unread. A signature anywhere means that the bytes are not those digested.
    private mutating func skip(_ event: borrowing some ListEvent & ~Copyable) throws(WhitelistFormatError) {
        guard event.name != names.signature else { throw .signatureInContent }
        let name = event.expandedName
        let plain = name.namespace == WhitelistFormat.namespace ? name.local : name.description
        log.add(.unknownElement(String(plain.prefix(WhitelistFormat.expectedFieldLength))))
        skippedDepth = event.depth
    }

    private mutating func finishEntry() {
        interned.add(fields, number: elementCount, generated: generated, &log)
        log.name = ""
    }

    consuming func finish() throws(WhitelistFormatError) -> WhitelistContent {
        if let wrongRoot { throw .wrongRoot(wrongRoot) }
        guard let generated else { throw .missingGenerationDate }
        guard sawList else { throw .missingList }
        guard !interned.entries.isEmpty else { throw .noEntry }
        for (entry, name, updated) in interned.undatedUpdates where updated > generated {
            log.entry = entry
            log.name = name
            log.add(.updateAfterGeneration)
        }
        return WhitelistContent(
            formatVersion: formatVersion, generated: generated, entries: interned.entries, keys: interned.keys,
            diagnostics: log.diagnostics, elementCount: elementCount)
    }
}

/// The diagnostics of a reading, bounded.
struct DiagnosticLog {
    private(set) var diagnostics: [WhitelistDiagnostic] = []
    /// The entry being read.
    var entry: Int?
    /// Its `Nom`.
    var name = ""

    mutating func add(_ oddity: WhitelistDiagnostic.Oddity) {
        guard diagnostics.count < WhitelistFormat.maximumDiagnostics else { return }
        var shown = name
        if shown.utf8.count > WhitelistFormat.expectedFieldLength {
            shown = String(decoding: shown.utf8.prefix(WhitelistFormat.expectedFieldLength), as: UTF8.self)
        }
        diagnostics.append(WhitelistDiagnostic(entry: entry, name: shown, oddity: oddity))
    }
}

extension String {
    /// Without the white space of XML at its ends.
    var trimmed: String {
        let bytes = utf8
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
        guard let first = bytes.first, let last = bytes.last, isSpace(first) || isSpace(last) else { return self }
        var slice = Substring(self).utf8
        while let byte = slice.first, isSpace(byte) { slice.removeFirst() }
        while let byte = slice.last, isSpace(byte) { slice.removeLast() }
        return String(Substring(slice))
    }
}
