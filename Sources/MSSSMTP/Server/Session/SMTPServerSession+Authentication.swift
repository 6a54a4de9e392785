import MSSCore
import MSSSASL
import NIOCore

extension SMTPServerSession {
    /// Where an exchange of `AUTH` stands.
    enum SASLExchange {
        /// The mechanism's first message is awaited.
        case first(SASLMechanism)
        case loginPassword(user: String)
        /// The client answers the challenge that told it why its token is refused; then this.
        case failure(SMTPReply)
    }

    mutating func authenticate(_ mechanism: SASLMechanism, _ response: SASLMessage?) {
        guard isGreeted, isExtended else { return fault(replies.helloFirst) }
        guard facts.tls != nil else { return fault(replies.encryptionRequired) }
        // RFC 4954 §4: once, and not within a transaction.
        guard facts.identity == nil, transaction == nil else { return fault(replies.badSequence) }
        guard mechanisms.contains(mechanism), SMTPServerSession.known.contains(mechanism) else {
            return fault(replies.unknownMechanism)
        }
        // AUTH must be the last of its group (RFC 4954 §4, item 5 of the extension's list).
        guard !violatesSynchronisation() else { return }
        if let response {
            message(response, mechanism)
        } else {
            challenge(mechanism == .login ? SASLLogin.userChallenge : SASLMessage([]), .first(mechanism))
        }
    }

    private static let known: [SASLMechanism] = [.xoauth2, .oauthBearer, .plain, .login, .external]

    private mutating func challenge(_ message: SASLMessage, _ exchange: SASLExchange) {
        repliesMade += 1
        actions.append(.reply(SMTPReply(code: 334, text: message.base64)))
        phase = .sasl(exchange)
    }

    /// Reads the client's answer to a challenge.
    mutating func saslLine(_ line: [UInt8], _ exchange: SASLExchange) {
        if case .failure(let reply) = exchange {
            // Whatever the client says to that (RFC 7628 §3.2.3: ^A).
            return failed(reply)
        }
        guard !line.elementsEqual("*".utf8) else { return fault(replies.authenticationCancelled) }
        guard let message = SASLMessage(base64: line) else { return fault(replies.malformedResponse) }
        guard !violatesSynchronisation() else { return }
        switch exchange {
        case .first(let mechanism): self.message(message, mechanism)
        case .loginPassword(let user):
            guard let password = try? SASLLogin.text(message), !user.utf8.contains(0) else {
                return failed(replies.invalidCredentials)
            }
            ask(.login(PlainCredentials(user: user, password: password)))
        case .failure: break
        }
    }

    /// Reads the mechanism's first message. One that is base64 and nothing else gets the answer of wrong credentials:
    /// EX_LPS_0710 knows only one.
    private mutating func message(_ message: SASLMessage, _ mechanism: SASLMechanism) {
        do throws(SASLMessageError) {
            switch mechanism {
            case .xoauth2: ask(.xoauth2(try XOAUTH2Credentials(message)))
            case .oauthBearer: ask(.oauthBearer(try OAuthBearerCredentials(message)))
            case .plain: ask(.plain(try PlainCredentials(message)))
            case .external: ask(try SASLCredentials(external: message))
            default:
                let user = try SASLLogin.text(message)
                guard !user.isEmpty else { throw .missing }
                challenge(SASLLogin.passwordChallenge, .loginPassword(user: user))
            }
        } catch {
            rejected(replies.invalidCredentials, mechanism, challenge: OAuthErrorChallenge(status: "invalid_request"))
        }
    }

    private mutating func ask(_ credentials: SASLCredentials) {
        phase = .waiting(.authenticate(credentials.mechanism))
        actions.append(.ask(.authenticate(credentials)))
    }

    /// The backend refused.
    mutating func rejected(
        _ reply: SMTPReply, _ mechanism: SASLMechanism, challenge: OAuthErrorChallenge = .invalidToken
    ) {
        phase = .command
        switch mechanism {
        case .oauthBearer where reply.code == 535: self.challenge(challenge.message, .failure(reply))
        case .xoauth2 where reply.code == 535 && configuration.challengesRefusedXOAUTH2:
            self.challenge(OAuthErrorChallenge.xoauth2.message, .failure(reply))
        default: failed(reply)
        }
    }

    private mutating func failed(_ reply: SMTPReply) {
        authenticationFailures += 1
        self.reply(reply)
        // The client reads why, then has to come again.
        if authenticationFailures >= limits.authenticationFailures { close() }
    }
}
