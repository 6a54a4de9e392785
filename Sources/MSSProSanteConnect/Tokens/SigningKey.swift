import COpenSSLShim
import MSSJSON

/// A public key of the provider.
package final class SigningKey: @unchecked Sendable {  // the key is never changed; OpenSSL's verification only reads it
    let keyID: String
    /// The one algorithm that the provider says it is for; `nil` when it says none.
    let algorithm: String?
    private let key: OpaquePointer

    /// Reads a key of a set (RFC 7517 §4); `nil` for what is no key for signatures that is known here.
    init?(_ members: [String: JSONNode]) {
        guard let keyID = members["kid"]?.text, members["use"]?.text ?? "sig" == "sig",
            members["key_ops"]?.items.map({ $0.contains { $0.text == "verify" } }) ?? true
        else { return nil }
        func octets(_ name: String) -> [UInt8]? { members[name]?.text.flatMap { Base64URL.decode(Array($0.utf8)) } }
        switch members["kty"]?.text {
        case "RSA":
            guard let n = octets("n"), let e = octets("e"), let key = mss_public_rsa(n, n.count, e, e.count) else {
                return nil
            }
            self.key = key
        case "EC":
            guard members["crv"]?.text == "P-256", let x = octets("x"), let y = octets("y"), x.count == 32,
                y.count == 32, let key = mss_public_p256(x, y)
            else { return nil }
            self.key = key
        default: return nil
        }
        self.keyID = keyID
        algorithm = members["alg"]?.text
    }

    deinit { mss_key_free(key) }

    func verifies(_ signature: [UInt8], of bytes: [UInt8], by algorithm: JWSAlgorithm) -> Bool {
        guard self.algorithm ?? algorithm.rawValue == algorithm.rawValue else { return false }
        return mss_jws_verify(key, algorithm.code, bytes, bytes.count, signature, signature.count) == 1
    }
}

/// The keys that the provider publishes (RFC 7517 §5).
package struct SigningKeySet: Sendable {
    private let keys: [String: [SigningKey]]

    /// More keys than any provider rotates through.
    static let maximumKeys = 32

    /// Reads a set. Keys that are not understood are passed over (RFC 7517 §5); a set without any is refused.
    package init(_ bytes: [UInt8]) throws(ProviderFailure) {
        guard let items = (try? JSONReader.read(bytes))?["keys"]?.items, items.count <= SigningKeySet.maximumKeys else {
            throw .malformedAnswer(.keys)
        }
        keys = Dictionary(grouping: items.compactMap { $0.members.flatMap(SigningKey.init) }, by: \.keyID)
        guard !keys.isEmpty else { throw .malformedAnswer(.keys) }
    }

    subscript(keyID: String) -> [SigningKey] { keys[keyID] ?? [] }

    /// How many keys there are.
    package var count: Int { keys.values.reduce(0) { $0 + $1.count } }
}
