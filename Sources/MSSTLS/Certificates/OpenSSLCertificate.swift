import COpenSSLShim

/// OpenSSL's object for a certificate, beside the Swift reading of the same bytes.
final class OpenSSLCertificate: Sendable {
    /// `nonisolated(unsafe)` is sound: the pointer is never reassigned and the X509 behind it is never modified. What
    /// OpenSSL caches lazily in it (its extensions) is filled by `mss_cert_new`; reference counts are atomic.
    nonisolated(unsafe) let raw: OpaquePointer

    /// Parses a whole DER certificate; `nil` when OpenSSL refuses it.
    init?(der: [UInt8]) {
        guard let raw = mss_cert_new(der, der.count) else { return nil }
        self.raw = raw
    }

    /// A certificate that OpenSSL has read already, shared rather than read again; `nil` when it is malformed.
    init?(sharing other: OpaquePointer) {
        guard let raw = mss_cert_share(other) else { return nil }
        self.raw = raw
    }

    deinit { mss_cert_free(raw) }
}

extension OpenSSLCertificate {
    /// Verifies a signature by this certificate's key; weak algorithms and keys never verify.
    func verify(_ signature: [UInt8], over bytes: UnsafeBufferPointer<UInt8>, algorithm: [UInt8]) -> Bool {
        mss_cert_verify_signature(
            raw, algorithm, algorithm.count, bytes.baseAddress, bytes.count, signature, signature.count) == 1
    }
}
