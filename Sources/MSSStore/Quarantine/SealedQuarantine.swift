public import MSSConnector
public import MSSCore
public import MSSSMTP
import NIOCore

/// How a quarantine keeps messages.
public struct QuarantineConfiguration: Sendable, Hashable {
    /// How long a message stays.
    public var retention: Duration
    /// Octets of one message kept; the rest is cut, and such a message cannot be released.
    public var messageLimit: Int
    /// Octets of all files together: whoever sends malware all day must not fill the disk of those who do not.
    public var capacity: Int

    /// A configuration.
    public init(
        retention: Duration = .seconds(30 * 86_400), messageLimit: Int = 100 << 20, capacity: Int = 2 << 30
    ) {
        self.retention = retention
        self.messageLimit = max(messageLimit, 0)
        self.capacity = capacity
    }
}

/// A quarantine on a local disk, encrypted as the mailboxes are: a key for each message, wrapped by the master key.
///
/// What was kept is on the disk when ``keep(_:_:)`` returns. One process has a quarantine open at a time.
public final class SealedQuarantine: Quarantine {
    /// The folder.
    public let folder: String
    /// How messages are kept.
    public let configuration: QuarantineConfiguration
    /// Files found that are not what was written; they are left for somebody to look at.
    public let damaged: [String]
    private let store: [UInt8]
    private let master: StoreMasterKey
    private let lock: StoreLock
    private let state: Guarded<State>

    private static let kind = "MSS quarantine 1"
    static let suffix = ".held"

    private struct Held: Sendable {
        var facts: HeldFormat.Facts
        var bytes: Int
    }

    private struct State {
        var held: [String: Held] = [:]
        /// Bytes of files that are there or being written.
        var bytes = 0
        var next = 0
        var isClosed = false
    }

    private init(_ folder: String, _ master: StoreMasterKey, _ configuration: QuarantineConfiguration) throws {
        self.folder = folder
        self.configuration = configuration
        self.master = master
        try Folder.make(folder)
        lock = try StoreLock(folder + "/lock")
        store = try StoreIdentity(folder, kind: SealedQuarantine.kind, master, mayHold: []).id
        var state = State()
        var damaged: [String] = []
        for name in try Folder.names(folder) {
            let path = folder + "/" + name
            if name.hasSuffix(".new") { try Folder.remove(path) }
            guard name.hasSuffix(SealedQuarantine.suffix) else { continue }
            let id = String(name.dropLast(SealedQuarantine.suffix.utf8.count))
            let file = try File(path, .read)
            let bytes = try file.size()
            state.bytes += bytes
            guard let facts = try SealedQuarantine.read(file, bytes, id, store: store, master)?.facts else {
                damaged.append(path)
                continue
            }
            state.held[id] = Held(facts: facts, bytes: bytes)
        }
        self.damaged = damaged
        self.state = Guarded(state)
    }

    /// Opens a quarantine, making it when the folder is empty or missing.
    ///
    /// - Throws: ``StoreError``: `busy` while another process has it open, `wrongMasterKey`.
    public static func open(
        _ folder: String, master: StoreMasterKey, configuration: QuarantineConfiguration = QuarantineConfiguration()
    ) async throws -> SealedQuarantine {
        try await offPool { try SealedQuarantine(folder, master, configuration) }
    }

    /// Frees the folder for another process. What is asked later fails.
    public func close() async {
        state.withLock { $0.isClosed = true }
        lock.release()
    }

    private func requireOpen() throws(StoreError) {
        if state.withLock({ $0.isClosed }) { throw .closed }
    }

    private func path(_ id: String) throws(StoreError) -> String {
        guard HeldFormat.isName(id) else { throw .unknownMessage }
        return "\(folder)/\(id)\(SealedQuarantine.suffix)"
    }

    /// What a file holds; `nil` when it is not what was written, as far as its two ends tell.
    private static func read(
        _ file: File, _ bytes: Int, _ id: String, store: [UInt8], _ master: StoreMasterKey
    ) throws(StoreError) -> (facts: HeldFormat.Facts, key: SealingKey, name: [UInt8])? {
        let header = try file.read(HeldFormat.headerCount, at: 0)
        guard let (key, name) = try HeldFormat.open(header, id, store: store, master) else { return nil }
        var end = ByteReader(try file.read(4, at: max(0, bytes - 4)))
        guard let count = try? Int(end.integer(UInt32.self)), count <= HeldFormat.factsLimit else { return nil }
        let start = bytes - 4 - count
        guard start >= HeldFormat.headerCount else { return nil }
        let facts = try HeldFormat.facts(try file.read(count, at: start), id, key, name)
        guard let facts, HeldFormat.headerCount + BlobFormat.count(facts.size) == start else { return nil }
        return (facts, key, name)
    }

    // MARK: Quarantine

    /// Sets a message aside; on the disk when it returns. One of the same name is replaced.
    ///
    /// - Throws: ``StoreError/diskFull(path:)`` when the disk or ``QuarantineConfiguration/capacity`` is full: what was
    ///   there stays.
    public func keep(_ content: SMTPContent, _ entry: QuarantineEntry) async throws {
        try requireOpen()
        let path = try path(entry.id)
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let writing = HeldWriting(self, "\(folder)/\(entry.id)-\(number).new")
        var sealer = try BlobSealer()
        try await writing.add(try HeldFormat.header(sealer, entry.id, store: store, master))
        var sealed: [UInt8] = []
        var isWhole = true
        let limit = configuration.messageLimit
        try await content.forEachChunk { chunk in
            let octets = chunk.readableBytesView.prefix(limit - sealer.size)
            isWhole = isWhole && octets.count == chunk.readableBytes
            try sealer.add(octets, to: &sealed)
            guard sealed.count >= 1 << 18 else { return }
            try await writing.add(sealed)
            sealed.removeAll(keepingCapacity: true)
        }
        try sealer.finish(to: &sealed)
        let facts = HeldFormat.Facts(entry: entry, size: sealer.size, isWhole: isWhole)
        try await writing.add(sealed + (try HeldFormat.trailer(facts, sealer.key, sealer.name)))
        let bytes = try await writing.finish(as: path)
        state.withLock { state in
            if let former = state.held[entry.id] { state.bytes -= former.bytes }
            state.held[entry.id] = Held(facts: facts, bytes: bytes)
        }
    }

    /// Takes room for bytes that will be written.
    func reserve(_ count: Int) throws(StoreError) {
        let fits = state.withLock { state in
            guard state.bytes + count <= configuration.capacity else { return false }
            state.bytes += count
            return true
        }
        if !fits { throw .diskFull(path: folder) }
    }

    func giveBack(_ count: Int) { state.withLock { $0.bytes -= count } }

    /// What is set aside, oldest first.
    public func entries() async throws -> [QuarantineEntry] {
        try requireOpen()
        return state.withLock { $0.held.values.map(\.facts.entry) }.sorted { ($0.time, $0.id) < ($1.time, $1.id) }
    }

    /// Octets of all files.
    public var octets: Int { state.withLock { $0.bytes } }

    /// The content of an entry; `nil` when there is none of this name. It can be read after the entry was destroyed.
    public func content(of id: String) async throws -> SMTPContent? {
        try requireOpen()
        guard state.withLock({ $0.held[id] }) != nil else { return nil }
        let (path, store, master) = (try path(id), store, master)
        let opened = try await offPool { () -> HeldContent? in
            let file: File
            do { file = try File(path, .read) } catch StoreError.missing { return nil }
            guard let found = try SealedQuarantine.read(file, try file.size(), id, store: store, master) else {
                throw StoreError.damaged(path: path, offset: 0, reason: "quarantine")
            }
            return HeldContent(file: file, key: found.key, name: found.name, size: found.facts.size)
        }
        return opened.map { content in SMTPContent(size: content.size) { content } }
    }

    /// Destroys an entry: its key first, then the file.
    public func destroy(_ id: String) async throws {
        try requireOpen()
        let path = try path(id)
        guard let held = state.withLock({ $0.held.removeValue(forKey: id) }) else { return }
        try await offPool { [folder] in
            let file = try File(path, .readWrite)
            try file.write([UInt8](repeating: 0, count: HeldFormat.headerCount), at: 0)
            try file.synchronize()
            try Folder.remove(path)
            try Folder.synchronize(folder)
        }
        giveBack(held.bytes)
    }

    // MARK: Decisions

    /// Sends an entry on to its recipients, as an administrator decided who found it harmless, and destroys it. After a
    /// crash between the two it is done again, under the same name.
    ///
    /// - Returns: the entry.
    /// - Throws: ``StoreError/unknownMessage``; ``StoreError/tooLarge(bytes:)`` when only a part was kept.
    @discardableResult
    public func release(
        _ id: String, into queue: any DeliveryQueue, at now: Timestamp
    ) async throws -> QuarantineEntry {
        guard let held = state.withLock({ $0.held[id] }), let content = try await content(of: id) else {
            throw StoreError.unknownMessage
        }
        guard held.facts.isWhole else { throw StoreError.tooLarge(bytes: held.facts.size) }
        let entry = held.facts.entry
        let envelope = OutgoingEnvelope(sender: entry.sender, recipients: entry.recipients)
        _ = try await queue.enqueue(
            NewDelivery(SMTPOutgoingMessage(envelope, content), id: DeliveryID("q-" + id)), at: now)
        try await destroy(id)
        return entry
    }

    /// Destroys what was kept for its time. A time of keeping that lies ahead is a clock's fault, and counts as now's.
    ///
    /// - Returns: what was destroyed.
    @discardableResult
    public func expire(at now: Timestamp) async throws -> [QuarantineEntry] {
        let over = try await entries().filter { now - $0.time >= configuration.retention }
        for entry in over { try await destroy(entry.id) }
        return over
    }

    /// ``expire(at:)`` as a job of the connector.
    public func expiryJob(clock: any WallClock = SystemWallClock()) -> ScheduledJob {
        ScheduledJob("quarantaine", .every(.seconds(3600))) { [self] _ in try await expire(at: clock.now()) }
    }
}
