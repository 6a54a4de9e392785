public import MSSCore
public import MSSTLS

/// A list whose signature was verified, with what proves it.
public struct VerifiedWhitelist: Sendable {
    /// The document as received: the bytes to store, never altered (EX_2.2_5030).
    public let document: [UInt8]
    /// SHA-256 of the document.
    public let digest: Fingerprint
    /// What the signed bytes say, and only they.
    public let content: WhitelistContent
    /// The signer, its path and how non-revocation was established.
    public let signer: VerifiedPeer
    /// The signer's name.
    public let signerName: DistinguishedName
    /// When the verification took place.
    public let verifiedAt: Timestamp
}
