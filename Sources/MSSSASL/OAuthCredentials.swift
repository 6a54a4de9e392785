/// A bearer token in the form that API LPS prescribes (EX_LPS_0700, EX_LPS_0900):
/// `user=` mailbox ^A `auth=Bearer ` token ^A ^A.
public struct XOAUTH2Credentials: Sendable, Hashable, CustomStringConvertible {
    /// The mailbox.
    public let user: String
    /// The access token.
    public let token: SASLSecret

    /// Credentials; `nil` when user or token hold what would break the message (RFC 6750 §2.1 for the token).
    public init?(user: String, token: String) {
        guard !user.isEmpty, !user.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }), OAuthPairs.isToken(token.utf8)
        else { return nil }
        self.user = user
        self.token = SASLSecret(token)
    }

    /// Reads the message of `XOAUTH2`; other pairs between `auth` and the end are read over.
    public init(_ message: SASLMessage) throws(SASLMessageError) {
        let pairs = try OAuthPairs(message.bytes[...])
        guard let userOctets = pairs["user"] else { throw .malformed }
        guard let user = String(validating: userOctets, as: UTF8.self) else { throw .forbiddenCharacter }
        guard let credentials = XOAUTH2Credentials(user: user, token: try pairs.token()) else { throw .missing }
        self = credentials
    }

    /// The message.
    public var message: SASLMessage { SASLMessage("user=\(user)\u{1}auth=Bearer \(token.text)\u{1}\u{1}") }

    /// Says what it is, not whose.
    public var description: String { "bearer token" }
}

/// A bearer token in the form of RFC 7628: `n,a=` user `,` ^A `auth=Bearer ` token ^A ^A.
public struct OAuthBearerCredentials: Sendable, Hashable, CustomStringConvertible {
    /// The identity to act for; `nil` leaves it to the server to derive from the token.
    public let user: String?
    /// The access token.
    public let token: SASLSecret

    /// Credentials; `nil` when user or token hold what would break the message.
    public init?(user: String?, token: String) {
        guard user.map({ !$0.isEmpty && !$0.utf8.contains { $0 < 0x20 || $0 == 0x7F } }) ?? true,
            OAuthPairs.isToken(token.utf8)
        else { return nil }
        self.user = user
        self.token = SASLSecret(token)
    }

    /// Reads the client's first message (RFC 7628 §3.1).
    public init(_ message: SASLMessage) throws(SASLMessageError) {
        guard let end = message.bytes.firstIndex(of: .controlA) else { throw .malformed }
        // gs2-header = ("n" / "y" / "p=…") "," ["a=" saslname] "," (RFC 5801 §4)
        let header = message.bytes[..<end].split(
            separator: UInt8(ascii: ","), maxSplits: 3, omittingEmptySubsequences: false)
        guard header.count == 3, header[2].isEmpty else { throw .malformed }
        guard header[0].elementsEqual("n".utf8) || header[0].elementsEqual("y".utf8) else {
            throw header[0].starts(with: "p=".utf8) ? .channelBinding : .malformed
        }
        var user: String?
        if !header[1].isEmpty {
            guard header[1].starts(with: "a=".utf8) else { throw .malformed }
            user = try OAuthBearerCredentials.saslName(header[1].dropFirst(2))
        }
        let pairs = try OAuthPairs(message.bytes[(end + 1)...])
        guard let credentials = OAuthBearerCredentials(user: user, token: try pairs.token()) else { throw .missing }
        self = credentials
    }

    /// The client's first message.
    public var message: SASLMessage {
        var name = ""
        for character in user ?? "" {
            name += character == "," ? "=2C" : character == "=" ? "=3D" : String(character)
        }
        return SASLMessage("n,\(user == nil ? "" : "a=" + name),\u{1}auth=Bearer \(token.text)\u{1}\u{1}")
    }

    /// saslname: `,` and `=` are written `=2C` and `=3D` (RFC 5801 §4).
    private static func saslName(_ octets: ArraySlice<UInt8>) throws(SASLMessageError) -> String {
        var output: [UInt8] = []
        var rest = octets
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                output.append(byte)
                continue
            }
            if rest.starts(with: "2C".utf8) {
                output.append(UInt8(ascii: ","))
            } else if rest.starts(with: "3D".utf8) {
                output.append(UInt8(ascii: "="))
            } else {
                throw .malformed
            }
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: output, as: UTF8.self) else { throw .forbiddenCharacter }
        return text
    }

    /// Says what it is, not whose.
    public var description: String { "bearer token" }
}

/// The server's answer to a refused token, before the failure itself: a JSON object that the client answers with
/// nothing (`XOAUTH2`) or ^A (`OAUTHBEARER`, RFC 7628 §3.2.3).
public struct OAuthErrorChallenge: Sendable, Hashable {
    /// `401` (XOAUTH2), or a code of RFC 7628 §3.2.2 such as `invalid_token`.
    public let status: String
    /// The scope that a token needs; `nil` when not said.
    public let scope: String?
    /// Where the client finds the provider's configuration (OAUTHBEARER).
    public let openIDConfiguration: String?

    /// A challenge.
    public init(status: String, scope: String? = nil, openIDConfiguration: String? = nil) {
        self.status = status
        self.scope = scope
        self.openIDConfiguration = openIDConfiguration
    }

    /// What clients read when `XOAUTH2` fails.
    public static let xoauth2 = OAuthErrorChallenge(status: "401")
    /// What RFC 7628 §3.2.2 has for a token that is expired, revoked or malformed.
    public static let invalidToken = OAuthErrorChallenge(status: "invalid_token")

    /// The message: one JSON object.
    public var message: SASLMessage {
        var members = ["\"status\":\(Self.quoted(status))", "\"schemes\":\"bearer\""]
        if let scope { members.append("\"scope\":\(Self.quoted(scope))") }
        if let openIDConfiguration { members.append("\"openid-configuration\":\(Self.quoted(openIDConfiguration))") }
        return SASLMessage("{" + members.joined(separator: ",") + "}")
    }

    private static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": output += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                output += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}

/// `key=value` pairs, each followed by ^A, a last ^A after them (RFC 7628 §3.1).
struct OAuthPairs {
    private var pairs: [(key: String, value: ArraySlice<UInt8>)] = []

    init(_ octets: ArraySlice<UInt8>) throws(SASLMessageError) {
        let parts = octets.split(separator: .controlA, omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[parts.count - 1].isEmpty, parts[parts.count - 2].isEmpty else {
            throw .malformed
        }
        for part in parts.dropLast(2) {
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")), equals > part.startIndex,
                part[..<equals].allSatisfy(\.isLetter)
            else { throw .malformed }
            // vchar, SP, HTAB, CR, LF (RFC 7628 §3.1); line breaks have no use and are refused. UTF-8 in `user`.
            let value = part[(equals + 1)...]
            guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .forbiddenCharacter }
            let key = String(decoding: part[..<equals], as: UTF8.self)
            guard self[key] == nil else { throw .malformed }
            pairs.append((key, value))
        }
    }

    subscript(key: String) -> ArraySlice<UInt8>? { pairs.first { $0.key == key }?.value }

    /// The token of `auth=Bearer token`; the scheme counts without regard to case (RFC 9110 §11.1).
    func token() throws(SASLMessageError) -> String {
        guard let auth = self["auth"] else { throw .missing }
        guard auth.prefix(7).equalsIgnoringCase("BEARER ") else { throw .malformed }
        let token = auth.dropFirst(7).drop { $0 == .space }
        guard !token.isEmpty else { throw .missing }
        guard OAuthPairs.isToken(token) else { throw .forbiddenCharacter }
        return String(decoding: token, as: UTF8.self)
    }

    /// b64token (RFC 6750 §2.1).
    static func isToken(_ octets: some Collection<UInt8>) -> Bool {
        !octets.isEmpty
            && octets.allSatisfy { $0.isLetterOrDigit || "-._~+/=".utf8.contains($0) }
    }
}
