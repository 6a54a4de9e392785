import Foundation
import MSSAccounts
import MSSConnector
public import MSSCore
import MSSStore
import MSSTraces

/// What a backup is of, and of when.
public struct BackupSummary: Sendable, Hashable, Codable {
    /// When it was begun: everything acknowledged before is in it.
    public var begun: String
    /// When it was finished.
    public var finished: String
    /// The server's name.
    public var serverName: String
    /// Messages on their way.
    public var waiting: Int
    /// Messages in mailboxes.
    public var messages: Int
    /// Files, the list apart.
    public var files: Int
    /// Their bytes.
    public var bytes: Int64
}

/// The backup of everything that an operator keeps, while it works (EX_SSI_5110).
///
/// Each store is copied as it is at one moment. The order makes the moments fit: messages on their way first, mailboxes
/// then, so that a message that goes from one to the other meanwhile is in both (its delivery has a key, and is recognised
/// when it is repeated) and never in neither; accounts after mailboxes, so that a mailbox deleted meanwhile is deleted in
/// the copy. The whitelist and revocation lists are fetched anew. Keys, certificates and the configuration are not in it.
struct OperatorBackup {
    let stores: BackedUpStores
    let clock: any WallClock

    private static let facts = "sauvegarde.json"

    /// Writes a backup to an empty or missing folder; one without a list of digests is none.
    func write(to destination: String, serverName: String) async throws -> BackupSummary {
        let begun = clock.now()
        try Files.makeEmpty(destination)
        let copy = OperatorLayout(destination)
        let waiting = stores.spool.count
        try await stores.spool.backUp(to: copy.queue)
        let mail = try await stores.mail.backUp(to: copy.mail)
        // One list for all.
        try Files.remove(copy.mail + "/" + BackupList.name)
        try Files.make(copy.folder(of: copy.accounts))
        try await stores.accounts.backUp(to: copy.accounts)
        try await stores.credentials.backUp(to: copy.credentials)
        try Files.make(copy.ledgers)
        try await stores.ledgers.backUp(to: copy.ledgerFile)
        try await stores.quarantine.backUp(to: copy.quarantine)
        // Last: what the copy holds is told in it.
        try await stores.traces.backUp(to: copy.traces)
        var summary = BackupSummary(
            begun: begun.shown, finished: clock.now().shown, serverName: serverName, waiting: waiting,
            messages: mail.messages, files: 0, bytes: 0)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try Files.write(
            String(decoding: try encoder.encode(summary), as: UTF8.self) + "\n",
            to: destination + "/" + OperatorBackup.facts, mode: 0o600)
        let content = try await BackupList.write(destination)
        (summary.files, summary.bytes) = (content.files, content.bytes)
        return summary
    }
}

/// The stores that a backup copies.
struct BackedUpStores: Sendable {
    var spool: Spool
    var mail: MailStore
    var accounts: SQLiteAccountRepository
    var credentials: SealedCredentials
    var ledgers: SQLiteLedgers
    var quarantine: SealedQuarantine
    var traces: TraceStore
}
