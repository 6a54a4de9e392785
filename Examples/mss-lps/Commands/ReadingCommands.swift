import ArgumentParser
import Foundation
import MSSCore
import MSSIMAP
import MSSMessage
import NIOCore

/// One line for a message: number, marks, date, author, subject.
struct Line {
    let text: String

    /// The header is read by MSSMessage: names and subjects come encoded (RFC 2047).
    init(_ message: IMAPFetchedMessage) {
        let header = message.sections[Line.section].map { Message($0).header }
        let flags = message.flags ?? []
        let marks = (flags.contains(.seen) ? " " : "N") + (flags.contains(.answered) ? "R" : " ")
        let author = header?.from.mailboxes.first
        let from = author?.name ?? author?.address ?? "?"
        text = "\(message.uid ?? 0)\t\(marks)\t\(message.size ?? 0)\t\(from)\t\(header?.subject ?? "(sans objet)")"
    }

    /// What of the header is fetched.
    static let section = IMAPSection(.fields(["From", "Subject", "Date"], isNot: false))

    /// The lines of some messages.
    static func fetch(_ connection: IMAPConnection, _ uids: IMAPSequenceSet) async throws -> [UInt32: Line] {
        var lines: [UInt32: Line] = [:]
        // They come as the server sends them: a folder of ten thousand messages is not held whole.
        let items: [IMAPFetchItem] = [.flags, .size, .section(section, partial: nil, peek: true)]
        for try await message in connection.messages(uids, items) {
            if let uid = message.uid { lines[uid] = Line(message) }
        }
        return lines
    }
}

/// Step 4: what is in a folder.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Liste les messages d'un dossier (UID, marques, taille, auteur, objet).")
    @Argument(help: "Le dossier.") var folder = "INBOX"
    @Flag(name: .customLong("dossiers"), help: "Liste les dossiers.") var showsFolders = false
    @OptionGroup var options: SessionOptions

    func run() async throws {
        let showsFolders = showsFolders
        try await Door.opened(options, folder) { connection in
            if showsFolders {
                for mailbox in try await connection.mailboxes() {
                    say("\(mailbox.name.text)\t\(mailbox.use.map { "\($0)" } ?? "")")
                }
                return
            }
            for (_, line) in try await Line.fetch(connection, .all).sorted(by: { $0.key < $1.key }) { say(line.text) }
        }
    }
}

/// Step 5: a message, text and attachments.
struct ReadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read", abstract: "Montre un message ; enregistre ses pièces jointes avec --vers.")
    @Argument(help: "Son UID.") var uid: UInt32
    @Option(name: .customLong("dossier"), help: "Le dossier.") var folder = "INBOX"
    @Option(name: .customLong("vers"), help: "Où enregistrer les pièces jointes.") var target: String?
    @OptionGroup var options: SessionOptions

    func run() async throws {
        let uid = uid
        let octets = try await Door.opened(options, folder) { connection in
            // Not peeked: the server marks it read.
            try await connection.download(uid, peek: false).collect(upTo: 40 << 20)
        }
        guard octets.readableBytes > 0 else { throw ToldFailure("Il n'y a pas de message \(uid).") }
        let message = Message(Array(octets.readableBytesView))
        say("De    : \(message.header.from.mailboxes.map(\.address).joined(separator: ", "))")
        say("À     : \(message.header.to.mailboxes.map(\.address).joined(separator: ", "))")
        say("Objet : \(message.header.subject ?? "")\n")
        for part in message.parts where part.kind == .leaf {
            let isAttachment = part.header.contentDisposition?.kind == "attachment"
            if part.contentType.type == "text", part.contentType.subtype == "plain", !isAttachment {
                say(message.text(of: part))
            } else if let name = part.filename {
                let content = message.content(of: part)
                say("[pièce jointe : \(name), \(content.count) octets]")
                guard let target else { continue }
                // A name from outside is never a path.
                let safe = name.replacingOccurrences(of: "/", with: "_")
                try Data(content).write(to: URL(fileURLWithPath: target).appendingPathComponent("\(uid)-\(safe)"))
            }
        }
    }
}

/// Step 6: new messages as they come (IDLE), for as long as the software runs, whatever becomes of sessions.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Montre les nouveaux messages à leur arrivée.")
    @Option(name: .customLong("nombre"), help: "S'arrête après tant de messages.") var count = Int.max
    @OptionGroup var options: SessionOptions

    private struct Enough: Error {}

    func run() async throws {
        let wanted = count
        try await ToldFailure.explaining {
            let counter = Counter()
            do {
                try await Door.with(options) { door in
                    try await door.imap.watch(.inbox, failed: { say("(\($0.explanation))") }) {
                        difference, known, connection in
                        // The first difference is everything that is there already.
                        guard await counter.begins() else {
                            return say("En attente (\(known.messages.count) messages).")
                        }
                        guard !difference.new.isEmpty else { return }
                        let lines = try await Line.fetch(connection, IMAPSequenceSet(difference.new))
                        for uid in difference.new { lines[uid].map { say($0.text) } }
                        if await counter.add(difference.new.count) >= wanted { throw Enough() }
                    }
                }
            } catch is Enough {}
        }
    }

    private actor Counter {
        private var hasBegun = false
        private var count = 0
        func begins() -> Bool {
            defer { hasBegun = true }
            return hasBegun
        }
        func add(_ number: Int) -> Int {
            count += number
            return count
        }
    }
}

/// Step 7: the server searches, so that the software need not fetch.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Cherche un texte dans les messages d'un dossier.")
    @Argument(help: "Le texte.") var text: String
    @Option(name: .customLong("dossier"), help: "Le dossier.") var folder = "INBOX"
    @OptionGroup var options: SessionOptions

    func run() async throws {
        let text = text
        try await Door.opened(options, folder) { connection in
            let uids = try await connection.search(.text(text))
            guard !uids.isEmpty else { return say("Aucun message.") }
            let lines = try await Line.fetch(connection, IMAPSequenceSet(uids))
            for uid in uids { lines[uid].map { say($0.text) } }
        }
    }
}

/// Step 8: a message with what it answers and what answers it (RFC 5256).
struct ConversationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conversation", abstract: "Montre la conversation d'un message.")
    @Argument(help: "Son UID.") var uid: UInt32
    @Option(name: .customLong("dossier"), help: "Le dossier.") var folder = "INBOX"
    @OptionGroup var options: SessionOptions

    func run() async throws {
        let uid = uid
        try await Door.opened(options, folder) { connection in
            guard let thread = try await connection.conversations().first(where: { $0.all.contains(uid) }) else {
                throw ToldFailure("Il n'y a pas de message \(uid).")
            }
            let lines = try await Line.fetch(connection, IMAPSequenceSet(thread.all))
            for uid in thread.all { lines[uid].map { say($0.text) } }
        }
    }
}

/// Step 9: order.
struct MoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "move", abstract: "Range un message dans un dossier.")
    @Argument(help: "Son UID.") var uid: UInt32
    @Argument(help: "Le dossier où le ranger.") var target: String
    @Option(name: .customLong("dossier"), help: "Le dossier où il est.") var folder = "INBOX"
    @OptionGroup var options: SessionOptions

    func run() async throws {
        let (uid, target) = (uid, target)
        try await Door.opened(options, folder) { connection in
            guard let name = IMAPMailboxName(target) else { throw ToldFailure("« \(target) » n'est pas un dossier.") }
            try await connection.move(IMAPSequenceSet(uid...uid), to: name)
            say("Rangé dans \(target).")
        }
    }
}

/// Step 10: gone for good.
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Supprime un message, irrévocablement.")
    @Argument(help: "Son UID.") var uid: UInt32
    @Option(name: .customLong("dossier"), help: "Le dossier.") var folder = "INBOX"
    @OptionGroup var options: SessionOptions

    func run() async throws {
        let uid = uid
        try await Door.opened(options, folder) { connection in
            try await connection.setFlags(.add, [.deleted], of: IMAPSequenceSet(uid...uid))
            try await connection.expunge(IMAPSequenceSet(uid...uid))
            say("Supprimé.")
        }
    }
}
