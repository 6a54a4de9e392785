import COpenSSLShim

/// A private key held by OpenSSL. The private numbers never enter Swift memory; they are cleared when the last
/// reference goes.
public final class PrivateKey: Sendable {
    /// The EVP_PKEY.
    ///
    /// `nonisolated(unsafe)` is sound: the pointer is never reassigned, and OpenSSL 3 keys that are no longer modified
    /// may be used by several threads at once (openssl-threads(7)); nothing here modifies a key after its creation.
    nonisolated(unsafe) let raw: OpaquePointer

    /// Takes over one reference to an EVP_PKEY.
    init(owning raw: OpaquePointer) { self.raw = raw }

    /// Reads an unencrypted key that is already in memory, PEM; `nil` when it is not one. Keys in files go through the
    /// key loader, which looks at permissions.
    public init?(unencryptedPEM pem: some Sequence<UInt8>) {
        let bytes = Array(pem)
        guard let raw = mss_key_from_pem(bytes, bytes.count) else { return nil }
        self.raw = raw
    }

    deinit { mss_key_free(raw) }
}
