/// The client's side of an exchange.
extension SASLCredentials {
    /// What goes with the command that begins (RFC 4954 §4, RFC 4959); `nil` for LOGIN, whose first word is the server's.
    public var initialResponse: SASLMessage? {
        switch self {
        case .xoauth2(let credentials): credentials.message
        case .oauthBearer(let credentials): credentials.message
        case .plain(let credentials): credentials.message
        case .login: nil
        case .external(let identity): SASLMessage(identity ?? "")
        }
    }

    /// What is answered to each further challenge, in order.
    public var answers: [SASLMessage] {
        switch self {
        case .login(let credentials): [SASLMessage(credentials.user), SASLMessage(credentials.password.text)]
        // The server explains a refusal in a challenge, and refuses once it is answered.
        case .xoauth2: [SASLMessage("")]
        case .oauthBearer: [SASLMessage("\u{1}")]  // RFC 7628 §3.2.3
        case .plain, .external: []
        }
    }
}
