import MSSSMTP
import Glibc
import MSSAccounts
public import MSSCore
import MSSStore
import NIOCore

/// `bal exporter`: the messages of a suspended mailbox, for its holder or whoever has a right to them (RE_GBM_4450).
///
/// Of a mailbox in use nobody but its users takes messages out: an administrator has no right to read (EX_SSI_5155).
public enum ExportMailbox: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The form.
        public enum Form: String, Codable, Sendable, Hashable, CaseIterable {
            /// One file a mailbox (RFC 4155).
            case mbox
            /// One file a message, in folders.
            case eml
        }

        /// The mailbox.
        public var address: String
        /// The folder, absolute, empty or missing.
        public var folder: String
        /// The form.
        public var form: Form
        /// Who asked for it, and why: for the trace.
        public var reason: String

        /// An export.
        public init(address: String, folder: String, form: Form, reason: String) {
            self.address = address
            self.folder = folder
            self.form = form
            self.reason = reason
        }
    }

    /// What was written.
    public struct Reply: Codable, Sendable, Hashable {
        /// The folder.
        public var folder: String
        /// Messages.
        public var messages: Int
    }

    /// `bal-exporter`.
    public static let name = "bal-exporter"
    /// Suspensions.
    public static let duty = AdministrationDuty.suspensions

    /// Who took the messages of a mailbox out, and why.
    public static func trace(_ arguments: Arguments) -> AdminTrace? {
        AdminTrace(
            MailboxCommands.consult, "bal exporter vers \(arguments.folder) : \(arguments.reason)",
            mailbox: try? MailAddress(arguments.address))
    }

    /// Writes the messages.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
        guard arguments.folder.hasPrefix("/") else {
            throw AdminFailure(refused: "Le dossier de l'export doit être un chemin absolu.", "relative path")
        }
        let mailbox = try await AccountWork(context).mailbox(arguments.address)
        guard case .suspended = mailbox.state else {
            throw AdminFailure(
                refused: "Seule une boîte suspendue s'exporte : suspendez-la d'abord, avec son motif.", "not suspended",
                "EX_SSI_5155")
        }
        try Files.makeEmpty(arguments.folder)
        let name = MailboxName("\(mailbox.id.rawValue)")
        let store = context.node.mail
        guard try await store.status(name) != nil else { return Reply(folder: arguments.folder, messages: 0) }
        let messages =
            switch arguments.form {
            case .mbox: try await mbox(store, name, "\(arguments.folder)/\(mailbox.address.address.text).mbox")
            case .eml: try await eml(store, name, arguments.folder)
            }
        return Reply(folder: arguments.folder, messages: messages)
    }

    private static func mbox(_ store: MailStore, _ name: MailboxName, _ path: String) async throws -> Int {
        let file = try NewFile(path)
        let count = try await store.exportMbox(name) { try file.write($0.readableBytesView) }
        try file.synchronize()
        return count
    }

    private static func eml(_ store: MailStore, _ name: MailboxName, _ root: String) async throws -> Int {
        var count = 0
        var folders: [MailFolderID: String] = [:]
        try await store.exportMessages(name) { folder, message in
            // Names of folders are their owner's: numbers name them on the disk, a list tells which is which.
            if folders[folder.id] == nil {
                let number = "\(folders.count + 1)"
                try Files.make("\(root)/\(number)")
                folders[folder.id] = number
                try Files.write(folder.name + "\n", to: "\(root)/\(number)/NOM", mode: 0o600)
            }
            let file = try NewFile("\(root)/\(folders[folder.id] ?? "0")/\(message.uid).eml")
            try await store.content(of: message.uid, in: folder.id).forEachChunk {
                try file.write($0.readableBytesView)
            }
            try file.synchronize()
            count += 1
        }
        return count
    }
}

/// A new file that an export writes.
private final class NewFile {
    private let descriptor: Int32
    private let path: String

    init(_ path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw StoreError.system(operation: "open", path: path, code: errno) }
    }

    deinit { close(descriptor) }

    func write(_ octets: ByteBufferView) throws {
        try octets.withUnsafeBytes { bytes in
            var position = 0
            while position < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + position, bytes.count - position)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    throw errno == ENOSPC
                        ? StoreError.diskFull(path: path)
                        : StoreError.system(operation: "write", path: path, code: errno)
                }
                position += count
            }
        }
    }

    func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw StoreError.system(operation: "sync", path: path, code: errno) }
    }
}
