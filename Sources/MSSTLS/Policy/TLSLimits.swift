/// Bounds of one connection: what a hostile or slow peer can cost.
public struct TLSLimits: Sendable, Hashable {
    /// Time allowed from the first byte of the handshake to the verified peer, revocation check on the network included.
    public var handshakeTimeout: Duration
    /// Time left to the peer, once we have sent close_notify or an alert, to close its side.
    public var closeTimeout: Duration
    /// Plain bytes that may wait for the end of the handshake; one byte more and the connection fails.
    public var maximumPendingBytes: Int
    /// Bytes read and thrown away while closing.
    public var maximumDiscardedBytes: Int

    /// Limits; the defaults suit a connector on the Internet.
    public init(
        handshakeTimeout: Duration = .seconds(30), closeTimeout: Duration = .seconds(2),
        maximumPendingBytes: Int = 1 << 20, maximumDiscardedBytes: Int = 1 << 20
    ) {
        self.handshakeTimeout = handshakeTimeout
        self.closeTimeout = closeTimeout
        self.maximumPendingBytes = maximumPendingBytes
        self.maximumDiscardedBytes = maximumDiscardedBytes
    }

    /// Bytes of certificates accepted from a peer. A chain of IGC-Santé is about 6 KB; only the first certificate is
    /// used, the rest is read and ignored (EX_OPE_5040).
    static let peerChainBytes = 64 << 10
}
