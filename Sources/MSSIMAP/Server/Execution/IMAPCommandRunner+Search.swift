import MSSMessage

extension IMAPCommandRunner {
    /// Messages whose flags or headers are asked for at once.
    private static let chunk = 512

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

    /// What the caller needs of the messages found beside their UIDs.
    private struct Wanted: OptionSet {
        let rawValue: UInt8
        static let message = Wanted(rawValue: 1)
        static let header = Wanted(rawValue: 2)
    }

    /// The messages that match, ascending, with what is wanted of them.
    private func matches(_ key: IMAPSearchKey, _ wanted: Wanted = []) async throws -> [SearchCandidate] {
        let selected = try selectedMailbox()
        let program = IMAPSearchProgram(key, in: selected, saved: saved)
        let asksMessages = wanted.contains(.message) || !program.asksContentAlone
        var found: [SearchCandidate] = []
        for start in stride(from: 0, to: selected.uids.count, by: Self.chunk) {
            let ranges = selected.uids.ranges(start..<min(start + Self.chunk, selected.uids.count))
            guard let first = ranges.first?.lowerBound, let last = ranges.last?.upperBound else { break }
            var open: [SearchCandidate] = []
            if asksMessages {
                for message in try await account.messages(NumberRanges(joining: [first...last]), in: selected.id)
                where selected.number(of: message.uid) != nil {
                    let candidate = SearchCandidate(message.uid, message)
                    switch program.matches(candidate.known) {
                    case true? where !wanted.contains(.header): found.append(candidate)
                    case false?: break
                    default: open.append(candidate)
                    }
                }
            } else {
                for uid in ranges.joined() {
                    let candidate = SearchCandidate(uid)
                    if program.matches(candidate.known) != false { open.append(candidate) }
                }
            }
            await Task.yield()  // a long search lets others in
            if !open.isEmpty { found += try await read(open, program, in: selected.id) }
        }
        // What was decided without reading stands before what was read.
        return found.sorted { $0.uid < $1.uid }
    }

    /// Those of some messages that match: first by the headers, then by what is read.
    private func read(
        _ candidates: [SearchCandidate], _ program: IMAPSearchProgram, in mailbox: IMAPMailboxID
    ) async throws -> [SearchCandidate] {
        let headers = try await account.headers(NumberRanges(candidates.map(\.uid)), in: mailbox)
        var next = 0
        var found: [SearchCandidate] = []
        var open: [SearchCandidate] = []
        for var candidate in candidates {
            while next < headers.count, headers[next].uid < candidate.uid { next += 1 }
            guard next < headers.count, headers[next].uid == candidate.uid else {
                open.append(candidate)
                continue
            }
            candidate.header = headers[next].header
            switch program.matches(candidate.known) {
            case true?: found.append(candidate)
            case false?: break
            case nil: open.append(candidate)
            }
        }
        if !open.isEmpty { found += try await SearchCandidate.reading(open, program, account, in: mailbox) }
        return found
    }

    // MARK: SORT and THREAD

    func sort(_ request: IMAPSearchRequest, _ criteria: [IMAPSortCriterion]) async throws -> IMAPOutcome {
        let needsHeader = criteria.contains { $0.key != .arrival && $0.key != .size }
        let found = try await matches(request.key, needsHeader ? [.message, .header] : .message)
            .compactMap { candidate in
                candidate.message.map { IMAPSortEntry($0, needsHeader ? candidate.fields : nil, criteria) }
            }.sorted()
        let selected = try selectedMailbox()
        let uids = found.map(\.uid)
        let numbers = request.byUID ? uids : uids.compactMap { selected.number(of: $0) }
        let highest = try await request.key.namesChangeNumber ? highestChange(uids) : nil
        try await tell(numbers, uids, request, verb: "SORT", highest)
        return IMAPOutcome("Completed")
    }

    func thread(_ request: IMAPSearchRequest, _ algorithm: String) async throws -> IMAPOutcome {
        guard algorithm == "REFERENCES" else { return IMAPOutcome(.bad, nil, "Algorithm not known") }
        let found = try await matches(request.key, [.message, .header])
        let selected = try selectedMailbox()
        let forest = ThreadForest(
            found.compactMap { candidate in
                candidate.message.map { ThreadMessage(candidate.fields, received: $0.received) }
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
