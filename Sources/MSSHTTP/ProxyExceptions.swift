/// Hosts that are reached without the proxy, in the syntax of `NO_PROXY`.
public struct ProxyExceptions: Sendable, Hashable {
    private let rules: [Rule]

    private enum Rule: Hashable {
        case everything
        /// The domain and what is below it.
        case domain(String)
    }

    /// Reads entries separated by commas or spaces: `*`, a host or address, a domain with or without a leading dot
    /// (both also cover what is below).
    public init(_ text: String = "") {
        rules = text.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }).compactMap { entry in
            if entry == "*" { return .everything }
            let name = entry.lowercased().drop { $0 == "." }
            return name.isEmpty ? nil : .domain(String(name))
        }
    }

    /// Whether a host is reached directly.
    public func contains(_ host: String) -> Bool {
        let host = host.lowercased()
        return rules.contains { rule in
            switch rule {
            case .everything: true
            case .domain(let domain): host == domain || host.hasSuffix("." + domain)
            }
        }
    }
}
