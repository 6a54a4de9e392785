public import MSSCore
public import MSSDNS
internal import MSSXML

/// The document from which Thunderbird and its kin configure themselves (`config-v1.1.xml`), beside the SRV records that
/// EX_LPS_0300 prescribes: the same entry points, so that the two cannot differ.
public struct AutoconfigurationDocument: Sendable, Hashable {
    /// The domain of the mailboxes.
    public var domain: Domain
    /// The operator's name, as users read it.
    public var name: String
    /// The entry points.
    public var entryPoints: LPSServiceRecords
    /// The OpenID issuer whose tokens the entry points take; `nil` leaves it out.
    public var issuer: String?

    /// A document.
    public init(domain: Domain, name: String, entryPoints: LPSServiceRecords, issuer: String? = nil) {
        self.domain = domain
        self.name = name
        self.entryPoints = entryPoints
        self.issuer = issuer
    }

    /// Where clients look for it, below `http://autoconfig.DOMAIN` and `https://DOMAIN`.
    public static let paths = ["/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml"]

    /// The document. Servers for Pro Santé Connect come first, as priority 10 does in the DNS; those for certificates
    /// after them.
    ///
    /// - Throws: `XMLWriterFailure` for a name that XML cannot hold.
    public func xml() throws -> [UInt8] {
        var writer = XMLWriter()
        try writer.element("clientConfig", [XMLAttribute("version", "1.1")]) { config in
            try config.element("emailProvider", [XMLAttribute("id", domain.ascii)]) { provider in
                try provider.element("domain", text: domain.ascii)
                try provider.element("displayName", text: name)
                try provider.element("displayShortName", text: name)
                for (element, type, service) in [
                    ("incomingServer", "imap", LPSServiceRecords.Service.imap), ("outgoingServer", "smtp", .submission),
                ] {
                    for audience in [LPSServiceRecords.Audience.proSanteConnect, .structureCertificate] {
                        try provider.element(element, [XMLAttribute("type", type)]) { server in
                            try write(entryPoints.entryPoint(service, audience), audience, to: &server)
                        }
                    }
                }
            }
            guard let issuer else { return }
            try config.element("oAuth2") { tokens in
                try tokens.element("issuer", text: issuer)
                try tokens.element("scope", text: "openid scope_all")
            }
        }
        return try writer.finish()
    }

    private func write(
        _ point: LPSServiceRecords.EntryPoint, _ audience: LPSServiceRecords.Audience, to server: inout XMLWriter
    ) throws {
        try server.element("hostname", text: point.host.text)
        try server.element("port", text: "\(point.port)")
        try server.element("socketType", text: "STARTTLS")
        // Thunderbird does not know the format's name for certificates, and leaves out the server. A login by password is
        // what it then does: with the certificate that TLS asked it for, any password is good (EX_LPS_1200).
        let methods = audience == .proSanteConnect ? ["OAuth2"] : ["TLS-client-cert", "password-cleartext"]
        for method in methods { try server.element("authentication", text: method) }
        try server.element("username", text: "%EMAILADDRESS%")
    }
}

/// Answers the requests for ``AutoconfigurationDocument``: whatever HTTP server stands before it.
public struct AutoconfigurationService: Sendable {
    /// The documents as they are sent, one for each domain of the operator.
    private let documents: [Domain: [UInt8]]

    /// A service for some domains.
    ///
    /// - Throws: what ``AutoconfigurationDocument/xml()`` does.
    public init(_ documents: [AutoconfigurationDocument]) throws {
        self.documents = Dictionary(try documents.map { ($0.domain, try $0.xml()) }, uniquingKeysWith: { $1 })
    }

    /// The body for a `GET`; `nil` is 404. The type is `text/xml; charset=utf-8`.
    ///
    /// - Parameters:
    ///   - target: path and query; a mailbox that the query names is not looked at: addresses are not told apart here.
    ///   - host: the `Host` field: the domain, or `autoconfig.` before it.
    public func document(target: String, host: String) -> [UInt8]? {
        let path = target.prefix { $0 != "?" }
        guard AutoconfigurationDocument.paths.contains(String(path)) else { return nil }
        let name = host.prefix { $0 != ":" }.lowercased()
        let bare = name.hasPrefix("autoconfig.") ? String(name.dropFirst("autoconfig.".count)) : name
        guard let domain = try? Domain(bare) else { return nil }
        return documents[domain]
    }
}
