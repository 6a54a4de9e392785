public import MSSCore
public import MSSSMTP

/// A message, or a part of one, set aside because of what a scanner found in it.
public struct QuarantineEntry: Sendable, Hashable {
    /// Its name.
    public var id: String
    /// When it was set aside.
    public var time: Timestamp
    /// The message's name in logs and traces.
    public var message: String
    /// The envelope's sender; `nil` for a notice.
    public var sender: MailAddress?
    /// The envelope's recipients.
    public var recipients: [MailAddress]
    /// What the scanner found.
    public var findings: [String]

    /// An entry.
    public init(
        id: String, time: Timestamp, message: String, sender: MailAddress?, recipients: [MailAddress],
        findings: [String]
    ) {
        self.id = id
        self.time = time
        self.message = message
        self.sender = sender
        self.recipients = recipients
        self.findings = findings
    }
}

/// Keeps what was blocked, away from every mailbox, until an administrator has looked at it or its time is over.
public protocol Quarantine: Sendable {
    /// Sets a message aside.
    func keep(_ content: SMTPContent, _ entry: QuarantineEntry) async throws
    /// What is set aside, oldest first.
    func entries() async throws -> [QuarantineEntry]
    /// The content of an entry; `nil` when there is none of this name.
    func content(of id: String) async throws -> SMTPContent?
    /// Destroys an entry; nothing happens when there is none of this name.
    func destroy(_ id: String) async throws
}
