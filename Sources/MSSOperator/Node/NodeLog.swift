import Logging
import MSSConnector
import MSSCore
import MSSTraces
import MSSWhitelist

/// What happens, as log lines: English, with the French sentence an administrator reads; no local part of an address, no
/// content.
enum NodeLog {
    static func write(_ event: ConnectorEvent, to logger: Logger) {
        switch event {
        case .peerRefused(let incident):
            logger.warning(
                "peer refused",
                metadata: [
                    "subject": "\(incident.subject ?? "-")", "address": "\(incident.address ?? "-")",
                    "requirement": "\(incident.requirement?.rawValue ?? "-")", "explication": "\(incident.explanation)",
                ])
        // The mail flow has written its own line, with the message's name.
        case .refused: break
        case .malware(let names, let message, _):
            logger.warning(
                "malware", metadata: ["message": "\(message)", "findings": "\(names.joined(separator: ", "))"])
        case .scanFailed(let failure, let message):
            logger.error("not scanned", metadata: ["message": "\(message)", "reason": "\(failure)"])
        case .quarantineFailed(let message): logger.error("not set aside", metadata: ["message": "\(message)"])
        case .tracesFailed(let reason): logger.critical("traces are not kept", metadata: ["reason": "\(reason)"])
        case .tracesRestored: logger.notice("traces are kept again")
        // Written where it was detected.
        case .anomaly: break
        case .noAutomaticReplyMailbox(let domain):
            logger.warning("no automatic-reply mailbox (EX_GBM_4020)", metadata: ["domain": "\(domain)"])
        case .jobFailed(let job, let reason):
            logger.error("job failed", metadata: ["job": "\(job)", "reason": "\(reason)"])
        case .clockDoubted(let days): logger.critical("clock doubted", metadata: ["days": "\(days)"])
        }
    }

    static func write(_ event: WhitelistEvent, to logger: Logger) {
        switch event {
        // The service writes both lines itself.
        case .installed, .alert: break
        case .confirmed: logger.info("whitelist confirmed")
        }
    }

    /// A list that comes into force is traced with what changed in it (EX_GDT_5030).
    static func traces(of event: WhitelistEvent) -> [TraceEvent] {
        switch event {
        case .installed(let list, let origin, let changes):
            var trace = TraceEvent(
                .installWhitelist, by: .system("liste-blanche"),
                request: TraceText(origin == .source ? "téléchargement" : "copie locale"),
                reply: TraceText("\(list.domainCount) domaines, \(list.generated)"))
            trace.changes = changes.prefix(50).map { TraceChange("liste", before: nil, after: $0.explanation) }
            return [trace]
        case .alert(let alert):
            guard case .refused(let failure) = alert.cause else { return [] }
            return [
                TraceEvent(
                    .installWhitelist, .refused, by: .system("liste-blanche"), reply: TraceText(failure.explanation))
            ]
        case .confirmed: return []
        }
    }
}
