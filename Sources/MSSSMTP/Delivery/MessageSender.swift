/// Carries out a transaction with a server.
public protocol MessageSender: Sendable {
    /// Sends a message to the recipients of its envelope.
    ///
    /// - Returns: one outcome for each recipient, in the order of the envelope.
    /// - Throws: why there was no session with this server.
    func send(
        _ message: SMTPOutgoingMessage, to destination: SMTPDestination
    ) async throws(SMTPClientFailure) -> SMTPTransactionResult
}

extension SMTPClientPool: MessageSender {}
