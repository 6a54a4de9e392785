import COpenSSLShim
import MSSCore

/// OpenSSL's path validation over the authorities of a trust store.
final class PathValidator: Sendable {
    /// `nonisolated(unsafe)` is sound: the pointer is never reassigned, the store is filled in `init` and only read
    /// afterwards, and OpenSSL guards its lookups with a lock of its own (openssl-threads(7)).
    nonisolated(unsafe) private let store: OpaquePointer
    /// In the order of the store's indexes; keeps nothing alive that OpenSSL does not.
    private let authorities: [Certificate]

    /// What validation found.
    enum Outcome {
        case valid(chain: [Certificate])
        case invalid(fault: mss_fault, reason: String, at: Certificate, isAuthority: Bool)
    }

    init(roots: [Certificate], intermediates: [Certificate]) {
        // Running out of memory while a store is built has no sensible continuation.
        guard let store = mss_store_new() else { fatalError("OpenSSL cannot make a certificate store") }
        for (certificate, isRoot) in roots.map({ ($0, true) }) + intermediates.map({ ($0, false) }) {
            guard mss_store_add(store, certificate.fields.openSSL.raw, isRoot ? 1 : 0) == 1 else {
                fatalError("OpenSSL cannot fill a certificate store")
            }
        }
        self.store = store
        authorities = roots + intermediates
    }

    deinit { mss_store_free(store) }

    /// Validates a path from `leaf` to a root, made of the store's authorities only (RFC 5280 §6.1, without revocation).
    func validate(_ leaf: Certificate, purpose: PeerPurpose, hostname: String?, at time: Timestamp) -> Outcome {
        var path = mss_path()
        let purposeCode =
            switch purpose {
            case .server: MSS_PURPOSE_SERVER
            case .client: MSS_PURPOSE_CLIENT
            case .signing: MSS_PURPOSE_ANY  // usages are checked by ``PKIXVerifier``
            }
        let result = mss_store_verify(
            store, leaf.fields.openSSL.raw, CInt(purposeCode), hostname, time.seconds, &path)
        let chain = withUnsafeBytes(of: path.chain) { raw in
            raw.bindMemory(to: Int32.self).prefix(Int(max(0, path.chain_count))).map { index in
                authorities.indices.contains(Int(index)) ? authorities[Int(index)] : leaf
            }
        }
        guard result != 1 else { return .valid(chain: chain) }
        let depth = Int(path.depth)
        let isAuthority = depth > 0
        return .invalid(
            fault: result == 0 ? mss_fault_of(path.error) : MSS_FAULT_CHAIN,
            reason: String(cString: mss_fault_text(path.error)),
            at: chain.indices.contains(depth) ? chain[depth] : leaf,
            isAuthority: isAuthority)
    }
}
