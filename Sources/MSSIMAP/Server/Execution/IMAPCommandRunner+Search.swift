import MSSMessage

extension IMAPCommandRunner {
    /// Octets of one text part that a search looks at: longer text in mail is data, not words.
    private static let searchedOctets = 4 << 20
    private static let chunk = 512
    /// Messages whose headers or texts are asked for at once.
    private static let readChunk = 64

    func search(_ request: IMAPSearchRequest) async throws -> IMAPOutcome {
        let found = try await matches(request.key).map(\.uid)
        let selected = try selectedMailbox()
        let numbers = request.byUID ? found : found.compactMap { selected.number(of: $0) }
        let highest = try await request.key.namesChangeNumber ? highestChange(found) : nil
        try await tell(numbers, found, request, verb: "SEARCH", highest)
        return IMAPOutcome("Completed")
    }

    /// RFC 7162 §3.1.5: the greatest change number of what was found.
    private func highestChange(_ uids: [UInt32]) async throws -> Int64? {
        isCondstore = true
        return try await account.messages(NumberRanges(uids), in: try selectedMailbox().id).map(\.changeNumber).max()
    }

    private func tell(
        _ numbers: [UInt32], _ uids: [UInt32], _ request: IMAPSearchRequest, verb: String, _ highest: Int64?
    ) async throws {
        guard let returns = request.returns ?? (isRev2 && verb == "SEARCH" ? .all : nil) else {
            let list = numbers.map { " \($0)" }.joined()
            return try await put("* \(verb)\(list)\(highest.map { " (MODSEQ \($0))" } ?? "")\r\n")
        }
        if returns.contains(.save) {
            // RFC 5182 §2.4: with MIN and MAX alone, these are what is saved.
            let ends = returns.intersection([.min, .max])
            let isPartial = !ends.isEmpty && returns.isDisjoint(with: [.all, .count])
            let sorted = uids.sorted()
            saved = NumberRanges(
                isPartial
                    ? [ends.contains(.min) ? sorted.first : nil, ends.contains(.max) ? sorted.last : nil]
                        .compactMap { $0 } : sorted)
            if returns == .save { return }
        }
        var parts = ["* ESEARCH (TAG \(IMAPText.quoted(tag)))"]
        if request.byUID { parts.append("UID") }
        if returns.contains(.min), let min = numbers.min() { parts.append("MIN \(min)") }
        if returns.contains(.max), let max = numbers.max() { parts.append("MAX \(max)") }
        if returns.contains(.count) { parts.append("COUNT \(numbers.count)") }
        if returns.contains(.all), !numbers.isEmpty {
            // RFC 5267 §2: of SORT in the order asked for.
            parts.append(
                "ALL "
                    + (verb == "SORT"
                        ? numbers.map(String.init).joined(separator: ",")
                        : NumberRanges(numbers).wire))
        }
        if let highest { parts.append("MODSEQ \(highest)") }
        try await put(parts.joined(separator: " ") + "\r\n")
    }

    /// The messages that match, ascending, with their headers when `needsHeader`.
    private func matches(
        _ key: IMAPSearchKey, needsHeader: Bool = false
    ) async throws -> [(uid: UInt32, message: IMAPMessage, header: HeaderBlock?)] {
        let selected = try selectedMailbox()
        let program = IMAPSearchProgram(key, in: selected, saved: saved)
        var found: [(uid: UInt32, message: IMAPMessage, header: HeaderBlock?)] = []
        for start in stride(from: 0, to: selected.uids.count, by: Self.chunk) {
            let uids = selected.uids.ranges(start..<min(start + Self.chunk, selected.uids.count))
            guard let first = uids.first?.lowerBound, let last = uids.last?.upperBound else { break }
            let messages = try await account.messages(NumberRanges(joining: [first...last]), in: selected.id)
                .filter { selected.number(of: $0.uid) != nil }
            var open: [IMAPMessage] = []
            for message in messages {
                switch program.matches(message, IMAPSearchProgram.Known()) {
                case true? where !needsHeader: found.append((message.uid, message, nil))
                case false?: break
                default: open.append(message)
                }
            }
            for start in stride(from: 0, to: open.count, by: Self.readChunk) {
                await Task.yield()  // a long search lets others in
                let part = open[start..<min(start + Self.readChunk, open.count)]
                found += try await matches(part, program, needsHeader, in: selected.id)
            }
        }
        // What was decided without reading stands before what was read.
        return found.sorted { $0.uid < $1.uid }
    }

    /// Those of some messages that match, with their headers: first by the headers, then by what is read.
    private func matches(
        _ messages: ArraySlice<IMAPMessage>, _ program: IMAPSearchProgram, _ needsHeader: Bool,
        in mailbox: IMAPMailboxID
    ) async throws -> [(uid: UInt32, message: IMAPMessage, header: HeaderBlock?)] {
        let summaries = try await account.summaries(NumberRanges(messages.map(\.uid)), in: mailbox)
        var found: [(uid: UInt32, message: IMAPMessage, header: HeaderBlock?)] = []
        var open: [(message: IMAPMessage, summary: IMAPMessageSummary?)] = []
        for message in messages {
            guard let summary = summaries[message.uid] else {
                open.append((message, nil))
                continue
            }
            let header = SearchedHeader(summary.header)
            switch program.matches(message, IMAPSearchProgram.Known(header: header)) {
            case true?: found.append((message.uid, message, needsHeader ? header.block : nil))
            case false?: break
            case nil: open.append((message, summary))
            }
        }
        guard !open.isEmpty else { return found }
        let contents = try await account.contents(NumberRanges(open.map(\.message.uid)), in: mailbox)
        for (message, summary) in open {
            guard let content = contents[message.uid] else { continue }
            var reader = IMAPMessageReader(content, summary)
            let header = SearchedHeader(try await reader.headerOctets())
            var known = IMAPSearchProgram.Known(header: header)
            var verdict = program.matches(message, known)
            if verdict == nil {
                known.body = try await texts(&reader)
                verdict = program.matches(message, known)
            }
            if verdict == true { found.append((message.uid, message, needsHeader ? header.block : nil)) }
        }
        return found
    }

    /// The texts of a message's body.
    private func texts(_ reader: inout IMAPMessageReader) async throws -> [FoldedText] {
        var texts: [FoldedText] = []
        for part in try await reader.messageStructure().parts {
            guard part.kind == .leaf, part.contentType.type == "text" else {
                // Headers of messages within.
                if part.parent != nil, part.kind == .message {
                    texts += part.header.map { FoldedText($0.text) }
                }
                continue
            }
            var octets: [UInt8] = []
            do {
                try await reader.forEachDecodedPiece(of: part) { piece in
                    if octets.count < Self.searchedOctets { octets += piece }
                }
            } catch let refusal as IMAPRefusal where refusal.code == .unknownCTE { continue }
            let label = part.contentType.parameters["charset"]
            if Self.isUTF8(label, octets) {
                texts.append(FoldedText(octets: octets))
                continue
            }
            let text = label.map { Charset.decode(octets[...], label: $0) } ?? String(decoding: octets, as: UTF8.self)
            texts.append(FoldedText(text))
        }
        return texts
    }

    /// Whether octets are UTF-8 by their charset. Of seven bits they are ASCII in most; not in UTF-7, UTF-16 and ISO-2022.
    private static func isUTF8(_ label: String?, _ octets: [UInt8]) -> Bool {
        guard let label = label?.lowercased() else { return true }
        if label == "utf-8", String(validating: octets, as: UTF8.self) != nil { return true }
        return ["us-ascii", "utf-8", "iso-8859-", "windows-"].contains { label.hasPrefix($0) }
            && octets.allSatisfy { $0 < 0x80 }
    }

    // MARK: SORT and THREAD

    func sort(_ request: IMAPSearchRequest, _ criteria: [IMAPSortCriterion]) async throws -> IMAPOutcome {
        let needsHeader = criteria.contains { $0.key != .arrival && $0.key != .size }
        let found = try await matches(request.key, needsHeader: needsHeader)
            .map { IMAPSortEntry($0.message, $0.header, criteria) }.sorted()
        let selected = try selectedMailbox()
        let uids = found.map(\.uid)
        let numbers = request.byUID ? uids : uids.compactMap { selected.number(of: $0) }
        let highest = try await request.key.namesChangeNumber ? highestChange(uids) : nil
        try await tell(numbers, uids, request, verb: "SORT", highest)
        return IMAPOutcome("Completed")
    }

    func thread(_ request: IMAPSearchRequest, _ algorithm: String) async throws -> IMAPOutcome {
        guard algorithm == "REFERENCES" else { return IMAPOutcome(.bad, nil, "Algorithm not known") }
        let found = try await matches(request.key, needsHeader: true)
        let selected = try selectedMailbox()
        let forest = ThreadForest(
            found.map { entry in
                ThreadMessage(entry.header ?? Message([]).header, received: entry.message.received)
            })
        let names = found.map { request.byUID ? $0.uid : selected.number(of: $0.uid) ?? 0 }
        try await put("* THREAD\(forest.roots.isEmpty ? "" : " ")\(forest.wire(names))\r\n")
        return IMAPOutcome("Completed")
    }
}

extension IMAPSearchKey {
    /// Whether `MODSEQ` stands anywhere in it.
    var namesChangeNumber: Bool {
        switch self {
        case .modSeq: true
        case .not(let key): key.namesChangeNumber
        case .or(let one, let other): one.namesChangeNumber || other.namesChangeNumber
        case .and(let keys): keys.contains(where: \.namesChangeNumber)
        default: false
        }
    }
}
