import Logging
import MSSCore
import MSSPolicy
import MSSSMTP
import MSSTLS
import MSSTraces
import MSSWhitelist

/// Sends to other operators (TM3.2P): the whitelist first, then §6.7.2.1 step by step by the agent of the certificate that
/// speaks for the sender's domain.
struct OutboundDelivery: DeliveryAttempting {
    /// One certificate of the operator, and who sends with it.
    struct Agent: Sendable {
        var certificateName: DistinguishedName
        var attempting: any DeliveryAttempting
    }

    let flow: MailFlow
    /// In the order of the configuration; at least one.
    let agents: [Agent]

    func deliver(_ message: SMTPOutgoingMessage, to domain: Domain) async -> DeliveryResult {
        await deliver(message, to: domain, name: "")
    }

    func deliver(_ job: DeliveryJob) async -> DeliveryResult {
        await deliver(job.message, to: job.destination, name: job.id.rawValue)
    }

    private func deliver(_ message: SMTPOutgoingMessage, to domain: Domain, name: String) async -> DeliveryResult {
        let result: DeliveryResult
        switch choose(message.envelope.sender?.domain, domain) {
        case .success(let agent): result = await agent.attempting.deliver(message, to: domain)
        case .failure(let refusal):
            let failure = refusal.deliveryFailure
            flow.metrics.refused(refusal.requirement)
            result = DeliveryResult(
                outcomes: message.envelope.recipients.map { DeliveryOutcome($0, .failure(failure)) }, reached: nil)
        }
        await trace(result, message, domain, name)
        return result
    }

    /// EX_3.2_5060: before anything is sent, sender and recipient are in the whitelist; and the certificate to send with
    /// is the sender's, or the peer would refuse it (§6.7.1.1 step 5).
    private func choose(_ sender: Domain?, _ recipient: Domain) -> Result<Agent, ExchangeRefusal> {
        if let refusal = flow.rules.refusal(ofDomain: recipient, flow.whitelist) { return .failure(refusal) }
        // A notice, from nobody: the peer checks the certificate alone.
        guard let sender else { return .success(agents[0]) }
        if let refusal = flow.rules.refusal(ofDomain: sender, flow.whitelist) { return .failure(refusal) }
        for agent in agents where flow.whitelist.decide(agent.certificateName, for: sender).isAllowed {
            return .success(agent)
        }
        // Ours to mend, and perhaps mended by tomorrow's list: not for good.
        return .failure(.localFailure("no certificate of ours is whitelisted for \(sender)"))
    }

    private func trace(_ result: DeliveryResult, _ message: SMTPOutgoingMessage, _ domain: Domain, _ name: String) async
    {
        var events: [TraceEvent] = []
        for outcome in result.outcomes {
            var event = TraceEvent(
                .sendMessage, by: .system("émission"), mailbox: message.envelope.sender,
                means: TraceMeans(channel: "smtp", address: outcome.host), authentication: .mutualTLS,
                request: TraceText("RCPT TO:<\(outcome.recipient.address.text)>"),
                message: TraceMessage(
                    identifier: name, sender: message.envelope.sender, recipients: [outcome.recipient.address],
                    size: message.content.size))
            switch outcome.result {
            case .success(let reply): event.reply = TraceText("\(reply) \(reply.lines.joined(separator: " "))")
            case .failure(let failure):
                event.outcome = failure.kind == .policy ? .refused : .failure
                event.reply = TraceText(
                    failure.reply.map { "\($0) \($0.lines.joined(separator: " "))" } ?? "\(failure)")
                if case .peerRefused(let refusal) = failure.cause, let requirement = refusal.requirement {
                    event.changes.append(TraceChange("exigence", before: nil, after: requirement.rawValue))
                }
            }
            events.append(event)
        }
        await flow.journal.trace(events)
        let failed = result.outcomes.count { $0.failure != nil }
        flow.journal.logger.info(
            "attempt",
            metadata: [
                "message": "\(name)", "domain": "\(domain)", "recipients": "\(result.outcomes.count)",
                "failed": "\(failed)",
                "failure": "\(result.outcomes.compactMap(\.failure).first.map { "\($0)" } ?? "-")",
            ])
    }
}

/// The check of a server before any envelope: its certificate is the recipient domain's (§6.7.2.1 steps 5 and 6).
struct PeerJudge: Sendable {
    let whitelist: any Whitelist
    let report: @Sendable (PeerIncident) -> Void

    func refusal(of peer: SMTPPeer) -> SMTPPeerRefusal? {
        guard let domain = peer.destination.domain, let certificate = peer.facts.peer?.certificate else {
            return SMTPPeerRefusal(
                requirement: "EX_3.2_5020", explanation: "Le serveur n'a présenté aucun certificat.",
                detail: "no certificate")
        }
        guard case .refused(let refusal) = whitelist.decide(certificate.subject, for: domain) else { return nil }
        let requirement: RequirementID = refusal == .noList ? "EX_2.2_5035" : "EX_3.2_5050"
        if refusal != .noList {
            report(
                PeerIncident(
                    subject: certificate.subject.rfc4514, address: "\(peer.destination.endpoint)",
                    requirement: requirement, explanation: refusal.explanation))
        }
        // Not for good: a certificate is renewed before or after the list that names it.
        return SMTPPeerRefusal(requirement: requirement, explanation: refusal.explanation, detail: refusal.description)
    }
}
