/// What a finished handshake established. Fired through the pipeline as the user event ``TLSEstablished``.
public struct TLSSessionFacts: Sendable {
    /// The protocol version in use.
    public let version: TLSVersion
    /// The cipher suite in use.
    public let suite: TLSCipherSuite
    /// OpenSSL's name of the elliptic-curve group (`prime256v1`, …); `nil` for a finite-field group of TLS 1.2.
    public let group: String?
    /// The peer as the verifier accepted it: certificate, verified chain, revocation evidence; `nil` when a server
    /// asked for no client certificate, or had none in answer to an optional request.
    public let peer: VerifiedPeer?
    /// The server name (SNI, RFC 6066 §3) that the client asked for.
    public let serverName: String?
    /// Whether an earlier session was resumed: never, by decision 0030; stated so that a trace can show it.
    public let isResumed: Bool
}

/// The user event fired inbound once the handshake is finished and the peer verified.
///
/// `NIOTLS.TLSUserEvent.handshakeCompleted` follows it, for handlers that know only NIO.
public struct TLSEstablished: Sendable {
    /// What was established.
    public let facts: TLSSessionFacts
}
