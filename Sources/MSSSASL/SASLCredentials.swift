/// What a client proves its identity with, once its mechanism's messages are read.
public enum SASLCredentials: Sendable, Hashable {
    /// `XOAUTH2`.
    case xoauth2(XOAUTH2Credentials)
    /// `OAUTHBEARER`.
    case oauthBearer(OAuthBearerCredentials)
    /// `PLAIN`.
    case plain(PlainCredentials)
    /// `LOGIN`: as `PLAIN`, without an identity to act for.
    case login(PlainCredentials)
    /// `EXTERNAL`, with the identity to act for; `nil` leaves it to the server to derive from the certificate.
    case external(authorizationIdentity: String?)

    /// The mechanism.
    public var mechanism: SASLMechanism {
        switch self {
        case .xoauth2: .xoauth2
        case .oauthBearer: .oauthBearer
        case .plain: .plain
        case .login: .login
        case .external: .external
        }
    }

    /// The identity that the client claims: the mailbox, in API LPS (EX_LPS_0900 step 3, EX_LPS_1200 step 3).
    public var claimedIdentity: String? {
        switch self {
        case .xoauth2(let credentials): credentials.user
        case .oauthBearer(let credentials): credentials.user
        case .plain(let credentials), .login(let credentials): credentials.authorizationIdentity ?? credentials.user
        case .external(let identity): identity
        }
    }
}

extension SASLCredentials: CustomStringConvertible {
    /// The mechanism only.
    public var description: String { mechanism.name }
}

/// User and password (RFC 4616).
public struct PlainCredentials: Sendable, Hashable, CustomStringConvertible {
    /// The identity to act for, when it is not the user's.
    public let authorizationIdentity: String?
    /// The user.
    public let user: String
    /// The password; with a certificate it may be empty.
    public let password: SASLSecret

    /// Credentials; a NUL in any of them would shift what follows and is a programming error.
    public init(authorizationIdentity: String? = nil, user: String, password: String) {
        precondition(!((authorizationIdentity ?? "") + user + password).utf8.contains(0))
        self.authorizationIdentity = authorizationIdentity
        self.user = user
        self.password = SASLSecret(password)
    }

    /// Reads the message of `PLAIN`. An empty password is left to the server's judgement (EX_LPS_1200: the
    /// certificate authenticates, the login only names the mailbox).
    public init(_ message: SASLMessage) throws(SASLMessageError) {
        let parts = message.bytes.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed }
        var texts: [String] = []
        for part in parts {
            guard let text = String(validating: part, as: UTF8.self) else { throw .forbiddenCharacter }
            texts.append(text)
        }
        guard !texts[1].isEmpty else { throw .missing }
        self.init(authorizationIdentity: texts[0].isEmpty ? nil : texts[0], user: texts[1], password: texts[2])
    }

    /// The message of `PLAIN`.
    public var message: SASLMessage {
        SASLMessage("\(authorizationIdentity ?? "")\0\(user)\0\(password.text)")
    }

    /// Says that there are credentials, not which.
    public var description: String { "user and password" }
}

/// The challenges of `LOGIN`.
public enum SASLLogin {
    /// Asks for the user.
    public static let userChallenge = SASLMessage("Username:")
    /// Asks for the password.
    public static let passwordChallenge = SASLMessage("Password:")

    /// Reads an answer to either.
    public static func text(_ message: SASLMessage) throws(SASLMessageError) -> String {
        guard !message.bytes.contains(0), let text = String(validating: message.bytes, as: UTF8.self) else {
            throw .forbiddenCharacter
        }
        return text
    }
}

extension SASLCredentials {
    /// Reads the message of `EXTERNAL` (RFC 4422 appendix A): the identity to act for, or nothing.
    public init(external message: SASLMessage) throws(SASLMessageError) {
        self = .external(authorizationIdentity: message.bytes.isEmpty ? nil : try SASLLogin.text(message))
    }
}
