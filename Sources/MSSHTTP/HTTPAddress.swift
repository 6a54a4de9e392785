/// The parts of an absolute `http` or `https` URL that the transport decides by.
struct HTTPAddress: Hashable {
    let scheme: String
    let host: String
    /// Scheme, host and port, as written.
    let origin: String
    let url: String

    /// Reads a URL; control characters, spaces, a user or a password inside make it invalid.
    init?(_ url: String) {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let mark = url.firstRange(of: "://") else { return nil }
        scheme = url[..<mark.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = url[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@"), !authority.contains("\\") else { return nil }
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = String(authority[authority.index(after: authority.startIndex)..<end])
        } else {
            host = String(authority.prefix { $0 != ":" })
        }
        guard !host.isEmpty else { return nil }
        origin = "\(url[..<mark.upperBound])\(authority)"
        self.url = url
    }

    /// The address that a `Location` field leads to, absolute or absolute-path; `nil` for other forms.
    func following(_ location: String) -> HTTPAddress? {
        if location.hasPrefix("/"), !location.hasPrefix("//") { return HTTPAddress(origin + location) }
        return HTTPAddress(location)
    }
}
