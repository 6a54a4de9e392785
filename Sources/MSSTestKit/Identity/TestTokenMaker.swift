internal import Crypto
internal import FoundationEssentials
internal import MSSJSON
public import MSSCore
internal import _CryptoExtras

/// Makes access tokens as Pro Santé Connect does, and every kind of bad one: no server is needed for it.
public struct TestTokenMaker: Sendable {
    /// The issuer.
    public var issuer: String
    /// The name of the signing key.
    public let keyID: String
    /// The signing key, PEM: whoever holds it is Pro Santé Connect for those who trust the key set.
    public let privateKeyPEM: String

    private let key: _RSA.Signing.PrivateKey

    /// A maker with a key of the process, the same each time for the same issuer.
    public init(issuer: String) throws {
        try self.init(issuer: issuer, key: TestKeys.pool.key(for: issuer), keyID: nil)
    }

    /// A maker with a key made before.
    ///
    /// - Parameter keyID: its name; `nil` names it by its content.
    public init(issuer: String, privateKeyPEM: String, keyID: String? = nil) throws {
        try self.init(issuer: issuer, key: .init(pemRepresentation: privateKeyPEM), keyID: keyID)
    }

    init(issuer: String, key: _RSA.Signing.PrivateKey, keyID: String?) throws {
        self.issuer = issuer
        self.key = key
        privateKeyPEM = key.pkcs8PEMRepresentation
        // As Keycloak names them, by their content.
        self.keyID =
            keyID ?? SHA256.hash(data: Data(key.publicKey.derRepresentation)).prefix(16).map(hexadecimal).joined()
    }

    /// The public key as a member of a key set (RFC 7517).
    public var publicKey: String { jwk(key, keyID) }

    /// A key set of this key alone.
    public var keySet: String { "{\"keys\":[\(publicKey)]}" }

    /// What a token is to say, beside the flaw.
    public struct Contents: Sendable, Hashable {
        /// `SubjectNameID` of the person.
        public var person: String
        /// When it is issued.
        public var issued: Timestamp
        /// How long it is valid.
        public var lifetime: Duration
        /// `azp`.
        public var client: String
        /// `sid`.
        public var session: String
        /// `nonce`.
        public var nonce: String?
        /// `acr`.
        public var assurance: String
        /// `typ`.
        public var type = "Bearer"
        /// `aud`.
        public var audience: String?

        /// The contents of an access token.
        public init(
            person: String, issued: Timestamp, lifetime: Duration = .seconds(120), client: String = "editeur-de-test",
            session: String = "session-1", nonce: String? = nil, assurance: String = "eidas1"
        ) {
            self.person = person
            self.issued = issued
            self.lifetime = lifetime
            self.client = client
            self.session = session
            self.nonce = nonce
            self.assurance = assurance
        }
    }

    /// The initial response of `XOAUTH2` with a token, in base64, as a client sends it (EX_LPS_0900).
    public static func xoauth2(mailbox: String, token: String) -> String {
        Data("user=\(mailbox)\u{1}auth=Bearer \(token)\u{1}\u{1}".utf8).base64EncodedString()
    }

    /// `sub` of a person, as Keycloak's federation writes it.
    public static func subject(of person: String) -> String { "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:\(person)" }

    /// The person of a `sub`.
    static func person(of subject: String) -> String? {
        let prefix = Self.subject(of: "")
        return subject.hasPrefix(prefix) ? String(subject.dropFirst(prefix.count)) : nil
    }

    /// A token.
    public func token(_ contents: Contents, flaw: TestTokenFlaw? = nil) throws -> String {
        switch flaw {
        case .unsigned: return "\(header("none", keyID)).\(claims(contents, flaw))."
        case .hmacWithPublicKey:
            let signed = "\(header("HS256", keyID)).\(claims(contents, flaw))"
            let secret = SymmetricKey(data: Data(key.publicKey.pemRepresentation.utf8))
            let mac = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: secret)
            return "\(signed).\(base64URL(Array(mac)))"
        case .foreignKey: return try sign(contents, flaw, by: .init(keySize: .bits2048), named: keyID)
        case .unknownKey: return try sign(contents, flaw, by: .init(keySize: .bits2048), named: "inconnue")
        case .embeddedKey:
            let own = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            return try sign(contents, flaw, by: own, named: "jointe", jwk(own, "jointe"))
        case .corruptSignature:
            var token = Array(try sign(contents, nil, by: key, named: keyID).utf8)
            let index = token.count - 100
            token[index] = token[index] == 0x41 ? 0x42 : 0x41
            return String(decoding: token, as: UTF8.self)
        case .changedClaims:
            let parts = try sign(contents, nil, by: key, named: keyID).split(separator: ".")
            var other = contents
            other.person = "899700000991"
            return "\(parts[0]).\(claims(other, nil)).\(parts[2])"
        case .padded: return try sign(contents, nil, by: key, named: keyID) + "="
        case .cut:
            return try sign(contents, nil, by: key, named: keyID).split(separator: ".").prefix(2)
                .joined(separator: ".")
        default: return try sign(contents, flaw, by: key, named: keyID)
        }
    }

    /// The claims of a token of this maker, whose time is not over; `nil` otherwise.
    func claims(of token: String, at now: Timestamp) -> JSONNode? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Self.bytes(parts[1]), let signature = Self.bytes(parts[2]),
            key.publicKey.isValidSignature(
                .init(rawRepresentation: signature), for: SHA256.hash(data: Data("\(parts[0]).\(parts[1])".utf8)),
                padding: .insecurePKCS1v1_5), let claims = try? JSONReader.read(payload),
            let expiry = claims["exp"]?.number, Double(now.seconds) <= expiry
        else { return nil }
        return claims
    }

    // MARK: Parts

    private func sign(
        _ contents: Contents, _ flaw: TestTokenFlaw?, by key: _RSA.Signing.PrivateKey, named keyID: String,
        _ embedded: String? = nil
    ) throws -> String {
        let signed = "\(header("RS256", keyID, flaw, embedded)).\(claims(contents, flaw))"
        let signature = try key.signature(for: SHA256.hash(data: Data(signed.utf8)), padding: .insecurePKCS1v1_5)
        return "\(signed).\(base64URL(Array(signature.rawRepresentation)))"
    }

    private func header(
        _ algorithm: String, _ keyID: String, _ flaw: TestTokenFlaw? = nil, _ embedded: String? = nil
    ) -> String {
        var members = ["\"alg\":\"\(algorithm)\"", "\"typ\":\"JWT\""]
        if flaw == .duplicateHeader { members.append("\"alg\":\"none\"") }
        if flaw != .noKeyID { members.append("\"kid\":\"\(keyID)\"") }
        if flaw == .critical { members.append("\"crit\":[\"exp\"]") }
        if let embedded { members.append("\"jwk\":\(embedded)") }
        return base64URL(Array("{\(members.joined(separator: ","))}".utf8))
    }

    private func claims(_ contents: Contents, _ flaw: TestTokenFlaw?) -> String {
        var issued = contents.issued.seconds
        var members: [String] = []
        func add(_ name: String, _ value: String) { members.append("\(JSONText.string(name)):\(value)") }
        if flaw == .expired { issued -= contents.lifetime.components.seconds + 3_600 }
        if flaw == .fromTheFuture { issued += 3_600 }
        let expiry = issued + contents.lifetime.components.seconds
        if flaw != .noExpiry { add("exp", "\(expiry)") }
        if flaw == .duplicateClaim { add("exp", "\(expiry + 1_000_000)") }
        if flaw != .noIssue { add("iat", "\(issued)") }
        if flaw == .notBefore { add("nbf", "\(issued + 3_600)") }
        if flaw != .noIssuer {
            add("iss", JSONText.string(flaw == .otherIssuer ? "https://psc.exemple.fr/realms/esante-wallet" : issuer))
        }
        add("jti", JSONText.string(hexadecimalText(16)))
        add("sub", flaw == .wrongType ? "12" : JSONText.string(Self.subject(of: contents.person)))
        let type = flaw == .identityToken ? "ID" : flaw == .refreshToken ? "Refresh" : contents.type
        add("typ", JSONText.string(type))
        add("azp", JSONText.string(contents.client))
        if let audience = contents.audience { add("aud", JSONText.string(audience)) }
        if let nonce = contents.nonce { add("nonce", JSONText.string(nonce)) }
        add("sid", JSONText.string(contents.session))
        add("acr", JSONText.string(contents.assurance))
        add("scope", "\"openid scope_all\"")
        add("email_verified", "false")
        add("preferred_username", JSONText.string(contents.person))
        if flaw == .huge { add("remplissage", JSONText.string(String(repeating: "x", count: 15_000))) }
        return base64URL(Array("{\(members.joined(separator: ","))}".utf8))
    }

    private func hexadecimalText(_ count: Int) -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<count).map { _ in hexadecimal(UInt8.random(in: 0...255, using: &random)) }.joined()
    }

    private func jwk(_ key: _RSA.Signing.PrivateKey, _ keyID: String) -> String {
        guard let numbers = try? key.publicKey.getKeyPrimitives() else { return "{}" }
        return "{\"kid\":\(JSONText.string(keyID)),\"kty\":\"RSA\",\"alg\":\"RS256\",\"use\":\"sig\",\"n\":\""
            + base64URL(Array(numbers.modulus)) + "\",\"e\":\"" + base64URL(Array(numbers.publicExponent)) + "\"}"
    }

    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(
            base64Encoded: String(text).replacing("-", with: "+").replacing("_", with: "/") + padding
        ).map(Array.init)
    }
}

/// base64url without padding, by Foundation: written apart from the reader that tests try with it.
func base64URL(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
}
