import CXMLSecShim

/// Whom a verifier trusts: made once, read by any number of verifications at the same time.
public final class SignatureTrust: @unchecked Sendable {
    // Proof of @unchecked Sendable: the store is filled by the initialiser and only read afterwards. OpenSSL locks the
    // objects of an X509_STORE itself; intermediates and CRLs are stacks that each verification reads and whose
    // certificates it references with atomic counters. Every setting of a verification is on its own context.
    let store: OpaquePointer

    /// How revocation is judged.
    public enum Revocation: Sendable, Hashable {
        /// A certificate is refused when a list says that it is revoked; a missing or late list refuses nothing.
        case listed
        /// Every certificate of the chain needs a current list.
        case required
    }

    /// How revocation is judged.
    public let revocation: Revocation
    /// Certificates that `X509IssuerSerial`, `X509SKI` or `X509SubjectName` may name, in DER.
    public let certificates: [[UInt8]]
    /// Certificates (DER) that `KeyName` may name.
    public let namedKeys: [String: [UInt8]]
    /// The shared secret of an HMAC.
    public let secret: [UInt8]?

    /// - Parameters:
    ///   - roots: trusted roots, in DER. A self-signed certificate is trusted only by standing here.
    ///   - intermediates: CA certificates that chains may go through, in DER.
    ///   - revocationLists: full and delta CRLs, in DER.
    ///   - revocation: how revocation is judged.
    ///   - certificates: certificates that wide profiles may look up, in DER.
    ///   - namedKeys: certificates that wide profiles may look up by `KeyName`, in DER.
    ///   - secret: the secret of HMAC signatures, for wide profiles.
    /// - Throws: ``SignatureFailure`` (``SignatureFailure/Reason/unreadableKey``) when a certificate or CRL is not DER.
    public init(
        roots: [[UInt8]], intermediates: [[UInt8]] = [], revocationLists: [[UInt8]] = [],
        revocation: Revocation = .listed, certificates: [[UInt8]] = [], namedKeys: [String: [UInt8]] = [:],
        secret: [UInt8]? = nil
    ) throws(SignatureFailure) {
        guard let store = mxs_trust_new() else { fatalError("out of memory") }
        self.store = store
        self.revocation = revocation
        self.certificates = certificates
        self.namedKeys = namedKeys
        self.secret = secret
        for (list, add) in [
            (roots, mxs_trust_add_anchor), (intermediates, mxs_trust_add_intermediate),
            (revocationLists, mxs_trust_add_crl),
        ] {
            for der in list {
                guard der.withShim({ add(store, $0) }) == 0 else { throw SignatureFailure(.unreadableKey, nil) }
            }
        }
    }

    deinit { mxs_trust_free(store) }
}

extension [UInt8] {
    /// Lends the bytes to the shim.
    func withShim<Result>(_ body: (mxs_bytes) throws -> Result) rethrows -> Result {
        try withUnsafeBufferPointer { try body(mxs_bytes(bytes: $0.baseAddress, count: $0.count)) }
    }

    /// Takes over bytes that the shim allocated.
    init(adopting blob: mxs_blob) {
        self = Array(UnsafeBufferPointer(start: blob.bytes, count: blob.bytes == nil ? 0 : blob.count))
        mxs_free(blob.bytes)
    }
}

/// Lends several byte arrays to the shim.
func withShim<Result>(_ arrays: [[UInt8]], _ body: ([mxs_bytes]) throws -> Result) rethrows -> Result {
    // One block of memory, so that plain pointers to each stay valid during the call.
    try arrays.flatMap { $0 }.withUnsafeBufferPointer { memory in
        var offset = 0
        let lent = arrays.map { array in
            defer { offset += array.count }
            return mxs_bytes(bytes: memory.baseAddress.map { $0 + offset }, count: array.count)
        }
        return try body(lent)
    }
}
