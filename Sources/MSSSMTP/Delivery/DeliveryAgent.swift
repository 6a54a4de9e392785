public import MSSCore
public import MSSDNS

/// Delivers a message to the recipients of one domain: hosts in order of preference, their addresses, a transaction
/// (TM3.2P, §6.7.2.1).
///
/// Hosts are tried until each recipient is decided. A refusal for good by a server that was reached decides; a refusal
/// for now, or a server that cannot be had, leads to the next address. When the answer to a complete message was lost,
/// no other host is tried: the message may have arrived, and a later attempt, not an instant double, is the remedy.
public struct DeliveryAgent: Sendable {
    /// Bounds of one attempt.
    public struct Limits: Sendable, Hashable {
        /// Addresses tried.
        public var addresses: Int
        /// Sessions in which transactions were begun: a domain whose servers all say "later" means it.
        public var sessions: Int
        /// Recipients in a transaction. RFC 5321 §4.5.3.1.8: a server takes at least 100; EX_GBM_4420 sends at most 40.
        public var recipients: Int

        /// Limits.
        public init(addresses: Int = 6, sessions: Int = 2, recipients: Int = 100) {
            precondition(addresses > 0 && sessions > 0 && recipients > 0)
            self.addresses = addresses
            self.sessions = sessions
            self.recipients = recipients
        }
    }

    private let router: any MailRouter
    private let sender: any MessageSender
    private let limits: Limits
    private let port: Int
    private let ownAddresses: Set<IPAddress>

    /// An agent.
    ///
    /// - Parameters:
    ///   - router: finds the servers.
    ///   - sender: talks to them; as a rule an ``SMTPClientPool``.
    ///   - limits: bounds of one attempt.
    ///   - port: where they listen.
    ///   - ownAddresses: this server's own: no host that has one of them is tried, nor any less preferred.
    public init(
        router: any MailRouter, sender: any MessageSender, limits: Limits = Limits(), port: Int = 25,
        ownAddresses: Set<IPAddress> = []
    ) {
        self.router = router
        self.sender = sender
        self.limits = limits
        self.port = port
        self.ownAddresses = ownAddresses
    }

    /// Makes one attempt.
    ///
    /// - Parameters:
    ///   - message: the message, its envelope with the recipients of `domain`.
    ///   - domain: the domain whose servers are sought.
    public func deliver(_ message: SMTPOutgoingMessage, to domain: Domain) async -> DeliveryResult {
        var attempt = DeliveryAttempt(message, domain)
        let hosts: [MailRoute.MailHost]
        do {
            switch try await router.route(to: domain) {
            case .hosts(let found): hosts = found
            case .noSuchDomain: return attempt.refused(SMTPClientFailure(.permanent, .resolving, .noSuchDomain))
            case .acceptsNoMail: return attempt.refused(SMTPClientFailure(.permanent, .resolving, .acceptsNoMail))
            case .loop: return attempt.refused(SMTPClientFailure(.permanent, .resolving, .loop))
            }
        } catch {
            attempt.missed(Self.failure(error))
            return attempt.result
        }
        for host in hosts {
            if Task.isCancelled { attempt.missed(SMTPClientFailure(.network, .resolving, .cancelled)) }
            if attempt.isDone { return attempt.result }
            let addresses: [IPAddress]
            do { addresses = try await router.addresses(of: host.name) } catch {
                attempt.missed(Self.failure(error))
                continue
            }
            // RFC 5321 §5.1, by address as well as by name: at our own place in the list, the mail has arrived.
            if !ownAddresses.isDisjoint(with: addresses) {
                attempt.missed(SMTPClientFailure(.permanent, .resolving, .loop))
                break
            }
            for address in addresses {
                guard attempt.addresses < limits.addresses, attempt.sessions < limits.sessions, !Task.isCancelled
                else { return attempt.result }
                let destination = SMTPDestination(
                    .address(address, port: port), domain: domain, serverName: host.name.text)
                await tryServer(destination, &attempt)
                if attempt.isDone { return attempt.result }
            }
        }
        return attempt.result
    }

    private static func failure(_ failure: DNSFailure) -> SMTPClientFailure {
        // Even a zone that is wrong today may be mended tomorrow.
        SMTPClientFailure(.network, .resolving, failure == .cancelled ? .cancelled : .dns(failure))
    }

    /// One server: as many transactions as the number of recipients asks for.
    private func tryServer(_ destination: SMTPDestination, _ attempt: inout DeliveryAttempt) async {
        attempt.addresses += 1
        var waiting = attempt.undecided
        var isFirst = true
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(limits.recipients))
            waiting.removeFirst(batch.count)
            do {
                let result = try await sender.send(attempt.message(to: batch), to: destination)
                if isFirst { attempt.sessions += 1 }
                isFirst = false
                waiting += attempt.take(result, of: batch, from: destination)
            } catch {
                attempt.missed(error)
                return
            }
        }
    }
}
