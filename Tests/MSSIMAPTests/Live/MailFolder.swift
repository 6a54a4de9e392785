import MSSTestKit
import TestIdentities

@testable import MSSIMAP

/// A folder on the disk for a mail program: its settings, and the Maildir that it fills.
struct MailFolder {
    let path: String

    init() throws { path = try TestFiles.temporaryDirectory("mss-mail") }

    /// The messages of a Maildir below `mail`.
    func messages(in name: String = "INBOX") -> [String] {
        let folder = "\(path)/mail/\(name)"
        return ["new", "cur"].flatMap { part in
            ((try? TestFiles.names(in: "\(folder)/\(part)")) ?? []).map { "\(folder)/\(part)/\($0)" }
        }
    }

    /// mbsync between a port of the server and `mail`, all folders, both ways.
    ///
    /// - Parameter login: lines of settings: how it logs in.
    func mbsync(_ live: LiveIMAP, port: Int, login: String) async throws -> ExternalTool.Result {
        try TestFiles.makeDirectory("\(path)/mail")
        try TestFiles.write(
            """
            IMAPStore far
            Host localhost
            Port \(port)
            User \(LiveIMAP.user)
            \(login)
            SSLType STARTTLS
            CertificateFile \(LiveIdentity.localhost.directory)/ca.pem

            MaildirStore near
            Path \(path)/mail/
            Inbox \(path)/mail/INBOX
            SubFolders Verbatim

            Channel all
            Far :far:
            Near :near:
            Patterns *
            Create Both
            Expunge Both
            Sync All
            SyncState *

            """, to: "\(path)/rc")
        return try await ExternalTool.run(
            "env", ["HOME=\(path)", "mbsync", "-V", "-c", "\(path)/rc", "all"], seconds: 300)
    }
}

extension LiveIMAP {
    /// How many messages a mailbox of the account holds.
    func messages(in name: String) async throws -> Int? {
        try await account.mailboxes().first { $0.name.text == name }?.messages
    }
}
