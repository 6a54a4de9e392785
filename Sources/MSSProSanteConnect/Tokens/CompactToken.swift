package import MSSJSON

/// A signed token in compact form (RFC 7515 §7.1), taken apart and not yet believed: what it claims can be had through
/// ``claims(verifiedBy:)`` alone.
package struct CompactToken {
    package let algorithm: JWSAlgorithm
    package let keyID: String
    private let payload: [UInt8]
    private let signature: [UInt8]
    private let signed: [UInt8]

    /// The longest `kid` that is looked for.
    static let maximumKeyID = 256

    /// Takes a token apart. The header is judged before anything is looked up or computed for its sake.
    package init(_ text: String, maximumLength: Int, algorithms: Set<JWSAlgorithm>) throws(TokenFailure) {
        let bytes = Array(text.utf8)
        guard bytes.count <= maximumLength else { throw .tooLong(limit: maximumLength) }
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw .malformed }
        let members = try CompactToken.object(header)
        // RFC 7515 §4.1.1; RFC 8725 §3.1: the list of the verifier decides, never the token.
        guard let name = members["alg"]?.text, let algorithm = JWSAlgorithm(rawValue: name),
            algorithms.contains(algorithm)
        else { throw .forbiddenAlgorithm }
        // RFC 7515 §4.1.11: what must be understood is not. `b64` (RFC 7797) would change what is signed.
        guard members["crit"] == nil, members["b64"] == nil else { throw .criticalExtension }
        // Keys come from the provider's set by their name; `jwk`, `jku`, `x5c`, `x5u` are not looked at.
        guard let keyID = members["kid"]?.text, (1...CompactToken.maximumKeyID).contains(keyID.utf8.count) else {
            throw .noKeyID
        }
        if let type = members["typ"] {
            guard let type = type.text?.lowercased(), type == "jwt" || type == "at+jwt" else { throw .malformed }
        }
        self.algorithm = algorithm
        self.keyID = keyID
        self.payload = payload
        self.signature = signature
        signed = Array(bytes[..<parts[1].endIndex])
    }

    /// The claims, once one of the keys has signed them (EX_LPS_0900 step 5).
    package func claims(verifiedBy keys: [SigningKey]) throws(TokenFailure) -> [String: JSONNode] {
        guard keys.contains(where: { $0.verifies(signature, of: signed, by: algorithm) }) else { throw .badSignature }
        return try CompactToken.object(payload)
    }

    /// A JSON object, each name once: of two members of one name readers take either (RFC 7519 §4).
    static func object(_ bytes: [UInt8]) throws(TokenFailure) -> [String: JSONNode] {
        guard bytes.first == UInt8(ascii: "{") else { throw .malformed }
        let node: JSONNode
        do throws(JSONFailure) { node = try JSONReader.read(bytes) } catch {
            throw error.reason == .duplicateName ? .duplicateMember : .malformed
        }
        guard let members = node.members else { throw .malformed }
        return members
    }
}
