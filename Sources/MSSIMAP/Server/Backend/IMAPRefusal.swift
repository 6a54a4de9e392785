/// A refusal, as authenticators and backends throw it and the client reads it: `NO`.
public struct IMAPRefusal: Error, Sendable, Hashable {
    /// What machines read (RFC 5530).
    public let code: IMAPResponseCode?
    /// What people read.
    public let text: String
    /// What the log says; it must hold no content and no patient's identity.
    public let cause: String?

    /// A refusal.
    public init(_ code: IMAPResponseCode?, _ text: String, cause: String? = nil) {
        self.code = code
        self.text = text
        self.cause = cause
    }

    /// The answer to wrong credentials, to the letter (EX_LPS_0710).
    public static func authenticationFailed(cause: String? = nil) -> IMAPRefusal {
        IMAPRefusal(.authenticationFailed, "Authentication failed", cause: cause)
    }

    /// Something is down for now: Pro Santé Connect, for example.
    public static func unavailable(_ text: String = "Temporarily unavailable", cause: String? = nil) -> IMAPRefusal {
        IMAPRefusal(.unavailable, text, cause: cause)
    }

    /// A fault of the server's own.
    static let internalFault = IMAPRefusal(.serverBug, "Internal error, try again later")
    /// No mailbox of this name.
    public static let noMailbox = IMAPRefusal(.nonExistent, "No such mailbox")
    /// A mailbox of this name is there.
    public static let mailboxExists = IMAPRefusal(.alreadyExists, "There is already a mailbox of this name")
    /// The quota is used up.
    public static let overQuota = IMAPRefusal(.overQuota, "The mailbox is full")
}
