import Logging
import MSSAccounts
import MSSCore
import MSSMessage
import MSSPolicy
public import MSSSMTP
public import MSSTLS
import MSSTraces
import MSSWhitelist
import NIOCore

/// The operator entry point (TM3.1P): judges peers, senders, recipients and messages in the order of §6.7.1.1, and takes
/// what passes into the spool, or straight into its mailbox (decision 0222).
public struct InboundBackend: SMTPBackend {
    let flow: MailFlow
    /// Takes what ends before any session.
    var report: @Sendable (PeerIncident) -> Void = { _ in }

    /// A client has connected; nothing is known yet.
    public func session(_ facts: SMTPSessionFacts) async throws -> any SMTPBackendSession {
        InboundSession(flow: flow)
    }

    /// Step 3 of §6.7.1.1: a peer without certificate, or with no TLS that the policy allows. A certificate that is refused
    /// is reported by who judged it, with its name.
    public func tlsFailed(_ failure: TLSFailure, _ facts: SMTPSessionFacts) {
        flow.metrics.handshakeFailed(failure.reason)
        switch failure.kind {
        case .verification(.noCertificate), .noCommonVersion, .noCommonSuite, .noCommonParameters, .weakKeyExchange,
            .notTLS, .clearBytesBeforeTLS, .protocolViolation, .handshakeTimeout:
            report(
                PeerIncident(
                    subject: nil, address: facts.address, requirement: failure.requirement ?? "EX_3.1_5020",
                    explanation: failure.explanation))
        default: break
        }
    }
}

extension TLSFailure {
    /// A word for a metric.
    fileprivate var reason: String {
        switch kind {
        case .verification(let failure): failure.reason
        case .noCommonVersion: "version"
        case .noCommonSuite: "suite"
        case .noCommonParameters: "parametres"
        case .weakKeyExchange: "echange-faible"
        case .peerAlert: "refus-du-pair"
        case .notTLS: "pas-tls"
        case .closedDuringHandshake: "interrompu"
        case .handshakeTimeout: "delai"
        case .truncated: "tronque"
        case .clearBytesBeforeTLS: "clair-avant-tls"
        case .tooMuchWrittenBeforeHandshake, .resources: "interne"
        case .protocolViolation: "protocole"
        }
    }
}

extension CertificateFailure {
    fileprivate var reason: String {
        switch self {
        case .noCertificate: "certificat-absent"
        case .malformed: "certificat-illisible"
        case .expired: "certificat-expire"
        case .notYetValid: "certificat-pas-encore-valide"
        case .unknownAuthority: "autorite-inconnue"
        case .wrongUsage: "usage"
        case .hostnameMismatch: "nom"
        case .weakKey, .weakSignature: "certificat-faible"
        case .chainInvalid: "chaine"
        case .revoked: "certificat-revoque"
        case .revocationUnknown: "revocation-inconnue"
        }
    }
}

/// One peer's session. It holds no state: what was proven before is proven again from the facts, by the whitelist of the
/// moment.
struct InboundSession: SMTPBackendSession {
    let flow: MailFlow

    // MARK: The steps

    func hello(_ facts: SMTPSessionFacts) async throws {
        // Step 2: before TLS the session itself refuses everything but STARTTLS (EX_3.1_5020), and does not ask here.
        guard let tls = facts.tls else { return }
        // Step 3 was TLS's. Step 4:
        guard let refusal = flow.rules.refusal(ofPeer: tls.peer?.certificate.subject, flow.whitelist) else { return }
        var event = TraceEvent(.connectPeer, by: author(facts), means: means(facts), authentication: .mutualTLS)
        event.request = TraceText("EHLO")
        await refuse(refusal, facts, event)
        throw refusal.smtp
    }

    func sender(_ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws -> SMTPAllowance {
        // Steps 4 to 6. The whitelist may have changed since the session began.
        let domain = envelope.sender.address?.domain
        var refusal = flow.rules.refusal(
            ofSender: envelope.sender, size: envelope.parameters.size, from: facts.tls?.peer?.certificate.subject,
            flow.whitelist)
        if refusal == nil, !(await flow.journal.isWorking()) { refusal = .localFailure("traces") }
        if let refusal {
            var event = event(.refuseMessage, facts)
            event.request = TraceText("MAIL FROM:\(envelope.sender.wire)")
            event.message = TraceMessage(
                identifier: facts.id, sender: envelope.sender.address, recipients: [], size: envelope.parameters.size)
            await refuse(refusal, facts, event)
            throw refusal.smtp
        }
        // Counted here, so that refusals have their trace; the session's own limits stay above.
        return SMTPAllowance(
            recipients: flow.rules.recipientLimit(for: domain) + 1, messageSize: flow.rules.technicalSize)
    }

    func recipient(
        _ recipient: SMTPRecipient, _ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts
    ) async throws {
        let sender = envelope.sender.address
        guard let refusal = try await judge(recipient, envelope) else { return }
        var event = event(.refuseMessage, facts)
        event.mailbox = recipient.path.address
        event.request = TraceText("RCPT TO:\(recipient.path.wire)")
        event.message = TraceMessage(
            identifier: facts.id, sender: sender, recipients: recipient.path.address.map { [$0] } ?? [])
        await refuse(refusal, facts, event)
        if refusal == .unknownMailbox, let subject = facts.subject {
            await flow.journal.note(.unknownRecipients, subject)
        }
        throw refusal.smtp
    }

    private func judge(_ recipient: SMTPRecipient, _ envelope: SMTPEnvelope) async throws -> ExchangeRefusal? {
        let sender = envelope.sender.address
        let limit = flow.rules.recipientLimit(for: sender?.domain)
        guard envelope.recipients.count < limit else { return .tooManyRecipients(limit: limit) }
        // RFC 5321 §4.5.1: every server that takes mail has a postmaster.
        let address = recipient.path.address ?? flow.rules.postmaster.address
        do {
            return flow.rules.refusal(of: try await flow.accounts.recipient(address), from: sender)
        } catch {
            return .localFailure("accounts: \(type(of: error))")
        }
    }

    // MARK: The message

    func message(_ message: SMTPIncomingMessage) async throws -> SMTPReceipt {
        let facts = message.session
        let now = flow.clock.now()
        let id = MessageNames.make(at: now)
        var envelope = OutgoingEnvelope(received: message.envelope, postmaster: flow.rules.postmaster.address)
        let addresses = envelope.recipients.map(\.address)
        let stamp = ReceivedField.text(
            facts, id: id, by: flow.host, at: now, zoneMinutes: flow.zoneMinutes(now))
        let rules = flow.rules
        let request = MessageIntake.Request(
            id: id, limit: rules.sizeLimit(for: envelope.sender?.domain), sender: envelope.sender,
            recipients: addresses
        ) { bytes, header in
            if let refusal = rules.refusal(ofHops: header.all("Received").count) { throw refusal }
            return Array(stamp.utf8) + bytes
        }
        do {
            let taken = try await flow.intake.take(message.body, request)
            // What the header holds is known now; the peer's SMTPUTF8 was only a promise.
            envelope.hasInternationalHeader = envelope.hasInternationalHeader && taken.header.hasInternationalText
            let delivered = await flow.direct.deliver(taken, id, envelope, at: now, flow)
            if delivered == nil {
                try await commit(taken, id, envelope, at: now)
                flow.wake()
            }
            flow.metrics.received()
            await flow.journal.trace(traces(id, envelope, taken, facts) + [delivered?.trace].compactMap(\.self))
            flow.journal.logger.info(
                "received",
                metadata: [
                    "message": "\(id)", "session": "\(facts.id)", "size": "\(taken.size)",
                    "recipients": "\(addresses.count)",
                ])
            if let delivered { delivered.deposit.log(delivered.mailbox) }
            return SMTPReceipt(id: id.rawValue)
        } catch let refusal as ExchangeRefusal {
            var event = event(.refuseMessage, facts)
            event.request = "DATA"
            event.message = TraceMessage(
                identifier: id.rawValue, sender: envelope.sender, recipients: addresses)
            await refuse(refusal, facts, event)
            if case .malware = refusal {
                await flow.journal.note(.malware, envelope.sender?.text ?? facts.subject ?? "")
            }
            throw refusal.smtp
        }
    }

    private func commit(
        _ taken: MessageIntake.Taken, _ id: DeliveryID, _ envelope: OutgoingEnvelope, at now: Timestamp
    ) async throws {
        do {
            let others = try flow.notices(about: taken, envelope)
            try await taken.draft.commit(id, envelope, with: others, at: now)
        } catch {
            await taken.draft.discard()
            throw ExchangeRefusal(spool: error)
        }
    }

    /// One trace for each mailbox (EX_GDT_5030, EX_GDT_5050).
    private func traces(
        _ id: DeliveryID, _ envelope: OutgoingEnvelope, _ taken: MessageIntake.Taken, _ facts: SMTPSessionFacts
    ) -> [TraceEvent] {
        envelope.recipients.map { recipient in
            var event = event(.receiveMessage, facts)
            event.mailbox = recipient.address
            event.request = TraceText("RCPT TO:<\(recipient.address.text)>")
            event.reply = TraceText("250 2.0.0 Accepted as \(id)")
            event.message = TraceMessage(
                identifier: id.rawValue, sender: envelope.sender, recipients: [recipient.address],
                subject: taken.header.subject, size: taken.size)
            return event
        }
    }

    // MARK: Traces

    private func refuse(_ refusal: ExchangeRefusal, _ facts: SMTPSessionFacts, _ event: TraceEvent) async {
        await flow.journal.refused(
            refusal, peer: facts.subject, log: ["session": "\(facts.id)", "peer": "\(facts.subject ?? "-")"], event)
        if case .peer(let cause) = refusal, cause != .noList {
            await flow.journal.note(.refusedPeer, facts.subject ?? facts.address ?? "?")
        }
    }

    private func event(_ action: TraceAction, _ facts: SMTPSessionFacts) -> TraceEvent {
        TraceEvent(action, by: author(facts), means: means(facts), authentication: .mutualTLS)
    }

    private func author(_ facts: SMTPSessionFacts) -> TraceAuthor {
        facts.subject.map { .peer($0) } ?? .unauthenticated(claimed: nil)
    }

    private func means(_ facts: SMTPSessionFacts) -> TraceMeans {
        TraceMeans(software: facts.clientName.map { "\($0)" }, channel: "smtp", address: facts.address)
    }
}

extension SMTPSessionFacts {
    /// The subject of the peer's certificate.
    var subject: String? { tls?.peer?.certificate.subject.rfc4514 }

    /// The peer's address and port.
    var address: String? {
        guard let peer, let address = peer.ipAddress else { return nil }
        return peer.port.map { "\(address):\($0)" } ?? address
    }
}

extension HeaderBlock {
    /// Whether a field holds octets above 127.
    var hasInternationalText: Bool { contains { $0.rawValue.contains { $0 >= 0x80 } } }
}
