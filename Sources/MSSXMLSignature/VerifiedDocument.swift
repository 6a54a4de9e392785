/// What a verification vouches for.
public struct VerifiedDocument: Sendable, Hashable {
    /// The exact bytes that were digested, one entry for each reference.
    ///
    /// Work on these, never on the document received: they are what the signer signed (W3C Best Practices, BP 14 "see
    /// only what is signed"). In the strict profiles they are the canonical document without its signature.
    public let references: [[UInt8]]
    /// The certificate whose key verified the signature, in DER; `nil` for a secret or an unproven key value.
    ///
    /// Any certificate of the trusted authorities can sign: compare it with the signer expected.
    public let signerCertificateDER: [UInt8]?
    /// The verified chain in DER, from the signer's certificate to the trusted root; empty without certificate.
    public let chainDER: [[UInt8]]

    /// The bytes that the only reference digested.
    public var signedBytes: [UInt8] { references[0] }
}
