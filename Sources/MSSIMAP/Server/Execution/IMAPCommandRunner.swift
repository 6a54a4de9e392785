import NIOCore

/// Executes commands of one session against its account. One at a time; what it puts out goes to ``output``.
actor IMAPCommandRunner {
    let account: any MailboxAccount
    let output: IMAPOutput
    private let configuration: SharedIMAPConfiguration

    var selected: SelectedMailbox?
    /// The tag of the command under way, which `ESEARCH` repeats.
    var tag = ""
    /// What the last search saved, as UIDs (RFC 5182).
    var saved = NumberRanges()
    var isRev2 = false
    var isCondstore = false
    var isQResync = false
    private var drafts: [(IMAPAppendItem, any IMAPMessageDraft)] = []
    private var appendTarget: IMAPMailbox?
    private var pendingCR = false
    /// Responses that wait to be put out together.
    private var buffer = ByteBuffer()
    /// ``MailboxAccount/pulse()`` as it was before the mailbox was last looked at: for new and changed messages, and for
    /// those that vanished.
    var pulses: (changes: UInt64?, vanished: UInt64?) = (nil, nil)

    init(
        _ account: any MailboxAccount, _ output: IMAPOutput, _ configuration: SharedIMAPConfiguration
    ) {
        self.account = account
        self.output = output
        self.configuration = configuration
    }

    var limits: IMAPSessionLimits { configuration.value.limits }

    // MARK: Putting out

    /// Octets that are put out together.
    private static let batch = 32 << 10

    /// Writes what is bounded by itself; whoever writes much of it looks at ``isFull`` between.
    func write(_ text: String) { buffer.writeString(text) }

    func write(_ before: String, _ number: some BinaryInteger, _ after: String = "") {
        buffer.write(before, number, after)
    }

    func write(_ octets: some Collection<UInt8>) { buffer.writeBytes(octets) }

    /// Writes many pieces at once.
    func writing<Value>(_ body: (inout ByteBuffer) -> Value) -> Value { body(&buffer) }

    /// Whether what was written is to be passed on.
    var isFull: Bool { buffer.readableBytes >= Self.batch }

    func put(_ text: String) async throws {
        buffer.writeString(text)
        if isFull { try await flush() }
    }

    func put(_ octets: [UInt8]) async throws {
        buffer.writeBytes(octets)
        if isFull { try await flush() }
    }

    func put(_ octets: ByteBuffer) async throws {
        if octets.readableBytes >= Self.batch / 2 {
            // A large piece goes by itself, uncopied.
            try await flush()
            return try await output.write(octets)
        }
        buffer.writeImmutableBuffer(octets)
        if isFull { try await flush() }
    }

    func flush() async throws {
        let full = buffer
        buffer = ByteBuffer()
        // More of a long response follows.
        if full.readableBytes >= Self.batch { buffer.reserveCapacity(Self.batch + Self.batch / 4) }
        try await output.write(full)
    }

    /// The same, where the answer of the command follows at once and takes it along.
    private func flushLast() {
        output.append(buffer)
        buffer = ByteBuffer()
    }

    // MARK: Commands

    /// Executes a command; what it puts out has been passed on when it returns.
    func run(_ command: IMAPCommand, tag: String) async throws -> IMAPOutcome {
        self.tag = tag
        var outcome = try await execute(command)
        if let transition = try await news(after: command) { outcome.transition = transition }
        flushLast()
        return outcome
    }

    private func execute(_ command: IMAPCommand) async throws -> IMAPOutcome {
        switch command {
        case .noop, .check: return IMAPOutcome("Completed")
        case .enable(let names): return try await enable(names)
        case .select(let selection): return try await select(selection)
        case .create(let name, let uses): return try await create(name, uses)
        case .delete(let name): return try await delete(name)
        case .rename(let old, let new): return try await rename(old, new)
        case .subscribe(let name, let isSubscribed):
            try await account.setSubscribed(isSubscribed, try await mailbox(name).id)
            return IMAPOutcome("Completed")
        case .list(let request): return try await list(request)
        case .namespace:
            try await put("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n")
            return IMAPOutcome("Completed")
        case .status(let name, let items): return try await status(name, items)
        case .getQuota(let root): return try await quota(root)
        case .getQuotaRoot(let name): return try await quotaRoot(name)
        case .setQuota: throw IMAPRefusal(.noPermission, "Quotas are set by the operator")
        case .close: return try await close(expunges: true)
        case .unselect: return try await close(expunges: false)
        case .expunge(let set): return try await expunge(set)
        case .search(let request): return try await search(request)
        case .sort(let request, let criteria): return try await sort(request, criteria)
        case .thread(let request, let algorithm): return try await thread(request, algorithm)
        case .fetch(let request): return try await fetch(request)
        case .store(let request): return try await store(request)
        case .copy(let request): return try await copy(request)
        case .capability, .logout, .id, .startTLS, .authenticate, .login, .append, .idle, .compress:
            return IMAPOutcome(.internalFault)  // the session's own
        }
    }

    private func enable(_ names: [String]) async throws -> IMAPOutcome {
        var enabled: [String] = []
        for name in names {
            switch name {
            case "IMAP4REV2" where !isRev2:
                isRev2 = true
                enabled.append("IMAP4rev2")
            case "CONDSTORE" where !isCondstore:
                isCondstore = true
                enabled.append("CONDSTORE")
            case "QRESYNC" where !isQResync:
                (isQResync, isCondstore) = (true, true)  // RFC 7162 §3.2.3
                enabled.append("QRESYNC")
            default: break
            }
        }
        try await put("* ENABLED\(enabled.map { " " + $0 }.joined())\r\n")
        return IMAPOutcome("Completed")
    }

    /// A mailbox by its name.
    func mailbox(_ name: IMAPMailboxName, _ missing: IMAPRefusal = .noMailbox) async throws -> IMAPMailbox {
        guard let found = try await account.mailboxes().first(where: { $0.name == name }) else { throw missing }
        return found
    }

    func selectedMailbox() throws -> SelectedMailbox {
        guard let selected else { throw IMAPRefusal(.clientBug, "No mailbox is selected") }
        return selected
    }

    func writableMailbox() throws -> SelectedMailbox {
        let selected = try selectedMailbox()
        guard !selected.isReadOnly else { throw IMAPRefusal(.cannot, "The mailbox is open for reading only") }
        return selected
    }

    /// The UIDs that a set means here. Of message numbers that are not there it says `BAD`.
    func uids(of set: IMAPSequenceSet, byUID: Bool) throws -> [UInt32] {
        let selected = try selectedMailbox()
        guard let ranges = set.resolved(largest: selected.largest(byUID: byUID)) else {
            return selected.uids(of: saved, byUID: true) ?? []
        }
        guard let uids = selected.uids(of: ranges, byUID: byUID) else { throw IMAPNoSuchMessage() }
        return uids
    }

    // MARK: APPEND

    /// Begins a message; a first one says where all go.
    func draft(_ name: IMAPMailboxName, _ item: IMAPAppendItem, size: Int) async throws {
        if drafts.isEmpty {
            appendTarget = try await mailbox(name, IMAPRefusal(.tryCreate, "No such mailbox"))
            if let quota = try await account.quota(), quota.used >= quota.limit { throw IMAPRefusal.overQuota }
        }
        pendingCR = false
        drafts.append((item, try await account.draft(size: size)))
    }

    /// Adds a piece to the last message. Lines end in CRLF afterwards, whatever the client wrote (RFC 5322 §2.3); what
    /// comes as `literal8` is left as it is (RFC 3516 §4.4).
    func add(_ piece: ByteBuffer) async throws {
        guard let (item, draft) = drafts.last else { throw IMAPRefusal.internalFault }
        guard !item.isBinary else { return try await draft.add(piece) }
        guard !piece.readableBytesView.contains(0) else {
            throw IMAPRefusal(.unknownCTE, "NUL in a message: use literal8")
        }
        try await draft.add(normalised(piece))
    }

    private func normalised(_ piece: ByteBuffer) -> ByteBuffer {
        let view = piece.readableBytesView
        var output = ByteBuffer()
        var start = view.startIndex
        var previous: UInt8? = pendingCR ? 0x0D : nil
        var search = start
        while let feed = view[search...].firstIndex(of: 0x0A) {
            let before = feed > view.startIndex ? view[feed - 1] : previous
            if before != 0x0D {
                output.writeBytes(view[start..<feed])
                output.writeInteger(UInt8(0x0D))
                start = feed
            }
            previous = 0x0A
            search = feed + 1
        }
        pendingCR = view.last == 0x0D
        guard output.readableBytes > 0 else { return piece }
        output.writeBytes(view[start...])
        return output
    }

    /// Keeps the messages.
    func append() async throws -> IMAPOutcome {
        defer { (drafts, appendTarget) = ([], nil) }
        guard let target = appendTarget else { throw IMAPRefusal.internalFault }
        let appended = try await account.append(drafts, to: target.id)
        let code = IMAPResponseCode(
            "APPENDUID", "\(appended.validity) \(NumberRanges(appended.uids).wire)")  // RFC 4315 §3
        _ = try await news(after: nil)
        flushLast()
        return IMAPOutcome(.ok, code, "Completed")
    }

    func abortAppend() async {
        for (_, draft) in drafts { await draft.discard() }
        (drafts, appendTarget) = ([], nil)
    }
}

/// A message number that the session does not show: a fault of the client.
struct IMAPNoSuchMessage: Error {}

extension IMAPOutcome {
    /// `OK`.
    init(_ text: String) { self.init(.ok, nil, text) }
}
