import MSSCore

/// Sends an ordinary mail, by another relay than the trust space's; stated here and provided by the operator.
public protocol OrdinaryMailSender: Sendable {
    /// Hands a mail of plain text to the relay; returns once the relay has answered 250.
    ///
    /// - Parameter key: the left part of a Message-ID: the same mail again carries the same one.
    func send(subject: String, text: String, to recipient: OrdinaryMailAddress, key: String) async throws
}

/// Sends notices by ordinary mail.
public struct MailNotificationChannel<Sender: OrdinaryMailSender>: NotificationChannel {
    private let sender: Sender

    /// A channel over a relay.
    public init(sender: Sender) { self.sender = sender }

    /// Sends the notice to an ordinary mail address.
    public func deliver(_ notice: OutOfBandNotice, to contact: ContactPoint, key: String) async throws {
        guard case .ordinaryMail(let recipient) = contact else { throw NotificationFailure.unsupportedContact }
        try await sender.send(subject: notice.subject, text: notice.body, to: recipient, key: key)
    }
}
