import Logging
import MSSConnector
import MSSCore
import MSSTLS
public import MSSTraces
import MSSWhitelist

/// What a reload did.
public struct ReloadReport: Sendable, Hashable, Codable {
    /// Keys whose new values are in force.
    public var applied: [String] = []
    /// Keys whose new values wait for a restart.
    public var waiting: [String] = []
    /// Certificates read again.
    public var certificates: [String] = []
    /// What could not be taken over, French sentences; the former values stay.
    public var failures: [String] = []

    /// Nothing yet.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case applied = "appliquees"
        case waiting = "en_attente_de_redemarrage"
        case certificates = "certificats"
        case failures = "echecs"
    }
}

extension OperatorNode {
    /// Reads the settings file again and takes over what can be taken over while running: certificates and keys (also
    /// those whose files alone changed), authorities, the whitelist, the log level, administrators. The rest is named and
    /// waits for a restart. What cannot be used leaves the former values in force.
    @discardableResult
    public func reload(by author: TraceAuthor) async -> ReloadReport {
        var report = ReloadReport()
        var next = settings
        if let file {
            do throws(SettingsError) {
                let read = try OperatorSettings(contentsOf: file)
                for (key, isLive) in read.differences(from: next) {
                    if isLive { report.applied.append(key) } else { report.waiting.append(key) }
                }
                next.takeLive(from: read)
            } catch {
                report.failures.append(error.explanation)
            }
        }
        for one in next.certificates + next.apiLPS.certificates { renew(one, &report) }
        do throws(OperatorFailure) { try trust.reload(next.trust) } catch { report.failures.append(error.explanation) }
        if case .failure(let failure) = await trust.whitelist.refresh() { report.failures.append(failure.explanation) }
        LogLevel.shared.set(next.observation.logLevel)
        held.withLock { [next] in $0 = next }
        await tell(report, author)
        return report
    }

    private func renew(_ settings: CertificateSettings, _ report: inout ReloadReport) {
        guard certificates.withLock({ $0.contains { $0.name == settings.name } }) else {
            report.applied.removeAll { $0 == "certificats" }
            if !report.waiting.contains("certificats") { report.waiting.append("certificats") }
            return
        }
        do {
            let identity = try Identities.load(settings)
            try connector.renew(identity)
            certificates.withLock { known in
                for index in known.indices where known[index].name == settings.name {
                    known[index].certificate = identity.tls.chain[0]
                }
            }
            report.certificates.append(settings.name)
        } catch {
            report.failures.append("Certificat « \(settings.name) » : \(FrenchReason.of(error))")
        }
    }

    private func tell(_ report: ReloadReport, _ author: TraceAuthor) async {
        logger.notice(
            "reloaded",
            metadata: [
                "applied": "\(report.applied)", "waiting": "\(report.waiting)",
                "certificates": "\(report.certificates)", "failures": "\(report.failures)",
            ])
        var events = [
            TraceEvent(
                .changeConfiguration, report.failures.isEmpty ? .success : .failure, by: author,
                request: "rechargement de la configuration", reply: TraceText(report.failures.joined(separator: " ")),
                changes: report.applied.map { TraceChange($0, before: nil, after: "rechargé") })
        ]
        for (name, certificate) in certificates.withLock({ $0 }) where report.certificates.contains(name) {
            events.append(
                TraceEvent(
                    .installCertificate, by: author,
                    changes: [
                        TraceChange(name, before: nil, after: certificate.sha256Fingerprint.hexadecimal)
                    ]))
        }
        await trace(events)
    }
}

extension OperatorSettings {
    /// Takes over the values that need no restart.
    fileprivate mutating func takeLive(from other: OperatorSettings) {
        let names = Set(certificates.map(\.name))
        if Set(other.certificates.map(\.name)) == names { certificates = other.certificates }
        let clientNames = Set(apiLPS.certificates.map(\.name))
        if Set(other.apiLPS.certificates.map(\.name)) == clientNames {
            apiLPS.certificates = other.apiLPS.certificates
        }
        administration.administrators = other.administration.administrators
        observation.logLevel = other.observation.logLevel
    }
}
