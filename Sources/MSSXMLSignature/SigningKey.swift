import CXMLSecShim

/// A private key with its certificate, for signing. OpenSSL clears the key's memory when the last reference goes.
public final class SigningKey: @unchecked Sendable {
    // Proof of @unchecked Sendable: the EVP_PKEY is made by the initialiser and only read afterwards; OpenSSL allows
    // signing with one key on several threads (each has its own context), and its reference counter is atomic.
    let key: OpaquePointer
    /// The signer's certificate, then those that lead to the root, in DER: what `X509Data` will hold.
    public let certificatesDER: [[UInt8]]

    /// Why a key cannot sign.
    public enum Failure: Error, Sendable, Hashable {
        /// Not an unencrypted private key in PKCS#8 (DER or PEM).
        case unreadable
        /// Not an RSA key of at least 2048 bits (Référentiel §6.6.2: rsa-sha256).
        case unsuitable
        /// The first certificate is not that of the key.
        case certificateMismatch
    }

    /// Takes over a private key and overwrites the caller's bytes with zeros, whatever happens.
    /// - Parameters:
    ///   - bytes: the key in PKCS#8, DER or PEM, not encrypted. Must not share storage with another array.
    ///   - certificatesDER: the signer's certificate first.
    public init(zeroing bytes: inout [UInt8], certificatesDER: [[UInt8]]) throws(Failure) {
        let key = bytes.withShim(mxs_private_key_new)
        bytes.withUnsafeMutableBytes { mxs_cleanse($0.baseAddress, $0.count) }
        guard let key else { throw .unreadable }
        self.key = key
        self.certificatesDER = certificatesDER
        guard mxs_private_key_bits(key) >= 2048 else { throw .unsuitable }
        guard let leaf = certificatesDER.first, leaf.withShim({ mxs_private_key_matches(key, $0) }) == 1 else {
            throw .certificateMismatch
        }
    }

    deinit { mxs_private_key_free(key) }
}
