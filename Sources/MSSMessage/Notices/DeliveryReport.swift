public import MSSCore

/// The machine part of a delivery status notification (RFC 3464).
public struct DeliveryReport: Sendable, Hashable {
    /// The server that made the report (`Reporting-MTA`).
    public var reportingMTA: TypedValue
    /// The envelope identifier that the sender gave (`ENVID`), decoded.
    public var envelopeID: String?
    /// Where the server had the message from.
    public var receivedFrom: TypedValue?
    /// When the server took the message.
    public var arrivalDate: MessageDate?
    /// What became of the message, recipient by recipient; never empty in a report made here.
    public var recipients: [Recipient]

    /// A report from its parts.
    public init(
        reportingMTA: TypedValue, envelopeID: String? = nil, receivedFrom: TypedValue? = nil,
        arrivalDate: MessageDate? = nil, recipients: [Recipient]
    ) {
        self.reportingMTA = reportingMTA
        self.envelopeID = envelopeID
        self.receivedFrom = receivedFrom
        self.arrivalDate = arrivalDate
        self.recipients = recipients
    }

    /// A value with its type: `rfc822; a@b`, `dns; mx.example`, `smtp; 550 5.1.1 …` (RFC 3464 §2.1.2).
    public struct TypedValue: Sendable, Hashable {
        /// The type, lower case.
        public var type: String
        /// The value.
        public var value: String

        /// A value from its parts.
        public init(_ type: String, _ value: String) {
            self.type = type.lowercased()
            self.value = value
        }

        /// A mail address.
        public static func address(_ address: String) -> TypedValue { TypedValue("rfc822", address) }
        /// A host name.
        public static func host(_ name: String) -> TypedValue { TypedValue("dns", name) }
        /// An SMTP reply.
        public static func smtp(_ reply: String) -> TypedValue { TypedValue("smtp", reply) }

        init?(parsing text: String) {
            guard let semicolon = text.firstIndex(of: ";") else { return nil }
            self.init(String(text[..<semicolon]).trimmed, String(text[text.index(after: semicolon)...]).trimmed)
        }
    }

    /// What was done with the message for a recipient (RFC 3464 §2.3.3).
    public enum Action: String, Sendable, Hashable, CaseIterable {
        /// Given up.
        case failed
        /// Not yet delivered; attempts go on.
        case delayed
        /// In the mailbox.
        case delivered
        /// Handed to a system that reports nothing more.
        case relayed
        /// Delivered to a list, which sends it on.
        case expanded
    }

    /// The fields about one recipient.
    public struct Recipient: Sendable, Hashable {
        /// The address as the sender gave it (`ORCPT`), decoded.
        public var original: TypedValue?
        /// The address as the server knows it.
        public var final: TypedValue
        /// What was done.
        public var action: Action
        /// The status code.
        public var status: EnhancedStatusCode
        /// The other server.
        public var remoteMTA: TypedValue?
        /// The other server's own words.
        public var diagnostic: TypedValue?
        /// When the last attempt was made.
        public var lastAttempt: MessageDate?
        /// Until when attempts go on.
        public var willRetryUntil: MessageDate?

        /// A recipient's fields.
        public init(
            final: TypedValue, action: Action, status: EnhancedStatusCode, original: TypedValue? = nil,
            remoteMTA: TypedValue? = nil, diagnostic: TypedValue? = nil, lastAttempt: MessageDate? = nil,
            willRetryUntil: MessageDate? = nil
        ) {
            self.final = final
            self.action = action
            self.status = status
            self.original = original
            self.remoteMTA = remoteMTA
            self.diagnostic = diagnostic
            self.lastAttempt = lastAttempt
            self.willRetryUntil = willRetryUntil
        }
    }
}
