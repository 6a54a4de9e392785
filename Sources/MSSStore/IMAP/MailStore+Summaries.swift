import Foundation
import GRDB
import MSSIMAP

extension MailWriter {
    /// Keeps what is prepared of a message.
    func setSummary(_ sealed: [UInt8], of blob: Int64) throws {
        try database.run("INSERT OR REPLACE INTO summary (blob, sealed) VALUES (?, ?)", [blob, Data(sealed)])
    }
}

extension MailStore {
    /// A message whose summary is to be made: it came before summaries were kept, or its own is damaged.
    private struct Unsummarised: Sendable {
        var uid: UInt32
        var blob: Int64
        var place: MailPlace
    }

    /// What is prepared of messages of a folder of a mailbox, by ranges of UIDs; what is missing is made and kept.
    /// Messages whose summary would be too long are left out.
    func summaries(
        _ ranges: [ClosedRange<UInt32>], in folder: MailFolderID, of mailbox: MailboxName
    ) async throws -> [UInt32: IMAPMessageSummary] {
        var (found, missing) = try await read { [keys] database in
            var found: [UInt32: IMAPMessageSummary] = [:]
            var missing: [Unsummarised] = []
            for range in ranges {
                try database.each(
                    """
                    SELECT message.uid, message.key, message.blob, blob.name, summary.sealed, blob.volume, blob.offset,
                        blob.size, folder.mailbox
                    FROM message JOIN blob ON blob.id = message.blob JOIN folder ON folder.id = message.folder
                    JOIN mailbox ON mailbox.id = folder.mailbox LEFT JOIN summary ON summary.blob = message.blob
                    WHERE message.folder = ? AND message.uid BETWEEN ? AND ? AND mailbox.name = ?
                    """, [folder.rawValue, range.lowerBound, range.upperBound, mailbox.rawValue]
                ) { row in
                    let sealed = (row[4] as Data?).map { [UInt8]($0) }
                    guard sealed?.isEmpty != true else { return }
                    let name = [UInt8](row[3] as Data)
                    guard let key = try keys.unwrap([UInt8](row[1] as Data), for: row[8], blob: name) else { return }
                    if let sealed, let summary = try SummaryFormat.open(sealed, name, key) {
                        found[row[0]] = summary
                    } else {
                        missing.append(
                            Unsummarised(
                                uid: row[0], blob: row[2],
                                place: MailPlace(
                                    volume: row[5], offset: row[6], size: row[7], name: name, key: key)))
                    }
                }
            }
            return (found, missing)
        }
        if !missing.isEmpty { found.merge(try await summarise(missing, in: folder)) { _, new in new } }
        return found
    }

    private func summarise(
        _ messages: [Unsummarised], in folder: MailFolderID
    ) async throws -> [UInt32: IMAPMessageSummary] {
        var found: [UInt32: IMAPMessageSummary] = [:]
        var made: [(blob: Int64, name: [UInt8], sealed: [UInt8])] = []
        for message in messages {
            var builder = IMAPSummaryBuilder()
            do {
                for index in 0..<BlobFormat.frames(message.place.size) {
                    let plain = try await frame(index, message.place, message.uid, folder)
                    plain.withUnsafeBytes { builder.add($0) }
                }
            } catch is StoreError { continue }  // it cannot be read: whoever asks for it is told
            let summary = builder.finish()
            found[message.uid] = summary
            let name = message.place.name
            made.append((message.blob, name, try SummaryFormat.seal(summary, name, message.place.key)))
        }
        let kept = made
        // A reader does not wait for room on the disk: what cannot be kept is made again.
        try? await write { writer in
            for (blob, name, sealed) in kept {
                // Unless the message went meanwhile, and its number to another.
                let isThere = try writer.database.one(
                    "SELECT 1 FROM blob WHERE id = ? AND name = ?", [blob, Data(name)])
                if isThere != nil { try writer.setSummary(sealed, of: blob) }
            }
        }
        return found
    }
}
