import MSSConnector
import MSSCore
import MSSDNS
import NIOCore

/// `config-v1.1.xml` over HTTPS, for client software that asks for it beside the SRV records (EX_LPS_0300).
enum AutoconfigurationServer {
    static func start(_ node: OperatorNode, at address: SettingsAddress) async throws -> LocalHTTPServer {
        let service = try AutoconfigurationService(node.settings.autoconfigurationDocuments)
        var limits = LocalHTTPServer.Limits()
        limits.connections = 256
        limits.requestTime = .seconds(10)
        return try await LocalHTTPServer.start(
            node, at: address, limits: limits, tls: { [weak node] in node?.connector.clientTLS }
        ) { request in
            guard request.method == "GET" else { return .text(405, "GET seulement.") }
            guard let document = service.document(target: request.path, host: request.headers["host"] ?? "") else {
                return .text(404, "Pas de document ici.")
            }
            return LocalResponse(200, "text/xml; charset=utf-8", document)
        }
    }
}

extension OperatorSettings {
    /// One document for each domain.
    var autoconfigurationDocuments: [AutoconfigurationDocument] {
        get throws {
            try identity.domains.map { domain in
                AutoconfigurationDocument(
                    domain: domain, name: identity.authorName, entryPoints: try apiLPS.records(for: domain),
                    issuer: pscIssuer)
            }
        }
    }
}

extension APILPSSettings {
    /// The SRV records that a domain is to publish: the entry points of the settings, and where one has no name yet what
    /// `quickstart` proposes.
    func records(for domain: Domain) throws -> LPSServiceRecords {
        var records = try Quickstart.serviceRecords(domain)
        func point(_ settings: LPSEntryPointSettings, _ proposed: LPSServiceRecords.EntryPoint) throws
            -> LPSServiceRecords.EntryPoint
        {
            guard let host = settings.host else { return proposed }
            let port = settings.publishedPort == 0 ? proposed.port : UInt16(settings.publishedPort)
            return .init(host: try DNSName(host), port: port)
        }
        records.submissionPSC = try point(submissionPSC, records.submissionPSC)
        records.submissionCertificate = try point(submissionCertificate, records.submissionCertificate)
        records.imapPSC = try point(imapPSC, records.imapPSC)
        records.imapCertificate = try point(imapCertificate, records.imapCertificate)
        return records
    }

    /// The settings of a SRV record.
    func entryPoint(
        _ service: LPSServiceRecords.Service, _ audience: LPSServiceRecords.Audience
    ) -> LPSEntryPointSettings {
        switch (service, audience) {
        case (.submission, .proSanteConnect): submissionPSC
        case (.submission, .structureCertificate): submissionCertificate
        case (.imap, .proSanteConnect): imapPSC
        case (.imap, .structureCertificate): imapCertificate
        }
    }
}
