import Foundation
import GRDB
import MSSCore
import MSSIMAP
public import MSSSMTP
public import NIOCore

extension MailStore {
    /// Begins a message that arrives piece by piece. It is encrypted as it comes; a long one is written as it comes.
    public func draft() throws -> MailDraft { MailDraft(self, try BlobSealer()) }

    /// Delivers a message to mailboxes; durable when it returns.
    ///
    /// - Returns: for each target what became of it: ``StoreError/unknownMailbox``, ``StoreError/overQuota(mailbox:)`` for
    ///   one say nothing of the others.
    /// - Throws: when nothing was delivered to anybody: ``StoreError/diskFull(path:)``, or what reading `content` threw.
    public func deliver(
        _ content: SMTPContent, to targets: [MailTarget]
    ) async throws -> [Result<MailReceipt, StoreError>] {
        let draft = try draft()
        try await content.forEachChunk { try await draft.append($0) }
        return try await draft.deliver(to: targets)
    }

    /// Delivers a message to one mailbox; durable when it returns.
    @discardableResult
    public func deliver(_ content: SMTPContent, to target: MailTarget) async throws -> MailReceipt {
        try await deliver(content, to: [target])[0].get()
    }
}

/// A message that is arriving. Used by one task at a time; what is not delivered is gone with the last reference.
public actor MailDraft {
    private let store: MailStore
    private var sealer: BlobSealer
    private var summary = IMAPSummaryBuilder()
    /// Encrypted octets that are not in the file.
    private var sealed: [UInt8] = []
    private var file: OwnFile?
    private var isDone = false

    /// A file for one message; removed when it is let go of before it belongs to one.
    private final class OwnFile: Sendable {
        let number: UInt32
        let file: File
        let isKept = Guarded(false)

        init(_ number: UInt32, _ path: String) throws(StoreError) {
            self.number = number
            file = try File(path, .create)
        }

        deinit { if !isKept.withLock({ $0 }) { try? Folder.remove(file.path) } }
    }

    init(_ store: MailStore, _ sealer: BlobSealer) {
        self.store = store
        self.sealer = sealer
    }

    /// Octets added so far.
    public var size: Int { sealer.size }

    /// Adds a piece. Returning late is what slows the sender down.
    public func append(_ piece: ByteBuffer) async throws {
        guard !isDone else { throw StoreError.closed }
        try sealer.add(piece.readableBytesView, to: &sealed)
        piece.withUnsafeReadableBytes { summary.add($0) }
        if file != nil || sealer.size > store.configuration.shareLimit, sealed.count >= 1 << 18 || file == nil {
            try await writeOut()
        }
    }

    private var position = 0

    private func writeOut() async throws {
        let (bytes, place, present) = (sealed, position, file)
        sealed = []
        let volumes = store.volumes
        file = try await offPool {
            let number = present?.number ?? volumes.nextNumber()
            let own = try present ?? OwnFile(number, volumes.path(number))
            try own.file.write(bytes, at: place)
            return own
        }
        position += bytes.count
    }

    /// Delivers the message; durable when it returns. The draft ends with it.
    ///
    /// - Returns: for each target what became of it.
    public func deliver(to targets: [MailTarget]) async throws -> [Result<MailReceipt, StoreError>] {
        guard !isDone else { throw StoreError.closed }
        isDone = true
        try sealer.finish(to: &sealed)
        var own: OwnFile?
        if file != nil {
            try await writeOut()
            own = file
            try await offPool { [own, store] in
                try own?.file.synchronize()
                // Its name too, before the base knows it.
                try Folder.synchronize(store.volumes.root)
            }
        }
        let delivery = MailDelivery(
            key: sealer.key, name: sealer.name, size: sealer.size, sealed: sealed, volume: own?.number,
            summary: try SummaryFormat.seal(summary.finish(), sealer.name, sealer.key))
        let results = try await store.commits.perform { writer in try writer.deliver(delivery, to: targets) }
        if let own, results.contains(where: { $0.isNew }) { own.isKept.withLock { $0 = true } }
        file = nil
        sealed = []
        summary = IMAPSummaryBuilder()
        return results.map(\.result)
    }

    /// Forgets the message.
    public func discard() {
        isDone = true
        file = nil
        sealed = []
    }
}

/// A whole message, encrypted, on its way into mailboxes.
struct MailDelivery: Sendable {
    let key: SealingKey
    let name: [UInt8]
    let size: Int
    /// For a shared volume.
    let sealed: [UInt8]
    /// Or the file that holds it.
    let volume: UInt32?
    /// ``SummaryFormat``.
    let summary: [UInt8]
}

/// What became of a delivery to one mailbox.
struct MailDeliveryResult: Sendable {
    var result: Result<MailReceipt, StoreError>
    /// Whether the message is used by it.
    var isNew = false
}

extension MailWriter {
    /// What is decided about a target without the message.
    private enum Decision {
        /// It can have it.
        case open(mailbox: Int64)
        case closed(Result<MailReceipt, StoreError>)
    }

    /// Delivers a message to those who can have it. On the writer's thread, not within ``work(_:)``.
    func deliver(_ delivery: MailDelivery, to targets: [MailTarget]) throws -> [MailDeliveryResult] {
        let decisions = try targets.map { try check($0) }
        var results = decisions.map { decision -> MailDeliveryResult? in
            if case .closed(let result) = decision { MailDeliveryResult(result: result) } else { nil }
        }
        let open = results.indices.filter { results[$0] == nil }
        guard !open.isEmpty else { return results.map { $0! } }
        let place: (volume: UInt32, offset: Int)
        if let volume = delivery.volume { place = (volume, 0) } else { place = try store(delivery.sealed) }
        // All of these mailboxes, or none: what fails here is the base or a key.
        try work {
            if let volume = delivery.volume {
                try database.run(
                    "INSERT INTO volume (number, shared, full, end, live) VALUES (?, 0, 1, ?, 0)",
                    [volume, BlobFormat.count(delivery.size)])
            }
            let blob = try addBlob(delivery.name, place, size: delivery.size, uses: open.count)
            try setSummary(delivery.summary, of: blob)
            for index in open {
                guard case .open(let mailbox) = decisions[index] else { continue }
                let receipt = try insert(delivery, blob, targets[index], mailbox)
                results[index] = MailDeliveryResult(result: .success(receipt), isNew: true)
            }
        }
        return results.map { $0! }
    }

    private func check(_ target: MailTarget) throws -> Decision {
        let row = try database.one(
            "SELECT id, quota, octets FROM mailbox WHERE name = ?", [target.mailbox.rawValue])
        guard let row else { return .closed(.failure(.unknownMailbox)) }
        let (id, kept, octets): (Int64, Int64?, Int64) = (row[0], row[1], row[2])
        if let key = target.key {
            let known = try database.one(
                "SELECT folder, validity, uid, size FROM delivery WHERE mailbox = ? AND name = ?", [id, key])
            if let known {
                let receipt = MailReceipt(
                    folder: MailFolderID(rawValue: known[0]), validity: known[1], uid: known[2], size: known[3],
                    isRepeated: true)
                return .closed(.success(receipt))
            }
        }
        // EX_GBM_4470: a mailbox that is not full takes a message, whatever its size; the next one is refused.
        if let quota = target.quota ?? kept, octets >= quota {
            return .closed(.failure(.overQuota(mailbox: target.mailbox.rawValue)))
        }
        return .open(mailbox: id)
    }

    private func insert(
        _ delivery: MailDelivery, _ blob: Int64, _ target: MailTarget, _ mailbox: Int64
    ) throws -> MailReceipt {
        let folder = try folder(mailbox, target.folder)
        let wrapped = try keys.wrap(delivery.key, for: mailbox, blob: delivery.name)
        let uid = try add(
            NewMessage(
                blob: blob, key: Data(wrapped), size: delivery.size, received: target.received.stored,
                flags: target.flags.rawValue, keywords: MailKeywords.text(target.keywords)), to: folder.id, mailbox)
        if let key = target.key {
            try database.run(
                "INSERT INTO delivery (mailbox, name, folder, validity, uid, size, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [mailbox, key, folder.id, folder.validity, uid, delivery.size, target.received.stored])
        }
        return MailReceipt(
            folder: MailFolderID(rawValue: folder.id), validity: folder.validity, uid: uid, size: delivery.size,
            isRepeated: false)
    }

    /// A row of `message` without its place.
    struct NewMessage {
        var blob: Int64
        var key: Data
        var size: Int
        var received: Int64
        var flags: Int64
        var keywords: String
    }

    /// Puts a message into a folder, and counts it. The blob must count its use.
    func add(_ message: NewMessage, to folder: Int64, _ mailbox: Int64) throws -> UInt32 {
        let number = try change(mailbox, messages: 1, octets: message.size)
        let unseen = message.flags & MailFlags.seen.rawValue == 0 ? 1 : 0
        let row = try database.one(
            """
            UPDATE folder SET next = next + 1, modseq = ?, messages = messages + 1, octets = octets + ?,
                unseen = unseen + ? WHERE id = ? RETURNING next - 1
            """, [number, message.size, unseen, folder])
        guard let row else { throw StoreError.unknownFolder }
        let uid: UInt32 = row[0]
        try database.run(
            """
            INSERT INTO message (folder, uid, blob, key, size, received, flags, keywords, modseq)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                folder, uid, message.blob, message.key, message.size, message.received, message.flags,
                message.keywords, number,
            ])
        return uid
    }
}
