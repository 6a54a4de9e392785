/// What a ``WhitelistServer`` can be told to do wrong: each line of "Bad input" that a connector must survive
/// (EX_2.2_5035, EX_2.2_5040, EX_2.2_5050).
public enum WhitelistFault: String, Sendable, Hashable, CaseIterable {
    /// HTTP status 500.
    case error = "erreur"
    /// The connection is dropped before a byte is exchanged.
    case refusal = "refus"
    /// No answer; the connection stays open.
    case silence = "silence"
    /// A good list, sixteen bytes every half second.
    case slow = "lent"
    /// The connection is cut half-way through a good list.
    case truncated = "tronquee"
    /// The first half of a good list, as a whole response.
    case half = "moitie"
    /// An HTML page with status 200.
    case page = "page"
    /// An empty body with status 200.
    case empty = "vide"
    /// A good list in which one DN was changed after the signature.
    case tampered = "falsifiee"
    /// The list published before the current one, well signed.
    case older = "ancienne"
    /// The current list without signature.
    case unsigned = "sans-signature"
    /// Signed by a certificate of the same kind and authority, of another holder.
    case otherHolder = "autre-titulaire"
    /// Signed by the agency's certificate of another kind (server).
    case otherKind = "autre-usage"
    /// Signed by an expired certificate of the agency.
    case expiredSigner = "signataire-expire"
    /// Signed by a revoked certificate of the agency.
    case revokedSigner = "signataire-revoque"
    /// Signed by a certificate with the right names, of a home-made authority with the right names.
    case lookalikeSigner = "signataire-etranger"
    /// Signed with a bare `KeyValue`.
    case bareKey = "cle-nue"
    /// Signed with SHA-1.
    case weakAlgorithm = "sha1"
    /// Another root around the signed list, with a forged list before it.
    case wrapped = "enveloppee"
    /// A forged list hidden in the `Object` of a valid signature, where the enveloped transform does not see it.
    case smuggled = "objet-cache"
    /// Two signatures, of the agency and of another holder.
    case twoSignatures = "deux-signatures"
    /// The closing tag of the root is missing, as in the copy of the public repository.
    case missingClosingTag = "balise-manquante"
    /// Well signed, but the root is another element.
    case wrongRoot = "autre-racine"
    /// A document type declaration with an entity before the root.
    case doctype = "dtd"
    /// A gigabyte of well-formed entries.
    case endless = "sans-fin"
    /// Well signed, generated tomorrow.
    case future = "future"
    /// Well signed, with a tenth of the entries.
    case muchSmaller = "reduite"

    /// Whether the list itself stays good.
    var isOfTransport: Bool {
        switch self {
        case .error, .refusal, .silence, .slow, .truncated: true
        default: false
        }
    }
}
