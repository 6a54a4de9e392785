public import MSSCore
public import MSSXML

/// What a signed document must look like to be accepted. Everything is checked on the tree before any cryptography
/// (W3C XML Signature Best Practices, BP 2, 5, 8, 12, 14).
public struct SignatureProfile: Sendable {
    /// What the reference must cover.
    public enum Coverage: Sendable, Hashable {
        /// Exactly one reference, `URI=""`: the whole document but the signature, which is the root's child.
        case wholeDocument
        /// Exactly one reference, `URI="#…"`, naming the root by this attribute; the signature is the root's child.
        case root(idAttribute: String)
        /// Any number of references into the same document, the signature anywhere; ids by these attributes.
        case anywhere(idAttributes: [String])
    }

    /// Where the key may come from.
    public enum KeySource: Sendable, Hashable {
        /// An `X509Certificate`, verified to a trusted root.
        case certificate
        /// `X509IssuerSerial`, `X509SKI` or `X509SubjectName` naming one of ``SignatureTrust/certificates``.
        case certificateReference
        /// `KeyName` naming one of ``SignatureTrust/namedKeys``.
        case name
        /// A bare `KeyValue`: whoever changed the document brings the key. Proves nothing; for vectors only.
        case unprovenKeyValue
        /// The secret of ``SignatureTrust/secret``, whatever `KeyInfo` says.
        case secret
    }

    /// What the reference must cover.
    public var coverage: Coverage
    /// Canonicalisations of `SignedInfo`.
    public var canonicalizations: Set<SignatureAlgorithm>
    /// Signature methods.
    public var signatureMethods: Set<SignatureAlgorithm>
    /// Digest methods.
    public var digestMethods: Set<SignatureAlgorithm>
    /// The transforms that a reference must have, in this order; `nil` when ``allowedTransforms`` may come as they like.
    public var exactTransforms: [SignatureAlgorithm]?
    /// Transforms that a reference may have, when ``exactTransforms`` is `nil`.
    public var allowedTransforms: Set<SignatureAlgorithm>
    /// Where the key may come from, in order of preference.
    public var keySources: [KeySource]
    /// Whether `ds:Object` may stand in the signature.
    public var allowsObjects: Bool
    /// Whether `KeyInfo` may hold more than one `X509Data` (a `KeyValue`, say), which is then left unread.
    public var allowsUnusedKeyInfo: Bool
    /// Whether an exclusive canonicalisation may name inclusive prefixes (SAML implementations do; harmless, as what
    /// counts are the bytes digested).
    public var allowsInclusiveNamespaces: Bool
    /// Smallest RSA key of the signer, in bits.
    public var minimumRSABits: Int
    /// Shortest HMAC that a document may ask for, in bits (CVE-2009-0217); xmlsec itself accepts any.
    public var minimumHMACBits = 80
    /// OpenSSL's security level for keys and signatures of the chain: 2 demands 112 bits and refuses SHA-1.
    public var chainSecurityLevel: Int
    /// Most references, transforms per reference and certificates.
    public var maximumItems = 32
    /// Limits of the document.
    public var limits: XMLLimits
    /// The requirement that a refusal for integrity enforces.
    public var integrityRequirement: RequirementID?
    /// The requirement that a refusal of the signer enforces.
    public var signerRequirement: RequirementID?

    /// The strict profile: enveloped, rsa-sha256, sha256, exclusive canonicalisation, X.509 certificate only.
    public static let strict = SignatureProfile(
        coverage: .wholeDocument, canonicalizations: [.exclusiveC14N], signatureMethods: [.rsaSHA256],
        digestMethods: [.sha256], exactTransforms: [.enveloped, .exclusiveC14N], allowedTransforms: [],
        keySources: [.certificate], allowsObjects: false, allowsUnusedKeyInfo: false, allowsInclusiveNamespaces: true,
        minimumRSABits: 2048, chainSecurityLevel: 2, limits: XMLLimits())

    /// The whitelist (Référentiel §6.6.2, table 45): ``strict``, its refusals citing EX_2.2_5040 and EX_2.2_5050.
    public static let whitelist: SignatureProfile = {
        var profile = strict
        profile.integrityRequirement = "EX_2.2_5040"
        profile.signerRequirement = "EX_2.2_5050"
        return profile
    }()

    /// A SAML 2.0 assertion as document (SAML core §5.4): as ``strict``, but the reference names the root by its `ID`.
    public static let samlAssertion: SignatureProfile = {
        var profile = strict
        profile.coverage = .root(idAttribute: "ID")
        return profile
    }()

    /// Everything that a reference may go through, for the cryptographic layer.
    var referenceAlgorithms: Set<SignatureAlgorithm> {
        // Canonicalisations run implicitly when a reference's transforms end in nodes (XMLDSig §4.4.3.2).
        digestMethods.union(exactTransforms.map(Set.init) ?? allowedTransforms.union([.inclusiveC14N]))
    }
}
