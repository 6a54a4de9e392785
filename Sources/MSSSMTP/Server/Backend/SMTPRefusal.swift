public import MSSCore

/// A refusal, as the backend throws it and the client reads it.
public struct SMTPRefusal: Error, Sendable, Hashable {
    /// What the client is told; 421 ends the session.
    public let reply: SMTPReply
    /// What the log says; it must hold no content and no patient's identity.
    public let cause: String?

    /// A refusal; a reply that is none (2xx, 3xx) is a programming error.
    public init(_ reply: SMTPReply, cause: String? = nil) {
        precondition(reply.code.severity == .transientFailure || reply.code.severity == .permanentFailure)
        self.reply = reply
        self.cause = cause
    }

    /// A refusal from its parts.
    public init(code: SMTPReplyCode, enhanced: EnhancedStatusCode, text: String, cause: String? = nil) {
        self.init(SMTPReply(code: code, enhanced: enhanced, text: text), cause: cause)
    }
}

/// The backend's word that a message is in its hands for good.
public struct SMTPReceipt: Sendable, Hashable {
    /// The message's identifier in the backend: the client reads it in the reply, administrators find it in logs.
    public let id: String

    /// A receipt; characters that a reply cannot hold are replaced when it is sent.
    public init(id: String) { self.id = id }
}
