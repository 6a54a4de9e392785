import MSSConnector

extension OperatorNode {
    /// Sessions and logins of client software (§6.8).
    func clientMetrics(_ page: inout PrometheusText) {
        guard settings.apiLPS.isOpen else { return }
        page.add(
            "mss_lps_sessions", .gauge, "Sessions de logiciels de santé.",
            AccessAttempt.Service.allCases.map {
                ([("service", $0.rawValue)], Double(connector.clientConnections($0)))
            })
        let logins = connector.metrics.snapshot.logins
        var lines: [([(String, String)], Double)] = []
        for service in AccessAttempt.Service.allCases {
            for point in AccessAttempt.EntryPoint.allCases {
                for outcome in ConnectorMetrics.Login.Outcome.allCases {
                    let login = ConnectorMetrics.Login(service: service, entryPoint: point, outcome: outcome)
                    lines.append(
                        (
                            [("service", service.rawValue), ("acces", point.rawValue), ("resultat", outcome.rawValue)],
                            Double(logins[login] ?? 0)
                        ))
                }
            }
        }
        page.add("mss_lps_logins_total", .counter, "Connexions aux boîtes par l'API LPS (EX_GDT_5060).", lines)
    }

    /// Whether every entry point that the settings open listens.
    func clientHealth() -> Health.Component {
        let wanted: [(AccessAttempt.Service, AccessAttempt.EntryPoint, SettingsAddress?)] = [
            (.submission, .proSanteConnect, settings.apiLPS.submissionPSC.address),
            (.submission, .structureCertificate, settings.apiLPS.submissionCertificate.address),
            (.imap, .proSanteConnect, settings.apiLPS.imapPSC.address),
            (.imap, .structureCertificate, settings.apiLPS.imapCertificate.address),
        ]
        let silent = wanted.filter { $0.2 != nil && connector.clientAddress($0.0, $0.1) == nil }
        guard silent.isEmpty else {
            return .init(
                .failure, "N'écoutent pas : " + silent.compactMap { $0.2?.text }.joined(separator: ", ") + ".")
        }
        return .init(
            .ok,
            "\(connector.clientConnections(.submission)) sessions d'envoi, \(connector.clientConnections(.imap)) de consultation."
        )
    }
}
