import MSSCore

/// The keys of mailboxes: each in a file of its own, wrapped by the master key. Without its key nothing of a mailbox can
/// be read, whatever copy of its messages remains where.
final class MailKeys: Sendable {
    private let folder: String
    private let store: [UInt8]
    private let master: StoreMasterKey
    private let cache = Guarded<[Int64: SealingKey]>([:])

    init(_ root: String, store: [UInt8], _ master: StoreMasterKey) throws(StoreError) {
        folder = root + "/keys"
        self.store = store
        self.master = master
        try Folder.make(folder)
    }

    static func name(_ mailbox: Int64) -> String { "\(mailbox).key" }
    private func path(_ mailbox: Int64) -> String { folder + "/" + MailKeys.name(mailbox) }

    private func context(_ mailbox: Int64) -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(mailbox)
        return Array("MSS mailbox key".utf8) + store + writer.bytes
    }

    /// Makes the key of a new mailbox; on disk when it returns.
    func create(_ mailbox: Int64) throws(StoreError) {
        let key = try SealingKey.random()
        try Folder.write(try master.key.wrap(key, context: context(mailbox)), to: path(mailbox))
        cache.withLock { $0[mailbox] = key }
    }

    /// The key of a mailbox.
    func key(_ mailbox: Int64) throws(StoreError) -> SealingKey {
        if let key = cache.withLock({ $0[mailbox] }) { return key }
        let wrapped = try File(path(mailbox), .read).readAll()
        guard let key = try master.key.unwrap(wrapped, context: context(mailbox)) else {
            throw .damaged(path: path(mailbox), offset: 0, reason: "mailbox key")
        }
        cache.withLock { $0[mailbox] = key }
        return key
    }

    /// Destroys a key: overwritten, then removed, both on disk when it returns.
    func destroy(_ mailbox: Int64) throws(StoreError) {
        cache.withLock { $0[mailbox] = nil }
        let path = path(mailbox)
        guard Folder.exists(path) else { return }
        let file = try File(path, .readWrite)
        try file.write([UInt8](repeating: 0, count: SealingKey.wrappedCount), at: 0)
        try file.synchronize()
        try Folder.remove(path)
        try Folder.synchronize(folder)
        // Who read it meanwhile has put it back.
        cache.withLock { $0[mailbox] = nil }
    }

    /// Destroys keys whose mailboxes are gone: of a deletion or creation that a crash broke off.
    func keep(only mailboxes: Set<Int64>) throws(StoreError) {
        for name in try Folder.names(folder) {
            guard name.hasSuffix(".key"), let mailbox = Int64(name.dropLast(4)) else {
                try Folder.remove(folder + "/" + name)
                continue
            }
            if !mailboxes.contains(mailbox) { try destroy(mailbox) }
        }
    }

    /// The key of a message, for one mailbox.
    func wrap(_ key: SealingKey, for mailbox: Int64, blob: [UInt8]) throws(StoreError) -> [UInt8] {
        try self.key(mailbox).wrap(key, context: blob)
    }

    /// The key of a message; `nil` when it was not wrapped for this mailbox and blob.
    func unwrap(_ wrapped: [UInt8], for mailbox: Int64, blob: [UInt8]) throws(StoreError) -> SealingKey? {
        try key(mailbox).unwrap(wrapped, context: blob)
    }
}
