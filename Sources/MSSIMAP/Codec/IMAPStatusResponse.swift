/// What became of a command, or of the session (RFC 9051 §7.1).
public enum IMAPStatus: String, Sendable, Hashable, CaseIterable {
    /// `OK`.
    case ok = "OK"
    /// `NO`: refused or failed.
    case no = "NO"
    /// `BAD`: not understood, or out of place.
    case bad = "BAD"
    /// `BYE`: the session ends.
    case bye = "BYE"
    /// `PREAUTH`: the session begins authenticated.
    case preauth = "PREAUTH"
}

/// A code in brackets: machines read it where people read the text (RFC 9051 §7.1, RFC 5530).
public struct IMAPResponseCode: Sendable, Hashable, CustomStringConvertible {
    /// The name in upper case.
    public let name: String
    /// What follows the name.
    public let argument: String?

    /// A code.
    public init(_ name: String, _ argument: String? = nil) {
        self.name = name.uppercased()
        self.argument = argument
    }

    /// The code without its brackets.
    public var description: String { argument.map { "\(name) \($0)" } ?? name }

    /// Wrong credentials, or a person without a right to the mailbox (EX_LPS_0710).
    public static let authenticationFailed = IMAPResponseCode("AUTHENTICATIONFAILED")
    /// The credentials are right and the identity asked for is not theirs.
    public static let authorizationFailed = IMAPResponseCode("AUTHORIZATIONFAILED")
    /// Something that the server needs is down for now.
    public static let unavailable = IMAPResponseCode("UNAVAILABLE")
    /// Encryption is needed first.
    public static let privacyRequired = IMAPResponseCode("PRIVACYREQUIRED")
    /// An operation is not allowed to this client.
    public static let noPermission = IMAPResponseCode("NOPERM")
    /// Somebody else uses it just now.
    public static let inUse = IMAPResponseCode("INUSE")
    /// Messages asked for were expunged by somebody else.
    public static let expungeIssued = IMAPResponseCode("EXPUNGEISSUED")
    /// A fault of the server.
    public static let serverBug = IMAPResponseCode("SERVERBUG")
    /// A fault of the client.
    public static let clientBug = IMAPResponseCode("CLIENTBUG")
    /// An operation that is never allowed, whoever asks.
    public static let cannot = IMAPResponseCode("CANNOT")
    /// A limit of the server.
    public static let limit = IMAPResponseCode("LIMIT")
    /// The mailbox is full.
    public static let overQuota = IMAPResponseCode("OVERQUOTA")
    /// There is already one of this name.
    public static let alreadyExists = IMAPResponseCode("ALREADYEXISTS")
    /// There is none of this name.
    public static let nonExistent = IMAPResponseCode("NONEXISTENT")
    /// There is none of this name: `CREATE` would help.
    public static let tryCreate = IMAPResponseCode("TRYCREATE")
    /// A message or literal is too large (RFC 7888, RFC 7889).
    public static let tooBig = IMAPResponseCode("TOOBIG")
    /// The mailbox is damaged.
    public static let corruption = IMAPResponseCode("CORRUPTION")
    /// A special use that cannot be given (RFC 6154).
    public static let useAttribute = IMAPResponseCode("USEATTR")
    /// A part whose transfer encoding is not known (RFC 3516).
    public static let unknownCTE = IMAPResponseCode("UNKNOWN-CTE")
    /// What was selected is no longer (RFC 7162 §3.2.11).
    public static let closed = IMAPResponseCode("CLOSED")
    /// Charsets of searches.
    public static let badCharset = IMAPResponseCode("BADCHARSET", "(UTF-8 US-ASCII)")
}

/// A status response: tagged, it ends a command.
public struct IMAPStatusResponse: Sendable, Hashable, CustomStringConvertible {
    /// The tag; `nil` for an untagged one.
    public var tag: String?
    /// The status.
    public var status: IMAPStatus
    /// The code.
    public var code: IMAPResponseCode?
    /// The text for people.
    public var text: String

    /// A response.
    public init(tag: String? = nil, _ status: IMAPStatus, _ code: IMAPResponseCode? = nil, _ text: String) {
        self.tag = tag
        self.status = status
        self.code = code
        self.text = text
    }

    /// The line, with its end.
    public var wire: String {
        let text = IMAPText.line(self.text)
        return "\(tag ?? "*") \(status.rawValue) \(code.map { "[\($0)] " } ?? "")\(text.isEmpty ? "-" : text)\r\n"
    }

    /// Status and code.
    public var description: String { "\(status.rawValue)\(code.map { " [\($0.name)]" } ?? "")" }
}
