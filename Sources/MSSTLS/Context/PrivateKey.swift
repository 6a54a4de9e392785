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

    deinit { mss_key_free(raw) }
}
