/// What is wrong with a token that a ``TestTokenMaker`` makes; the raw value is what `mss-sandbox token` takes.
public enum TestTokenFlaw: String, Sendable, Hashable, CaseIterable {
    /// Its time is over.
    case expired = "expire"
    /// Issued an hour from now.
    case fromTheFuture = "futur"
    /// Not valid before an hour from now.
    case notBefore = "pas-encore-valide"
    /// `alg: none`, and no signature.
    case unsigned = "alg-none"
    /// HS256 with the public key (PEM) as its secret.
    case hmacWithPublicKey = "hs256-cle-publique"
    /// Signed by another key under the name of the right one.
    case foreignKey = "autre-cle"
    /// Signed by a key that is not published, under its own name.
    case unknownKey = "cle-inconnue"
    /// Signed by a key that the token itself brings (`jwk`).
    case embeddedKey = "cle-jointe"
    /// No `kid`.
    case noKeyID = "sans-kid"
    /// One bit of the signature changed.
    case corruptSignature = "signature-alteree"
    /// The claims changed after they were signed.
    case changedClaims = "contenu-altere"
    /// Another issuer.
    case otherIssuer = "autre-emetteur"
    /// `crit` names an extension.
    case critical = "crit"
    /// `alg` stands twice in the header.
    case duplicateHeader = "alg-double"
    /// `exp` stands twice in the claims.
    case duplicateClaim = "exp-double"
    /// An ID token.
    case identityToken = "jeton-identite"
    /// A refresh token.
    case refreshToken = "jeton-rafraichissement"
    /// No `exp`.
    case noExpiry = "sans-exp"
    /// No `iat`.
    case noIssue = "sans-iat"
    /// No `iss`.
    case noIssuer = "sans-iss"
    /// A number where a text must stand.
    case wrongType = "mauvais-type"
    /// 20,000 octets.
    case huge = "enorme"
    /// Padding after the base64url.
    case padded = "bourrage"
    /// Two parts only.
    case cut = "coupe"
}
