import MSSMessage

/// A message under search, with what is known of it.
struct SearchCandidate: Sendable {
    let uid: UInt32
    /// Its flags and size, where they were asked for.
    var message: IMAPMessage?
    /// The octets of its header, where they were read.
    var header: ArraySlice<UInt8>?

    init(_ uid: UInt32, _ message: IMAPMessage? = nil) { (self.uid, self.message) = (uid, message) }

    /// What a program is told of it.
    var known: IMAPSearchProgram.Known {
        IMAPSearchProgram.Known(uid: uid, message: message, header: header.map(SearchedHeader.init))
    }

    /// The fields of its header.
    var fields: HeaderBlock { Message(Array(header ?? [])).header }

    // MARK: Reading

    /// Messages whose texts are asked for at once.
    private static let part = 64
    /// Parts that are read at once: while one waits for the disk another is searched.
    private static let parts = 2

    /// Those of some messages that match by what is read of them, in any order.
    static func reading(
        _ open: [SearchCandidate], _ program: IMAPSearchProgram, _ account: any MailboxAccount,
        in mailbox: IMAPMailboxID
    ) async throws -> [SearchCandidate] {
        try await withThrowingTaskGroup(of: [SearchCandidate].self) { group in
            var found: [SearchCandidate] = []
            for (index, start) in stride(from: 0, to: open.count, by: part).enumerated() {
                if index >= parts, let some = try await group.next() { found += some }
                let part = open[start..<min(start + part, open.count)]
                group.addTask { try await matches(part, program, account, in: mailbox) }
            }
            for try await some in group { found += some }
            return found
        }
    }

    private static func matches(
        _ part: ArraySlice<SearchCandidate>, _ program: IMAPSearchProgram, _ account: any MailboxAccount,
        in mailbox: IMAPMailboxID
    ) async throws -> [SearchCandidate] {
        let contents = try await account.contents(NumberRanges(part.map(\.uid)), in: mailbox)
        var found: [SearchCandidate] = []
        for var candidate in part {
            // What is gone is not found.
            guard let content = contents[candidate.uid] else { continue }
            var reader = IMAPMessageReader(content)
            if candidate.header == nil { candidate.header = try await reader.headerOctets() }
            var known = candidate.known
            var verdict = program.matches(known)
            if verdict == nil {
                known.body = try await texts(&reader)
                verdict = program.matches(known)
            }
            if verdict == true { found.append(candidate) }
        }
        return found
    }

    /// Octets of one text part that a search looks at: longer text in mail is data, not words.
    private static let searchedOctets = 4 << 20

    /// The texts of a message's body.
    private static func texts(_ reader: inout IMAPMessageReader) async throws -> [FoldedText] {
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
                    guard octets.count < searchedOctets else { return }
                    if octets.isEmpty { octets = piece } else { octets += piece }
                }
            } catch let refusal as IMAPRefusal where refusal.code == .unknownCTE { continue }
            let label = part.contentType.parameters["charset"]
            if isUTF8(label, octets) {
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
}
