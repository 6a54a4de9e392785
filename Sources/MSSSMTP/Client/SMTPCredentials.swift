import MSSMessage

/// What proves the client's right to send (RFC 4954). Neither description nor reflection shows a secret.
public struct SMTPCredentials: Sendable {
    /// The mechanism's name, as in the EHLO answer.
    let mechanism: String
    /// The initial response in base64, `=` when empty; `nil` when the values cannot be written in this mechanism.
    let initialResponse: String?
    /// What is answered to the error that the server sends as a challenge before it refuses; `nil` cancels.
    let errorAnswer: String?

    /// Longest AUTH command in octets, CRLF included (RFC 4954 §4).
    static let maximumCommandLength = 12_288

    private init(_ mechanism: String, _ response: [UInt8]?, errorAnswer: String? = nil) {
        self.mechanism = mechanism
        self.errorAnswer = errorAnswer
        initialResponse = response.map {
            $0.isEmpty ? "=" : String(decoding: Base64.encode($0), as: UTF8.self)
        }
    }

    /// An access token of Pro Santé Connect by XOAUTH2, as EX_LPS_0700 shows it.
    ///
    /// - Parameters:
    ///   - user: the address of the mailbox.
    ///   - token: the access token, without `Bearer`.
    public static func xoauth2(user: String, token: String) -> SMTPCredentials {
        let isClean = isPlain(user) && isPlain(token)
        let text = "user=\(user)\u{1}auth=Bearer \(token)\u{1}\u{1}"
        // The server explains a refusal in a challenge, to which the client answers with nothing.
        return SMTPCredentials("XOAUTH2", isClean ? Array(text.utf8) : nil, errorAnswer: "")
    }

    /// An access token by OAUTHBEARER (RFC 7628).
    ///
    /// - Parameters:
    ///   - user: the address of the mailbox.
    ///   - token: the access token.
    ///   - host: the server's name as the client knows it.
    ///   - port: its port.
    public static func oauthBearer(user: String, token: String, host: String, port: Int) -> SMTPCredentials {
        let isClean = isPlain(user) && isPlain(token) && isPlain(host)
        var name = ""
        for character in user.unicodeScalars {
            switch character {  // saslname of RFC 5801 §4
            case "=": name += "=3D"
            case ",": name += "=2C"
            default: name.unicodeScalars.append(character)
            }
        }
        let text = "n,a=\(name),\u{1}host=\(host)\u{1}port=\(port)\u{1}auth=Bearer \(token)\u{1}\u{1}"
        // RFC 7628 §3.2.3: the dummy answer, one Control-A.
        return SMTPCredentials("OAUTHBEARER", isClean ? Array(text.utf8) : nil, errorAnswer: "AQ==")
    }

    /// A user and a password (RFC 4616).
    public static func plain(user: String, password: String, authorization: String = "") -> SMTPCredentials {
        let isClean = ![user, password, authorization].contains { $0.utf8.contains(0) }
        return SMTPCredentials("PLAIN", isClean ? Array("\(authorization)\0\(user)\0\(password)".utf8) : nil)
    }

    /// The certificate of the TLS connection (RFC 4422, appendix A).
    ///
    /// - Parameter authorization: whom to act for; empty lets the server derive it from the certificate.
    public static func external(authorization: String = "") -> SMTPCredentials {
        SMTPCredentials("EXTERNAL", authorization.utf8.contains(0) ? nil : Array(authorization.utf8))
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}

extension SMTPCredentials: CustomStringConvertible, CustomReflectable {
    /// The mechanism alone.
    public var description: String { mechanism }

    /// Shows the mechanism alone to `dump` and the debugger.
    public var customMirror: Mirror { Mirror(self, children: ["mechanism": mechanism]) }
}
