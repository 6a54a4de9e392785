import MSSMessage
import NIOCore

/// A failure in the middle of a literal that was announced: the client cannot be told, only left.
struct IMAPBrokenResponse: Error {
    var cause: any Error
}

extension IMAPCommandRunner {
    /// Messages of which everything is asked for at once: what is prepared of them is held together.
    private static let chunk = 64
    /// The same when nothing of the messages themselves is asked.
    private static let flagsChunk = 512

    func fetch(_ request: IMAPFetchRequest) async throws -> IMAPOutcome {
        let selected = try selectedMailbox()
        var items = request.items
        if request.byUID, !items.contains(.uid) { items.insert(.uid, at: 0) }
        if request.changedSince != nil, !items.contains(.modSeq) { items.append(.modSeq) }
        if items.contains(.modSeq) { isCondstore = true }  // RFC 7162 §3.1
        if request.vanished {
            guard isQResync, request.byUID else { return IMAPOutcome(.bad, nil, "ENABLE QRESYNC and UID FETCH first") }
            try await tellVanished(request)
        }
        let wanted = try uids(of: request.messages, byUID: request.byUID)
        let marksSeen = !selected.isReadOnly && items.contains(where: \.marksSeen)
        var isIncomplete = false
        let chunk = items.contains(where: \.needsContent) ? Self.chunk : Self.flagsChunk
        for start in stride(from: 0, to: wanted.count, by: chunk) {
            let uids = wanted[start..<min(start + chunk, wanted.count)]
            var messages = try await account.messages(NumberRanges(uids), in: selected.id)
            if messages.count < uids.count { isIncomplete = true }
            // Ranges of UIDs may hold some that came after the client was told of messages.
            messages.removeAll { selected.number(of: $0.uid) == nil }
            if let number = request.changedSince { messages.removeAll { $0.changeNumber <= number } }
            let newlySeen = marksSeen ? try await markSeen(&messages) : []
            let prepared = try await prepare(messages, items)
            for message in messages {
                let isTold = try await respond(
                    message, selected.number(of: message.uid)!, items, prepared,
                    tellsFlags: newlySeen.contains(message.uid))
                if !isTold { isIncomplete = true }
            }
        }
        if isIncomplete { return IMAPOutcome(.no, .expungeIssued, "Some of the messages no longer exist") }
        return IMAPOutcome("Completed")
    }

    private func tellVanished(_ request: IMAPFetchRequest) async throws {
        let selected = try selectedMailbox()
        guard let since = request.changedSince else { return }
        let wanted = request.messages.resolved(largest: .max)
        let gone = try await account.changes(in: selected.id, since: .max, vanishedSince: since)
            .vanished.filter { wanted?.contains($0) ?? false }
        if !gone.isEmpty { try await put("* VANISHED (EARLIER) \(NumberRanges(gone).wire)\r\n") }
    }

    /// Marks messages as read before they are sent; those that were not.
    private func markSeen(_ messages: inout [IMAPMessage]) async throws -> Set<UInt32> {
        let unseen = messages.filter { !$0.flags.contains(.seen) }.map(\.uid)
        guard !unseen.isEmpty else { return [] }
        let outcome = try await account.setFlags(
            .add, [.seen], of: unseen, in: try selectedMailbox().id, unchangedSince: nil)
        selected?.note(outcome.messages)
        let changed = Dictionary(uniqueKeysWithValues: outcome.messages.map { ($0.uid, $0) })
        for index in messages.indices { messages[index] = changed[messages[index].uid] ?? messages[index] }
        return Set(unseen)
    }

    /// What is known of messages before their responses are made.
    private struct Prepared {
        var summaries: [UInt32: IMAPMessageSummary] = [:]
        var contents: [UInt32: any IMAPMessageContent] = [:]
    }

    private func prepare(_ messages: [IMAPMessage], _ items: [IMAPFetchItem]) async throws -> Prepared {
        var prepared = Prepared()
        let needing = items.filter(\.needsContent)
        guard !needing.isEmpty, let selected else { return prepared }
        var uids = messages.map(\.uid)
        if needing.contains(where: \.isInSummary) {
            prepared.summaries = try await account.summaries(NumberRanges(uids), in: selected.id)
            if needing.allSatisfy(\.isInSummary) { uids.removeAll { prepared.summaries[$0] != nil } }
        }
        if !uids.isEmpty { prepared.contents = try await account.contents(NumberRanges(uids), in: selected.id) }
        return prepared
    }

    /// Puts out the response for one message; `false` when the message is gone.
    private func respond(
        _ message: IMAPMessage, _ number: UInt32, _ items: [IMAPFetchItem], _ prepared: Prepared, tellsFlags: Bool
    ) async throws -> Bool {
        var reader: IMAPMessageReader?
        if items.contains(where: \.needsContent) {
            let (summary, content) = (prepared.summaries[message.uid], prepared.contents[message.uid])
            guard summary != nil || content != nil else { return false }
            reader = IMAPMessageReader(content ?? UnreadContent(size: message.size), summary)
        }
        // What can be refused is found out before anything is put out.
        for case .binary(let part, _, _) in items { try await checkBinary(part, &reader) }
        for case .binarySize(let part) in items { try await checkBinary(part, &reader) }
        var separator = "* \(number) FETCH ("
        for item in items {
            try await put(separator)
            separator = " "
            try await put(item, message, &reader)
        }
        if tellsFlags, !items.contains(.flags) {
            try await put(" FLAGS (\(message.flags.map(\.name).joined(separator: " ")))")
            if isCondstore, !items.contains(.modSeq) { try await put(" MODSEQ (\(message.changeNumber))") }
        }
        try await put(")\r\n")
        return true
    }

    private func put(
        _ item: IMAPFetchItem, _ message: IMAPMessage, _ reader: inout IMAPMessageReader?
    ) async throws {
        let name = item.responseName
        switch item {
        case .uid: try await put("UID \(message.uid)")
        case .flags: try await put("FLAGS (\(message.flags.map(\.name).joined(separator: " ")))")
        case .internalDate: try await put("INTERNALDATE \"\(IMAPDates.dateTime(message.received))\"")
        case .size: try await put("RFC822.SIZE \(message.size)")
        case .modSeq: try await put("MODSEQ (\(message.changeNumber))")
        case .envelope:
            try await put("ENVELOPE ")
            try await put(try await reader!.envelope())
        case .bodyStructure(let extended):
            try await put("\(name) ")
            try await put(try await reader!.bodyStructure(extended: extended, rev2: isRev2))
        case .section(let section, let partial, _):
            try await put(section, partial, name, &reader!)
        case .rfc822(let content): try await put(IMAPSection(content), nil, name, &reader!)
        case .binary(let part, let partial, _): try await putBinary(part, partial, name, &reader!)
        case .binarySize(let part):
            var size = 0
            if let found = try await reader!.part(part) { size = try await reader!.decodedSize(of: found) }
            try await put("\(name) \(size)")
        }
    }

    /// A section, streamed.
    private func put(
        _ section: IMAPSection, _ partial: IMAPPartial?, _ name: String, _ reader: inout IMAPMessageReader
    ) async throws {
        switch try await reader.locate(section) {
        case .missing: try await put("\(name) NIL")
        case .octets(let octets):
            let range = partial?.range(of: octets.count) ?? 0..<octets.count
            try await put("\(name) {\(range.count)}\r\n")
            try await put(Array(octets[range]))
        case .range(let whole):
            var range = whole
            if let part = partial?.range(of: whole.count) {
                range = (whole.lowerBound + part.lowerBound)..<(whole.lowerBound + part.upperBound)
            }
            try await put("\(name) {\(range.count)}\r\n")
            do { try await reader.forEachPiece(of: range) { try await put($0) } } catch {
                throw IMAPBrokenResponse(cause: error)
            }
        }
    }

    private func checkBinary(_ part: [Int], _ reader: inout IMAPMessageReader?) async throws {
        guard let found = try await reader?.part(part), found.kind == .leaf else { return }
        switch found.header.transferEncoding {
        case .uuencode, .other: throw IMAPRefusal(.unknownCTE, "Transfer encoding not known")
        default: break
        }
    }

    /// A part, decoded: counted first, since a literal begins with its size.
    private func putBinary(
        _ part: [Int], _ partial: IMAPPartial?, _ name: String, _ reader: inout IMAPMessageReader
    ) async throws {
        if part.isEmpty {  // RFC 3516 §4.2: BINARY[] is BODY[]
            return try await put(IMAPSection(), partial, name, &reader)
        }
        guard let found = try await reader.part(part) else { return try await put("\(name) NIL") }
        let size = try await reader.decodedSize(of: found)
        let range = partial?.range(of: size) ?? 0..<size
        try await put("\(name) ~{\(range.count)}\r\n")
        var position = 0
        do {
            try await reader.forEachDecodedPiece(of: found) { piece in
                let wanted = range.clamped(to: position..<(position + piece.count))
                if !wanted.isEmpty {
                    try await put(Array(piece[(wanted.lowerBound - position)..<(wanted.upperBound - position)]))
                }
                position += piece.count
            }
        } catch { throw IMAPBrokenResponse(cause: error) }
    }
}

extension IMAPFetchItem {
    /// Whether the message itself is read for it.
    var needsContent: Bool {
        switch self {
        case .uid, .flags, .internalDate, .size, .modSeq: false
        default: true
        }
    }

    /// Whether it can be answered from an ``IMAPMessageSummary``.
    var isInSummary: Bool {
        switch self {
        case .envelope, .bodyStructure(extended: true), .rfc822(.header): true
        case .section(let section, _, _):
            switch section.content {
            case .header, .fields: section.part.isEmpty
            case .whole, .text, .mime: false
            }
        default: false
        }
    }
}
