/// How a client software is known to Pro Santé Connect.
public struct ClientRegistration: Sendable, Hashable {
    /// How it proves that it is itself (RFC 6749 §2.3).
    public enum Proof: Sendable, Hashable {
        /// By nothing: software on the users' machines keeps no secret; PKCE stands for it (RFC 8252 §8.4).
        case none
        /// By a secret, in the `Authorization` field.
        case basic(secret: String)
        /// By a secret, in the form.
        case form(secret: String)
    }

    /// `client_id`.
    public var identifier: String
    /// How it proves that it is itself.
    public var proof: Proof
    /// What is asked for.
    public var scope = "openid scope_all"
    /// `acr_values`: the level of assurance.
    public var assurance = "eidas1"

    /// A registration.
    public init(identifier: String, proof: Proof) {
        self.identifier = identifier
        self.proof = proof
    }
}

extension ClientRegistration: CustomStringConvertible, CustomReflectable {
    /// The identifier alone.
    public var description: String { identifier }
    /// Shows no secret.
    public var customMirror: Mirror { Mirror(self, children: ["identifier": identifier]) }
}
