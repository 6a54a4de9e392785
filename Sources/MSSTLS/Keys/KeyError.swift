public import MSSCore

/// Why a private key or a PKCS#12 file is not loaded (EX_SSI_5100: access limited to those duly authorised).
public enum KeyError: ExplainedFailure, Hashable {
    /// The file cannot be read; the text is the system's reason.
    case unreadable(path: String, reason: String)
    /// Group or others may read or write the file, or it belongs to somebody else than us or root; the text tells.
    case loosePermissions(path: String, reason: String)
    /// Not a key that OpenSSL reads, or not the expected container.
    case malformed
    /// The key is encrypted and no passphrase, or a wrong one, was given.
    case wrongPassphrase
    /// Larger than any real key or container.
    case tooLarge
    /// A PKCS#12 container without a private key, or without the certificate of its key.
    case incomplete
    /// The key is not the certificate's.
    case mismatch
    /// RSA or DSA under 2048 bits, or a curve under 256.
    case weakKey

    /// The requirement that the refusal enforces.
    public var requirement: RequirementID? { "EX_SSI_5100" }

    /// One French sentence for the administrator.
    public var explanation: String {
        switch self {
        case .unreadable(let path, _): "Le fichier de clé « \(path) » ne peut pas être lu."
        case .loosePermissions(let path, _):
            "Le fichier de clé « \(path) » est accessible à d'autres que le service : ses droits doivent être réduits (mode 0600)."
        case .malformed: "Le fichier de clé n'est pas dans un format reconnu."
        case .wrongPassphrase: "La phrase secrète de la clé privée est absente ou incorrecte."
        case .tooLarge: "Le fichier de clé est trop volumineux."
        case .incomplete: "Le fichier PKCS#12 ne contient pas une clé privée et son certificat."
        case .mismatch: "La clé privée ne correspond pas au certificat."
        case .weakKey: "La clé privée est trop courte."
        }
    }

    /// For logs.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "key file \(path): \(reason)"
        case .loosePermissions(let path, let reason): "key file \(path): \(reason)"
        case .malformed: "malformed key"
        case .wrongPassphrase: "missing or wrong passphrase"
        case .tooLarge: "key file too large"
        case .incomplete: "PKCS#12 without key and certificate"
        case .mismatch: "key does not match the certificate"
        case .weakKey: "weak key"
        }
    }
}
