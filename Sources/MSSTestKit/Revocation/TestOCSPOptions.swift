public import MSSCore

/// How an OCSP answer is made; the defaults make a good one.
public struct TestOCSPOptions: Sendable, Hashable {
    /// Who signs the answer (RFC 6960 §4.2.2.2).
    public enum Signer: Sendable, Hashable {
        /// A responder certified by the issuer for that purpose.
        case delegate
        /// The issuer itself; no certificate is sent along.
        case authority
        /// A certificate of the same issuer that lacks the OCSP signing usage.
        case delegateWithoutUsage
        /// A delegate whose certificate has expired.
        case expiredDelegate
        /// A responder of ``TestPKI/lookalike``: same names, other keys.
        case stranger
    }

    /// The error statuses of an answer without content (RFC 6960 §4.2.1).
    public enum Refusal: UInt8, Sendable, Hashable, CaseIterable {
        case malformedRequest = 1
        case internalError = 2
        case tryLater = 3
        case sigRequired = 5
        case unauthorized = 6
    }

    /// What is said of the nonce (RFC 9654).
    public enum Nonce: Sendable, Hashable { case echoed, omitted, wrong }

    /// Who signs.
    public var signer: Signer
    /// Replaces the whole answer by an error status.
    public var refusal: Refusal?
    /// Beginning of validity; `nil` is the hierarchy's present.
    public var thisUpdate: Timestamp?
    /// How long it is good for; `nil` leaves `nextUpdate` out.
    public var lifetime: Duration?
    /// What is said of the nonce.
    public var nonce: Nonce
    /// Answers for another serial number than the one asked.
    public var answersAnotherCertificate: Bool
    /// Flips one bit of the signature.
    public var isCorrupt: Bool
    /// Identifies the responder by the hash of its key rather than by its name.
    public var identifiesByKey: Bool

    /// Options; all as in a good answer that is valid for a day unless told otherwise.
    public init(
        signer: Signer = .delegate, refusal: Refusal? = nil, thisUpdate: Timestamp? = nil,
        lifetime: Duration? = .seconds(86_400), nonce: Nonce = .echoed, answersAnotherCertificate: Bool = false,
        isCorrupt: Bool = false, identifiesByKey: Bool = false
    ) {
        self.signer = signer
        self.refusal = refusal
        self.thisUpdate = thisUpdate
        self.lifetime = lifetime
        self.nonce = nonce
        self.answersAnotherCertificate = answersAnotherCertificate
        self.isCorrupt = isCorrupt
        self.identifiesByKey = identifiesByKey
    }

    /// A good answer.
    public static let good = TestOCSPOptions()
}
