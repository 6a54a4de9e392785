public import MSSCore
public import MSSDNS

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
    public var xml: String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <clientConfig version="1.1">
          <emailProvider id="\(Self.escaped(domain.ascii))">
            <domain>\(Self.escaped(domain.ascii))</domain>
            <displayName>\(Self.escaped(name))</displayName>
            <displayShortName>\(Self.escaped(name))</displayShortName>
        \(server("incomingServer", "imap", .imap, .proSanteConnect))
        \(server("incomingServer", "imap", .imap, .structureCertificate))
        \(server("outgoingServer", "smtp", .submission, .proSanteConnect))
        \(server("outgoingServer", "smtp", .submission, .structureCertificate))
          </emailProvider>
        \(provider)</clientConfig>

        """
    }

    private func server(
        _ element: String, _ type: String, _ service: LPSServiceRecords.Service,
        _ audience: LPSServiceRecords.Audience
    ) -> String {
        let point = entryPoints.entryPoint(service, audience)
        let authentication = audience == .proSanteConnect ? "OAuth2" : "TLS-client-cert"
        return """
                <\(element) type="\(type)">
                  <hostname>\(Self.escaped(point.host.text))</hostname>
                  <port>\(point.port)</port>
                  <socketType>STARTTLS</socketType>
                  <authentication>\(authentication)</authentication>
                  <username>%EMAILADDRESS%</username>
                </\(element)>
            """
    }

    private var provider: String {
        guard let issuer else { return "" }
        return """
              <oAuth2>
                <issuer>\(Self.escaped(issuer))</issuer>
                <scope>openid scope_all</scope>
              </oAuth2>

            """
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case _ where scalar.value < 0x20: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Answers the requests for ``AutoconfigurationDocument``: whatever HTTP server stands before it.
public struct AutoconfigurationService: Sendable {
    /// The documents, one for each domain of the operator.
    private let documents: [Domain: AutoconfigurationDocument]

    /// A service for some domains.
    public init(_ documents: [AutoconfigurationDocument]) {
        self.documents = Dictionary(documents.map { ($0.domain, $0) }, uniquingKeysWith: { $1 })
    }

    /// The body for a `GET`; `nil` is 404. The type is `text/xml; charset=utf-8`.
    ///
    /// - Parameters:
    ///   - target: path and query; a mailbox that the query names is not looked at: addresses are not told apart here.
    ///   - host: the `Host` field: the domain, or `autoconfig.` before it.
    public func document(target: String, host: String) -> String? {
        let path = target.prefix { $0 != "?" }
        guard AutoconfigurationDocument.paths.contains(String(path)) else { return nil }
        let name = host.prefix { $0 != ":" }.lowercased()
        let bare = name.hasPrefix("autoconfig.") ? String(name.dropFirst("autoconfig.".count)) : name
        guard let domain = try? Domain(bare) else { return nil }
        return documents[domain]?.xml
    }
}
