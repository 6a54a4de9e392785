/// A certificate chain and the private key of its first certificate: what one side shows of itself.
public struct TLSIdentity: Sendable {
    /// The chain to send, leaf first. EX_OPE_5040 does not ask for the CA certificates, and peers that follow it
    /// ignore them; sending the intermediate helps the others. The root is never useful.
    public var chain: [Certificate]
    /// The key of the first certificate.
    public var key: PrivateKey
    /// Server side: the OCSP response (DER) stapled when a client asks. Refresh it with
    /// ``ReloadableTLSContext/update(_:)``.
    public var stapledOCSP: [UInt8]?

    /// An identity from a chain, leaf first, and the key of the leaf; they are matched when a ``TLSContext`` is made.
    public init(chain: [Certificate], key: PrivateKey, stapledOCSP: [UInt8]? = nil) {
        self.chain = chain
        self.key = key
        self.stapledOCSP = stapledOCSP
    }
}
