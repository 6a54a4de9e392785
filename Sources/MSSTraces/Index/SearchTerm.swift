import MSSCore

/// What a trace is found by: a kind and a text, hashed to 64 bits. A hash only proposes a record: the search reads it
/// and compares, so that a collision costs time and nothing else.
enum SearchTerm: Sendable, Hashable {
    case mailbox(MailAddress)
    case correspondent(MailAddress)
    case message(String)
    case person(String)
    case action(String)

    var hash: UInt64 {
        switch self {
        case .mailbox(let address): SearchTerm.hash(0x6D, address.searchKey)
        case .correspondent(let address): SearchTerm.hash(0x63, address.searchKey)
        case .message(let identifier): SearchTerm.hash(0x69, identifier)
        case .person(let identifier): SearchTerm.hash(0x70, identifier.lowercased())
        case .action(let code): SearchTerm.hash(0x61, code)
        }
    }

    /// Whether the event is really found by the term.
    func matches(_ event: TraceEvent) -> Bool {
        switch self {
        case .mailbox(let address): event.mailbox?.searchKey == address.searchKey
        case .correspondent(let address): event.correspondents.contains { $0.searchKey == address.searchKey }
        case .message(let identifier): event.message?.identifier == identifier
        case .person(let identifier):
            event.author.searchable.contains { $0.lowercased() == identifier.lowercased() }
        case .action(let code): event.action.code == code
        }
    }

    /// The hashes of all terms of an event, each once.
    static func hashes(of event: TraceEvent) -> [UInt64] {
        var hashes: [UInt64] = []
        hashes.reserveCapacity(8)
        hashes.append(hash(0x61, event.action.code))
        if let mailbox = event.mailbox { hashes.append(hash(0x6D, mailbox.searchKey)) }
        for address in event.correspondents { hashes.append(hash(0x63, address.searchKey)) }
        if let message = event.message { hashes.append(hash(0x69, message.identifier)) }
        for person in event.author.searchable where !person.isEmpty { hashes.append(hash(0x70, person.lowercased())) }
        guard hashes.count > 16 else {
            var unique: [UInt64] = []
            unique.reserveCapacity(hashes.count)
            for hash in hashes where !unique.contains(hash) { unique.append(hash) }
            return unique
        }
        return Array(Set(hashes))
    }

    /// FNV-1a with a last mixing step (the finaliser of MurmurHash3).
    private static func hash(_ kind: UInt8, _ text: String) -> UInt64 {
        var hash: UInt64 = (0xCBF2_9CE4_8422_2325 ^ UInt64(kind)) &* 0x100_0000_01B3
        var text = text
        text.withUTF8 { for byte in $0 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 } }
        hash ^= hash >> 33
        hash = hash &* 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 33
        hash = hash &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }
}

extension MailAddress {
    /// Addresses are searched without regard to case, as users write them.
    fileprivate var searchKey: String {
        var text = text
        let isLower = text.withUTF8 { $0.allSatisfy { !(0x41...0x5A ~= $0) && $0 < 0x80 } }
        return isLower ? text : text.lowercased()
    }
}

extension TraceEvent {
    fileprivate var correspondents: [MailAddress] {
        guard let message else { return [] }
        return message.sender.map { [$0] + message.recipients } ?? message.recipients
    }
}
