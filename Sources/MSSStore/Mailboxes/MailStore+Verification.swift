import Dispatch
import Foundation
import GRDB
import MSSCore
import MSSSMTP
import NIOCore

/// What is wrong with a mail store.
public enum MailFinding: Sendable, Hashable {
    /// SQLite finds fault with the base; its words.
    case base(String)
    /// The key of a mailbox is missing or is not what was written.
    case key(MailboxName)
    /// A message cannot be read: the reason in English.
    case message(MailboxName, folder: String, uid: UInt32, reason: String)
    /// The counts of a folder are not those of its messages.
    case folderCounts(MailboxName, folder: String)
    /// The counts of a mailbox are not those of its folders.
    case mailboxCounts(MailboxName)
    /// Octets are counted as used by more or fewer messages than use them; so many messages' worth.
    case uses(count: Int)
    /// What a volume is said to hold is not what the messages in it take.
    case volumeCounts(path: String)
    /// A volume is not there, or shorter than it is said to be.
    case volume(path: String)
    /// A file that no message needs: harmless, and removed when the store is opened.
    case orphan(path: String)
}

/// What a verification found.
public struct MailVerification: Sendable, Hashable {
    /// Everything that is wrong.
    public var findings: [MailFinding] = []
    /// Messages whose every octet was read and verified.
    public var messages = 0
    /// Their octets.
    public var octets: Int64 = 0
    /// Whether nothing is wrong.
    public var isSound: Bool { findings.isEmpty }
}

extension MailStore {
    /// Verifies everything: the base, keys, counts, volumes, and every octet of every message. The store may be in use.
    public func verify() async throws -> MailVerification {
        // No file goes away meanwhile; messages that are expunged meanwhile are known by asking again.
        try await volumes.holding { try await verifyHeld() }
    }

    private func verifyHeld() async throws -> MailVerification {
        var result = MailVerification()
        result.findings = try await read { try MailStore.verifyBase($0) }
        let volumes = volumes
        result.findings += try await read { database in
            try database.all("SELECT number, end FROM volume").compactMap { row -> MailFinding? in
                let (number, end): (UInt32, Int) = (row[0], row[1])
                let size = (try? volumes.file(number).size()) ?? -1
                return size < end ? .volume(path: volumes.path(number)) : nil
            }
        }
        var after = MailboxName("")
        while let mailbox = try await mailboxes(after: after, limit: 1).first?.name {
            try await verify(mailbox, &result)
            after = mailbox
        }
        return result
    }

    private func verify(_ mailbox: MailboxName, _ result: inout MailVerification) async throws {
        let id = try await read {
            try $0.one("SELECT id FROM mailbox WHERE name = ?", [mailbox.rawValue])?[0] as Int64?
        }
        guard let id else { return }
        do { _ = try keys.key(id) } catch {
            result.findings.append(.key(mailbox))
            return
        }
        for folder in (try? await folders(of: mailbox)) ?? [] {
            var next: UInt32 = 1
            while true {
                let page = try await messages(in: folder.id, next...(.max), limit: 256)
                let sound = try await whole(page.map(\.uid), in: folder.id)
                for message in page where sound[message.uid] != message.size {
                    // Moved or expunged meanwhile, or damaged: asked again by the ordinary way.
                    do {
                        var size = 0
                        try await content(of: message.uid, in: folder.id).forEachChunk { size += $0.readableBytes }
                        guard size == message.size else {
                            throw StoreError.damaged(path: "", offset: size, reason: "size")
                        }
                        result.messages += 1
                        result.octets += Int64(size)
                    } catch StoreError.unknownMessage {
                    } catch {
                        result.findings.append(
                            .message(mailbox, folder: folder.name, uid: message.uid, reason: "\(error)"))
                    }
                }
                for message in page where sound[message.uid] == message.size {
                    result.messages += 1
                    result.octets += Int64(message.size)
                }
                guard let last = page.last, last.uid < .max else { break }
                next = last.uid + 1
            }
        }
    }

    /// Reads messages, a page of them by one question and on one thread: the sizes of those whose every frame is what was
    /// written.
    private func whole(_ uids: [UInt32], in folder: MailFolderID) async throws -> [UInt32: Int] {
        guard let first = uids.first, let last = uids.last else { return [:] }
        let places = try await places(from: first, to: last, in: folder)
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [volumes] in
                var sizes: [UInt32: Int] = [:]
                for (uid, place) in places {
                    let isSound = (0..<BlobFormat.frames(place.size)).allSatisfy { index in
                        (try? place.frame(index, volumes)) ?? nil != nil
                    }
                    if isSound { sizes[uid] = place.size }
                }
                continuation.resume(returning: sizes)
            }
        }
    }

    /// The base by itself, in one snapshot.
    private static func verifyBase(_ database: Database) throws -> [MailFinding] {
        var findings = try String.fetchAll(database, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            .map { MailFinding.base($0) }
        let folders = try database.all(
            """
            SELECT mailbox.name, folder.name FROM folder JOIN mailbox ON mailbox.id = folder.mailbox
            WHERE (folder.messages, folder.octets, folder.unseen) <> (
                SELECT count(*), coalesce(sum(size), 0), coalesce(sum(flags & 1 = 0), 0) FROM message
                WHERE message.folder = folder.id)
            """)
        findings += folders.map { .folderCounts(MailboxName($0[0]), folder: $0[1]) }
        let mailboxes = try database.all(
            """
            SELECT name FROM mailbox WHERE (messages, octets) <> (
                SELECT coalesce(sum(messages), 0), coalesce(sum(octets), 0) FROM folder
                WHERE folder.mailbox = mailbox.id)
            """)
        findings += mailboxes.map { .mailboxCounts(MailboxName($0[0])) }
        // One pass over both: a join would look through all messages for each blob, which have no index by it.
        let uses = try database.number(
            """
            SELECT count(*) FROM (
                SELECT id FROM (
                    SELECT id, uses AS uses, 1 AS is_there FROM blob UNION ALL SELECT blob, -1, 0 FROM message)
                GROUP BY id HAVING sum(uses) <> 0 AND max(is_there) = 1)
            """)
        if uses > 0 { findings.append(.uses(count: Int(uses))) }
        let lost = try database.number("SELECT count(*) FROM message WHERE blob NOT IN (SELECT id FROM blob)")
        if lost > 0 { findings.append(.uses(count: Int(lost))) }
        let live = try database.all(
            """
            SELECT number FROM volume WHERE live <> (
                SELECT coalesce(sum(size + 16 * max(1, (size + 65535) / 65536)), 0) FROM blob WHERE volume = number)
            """)
        findings += live.map { .volumeCounts(path: Folder.name($0[0])) }
        return findings
    }
}
