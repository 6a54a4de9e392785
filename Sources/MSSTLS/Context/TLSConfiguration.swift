public import MSSCore

/// Everything that decides how one entry point speaks TLS, as a value. A ``TLSContext`` is made from it.
public struct TLSConfiguration: Sendable {
    /// How a server treats client certificates.
    public enum ClientAuthentication: Sendable {
        /// None is asked for.
        case none
        /// One is asked for; if sent, it must pass the verifier.
        case optional(any PeerVerifier)
        /// One is required and must pass the verifier (EX_3.1_5020).
        case required(any PeerVerifier)
    }

    /// The side, with what verifies the other.
    public enum Role: Sendable {
        /// A server.
        case server(ClientAuthentication)
        /// A client, which always verifies the server.
        case client(any PeerVerifier)
    }

    /// The side, with what verifies the other.
    public var role: Role
    /// What may be negotiated.
    public var policy: TLSPolicy
    /// What this side shows of itself; required of a server.
    public var identity: TLSIdentity?
    /// Server: identities by the server name that the client asks for (SNI), lower case; ``identity`` answers the rest.
    public var identitiesByServerName: [String: TLSIdentity]
    /// Server: authorities announced in the certificate request, so that a client holding several certificates can
    /// choose; empty announces none, which means any.
    public var announcedAuthorities: [Certificate]
    /// Client: ask the server to staple an OCSP response (RFC 6066 §8).
    public var requestsStapledOCSP: Bool
    /// Bounds of each connection.
    public var limits: TLSLimits
    /// The time at which peers are verified.
    public var clock: any WallClock

    /// A server.
    public static func server(
        policy: TLSPolicy, identity: TLSIdentity, clientAuthentication: ClientAuthentication,
        limits: TLSLimits = TLSLimits(), clock: any WallClock = SystemWallClock()
    ) -> TLSConfiguration {
        TLSConfiguration(
            role: .server(clientAuthentication), policy: policy, identity: identity, limits: limits, clock: clock)
    }

    /// A client; `identity` is what it shows when the server asks.
    public static func client(
        policy: TLSPolicy, identity: TLSIdentity?, verifier: any PeerVerifier, limits: TLSLimits = TLSLimits(),
        clock: any WallClock = SystemWallClock()
    ) -> TLSConfiguration {
        TLSConfiguration(role: .client(verifier), policy: policy, identity: identity, limits: limits, clock: clock)
    }

    private init(
        role: Role, policy: TLSPolicy, identity: TLSIdentity?, limits: TLSLimits, clock: any WallClock
    ) {
        self.role = role
        self.policy = policy
        self.identity = identity
        self.identitiesByServerName = [:]
        self.announcedAuthorities = []
        self.requestsStapledOCSP = true
        self.limits = limits
        self.clock = clock
    }
}

extension TLSConfiguration {
    var isServer: Bool { if case .server = role { true } else { false } }

    /// What judges the peer's certificate, if one is asked for at all.
    var verifier: (any PeerVerifier)? {
        switch role {
        case .client(let verifier), .server(.optional(let verifier)), .server(.required(let verifier)): verifier
        case .server(.none): nil
        }
    }
}
