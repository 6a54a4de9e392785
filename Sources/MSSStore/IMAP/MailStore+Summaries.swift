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
    struct Unsummarised: Sendable {
        var uid: UInt32
        var blob: Int64
        var place: MailPlace
    }

    /// Makes summaries, and keeps them. Messages whose summary would be too long are left out.
    func summarise(
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
