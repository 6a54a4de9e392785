import Foundation
import GRDB
import MSSCore

/// The writing end of a mail store. Used by one thread at a time; calls block.
///
/// A batch is one sync of the volume that its messages went to, then one transaction of the base: the base never names a
/// message that is not on the disk. What is on the disk and not in the base does not exist.
final class MailWriter {
    let keys: MailKeys
    let volumes: MailVolumes
    private let pool: DatabasePool
    private let spares: SpareFiles
    private let configuration: MailStoreConfiguration
    private let onChange: @Sendable ([MailboxName: Int64]) -> Void
    /// Told of a volume that is worth emptying.
    var onSparse: @Sendable (UInt32) -> Void = { _ in }
    /// Within a batch only.
    private var current: Database?

    /// The shared volume being filled.
    private var volume: UInt32?
    private var written = 0
    private var buffer: [UInt8] = []
    /// Whether octets went to the file since its last sync.
    private var hasUnsynced = false
    /// What the batch has changed, for after the commit.
    private var changes: [MailboxName: Int64] = [:]
    /// Octets that the batch has put into volumes and not yet counted there: one statement for all its messages.
    private var added: [UInt32: Int] = [:]
    private var freed: [@Sendable () -> Void] = []
    private var released = false
    /// What ended the batch's transaction before its time.
    private var lost: (any Error)?

    init(
        _ pool: DatabasePool, _ keys: MailKeys, _ volumes: MailVolumes, _ spares: SpareFiles,
        _ configuration: MailStoreConfiguration, onChange: @escaping @Sendable ([MailboxName: Int64]) -> Void
    ) throws {
        self.pool = pool
        self.keys = keys
        self.volumes = volumes
        self.spares = spares
        self.configuration = configuration
        self.onChange = onChange
        let row = try pool.read { try $0.one("SELECT number, end FROM volume WHERE shared = 1 AND full = 0") }
        if let row {
            volume = row[0]
            written = row[1]
        }
    }

    /// The base. Called by works of a batch only.
    var database: Database { current! }

    // MARK: A batch

    /// Runs works, and makes what they did durable.
    func batch(_ works: () -> Void) -> (any Error)? {
        let start = (volume, written)
        changes = [:]
        added = [:]
        freed = []
        released = false
        lost = nil
        do {
            try pool.writeWithoutTransaction { database in
                current = database
                defer { current = nil }
                try database.beginTransaction(.immediate)
                do {
                    works()
                    try requireTransaction()
                    try flush()
                    try countAdded()
                    try database.commit()
                } catch {
                    try? database.rollback()
                    throw error
                }
            }
        } catch {
            // What the volume holds of the batch is written over.
            (volume, written) = start
            buffer.removeAll(keepingCapacity: true)
            return StoreError.of(error, volumes.root)
        }
        for free in freed { volumes.whenFree(free) }
        if !changes.isEmpty { onChange(changes) }
        if released, let sparse = try? sparse() { onSparse(sparse) }
        return nil
    }

    /// A full disk may end the whole transaction, what came before in it too
    /// (https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction). What comes after would then
    /// be kept by itself, in a batch that is told to have failed: it fails with it.
    private func requireTransaction() throws {
        guard database.isInsideTransaction else { throw lost ?? StoreError.diskFull(path: volumes.root) }
    }

    /// One work: all of what `body` does in the base, or nothing.
    func work<Value>(_ body: () throws -> Value) throws -> Value {
        try requireTransaction()
        let before = (changes, added, freed, released)
        do {
            // Prepared once, unlike GRDB's own.
            try database.run("SAVEPOINT work")
            let value = try body()
            try database.run("RELEASE work")
            return value
        } catch {
            (changes, added, freed, released) = before
            let failure = StoreError.of(error, volumes.root)
            // What cannot be undone alone is undone with the batch.
            if database.isInsideTransaction, (try? undo()) == nil { try? database.rollback() }
            if !database.isInsideTransaction { lost = lost ?? failure }
            throw failure
        }
    }

    private func undo() throws {
        try database.run("ROLLBACK TO work")
        try database.run("RELEASE work")
    }

    // MARK: Volumes

    /// Puts encrypted octets into the shared volume. Not within ``work(_:)``: what follows may fail, the volume stays.
    func store(_ sealed: [UInt8]) throws -> (volume: UInt32, offset: Int) {
        try requireTransaction()
        if volume.map({ _ in written + buffer.count + sealed.count > configuration.volumeSize }) ?? true {
            do { try roll() } catch { throw StoreError.of(error, volumes.root) }
        }
        let offset = written + buffer.count
        buffer += sealed
        if buffer.count > 1 << 20 { try write() }
        return (volume!, offset)
    }

    /// Begins the next volume. When there is no room for it nothing has changed.
    private func roll() throws {
        let file = try spares.take(isGrowth: true)
        do {
            if let volume {
                try write()
                try volumes.file(volume).synchronize()
                hasUnsynced = false
                try database.run("UPDATE volume SET full = 1, end = ? WHERE number = ?", [written, volume])
                // All that it held may be gone already.
                try free(volume, 0)
            }
            let number = volumes.nextNumber()
            try Folder.rename(file.path, to: volumes.path(number))
            try database.run("INSERT INTO volume (number, shared, full, end, live) VALUES (?, 1, 0, 0, 0)", [number])
            volume = number
            written = 0
        } catch {
            // Half of the change is made, and a sync that failed is not to be asked again: the kernel tells it once. What
            // this batch has put into the volume fails with it.
            let failure = StoreError.of(error, volumes.root)
            lost = lost ?? failure
            try? database.rollback()
            if Folder.exists(file.path) { spares.give(file) }
            throw failure
        }
    }

    private func write() throws {
        guard let volume, !buffer.isEmpty else { return }
        try volumes.file(volume).write(buffer, at: written)
        written += buffer.count
        hasUnsynced = true
        buffer.removeAll(keepingCapacity: true)
    }

    private func flush() throws {
        guard let volume, !buffer.isEmpty || hasUnsynced else { return }
        try write()
        try volumes.file(volume).synchronize()
        try database.run("UPDATE volume SET end = ? WHERE number = ?", [written, volume])
        hasUnsynced = false
    }

    // MARK: Blobs

    /// Notes a blob; it is used `uses` times.
    func addBlob(_ name: [UInt8], _ place: (volume: UInt32, offset: Int), size: Int, uses: Int) throws -> Int64 {
        try database.run(
            "INSERT INTO blob (name, volume, offset, size, uses) VALUES (?, ?, ?, ?, ?)",
            [Data(name), place.volume, place.offset, size, uses])
        let id = database.lastInsertedRowID
        added[place.volume, default: 0] += BlobFormat.count(size)
        return id
    }

    private func countAdded() throws {
        for (volume, octets) in added {
            try database.run("UPDATE volume SET live = live + ? WHERE number = ?", [octets, volume])
        }
        added = [:]
    }

    /// Uses a blob once less; without a use it is gone.
    func release(_ blob: Int64) throws {
        let row = try database.one(
            "UPDATE blob SET uses = uses - 1 WHERE id = ? RETURNING uses, volume, size", [blob])
        guard let row, (row[0] as Int64) <= 0 else { return }
        try database.run("DELETE FROM blob WHERE id = ?", [blob])
        try database.run("DELETE FROM summary WHERE blob = ?", [blob])
        try free(row[1], BlobFormat.count(row[2]))
    }

    /// So many bytes of a volume are no longer needed.
    func free(_ number: UInt32, _ bytes: Int) throws {
        released = true
        // What was put there in this batch lives too.
        try countAdded()
        let row = try database.one(
            "UPDATE volume SET live = live - ? WHERE number = ? RETURNING live, shared, full", [bytes, number])
        guard let row else { return }
        let (live, isShared, isFull): (Int64, Bool, Bool) = (row[0], row[1], row[2])
        guard live <= 0, !isShared || isFull else { return }
        try database.run("DELETE FROM volume WHERE number = ?", [number])
        let path = volumes.path(number)
        freed.append { [volumes, spares] in
            volumes.forget(number)
            if isShared, let file = try? File(path, .readWrite) { spares.give(file) } else { try? Folder.remove(path) }
        }
    }

    /// A full volume of which less than a quarter is needed.
    private func sparse() throws -> UInt32? {
        try pool.read { database in
            try database.one(
                "SELECT number FROM volume WHERE shared = 1 AND full = 1 AND live BETWEEN 1 AND ? ORDER BY live LIMIT 1",
                [configuration.volumeSize / 4])
        }.map { $0[0] }
    }

    // MARK: Changes

    /// The next number of changes of a mailbox, set in a folder of it too; what the mailbox holds changes with it.
    func change(_ mailbox: Int64, folder: Int64? = nil, messages: Int = 0, octets: Int = 0) throws -> Int64 {
        let row = try database.one(
            """
            UPDATE mailbox SET modseq = modseq + 1, messages = messages + ?, octets = octets + ? WHERE id = ?
            RETURNING modseq, name
            """, [messages, octets, mailbox])
        guard let row else { throw StoreError.unknownMailbox }
        let number: Int64 = row[0]
        if let folder { try database.run("UPDATE folder SET modseq = ? WHERE id = ?", [number, folder]) }
        changes[MailboxName(row[1])] = number
        return number
    }
}
