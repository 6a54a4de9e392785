/// The kind and size of a public key.
public struct PublicKeyDescription: Sendable, Hashable {
    /// The algorithm of a key.
    public enum Kind: Sendable, Hashable {
        /// RSA, PKCS#1 v1.5 or any padding.
        case rsa
        /// RSA restricted to PSS.
        case rsaPSS
        /// Elliptic curve, by the name of its curve (`P-256`, `brainpoolP384r1`, or a dotted object identifier).
        case ellipticCurve(String)
        /// Ed25519.
        case ed25519
        /// Ed448.
        case ed448
        /// Another algorithm, its object identifier in dotted decimal.
        case other(String)
    }

    /// The algorithm.
    public let kind: Kind
    /// Bits of the modulus or of the curve; 0 when unknown.
    public let bits: Int

    /// Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    init(subjectPublicKeyInfo reader: inout DERReader) throws(DERError) {
        var info = try reader.enter()
        var algorithm = try info.enter()
        let identifier = try algorithm.readObjectIdentifier()
        let key = try info.readBitStringBytes()
        try info.finish()
        switch identifier {
        case KnownOID.rsaEncryption, KnownOID.rsassaPSS:
            kind = identifier == KnownOID.rsaEncryption ? .rsa : .rsaPSS
            var numbers = DERReader(key)
            var sequence = try numbers.enter()
            let modulus = try sequence.readInteger().drop { $0 == 0 }
            _ = try sequence.readInteger()
            guard let first = modulus.first else { throw .invalidValue }
            bits = modulus.count * 8 - first.leadingZeroBitCount
        case KnownOID.ecPublicKey:
            let curve = try algorithm.readObjectIdentifier()
            (kind, bits) = try Self.curve(curve)
        case KnownOID.ed25519: (kind, bits) = (.ed25519, 256)
        case KnownOID.ed448: (kind, bits) = (.ed448, 448)
        default:
            guard let dotted = KnownOID.dotted(identifier) else { throw .invalidValue }
            (kind, bits) = (.other(dotted), 0)
        }
    }

    private static func curve(_ identifier: [UInt8]) throws(DERError) -> (Kind, Int) {
        switch identifier {
        case KnownOID.secp256r1: return (.ellipticCurve("P-256"), 256)
        case KnownOID.secp384r1: return (.ellipticCurve("P-384"), 384)
        case KnownOID.secp521r1: return (.ellipticCurve("P-521"), 521)
        case KnownOID.brainpoolP256r1: return (.ellipticCurve("brainpoolP256r1"), 256)
        case KnownOID.brainpoolP384r1: return (.ellipticCurve("brainpoolP384r1"), 384)
        case KnownOID.brainpoolP512r1: return (.ellipticCurve("brainpoolP512r1"), 512)
        default:
            guard let dotted = KnownOID.dotted(identifier) else { throw .invalidValue }
            return (.ellipticCurve(dotted), 0)
        }
    }
}
