import Foundation
import GRDB
import MSSCore
public import MSSSMTP
import NIOCore

/// Where a message's octets lie, and its key.
struct MailPlace: Sendable {
    var volume: UInt32
    var offset: Int
    var size: Int
    var name: [UInt8]
    var key: SealingKey
}

extension MailStore {
    /// The octets of a message, read frame by frame, each verified before it is given.
    ///
    /// - Throws: ``StoreError/unknownMessage``; reading throws ``StoreError/damaged(path:offset:reason:)`` for octets that
    ///   are not those that were delivered.
    public func content(of uid: UInt32, in folder: MailFolderID) async throws -> SMTPContent {
        // Where it lies now: should it move before it is read, the first frame that is not found there is looked for again.
        let place = try await place(of: uid, in: folder)
        return SMTPContent(size: place.size) { [self] in
            MailContent(store: self, folder: folder, uid: uid, place: place)
        }
    }

    /// A range of a message's octets; less at its end. Only the frames in which it lies are read.
    public func octets(_ range: Range<Int>, of uid: UInt32, in folder: MailFolderID) async throws -> [UInt8] {
        try await octets(range, try await place(of: uid, in: folder), of: uid, in: folder)
    }

    /// The same, of a message whose place is known.
    func octets(
        _ range: Range<Int>, _ place: MailPlace, of uid: UInt32, in folder: MailFolderID
    ) async throws -> [UInt8] {
        let range = range.clamped(to: 0..<place.size)
        guard !range.isEmpty else { return [] }
        var octets: [UInt8] = []
        octets.reserveCapacity(range.count)
        for index in (range.lowerBound / BlobFormat.frame)...((range.upperBound - 1) / BlobFormat.frame) {
            let plain = try await frame(index, place, uid, folder)
            let start = index * BlobFormat.frame
            octets += plain[max(0, range.lowerBound - start)..<min(plain.count, range.upperBound - start)]
        }
        return octets
    }

    /// Where a message lies now.
    ///
    /// - Parameter mailbox: only of this one.
    func place(of uid: UInt32, in folder: MailFolderID, of mailbox: MailboxName? = nil) async throws -> MailPlace {
        guard let found = try await rows(from: uid, to: uid, in: folder, of: mailbox).first else {
            throw StoreError.unknownMessage
        }
        guard let place = try place(found) else {
            throw StoreError.damaged(path: folderPath, offset: 0, reason: "message key")
        }
        return place
    }

    /// Where messages lie now, of a range of UIDs; those whose key is not what was written are left out.
    ///
    /// - Parameter mailbox: only of this one.
    func places(
        from first: UInt32, to last: UInt32, in folder: MailFolderID, of mailbox: MailboxName? = nil
    ) async throws -> [(UInt32, MailPlace)] {
        try await rows(from: first, to: last, in: folder, of: mailbox).compactMap { row in
            try place(row).map { (row.uid, $0) }
        }
    }

    private struct PlaceRow: Sendable {
        var uid: UInt32
        var place: [Int]
        var name: [UInt8]
        var wrapped: [UInt8]
        var mailbox: Int64
    }

    private func rows(
        from first: UInt32, to last: UInt32, in folder: MailFolderID, of mailbox: MailboxName? = nil
    ) async throws -> [PlaceRow] {
        try await read { database in
            try database.all(
                """
                SELECT message.uid, blob.volume, blob.offset, blob.size, blob.name, message.key, folder.mailbox
                FROM message JOIN blob ON blob.id = message.blob JOIN folder ON folder.id = message.folder
                JOIN mailbox ON mailbox.id = folder.mailbox
                WHERE message.folder = ?1 AND message.uid BETWEEN ?2 AND ?3 AND (?4 IS NULL OR mailbox.name = ?4)
                """, [folder.rawValue, first, last, mailbox?.rawValue]
            ).map { row in
                PlaceRow(
                    uid: row[0], place: [row[1], row[2], row[3]], name: [UInt8](row[4] as Data),
                    wrapped: [UInt8](row[5] as Data), mailbox: row[6])
            }
        }
    }

    private func place(_ row: PlaceRow) throws(StoreError) -> MailPlace? {
        try keys.unwrap(row.wrapped, for: row.mailbox, blob: row.name).map { key in
            MailPlace(
                volume: UInt32(row.place[0]), offset: row.place[1], size: row.place[2], name: row.name, key: key)
        }
    }

    private var folderPath: String { self.folder + "/" + MailStore.base }

    /// A frame of a message. When it is not what was written, the message may have moved meanwhile: asked once more.
    func frame(
        _ index: Int, _ place: MailPlace, _ uid: UInt32, _ folder: MailFolderID
    ) async throws -> [UInt8] {
        if let plain = try? await offPool({ [volumes] in try place.frame(index, volumes) }) { return plain }
        let now = try await self.place(of: uid, in: folder)
        return try await offPool { [volumes] in
            guard let plain = try now.frame(index, volumes) else {
                throw StoreError.damaged(
                    path: volumes.path(now.volume), offset: now.offset + BlobFormat.place(index, size: now.size).offset,
                    reason: "message")
            }
            return plain
        }
    }
}

extension MailPlace {
    /// A frame's plain octets; `nil` when it is not what was written. Blocks.
    func frame(_ index: Int, _ volumes: MailVolumes) throws -> [UInt8]? {
        let frame = BlobFormat.place(index, size: size)
        let sealed = try volumes.file(volume).read(frame.count + SealingKey.tagCount, at: offset + frame.offset)
        return try BlobFormat.open(sealed, index: index, isLast: index == BlobFormat.frames(size) - 1, name, key)
    }
}

/// The octets of a message in a folder.
struct MailContent: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let store: MailStore
    let folder: MailFolderID
    let uid: UInt32
    let place: MailPlace

    struct AsyncIterator: AsyncIteratorProtocol {
        let content: MailContent
        var index = 0

        mutating func next() async throws -> ByteBuffer? {
            guard index < BlobFormat.frames(content.place.size) else { return nil }
            defer { index += 1 }
            let plain = try await content.store.frame(index, content.place, content.uid, content.folder)
            return plain.isEmpty ? nil : ByteBuffer(bytes: plain)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(content: self) }
}
