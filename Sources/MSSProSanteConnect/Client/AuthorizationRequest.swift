import COpenSSLShim

/// A sign-in by redirection, between the moment the browser is opened and the moment it comes back. The software keeps
/// it; the provider sees only the digest of its verifier (RFC 7636).
public struct AuthorizationRequest: Sendable, Hashable {
    /// Where to send the browser.
    public let url: String
    /// Where the browser comes back to.
    public let redirect: String
    let state: String
    let nonce: String
    let verifier: String

    init(_ client: ClientRegistration, endpoint: String, redirect: String) {
        state = Self.random()
        nonce = Self.random()
        verifier = Self.random()
        var digest = [UInt8](repeating: 0, count: 32)
        let bytes = Array(verifier.utf8)
        precondition(mss_sha256(bytes, bytes.count, &digest) == 1, "SHA-256 failed")
        let query = FormText.encoded([
            ("response_type", "code"), ("client_id", client.identifier), ("redirect_uri", redirect),
            ("scope", client.scope), ("acr_values", client.assurance), ("state", state), ("nonce", nonce),
            ("code_challenge", Base64URL.encode(digest)), ("code_challenge_method", "S256"),
        ])
        url = endpoint + (endpoint.contains("?") ? "&" : "?") + query
        self.redirect = redirect
    }

    /// 256 bits in 43 letters (RFC 7636 §4.1).
    private static func random() -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        precondition(mss_random(&bytes, bytes.count) == 1, "no random numbers")
        return Base64URL.encode(bytes)
    }

    /// The code in the URL that the browser came back to.
    func code(in callback: String, issuer: String) throws(SignInFailure) -> String {
        guard callback.hasPrefix(redirect), let mark = callback.firstIndex(of: "?"),
            let fields = FormText.decoded(callback[callback.index(after: mark)...].prefix { $0 != "#" })
        else { throw .foreignAnswer }
        // RFC 6749 §10.12, and RFC 9207 where the provider names itself.
        guard let given = fields["state"].map({ Array($0.utf8) }), given.count == state.utf8.count,
            mss_equal(given, Array(state.utf8), given.count) == 1, fields["iss"].map({ $0 == issuer }) ?? true
        else { throw .foreignAnswer }
        if let error = fields["error"] { throw SignInFailure(code: error) }
        guard let code = fields["code"], !code.isEmpty else { throw .foreignAnswer }
        return code
    }
}

extension AuthorizationRequest: CustomStringConvertible, CustomReflectable {
    /// Says what it is; the URL holds the state.
    public var description: String { "authorization request" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension SignInFailure {
    /// The failure that an error code means (RFC 6749 §4.1.2.1 and §5.2, OpenID Connect CIBA §11).
    init(code: String) {
        switch code {
        case "access_denied": self = .refusedByPerson
        case "expired_token": self = .tooLate
        default:
            // What the RFC allows in a code, so that a log stays a log.
            self = .refused(String(code.unicodeScalars.filter { (0x21...0x7E).contains($0.value) }.prefix(64)))
        }
    }
}
