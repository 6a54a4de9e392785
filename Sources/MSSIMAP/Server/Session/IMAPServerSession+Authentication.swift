import MSSSASL
public import MSSTLS
public import NIOCore

extension IMAPServerSession {
    /// Where an exchange of `AUTHENTICATE` stands.
    enum SASLExchange {
        /// The mechanism's first message is awaited.
        case first(SASLMechanism)
        /// The client answers the challenge that told it why its token is refused; then this.
        case failure(IMAPRefusal)
    }

    // MARK: STARTTLS

    mutating func startTLS(_ tag: String) {
        guard configuration.security == .startTLSRequired, facts.tls == nil, state == .notAuthenticated else {
            return bad(tag, "TLS is not to begin here")
        }
        // RFC 9051 §6.2.1; CVE-2011-0411: what follows the command in clear was said by anybody.
        guard input.readableBytes == 0 else { return bye(.clientBug, "STARTTLS must not be pipelined") }
        phase = .startingTLS
        commands += 1
        actions.append(
            .startTLS(goAhead: IMAPStatusResponse(tag: tag, .ok, nil, "Begin TLS negotiation now").wire))
    }

    /// TLS is in place: nothing said before counts (RFC 9051 §6.2.1).
    public mutating func secured(_ tls: TLSSessionFacts, at now: NIODeadline) {
        guard case .startingTLS = phase else { return }
        facts.tls = tls
        facts.client = [:]
        lastCommand = now
        phase = .command
    }

    /// TLS cannot begin.
    public mutating func tlsUnavailable() { bye(.unavailable, "TLS is not available") }

    // MARK: AUTHENTICATE and LOGIN

    mutating func authenticate(_ tag: String, _ mechanism: SASLMechanism, _ response: SASLMessage?) {
        guard state == .notAuthenticated else { return bad(tag, "Already authenticated") }
        guard facts.tls != nil || configuration.security == .none else {
            return send(tag, .no, .privacyRequired, "Encryption required: STARTTLS first")
        }
        guard mechanisms.contains(mechanism) else { return send(tag, .no, .cannot, "Mechanism not offered") }
        guard let response else {
            actions.append(.send("+ \r\n"))
            phase = .sasl(tag: tag, .first(mechanism))
            return
        }
        message(response, tag, mechanism)
    }

    mutating func login(_ tag: String, _ user: String, _ password: SASLSecret) {
        guard state == .notAuthenticated else { return bad(tag, "Already authenticated") }
        guard facts.tls != nil || configuration.security == .none else {
            return send(tag, .no, .privacyRequired, "Encryption required: STARTTLS first")
        }
        guard mechanisms.contains(.plain) else { return send(tag, .no, .cannot, "LOGIN is disabled") }
        // EX_LPS_1200 step 3: beside a certificate, the login names the mailbox.
        guard !user.isEmpty, !user.utf8.contains(0), !password.text.utf8.contains(0) else {
            return failed(tag, .authenticationFailed())
        }
        ask(.login(PlainCredentials(user: user, password: password.text)), tag)
    }

    /// Reads the client's answer to a challenge.
    mutating func saslLine(_ line: [UInt8], _ tag: String, _ exchange: SASLExchange) {
        phase = .command
        switch exchange {
        case .failure(let refusal): failed(tag, refusal)  // whatever the client says to that (RFC 7628 §3.2.3: ^A)
        case .first(let mechanism):
            guard !line.elementsEqual("*".utf8) else { return bad(tag, "Authentication cancelled") }
            guard let message = SASLMessage(base64: line) else { return bad(tag, "Not base64") }
            self.message(message, tag, mechanism)
        }
    }

    /// Reads the mechanism's first message. One that is base64 and nothing else gets the answer of wrong credentials:
    /// EX_LPS_0710 knows only one.
    private mutating func message(_ message: SASLMessage, _ tag: String, _ mechanism: SASLMechanism) {
        do throws(SASLMessageError) {
            switch mechanism {
            case .xoauth2: ask(.xoauth2(try XOAUTH2Credentials(message)), tag)
            case .oauthBearer: ask(.oauthBearer(try OAuthBearerCredentials(message)), tag)
            case .plain: ask(.plain(try PlainCredentials(message)), tag)
            case .external: ask(try SASLCredentials(external: message), tag)
            default: throw .malformed
            }
        } catch {
            rejected(.authenticationFailed(), tag, mechanism, OAuthErrorChallenge(status: "invalid_request"))
        }
    }

    private mutating func ask(_ credentials: SASLCredentials, _ tag: String) {
        phase = .waiting(.authenticate(tag: tag, credentials.mechanism))
        actions.append(.ask(.authenticate(credentials)))
    }

    /// The client is who it says.
    mutating func authenticated(_ identity: IMAPIdentity, _ tag: String) {
        facts.identity = identity
        state = .authenticated
        phase = .command
        framer.lineLimit = limits.line
        framer.commandLimit = limits.command
        send(tag, .ok, IMAPResponseCode("CAPABILITY", capabilityList), "Success")
    }

    /// The authenticator, or the backend, refused.
    mutating func rejected(
        _ refusal: IMAPRefusal, _ tag: String, _ mechanism: SASLMechanism,
        _ challenge: OAuthErrorChallenge = .invalidToken
    ) {
        phase = .command
        let isWrong = refusal.code == .authenticationFailed || refusal.code == .authorizationFailed
        switch mechanism {
        case .oauthBearer where isWrong: self.challenge(challenge, tag, refusal)
        case .xoauth2 where isWrong && configuration.challengesRefusedXOAUTH2:
            self.challenge(.xoauth2, tag, refusal)
        default: failed(tag, refusal)
        }
    }

    private mutating func challenge(_ challenge: OAuthErrorChallenge, _ tag: String, _ refusal: IMAPRefusal) {
        actions.append(.send("+ \(challenge.message.base64)\r\n"))
        phase = .sasl(tag: tag, .failure(refusal))
    }

    private mutating func failed(_ tag: String, _ refusal: IMAPRefusal) {
        authenticationFailures += 1
        send(tag, .no, refusal.code, refusal.text)
        if authenticationFailures >= limits.authenticationFailures { bye(nil, "Too many failed authentications") }
    }
}
