/// How ``UnboundResolver`` resolves.
public struct UnboundConfiguration: Sendable {
    /// Where questions go.
    public enum Upstream: Sendable, Hashable {
        /// The resolvers of `/etc/resolv.conf`.
        case system
        /// These resolvers, each `address` or `address@port`.
        case forwarders([String])
        /// The servers of the zones themselves, from the root down.
        case recursive
    }

    /// What is asked of DNSSEC.
    public enum Validation: Sendable, Hashable {
        /// Nothing is validated.
        case off
        /// Answers are validated against the trust anchors; a bogus one is used, as insecure.
        case permissive
        /// A bogus answer is a failure; an unsigned one is accepted.
        case validating
        /// Only validated answers are accepted.
        case required
    }

    /// Where questions go; the system's resolvers by default.
    public var upstream: Upstream = .system
    /// What is asked of DNSSEC; nothing by default, since the referential asks nothing.
    public var validation: Validation = .off
    /// Trust anchors, each one DS or DNSKEY record in presentation form.
    public var trustAnchors: [String] = []
    /// A file of trust anchors, such as Debian's `/usr/share/dns/root.key`.
    public var trustAnchorFile: String?
    /// Time allowed for one question, retries included.
    public var timeout: Duration = .seconds(15)
    /// Answers are kept at most this many seconds, whatever their TTL says.
    public var maximumTimeToLive = 3600
    /// Memory for cached records, in bytes; half as much again goes to cached messages.
    public var cacheBytes = 4 << 20
    /// Questions under way at once; one more waits for none, it fails as unavailable.
    public var maximumPending = 1024

    /// The defaults: the system's resolvers, no DNSSEC, 15 seconds.
    public init() {}
}
