import Foundation
import GRDB
public import MSSCore

/// How a mail store writes.
public struct MailStoreConfiguration: Sendable {
    /// Bytes of a volume that many messages share.
    public var volumeSize: Int
    /// Octets up to which a message shares a volume; a longer one has a file of its own, written while it arrives. It is
    /// also what an arriving message takes in memory.
    public var shareLimit: Int
    /// How long the names of deliveries are remembered.
    public var deliveryMemory: Duration

    /// A configuration.
    public init(
        volumeSize: Int = 64 << 20, shareLimit: Int = 128 << 10, deliveryMemory: Duration = .seconds(8 * 86_400)
    ) {
        self.volumeSize = min(max(volumeSize, 64 << 10), 1 << 30)
        self.shareLimit = min(max(shareLimit, 0), self.volumeSize / 4)
        self.deliveryMemory = deliveryMemory
    }
}

/// Mailboxes on a local disk.
///
/// Messages are encrypted, each under a key of its own that is kept under the key of each mailbox that has it: what is
/// delivered to many, or copied, is there once; and a mailbox whose key is destroyed is unreadable for good, whatever
/// copies remain (EX_GBM_6010). What lies where is in an SQLite base. Deliveries that come at once share their syncs.
public final class MailStore: Sendable {
    /// The folder.
    public let folder: String
    let configuration: MailStoreConfiguration
    let pool: DatabasePool
    let keys: MailKeys
    let volumes: MailVolumes
    let commits: CommitQueue<MailWriter>
    let listeners: MailListeners
    private let spares: SpareFiles
    private let lock: StoreLock
    private let isCompacting = Guarded(false)

    static let kind = "MSS mailboxes  1"
    static let base = "mail.sqlite"

    private init(_ folder: String, _ master: StoreMasterKey, _ configuration: MailStoreConfiguration) throws {
        self.folder = folder
        self.configuration = configuration
        try Folder.make(folder)
        lock = try StoreLock(folder + "/lock")
        let identity = try StoreIdentity(folder, kind: MailStore.kind, master, mayHold: [])
        keys = try MailKeys(folder, store: identity.id, master)
        volumes = try MailVolumes(folder)
        pool = try StoreDatabase.open(
            folder + "/" + MailStore.base, applicationID: MailSchema.applicationID, MailSchema.migrator)
        spares = try SpareFiles(volumes.root, size: configuration.volumeSize, wanted: 1)
        let (listeners, pool) = (MailListeners(), pool)
        self.listeners = listeners
        let writer = try MailWriter(pool, keys, volumes, spares, configuration) { listeners.tell($0) }
        commits = CommitQueue("mss.store.mail", writer, limit: 512) { writer, _, works in writer.batch(works) }
    }

    /// Opens a store, making it when the folder is empty or missing.
    ///
    /// - Parameters:
    ///   - folder: on a local file system whose `fdatasync` keeps its promise; mode 0700.
    ///   - master: the key that the store was made with.
    /// - Throws: ``StoreError``: `busy` while another process has it open, `wrongMasterKey`, `damaged`.
    public static func open(
        _ folder: String, master: StoreMasterKey, configuration: MailStoreConfiguration = MailStoreConfiguration()
    ) async throws -> MailStore {
        let store = try await offPool {
            let store = try MailStore(folder, master, configuration)
            try store.clearUp()
            return store
        }
        _ = try await store.commits.perform { [weak store] writer in
            writer.onSparse = { [weak store] volume in store?.compact(volume) }
        }
        return store
    }

    /// Removes what a crash left: keys without a mailbox, files without a message.
    private func clearUp() throws {
        let (mailboxes, known) = try pool.read { database in
            (
                Set(try database.all("SELECT id FROM mailbox").map { $0[0] as Int64 }),
                Set(try database.all("SELECT number FROM volume").map { $0[0] as UInt32 })
            )
        }
        try keys.keep(only: mailboxes)
        for number in try Folder.numbers(volumes.root, "volume") where !known.contains(number) {
            try Folder.remove(volumes.path(number))
        }
    }

    /// Ends what was asked before, and frees the folder for another process. What is asked later fails.
    public func close() async {
        await commits.close()
        listeners.finish()
        spares.close()
        _ = try? await offPool { [pool] in StoreDatabase.close(pool) }
        lock.release()
    }

    /// Reads one snapshot of the base.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        // GRDB's own asynchronous reading would hand it on twice.
        do { return try await offPool { [pool] in try pool.read(body) } } catch { throw StoreError.of(error, folder) }
    }

    /// Writes in one step with whatever else is written just now.
    func write<Value: Sendable>(_ body: @escaping @Sendable (MailWriter) throws -> Value) async throws -> Value {
        try await commits.perform { writer in try writer.work { try body(writer) } }
    }

    // MARK: Mailboxes

    /// Makes a mailbox with its key and its folders: INBOX, Sent, Drafts, Trash, Junk, Archive.
    ///
    /// - Throws: ``StoreError/mailboxExists``; ``StoreError/unknownMailbox`` for a name that was retired.
    @discardableResult
    public func create(_ name: MailboxName, quota: Int64? = nil, at now: Timestamp) async throws -> MailboxStatus {
        try await write { [keys] writer in
            let database = writer.database
            guard try database.one("SELECT 1 FROM mailbox WHERE name = ?", [name.rawValue]) == nil else {
                throw StoreError.mailboxExists
            }
            guard try database.one("SELECT 1 FROM retired WHERE name = ?", [name.rawValue]) == nil else {
                throw StoreError.unknownMailbox
            }
            try database.run(
                """
                INSERT INTO mailbox (name, created, quota, octets, messages, modseq, validity)
                VALUES (?, ?, ?, 0, 0, 1, ?)
                """, [name.rawValue, now.stored, quota, min(max(now.seconds, 1), 0xFFFF_0000)])
            let id = database.lastInsertedRowID
            // Before the mailbox is there: one without a key could hold nothing.
            try keys.create(id)
            for use in MailFolderUse.allCases where use != .ordinary {
                _ = try writer.createFolder(id, use.name, use)
            }
            return MailboxStatus(
                name: name, created: now, quota: quota, octets: 0, messages: 0, changeNumber: try writer.change(id))
        }
    }

    /// What is known of a mailbox; `nil` when there is none of this name.
    public func status(_ name: MailboxName) async throws -> MailboxStatus? {
        try await read { database in
            try database.one("SELECT \(MailboxStatus.columns) FROM mailbox WHERE name = ?", [name.rawValue])
                .map(MailboxStatus.init)
        }
    }

    /// Mailboxes in the order of their names, page by page.
    public func mailboxes(after name: MailboxName? = nil, limit: Int = 1000) async throws -> [MailboxStatus] {
        try await read { database in
            try database.all(
                "SELECT \(MailboxStatus.columns) FROM mailbox WHERE name > ? ORDER BY name LIMIT ?",
                [name?.rawValue ?? "", limit]
            ).map(MailboxStatus.init)
        }
    }

    /// Sets the octets allowed; `nil` for no bound.
    public func setQuota(_ quota: Int64?, of name: MailboxName) async throws {
        try await write { writer in
            let row = try writer.database.one(
                "UPDATE mailbox SET quota = ? WHERE name = ? RETURNING id", [quota, name.rawValue])
            guard row != nil else { throw StoreError.unknownMailbox }
        }
    }

    /// Deletes a mailbox for good (EX_GBM_6010): its key is destroyed, and with it the only way to read its messages,
    /// here and in every file that may have been copied. It is no error when there is none.
    ///
    /// - Parameter retiresName: whether no other mailbox may ever have the name.
    /// - Returns: whether there was one.
    @discardableResult
    public func delete(_ name: MailboxName, retiresName: Bool = false) async throws -> Bool {
        let id = try await write { writer -> Int64? in
            let database = writer.database
            if retiresName { try database.run("INSERT OR IGNORE INTO retired (name) VALUES (?)", [name.rawValue]) }
            guard let row = try database.one("SELECT id FROM mailbox WHERE name = ?", [name.rawValue]) else {
                return nil
            }
            let id: Int64 = row[0]
            for folder in try database.all("SELECT id FROM folder WHERE mailbox = ?", [id]) {
                try writer.emptyFolder(folder[0])
            }
            _ = try writer.change(id)
            try database.run("DELETE FROM folder WHERE mailbox = ?", [id])
            try database.run("DELETE FROM delivery WHERE mailbox = ?", [id])
            try database.run("DELETE FROM mailbox WHERE id = ?", [id])
            return id
        }
        guard let id else { return false }
        try await offPool { [keys, pool] in
            try keys.destroy(id)
            // The base's log may still hold names that were overwritten in the base; readers may delay it.
            try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        }
        return true
    }

    // MARK: Emptying volumes

    /// Moves what is needed of a volume to the present one, so that the file can be used again.
    private func compact(_ volume: UInt32) {
        let starts = isCompacting.withLock { isCompacting in
            defer { isCompacting = true }
            return !isCompacting
        }
        guard starts else { return }
        Task.detached(priority: .utility) { [self] in
            while let moved = try? await move(outOf: volume), moved > 0 {}
            isCompacting.withLock { $0 = false }
        }
    }

    /// Moves about a megabyte of messages as they are, encrypted. Returns how many.
    private func move(outOf volume: UInt32) async throws -> Int {
        let blobs = try await read { database in
            try database.all("SELECT id, offset, size FROM blob WHERE volume = ? ORDER BY offset LIMIT 16", [volume])
                .map { (id: $0[0] as Int64, offset: $0[1] as Int, size: $0[2] as Int) }
        }
        guard !blobs.isEmpty else { return 0 }
        let copies = try await offPool { [volumes] in
            let file = try volumes.file(volume)
            return try blobs.map { try file.read(BlobFormat.count($0.size), at: $0.offset) }
        }
        return try await commits.perform { writer in
            var moved = 0
            for (blob, bytes) in zip(blobs, copies) {
                let now = try writer.database.one("SELECT volume, offset FROM blob WHERE id = ?", [blob.id])
                guard let now, now[0] as UInt32 == volume, now[1] as Int == blob.offset else { continue }
                let place = try writer.store(bytes)
                try writer.work {
                    try writer.database.run(
                        "UPDATE blob SET volume = ?, offset = ? WHERE id = ?", [place.volume, place.offset, blob.id])
                    try writer.database.run(
                        "UPDATE volume SET live = live + ? WHERE number = ?", [bytes.count, place.volume])
                    try writer.free(volume, bytes.count)
                }
                moved += 1
            }
            return moved
        }
    }
}
