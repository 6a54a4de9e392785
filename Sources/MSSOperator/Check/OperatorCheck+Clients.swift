import MSSCore
import MSSDNS
import MSSHTTP
import MSSProSanteConnect

extension OperatorCheck {
    /// The four SRV records of a domain, beside the entry points of the settings (EX_LPS_0300). Where an entry point has no
    /// name in the settings, another machine's for instance, what is published is compared with itself, and what is missing
    /// with what `quickstart` proposes.
    func services(_ domain: Domain, _ resolver: any DNSResolver) async -> CheckItem {
        let subject = "DNS, SRV de \(domain.ascii)"
        do {
            let name = try DNSName(domain)
            var expected = try settings.apiLPS.records(for: domain)
            var published: [LPSServiceRecords.Service: [SRVRecord]] = [:]
            for service in LPSServiceRecords.Service.allCases {
                published[service] = try await resolver.services(service.rawValue, of: name)
            }
            let isOpen = settings.apiLPS.isOpen
            let remedy =
                (isOpen ? "Publiez : " : "Publiez à l'ouverture de l'API LPS : ")
                + (try expected.zoneSnippet(for: name)).split(separator: "\n").joined(separator: " ; ")
            guard published.values.contains(where: { !$0.isEmpty }) else {
                return CheckItem(
                    subject, isOpen ? .failure : .warning,
                    "Aucun n'est publié : les logiciels de santé ne trouveront pas le service.", remedy: remedy,
                    "EX_LPS_0300")
            }
            expected.adopt(published, unlessNamedBy: settings.apiLPS)
            let findings = expected.differences(published: published)
            guard let first = findings.first else {
                return CheckItem(subject, .ok, "Les quatre sont publiés.", "EX_LPS_0300")
            }
            return CheckItem(
                subject, .failure, findings.map(\.explanation).joined(separator: " "), remedy: remedy, first.requirement
            )
        } catch { return Self.failure(subject, error, remedy: "Vérifiez le résolveur et la zone.") }
    }

    /// Whether Pro Santé Connect answers from here (EX_LPS_910).
    func proSanteConnect() async -> [CheckItem] {
        let lps = settings.apiLPS
        guard lps.submissionPSC.address != nil || lps.imapPSC.address != nil else { return [] }
        let subject = "Pro Santé Connect"
        let remedy = "Autorisez HTTPS vers \(settings.pscIssuer) ; vérifiez « api_lps.psc »."
        do {
            let transport = try AsyncHTTPTransport(
                HTTPTransportConfiguration(trustRoots: try TrustServices.roots(lps.psc.serverAuthorities)))
            let provider = IdentityProvider(
                .proSanteConnect(issuer: settings.pscIssuer), transport: transport, clock: environment.clock,
                timeout: lps.psc.timeout)
            do {
                _ = try await provider.endpoints()
                try await transport.shutDown()
                return [CheckItem(subject, .ok, "\(settings.pscIssuer) répond.", "EX_LPS_910")]
            } catch {
                try? await transport.shutDown()
                return [Self.failure(subject, error, remedy: remedy)]
            }
        } catch { return [Self.failure(subject, error, remedy: remedy)] }
    }
}

extension LPSServiceRecords {
    /// Takes over the hosts and ports that are published for entry points without a name in the settings.
    fileprivate mutating func adopt(_ published: [Service: [SRVRecord]], unlessNamedBy settings: APILPSSettings) {
        func point(_ service: Service, _ audience: Audience) -> EntryPoint {
            let known = entryPoint(service, audience)
            guard settings.entryPoint(service, audience).host == nil else { return known }
            return published[service]?.first { $0.priority == audience.rawValue }.map {
                EntryPoint(host: $0.target, port: $0.port)
            } ?? known
        }
        submissionPSC = point(.submission, .proSanteConnect)
        submissionCertificate = point(.submission, .structureCertificate)
        imapPSC = point(.imap, .proSanteConnect)
        imapCertificate = point(.imap, .structureCertificate)
    }
}
