/// Sends messages through one server: the API LPS of an operator (TM5.2P, TM5.4P), or a local LMTP server.
///
/// Sessions are opened when needed, kept a while, and opened anew when the server has ended them.
public struct SMTPClient: Sendable {
    private let pool: SMTPClientPool
    private let destination: SMTPDestination

    /// A client of one server.
    ///
    /// - Parameters:
    ///   - destination: the server.
    ///   - configuration: how to connect, and whom to be.
    ///   - limits: how many sessions are kept, and for how long. Two minutes without use stay well within the fifteen
    ///     after which a server ends a session (EX_LPS_1000).
    public init(
        _ destination: SMTPDestination, _ configuration: SMTPClientConfiguration,
        limits: SMTPClientPool.Limits = SMTPClientPool.Limits(perDestination: 2, idle: .seconds(120))
    ) {
        self.destination = destination
        pool = SMTPClientPool(limits: limits) { _ in configuration }
    }

    /// Sends a message.
    ///
    /// - Returns: one outcome for each recipient: some may have it while others were refused.
    /// - Throws: why no session could be had: network, TLS, peer check, authentication.
    public func send(_ message: SMTPOutgoingMessage) async throws(SMTPClientFailure) -> SMTPTransactionResult {
        try await pool.send(message, to: destination)
    }

    /// Ends the sessions that are kept.
    public func close() async { await pool.close() }
}
