import MSSMessage
import NIOCore

/// A failure in the middle of a literal that was announced: the client cannot be told, only left.
struct IMAPBrokenResponse: Error {
    var cause: any Error
}

extension IMAPCommandRunner {
    /// Messages that are asked for at once where their octets are needed.
    private static let chunk = 64
    /// Where their summaries are: of 32 KiB at most, of two mostly.
    private static let summaryChunk = 256
    /// Where nothing of the messages themselves is.
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
        let form = FetchForm(items)
        var isIncomplete = false
        let chunk =
            form.needs.contains(.content) ? Self.chunk : form.needs.isEmpty ? Self.flagsChunk : Self.summaryChunk
        for start in stride(from: 0, to: wanted.count, by: chunk) {
            var uids = Array(wanted[start..<min(start + chunk, wanted.count)])
            if let number = request.changedSince {
                let present = try await account.messages(NumberRanges(uids), in: selected.id)
                if present.count < uids.count { isIncomplete = true }
                uids = present.filter { $0.changeNumber > number }.map(\.uid)
                if uids.isEmpty { continue }
            }
            var messages = try await account.fetch(NumberRanges(uids), form.needs, in: selected.id)
            if messages.count < uids.count { isIncomplete = true }
            let newlySeen = marksSeen ? try await markSeen(&messages) : []
            if wanted.count > chunk { await Task.yield() }  // a long list lets others in
            for message in messages {
                let uid = message.message.uid
                guard let number = selected.number(of: uid) else { continue }
                let isTold = try await respond(message, number, form, tellsFlags: newlySeen.contains(uid))
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
    private func markSeen(_ messages: inout [IMAPFetched]) async throws -> Set<UInt32> {
        let unseen = messages.map(\.message).filter { !$0.flags.contains(.seen) }.map(\.uid)
        guard !unseen.isEmpty else { return [] }
        let outcome = try await account.setFlags(
            .add, [.seen], of: unseen, in: try selectedMailbox().id, unchangedSince: nil)
        selected?.note(outcome.messages)
        let changed = Dictionary(uniqueKeysWithValues: outcome.messages.map { ($0.uid, $0) })
        for index in messages.indices {
            if let now = changed[messages[index].message.uid] { messages[index].message = now }
        }
        return Set(unseen)
    }

    /// Puts out the response for one message; `false` when the message is gone.
    private func respond(
        _ fetched: IMAPFetched, _ number: UInt32, _ form: FetchForm, tellsFlags: Bool
    ) async throws -> Bool {
        let message = fetched.message
        var reader: IMAPMessageReader?
        if !form.needs.isEmpty {
            guard fetched.summary != nil || fetched.content != nil else { return false }
            reader = IMAPMessageReader(fetched.content ?? UnreadContent(size: message.size), fetched.summary)
        }
        // What can be refused is found out before anything is put out.
        for item in form.items {
            switch item.item {
            case .binary(let part, _, _), .binarySize(let part): try await checkBinary(part, &reader)
            default: break
            }
        }
        var next = writing { buffer in
            buffer.write("* ", number, " FETCH (")
            return form.write(fetched, from: 0, isRev2: isRev2, to: &buffer)
        }
        while next < form.items.count {
            if isFull { try await flush() }
            if next > 0 { write(" ") }
            try await put(form.items[next].item, form.items[next].name, message, &reader!)
            next = writing { form.write(fetched, from: next + 1, isRev2: isRev2, to: &$0) }
        }
        if isFull { try await flush() }
        if tellsFlags, !form.tellsFlags {
            write(" ")
            writing { $0.writeFlags(of: message) }
            if isCondstore, !form.tellsChangeNumber { write(" MODSEQ (", message.changeNumber, ")") }
        }
        write(")\r\n")
        return true
    }

    private func put(
        _ item: IMAPFetchItem, _ name: String, _ message: IMAPMessage, _ reader: inout IMAPMessageReader
    ) async throws {
        switch item {
        case .uid, .flags, .internalDate, .size, .modSeq: break  // written
        case .envelope:
            write("ENVELOPE ")
            write(try await reader.envelope())
        case .bodyStructure(let extended):
            write(name + " ")
            write(try await reader.bodyStructure(extended: extended, rev2: isRev2))
        case .section(let section, let partial, _): try await put(section, partial, name, &reader)
        case .rfc822(let content): try await put(IMAPSection(content), nil, name, &reader)
        case .binary(let part, let partial, _): try await putBinary(part, partial, name, &reader)
        case .binarySize(let part):
            var size = 0
            if let found = try await reader.part(part) { size = try await reader.decodedSize(of: found) }
            write("\(name) \(size)")
        }
    }

    /// A section, streamed.
    private func put(
        _ section: IMAPSection, _ partial: IMAPPartial?, _ name: String, _ reader: inout IMAPMessageReader
    ) async throws {
        switch try await reader.locate(section) {
        case .missing: write(name + " NIL")
        case .octets(let octets):
            let range = partial?.range(of: octets.count) ?? 0..<octets.count
            write(name + " {", range.count, "}\r\n")
            write(octets.dropFirst(range.lowerBound).prefix(range.count))
        case .range(let whole):
            var range = whole
            if let part = partial?.range(of: whole.count) {
                range = (whole.lowerBound + part.lowerBound)..<(whole.lowerBound + part.upperBound)
            }
            write(name + " {", range.count, "}\r\n")
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
        guard let found = try await reader.part(part) else { return write(name + " NIL") }
        let size = try await reader.decodedSize(of: found)
        let range = partial?.range(of: size) ?? 0..<size
        write(name + " ~{", range.count, "}\r\n")
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
    /// What of the message is needed for it.
    var needs: IMAPFetchNeeds {
        switch self {
        case .uid, .flags, .internalDate, .size, .modSeq: []
        case .envelope, .bodyStructure(extended: true): .structure
        case .rfc822(.header): .header
        case .section(let section, _, _) where section.part.isEmpty:
            switch section.content {
            case .header, .fields: .header
            case .whole, .text, .mime: .content
            }
        default: .content
        }
    }
}
