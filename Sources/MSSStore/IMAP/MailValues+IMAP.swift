import MSSIMAP

// What the store and IMAP call by different names.

extension IMAPMailbox {
    /// A folder; `nil` when its name cannot be one in IMAP.
    init?(_ folder: MailFolder) {
        guard let name = IMAPMailboxName(folder.name) else { return nil }
        self.init(
            id: IMAPMailboxID(folder.id.rawValue), name: name, use: IMAPSpecialUse(folder.use),
            isSubscribed: folder.isSubscribed, validity: folder.validity, nextUID: folder.nextUID,
            changeNumber: folder.changeNumber, messages: folder.messages, unseen: folder.unseen, octets: folder.octets)
    }
}

extension IMAPSpecialUse {
    init?(_ use: MailFolderUse) {
        switch use {
        case .ordinary, .inbox: return nil
        case .sent: self = .sent
        case .drafts: self = .drafts
        case .trash: self = .trash
        case .junk: self = .junk
        case .archive: self = .archive
        }
    }
}

extension MailFolderUse {
    init(_ use: IMAPSpecialUse) {
        switch use {
        case .archive: self = .archive
        case .drafts: self = .drafts
        case .junk: self = .junk
        case .sent: self = .sent
        case .trash: self = .trash
        }
    }
}

extension MailFlagChange {
    init(_ change: IMAPStoreRequest.Change) {
        switch change {
        case .add: self = .add
        case .remove: self = .remove
        case .replace: self = .replace
        }
    }
}

extension MailFlags {
    private static let known: [(flag: IMAPFlag, bit: MailFlags)] = [
        (.answered, .answered), (.flagged, .flagged), (.deleted, .deleted), (.seen, .seen), (.draft, .draft),
    ]

    /// Flags with a meaning in the standard, and keywords.
    static func both(_ flags: [IMAPFlag]) -> (MailFlags, [String]) {
        var bits: MailFlags = []
        for (flag, bit) in known where flags.contains(flag) { bits.insert(bit) }
        return (bits, flags.filter(\.isKeyword).map(\.name))
    }

    /// All combinations in the words of IMAP, by their bits: every message of a mailbox asks for one.
    private static let combinations: [[IMAPFlag]] = (0..<32).map { bits in
        known.filter { MailFlags(rawValue: bits).contains($0.bit) }.map(\.flag)
    }

    /// In the words of IMAP.
    var imap: [IMAPFlag] { MailFlags.combinations[Int(rawValue & 31)] }
}

extension IMAPMessage {
    init(_ message: MailMessage) {
        self.init(
            uid: message.uid, size: message.size, received: message.received,
            flags: message.keywords.isEmpty
                ? message.flags.imap : message.flags.imap + message.keywords.compactMap { IMAPFlag($0) },
            changeNumber: message.changeNumber)
    }
}
