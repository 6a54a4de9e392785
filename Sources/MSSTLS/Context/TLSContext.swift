import COpenSSLShim
import MSSCore

/// A configuration made ready for connections: immutable, shared by any number of connections and threads.
///
/// A connection keeps the context it began with; to change certificate, key, trust or policy without a restart, make
/// another and put it in a ``ReloadableTLSContext``.
public final class TLSContext: Sendable {
    /// The configuration that this context was made from.
    public let configuration: TLSConfiguration

    /// The shim's context.
    ///
    /// `nonisolated(unsafe)` is sound: the pointer is never reassigned, the context is not modified after `init`, and
    /// an SSL_CTX may be used by several threads to create connections (openssl-threads(7)).
    nonisolated(unsafe) let raw: OpaquePointer

    /// Prepares a configuration; matches keys and certificates.
    public init(_ configuration: TLSConfiguration) throws(TLSConfigurationFailure) {
        if configuration.isServer, configuration.identity == nil {
            throw TLSConfigurationFailure(kind: .noIdentity, detail: "")
        }
        let raw = try Self.make(configuration, identity: configuration.identity)
        do throws(TLSConfigurationFailure) {
            for (position, authority) in configuration.announcedAuthorities.enumerated() where configuration.isServer {
                var failure = mss_tls_failure()
                guard mss_tls_context_announce(raw, authority.der, authority.der.count, &failure) == 1 else {
                    throw TLSConfigurationFailure(.certificateRefused(position: position), failure)
                }
            }
            for (name, identity) in configuration.identitiesByServerName {
                let other = try Self.make(configuration, identity: identity)
                defer { mss_tls_context_free(other) }
                guard mss_tls_context_add_name(raw, name, other) == 1 else {
                    throw TLSConfigurationFailure(kind: .policyRefused, detail: "out of memory")
                }
            }
        } catch {
            mss_tls_context_free(raw)
            throw error
        }
        self.configuration = configuration
        self.raw = raw
    }

    deinit { mss_tls_context_free(raw) }

    /// Contexts alive in the process: for leak tests.
    static var live: Int { mss_tls_live_contexts() }

    private static func make(
        _ configuration: TLSConfiguration, identity: TLSIdentity?
    ) throws(TLSConfigurationFailure) -> OpaquePointer {
        var failure = mss_tls_failure()
        guard let raw = makeRaw(configuration, &failure) else {
            throw TLSConfigurationFailure(.policyRefused, failure)
        }
        guard let identity else { return raw }
        if identity.chain.isEmpty {
            mss_tls_context_free(raw)
            throw TLSConfigurationFailure(kind: .noIdentity, detail: "empty chain")
        }
        for (position, certificate) in identity.chain.enumerated()
        where mss_tls_context_add_certificate(raw, certificate.der, certificate.der.count, &failure) != 1 {
            mss_tls_context_free(raw)
            throw TLSConfigurationFailure(.certificateRefused(position: position), failure)
        }
        guard mss_tls_context_set_key(raw, identity.key.raw, &failure) == 1 else {
            mss_tls_context_free(raw)
            throw TLSConfigurationFailure(.keyMismatch, failure)
        }
        if let staple = identity.stapledOCSP { _ = mss_tls_context_set_staple(raw, staple, staple.count) }
        return raw
    }

    private static func makeRaw(
        _ configuration: TLSConfiguration, _ failure: inout mss_tls_failure
    ) -> OpaquePointer? {
        let policy = configuration.policy
        let authentication: CInt =
            switch configuration.role {
            case .client, .server(.none): 0
            case .server(.optional): 1
            case .server(.required): 2
            }
        func list(_ names: [String]) -> String { names.joined(separator: ":") }
        let suites12 = list(policy.suites(for: .tls12).map(\.openSSLName))
        let suites13 = list(policy.suites(for: .tls13).map(\.openSSLName))
        let groups = list(policy.groups.map(\.rawValue))
        let signatures = list(policy.signatureAlgorithms.map(\.rawValue))
        return suites12.withCString { suites12 in
            suites13.withCString { suites13 in
                groups.withCString { groups in
                    signatures.withCString { signatures in
                        var settings = mss_tls_settings(
                            server: configuration.isServer ? 1 : 0,
                            min_version: policy.versions.lowerBound.rawValue,
                            max_version: policy.versions.upperBound.rawValue, suites12: suites12, suites13: suites13,
                            groups: groups, signatures: signatures, client_authentication: authentication,
                            request_staple: configuration.requestsStapledOCSP ? 1 : 0,
                            max_peer_chain_bytes: TLSLimits.peerChainBytes)
                        return mss_tls_context_new(&settings, &failure)
                    }
                }
            }
        }
    }
}

extension TLSConfigurationFailure {
    fileprivate init(_ kind: Kind, _ raw: mss_tls_failure) {
        self.init(
            kind: kind,
            detail: withUnsafeBytes(of: raw.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
}
