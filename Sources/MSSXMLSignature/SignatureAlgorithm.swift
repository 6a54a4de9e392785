/// Algorithm identifiers of XML signatures, as URIs.
///
/// Every algorithm that this library can be asked to accept stands here; what a profile does not list is refused.
public struct SignatureAlgorithm: Sendable, Hashable, CustomStringConvertible {
    /// The identifier, as it stands in `Algorithm` attributes.
    public let uri: String

    /// An algorithm by its identifier. xmlsec1 must know it, or every verification that allows it fails.
    public init(_ uri: String) { self.uri = uri }

    /// The identifier.
    public var description: String { uri }

    // MARK: Canonicalisation

    /// Exclusive canonicalisation 1.0, without comments (Référentiel §6.6.2).
    public static let exclusiveC14N = SignatureAlgorithm("http://www.w3.org/2001/10/xml-exc-c14n#")
    /// Exclusive canonicalisation 1.0, with comments.
    public static let exclusiveC14NWithComments = SignatureAlgorithm(
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments")
    /// Inclusive canonicalisation 1.0, without comments.
    public static let inclusiveC14N = SignatureAlgorithm("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
    /// Inclusive canonicalisation 1.0, with comments.
    public static let inclusiveC14NWithComments = SignatureAlgorithm(
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments")

    // MARK: Other transforms

    /// Leaves the signature out of what it signs (Référentiel §6.6.2: "enveloppé").
    public static let enveloped = SignatureAlgorithm("http://www.w3.org/2000/09/xmldsig#enveloped-signature")
    /// Decodes base 64.
    public static let base64 = SignatureAlgorithm("http://www.w3.org/2000/09/xmldsig#base64")
    /// Filters by an XPath expression of the document's own: costly, only for documents one trusts.
    public static let xpath = SignatureAlgorithm("http://www.w3.org/TR/1999/REC-xpath-19991116")
    /// Runs a style sheet of the document's own. Named to be refused: no profile here allows it.
    public static let xslt = SignatureAlgorithm("http://www.w3.org/TR/1999/REC-xslt-19991116")

    // MARK: Digests

    /// SHA-256 (Référentiel §6.6.2).
    public static let sha256 = SignatureAlgorithm("http://www.w3.org/2001/04/xmlenc#sha256")
    /// SHA-384.
    public static let sha384 = SignatureAlgorithm("http://www.w3.org/2001/04/xmldsig-more#sha384")
    /// SHA-512.
    public static let sha512 = SignatureAlgorithm("http://www.w3.org/2001/04/xmlenc#sha512")
    /// SHA-1: broken, for old vectors only.
    public static let sha1 = SignatureAlgorithm("http://www.w3.org/2000/09/xmldsig#sha1")

    // MARK: Signatures

    /// RSA PKCS#1 v1.5 with SHA-256 (Référentiel §6.6.2).
    public static let rsaSHA256 = SignatureAlgorithm("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
    /// RSA PKCS#1 v1.5 with SHA-384.
    public static let rsaSHA384 = SignatureAlgorithm("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384")
    /// RSA PKCS#1 v1.5 with SHA-512.
    public static let rsaSHA512 = SignatureAlgorithm("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512")
    /// ECDSA with SHA-256.
    public static let ecdsaSHA256 = SignatureAlgorithm("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")
    /// RSA with SHA-1: for old vectors only.
    public static let rsaSHA1 = SignatureAlgorithm("http://www.w3.org/2000/09/xmldsig#rsa-sha1")
    /// DSA with SHA-1: for old vectors only.
    public static let dsaSHA1 = SignatureAlgorithm("http://www.w3.org/2000/09/xmldsig#dsa-sha1")
    /// HMAC with SHA-1: a shared secret, tells nothing of a signer.
    public static let hmacSHA1 = SignatureAlgorithm("http://www.w3.org/2000/09/xmldsig#hmac-sha1")
}
