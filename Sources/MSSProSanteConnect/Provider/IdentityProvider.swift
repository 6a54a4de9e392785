public import MSSCore
import MSSJSON

/// An OpenID provider as this process knows it: endpoints and keys, kept and refreshed. One serves all entry points.
public final class IdentityProvider: Sendable {
    /// How the provider is found.
    public enum Source: Sendable, Hashable {
        /// Known endpoints.
        case fixed(ProviderMetadata)
        /// The discovery document of an issuer, at this URL.
        case discovered(issuer: String, url: String)

        /// Pro Santé Connect's discovery document of an issuer.
        public static func proSanteConnect(issuer: String) -> Source {
            .discovered(issuer: issuer, url: issuer + "/.well-known/wallet-openid-configuration")
        }

        /// The issuer.
        public var issuer: String {
            switch self {
            case .fixed(let metadata): metadata.issuer
            case .discovered(let issuer, _): issuer
            }
        }
    }

    /// The issuer.
    public let issuer: String
    let transport: any HTTPTransport
    let timeout: Duration
    private let metadata: Refreshed<ProviderMetadata>
    private let keySet: Refreshed<SigningKeySet>

    /// Keys are looked at every ten minutes, serve a day while the provider does not answer, and an unknown one has them
    /// fetched at most every ten seconds (decision 0211).
    static let keyTimes = Refreshed<SigningKeySet>.Policy(
        lifetime: .seconds(600), staleness: .seconds(86_400), interval: .seconds(10))
    static let discoveryTimes = Refreshed<ProviderMetadata>.Policy(
        lifetime: .seconds(3_600), staleness: .seconds(7 * 86_400), interval: .seconds(10))

    /// A provider; nothing is asked before it must be.
    ///
    /// - Parameters:
    ///   - transport: reaches the provider over HTTPS (EX_LPS_910), and follows no redirect.
    ///   - timeout: how long an answer may take; clients wait meanwhile.
    public init(
        _ source: Source, transport: any HTTPTransport, clock: any WallClock = SystemWallClock(),
        timeout: Duration = .seconds(10)
    ) {
        issuer = source.issuer
        self.transport = transport
        self.timeout = timeout
        let metadata = Refreshed<ProviderMetadata>(Self.discoveryTimes, clock: clock) {
            switch source {
            case .fixed(let metadata): return .success(metadata)
            case .discovered(let issuer, let url):
                guard url.lowercased().hasPrefix("https://") else { return .failure(.insecureEndpoint) }
                return await transport.document(url, .discovery, timeout).flatMap { bytes in
                    Result { () throws(ProviderFailure) in try ProviderMetadata(discovery: bytes, of: issuer) }
                }
            }
        }
        self.metadata = metadata
        keySet = Refreshed<SigningKeySet>(Self.keyTimes, clock: clock) {
            let endpoints: ProviderMetadata
            do throws(ProviderFailure) { endpoints = try await metadata.value() } catch { return .failure(error) }
            return await transport.document(endpoints.keys, .keys, timeout).flatMap { bytes in
                Result { () throws(ProviderFailure) in try SigningKeySet(bytes) }
            }
        }
    }

    /// Where the provider offers what.
    public func endpoints() async throws(ProviderFailure) -> ProviderMetadata { try await metadata.value() }

    /// The keys of a name; none when the provider has none of it.
    func keys(named keyID: String) async throws(ProviderFailure) -> [SigningKey] {
        try await keySet.value { !$0[keyID].isEmpty }[keyID]
    }
}

extension HTTPTransport {
    /// A document of at most 256 KB.
    fileprivate func document(
        _ url: String, _ part: ProviderFailure.Part, _ timeout: Duration
    ) async -> Result<[UInt8], ProviderFailure> {
        let request = HTTPRequest(
            url: url, headers: [HTTPField("Accept", "application/json")], maximumResponseBytes: 256 << 10,
            timeout: timeout)
        do throws(ProviderFailure) {
            let response = try await exchange(request, part)
            guard response.status == 200 else { return .failure(.status(part, response.status)) }
            return .success(response.body)
        } catch { return .failure(error) }
    }

    /// Any answer, or a failure of ours.
    func exchange(_ request: HTTPRequest, _ part: ProviderFailure.Part) async throws(ProviderFailure) -> HTTPResponse {
        do { return try await send(request) } catch {
            // The type alone: texts of transports may repeat what was sent.
            throw .unreachable(part, "\(type(of: error))")
        }
    }
}
