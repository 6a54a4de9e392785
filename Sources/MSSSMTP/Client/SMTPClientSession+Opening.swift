import MSSCore
public import MSSSASL
public import NIOCore

/// From the greeting to the open session: EHLO, STARTTLS, peer check, EHLO again, AUTH.
extension SMTPClientSession {
    /// The TLS handshake is done.
    public mutating func tlsEstablished(at now: NIODeadline) {
        guard state == .handshake else { return }
        state = .peerCheck
        actions.append(.checkPeer)
    }

    /// The peer was looked at.
    ///
    /// - Parameter refusal: why it is refused; `nil` accepts it.
    public mutating func peerChecked(_ refusal: SMTPPeerRefusal?, at now: NIODeadline) {
        guard state == .peerCheck else { return }
        if let refusal {
            let failure = SMTPClientFailure(
                .policy, .peerCheck, .peerRefused(refusal), isPermanent: refusal.isPermanent)
            return end(failure)
        }
        isSecure = true
        // RFC 3207 §4.2: what was learned in clear is forgotten.
        offer = SMTPCapabilities(serverName: "")
        introduce(at: now)
    }

    /// The credentials are there.
    ///
    /// - Parameter credentials: `nil` when they could not be obtained.
    public mutating func authenticate(with credentials: SASLCredentials?, at now: NIODeadline) {
        guard state == .credentials else { return }
        guard let credentials else { return end(SMTPClientFailure(.authentication, .authentication, .credentials)) }
        guard offer.mechanisms.contains(credentials.mechanism) else {
            return end(SMTPClientFailure(.authentication, .authentication, .notOffered("AUTH"), isPermanent: true))
        }
        let command = SMTPCommand.auth(credentials.mechanism, initialResponse: credentials.initialResponse)
        guard command.wire.utf8.count <= Self.maximumAuthCommand else {
            return end(SMTPClientFailure(.authentication, .authentication, .credentials, isPermanent: true))
        }
        answers = credentials.answers
        state = .authentication
        say(command, .authentication, at: now)
    }

    /// Longest AUTH command in octets, CRLF included (RFC 4954 §4).
    private static let maximumAuthCommand = 12_288

    mutating func greeted(_ reply: SMTPReply, at now: NIODeadline) {
        guard reply.code.number == 220 else { return end(SMTPClientFailure(.greeting, reply)) }
        introduce(at: now)
    }

    private mutating func introduce(at now: NIODeadline) {
        state = .hello
        let name = configuration.clientName
        say(configuration.mode == .lmtp ? .lhlo(name) : .ehlo(name), .hello, at: now)
    }

    mutating func introduced(_ reply: SMTPReply, byHELO: Bool, at now: NIODeadline) {
        guard reply.code.severity == .completed else {
            // RFC 5321 §4.1.4: a server without extensions is greeted the old way. Where TLS is required it is of no
            // use, and a refusal of EHLO in clear must not become a way round it.
            let isOldServer = reply.code.severity == .permanentFailure && configuration.mode == .smtp && !byHELO
            guard isOldServer, isSecure || !configuration.requiresTLS else {
                return end(SMTPClientFailure(.hello, reply))
            }
            return say(.helo(configuration.clientName), .helo, at: now)
        }
        offer = SMTPCapabilities(reply: reply)
        if byHELO { offer.extensions = [] }
        if configuration.refusesOwnName,
            offer.serverName.lowercased() == configuration.clientName.description.lowercased()
        {
            return end(SMTPClientFailure(.policy, .hello, .loop, isPermanent: true))
        }
        if configuration.requiresTLS, !isSecure {
            guard offer.offers(.startTLS) else {
                return end(SMTPClientFailure(.policy, .startTLS, .notOffered("STARTTLS")))
            }
            return say(.startTLS, .startTLS, at: now)
        }
        guard configuration.authenticates else { return open() }
        guard !offer.mechanisms.isEmpty else {
            return end(SMTPClientFailure(.authentication, .authentication, .notOffered("AUTH"), isPermanent: true))
        }
        state = .credentials
        setDeadline(configuration.timeouts.command, at: now)
        actions.append(.obtainCredentials)
    }

    mutating func takeStartTLS(_ reply: SMTPReply, at now: NIODeadline) {
        guard reply.code.number == 220 else {
            var failure = SMTPClientFailure(.startTLS, reply)
            // Refusing TLS is refusing our terms, not this message: another host or another day may do.
            if failure.kind == .permanent { failure = SMTPClientFailure(.policy, .startTLS, .reply(reply)) }
            failure.isPermanent = false
            return end(failure)
        }
        // RFC 3207 §4.2, CVE-2011-0411: one octet more in clear could be anyone's.
        guard reader.unread == 0 else {
            return end(SMTPClientFailure(.policy, .startTLS, .clearBytesAfterStartTLS))
        }
        state = .handshake
        setDeadline(configuration.timeouts.tls, at: now)
        actions.append(.startTLS)
    }

    mutating func takeAuthentication(_ reply: SMTPReply, at now: NIODeadline) {
        switch reply.code.severity {
        case .completed: open()
        case .intermediate:
            // A challenge too many cancels the exchange (RFC 4954 §4); one more, and the server is not of this world.
            guard !cancelledExchange else {
                return end(SMTPClientFailure(.network, .authentication, .unexpectedReply(reply.code)))
            }
            if answers.isEmpty {
                cancelledExchange = true
                write(ByteBuffer(string: "*\r\n"))
            } else {
                write(ByteBuffer(string: answers.removeFirst().base64 + "\r\n"))
            }
            expect(.authentication, at: now)
        case .transientFailure, .permanentFailure:
            end(SMTPClientFailure(.authentication, .authentication, .reply(reply)))
        }
    }

    private mutating func open() {
        answers = []
        state = .ready
        deadline = nil
        actions.append(.opened)
    }
}
