/// The last record of a journal that was announced as durable.
public struct TraceHead: Sendable, Hashable {
    /// The identity of the store, in hexadecimal.
    public let store: String
    /// The journal.
    public let family: TraceFamily
    /// The number of the record; 0 for an empty journal.
    public let sequence: UInt64
    /// Its digest.
    public let digest: TraceDigest

    /// A head.
    public init(store: String, family: TraceFamily, sequence: UInt64, digest: TraceDigest) {
        self.store = store
        self.family = family
        self.sequence = sequence
        self.digest = digest
    }

    /// One line, always of the same length for a family, so that it is overwritten in place.
    public var text: String {
        let digits = String(sequence)
        let padded = String(repeating: "0", count: 20 - digits.utf8.count) + digits
        return "mss-trace-head-1 \(store) \(family.rawValue) \(padded) \(digest)\n"
    }

    /// Reads what ``text`` writes.
    public init?(text: some StringProtocol) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 5, words[0] == "mss-trace-head-1", let family = TraceFamily(rawValue: String(words[2])),
            let sequence = UInt64(words[3]), words[4].hasSuffix("\n"),
            let digest = TraceDigest(hex: words[4].dropLast())
        else { return nil }
        self.init(store: String(words[1]), family: family, sequence: sequence, digest: digest)
        guard self.text == text else { return nil }
    }
}

extension TraceHead {
    /// The heads that a store in a folder remembers itself, to hand to somebody else: beside a writer at work too.
    ///
    /// - Throws: ``TraceError`` when the folder holds no store, or a head that cannot be read.
    public static func stored(in folder: String) throws -> [TraceHead] {
        let layout = StoreLayout(root: folder)
        let identity = try layout.readIdentity()
        return try TraceFamily.allCases.map { family in
            let path = layout.head(family)
            let text = String(decoding: try File(path, .read).readAll(), as: UTF8.self)
            guard let head = TraceHead(text: text), head.store == identity, head.family == family else {
                throw TraceError.damaged(family, sequence: 0, path: path)
            }
            return head
        }
    }
}

/// Keeps heads where those who may write the store may not: another machine, a write-once medium, a third party. With
/// it the disappearance of the last records is found, even when the store's own files were made to agree.
public protocol TraceAnchor: Sendable {
    /// Takes note of a head. May block; called on the store's own thread, never on the cooperative pool.
    func publish(_ head: TraceHead) throws
    /// The last head published of a journal; `nil` when there was none.
    func latest(_ family: TraceFamily) throws -> TraceHead?
}

/// An anchor in a folder, meant to lie on another file system than the store.
public struct FileTraceAnchor: TraceAnchor {
    private let folder: String

    /// Uses a folder, which is made at need.
    public init(folder: String) { self.folder = folder }

    /// Writes the head, on disk when it returns.
    public func publish(_ head: TraceHead) throws {
        try Folder.make(folder)
        try Folder.write(Array(head.text.utf8), to: path(head.family))
    }

    /// Reads the head; one that cannot be read is an error, not a missing one.
    public func latest(_ family: TraceFamily) throws -> TraceHead? {
        let path = path(family)
        guard Folder.exists(path) else { return nil }
        let text = String(decoding: try File(path, .read).readAll(), as: UTF8.self)
        guard let head = TraceHead(text: text), head.family == family else { throw TraceError.notAStore(path: folder) }
        return head
    }

    private func path(_ family: TraceFamily) -> String { "\(folder)/\(family.rawValue).head" }
}
