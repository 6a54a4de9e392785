public import MSSCore

/// What the sender of a message is to be told.
public struct DeliveryNoticeRequest: Sendable {
    /// What is told of one recipient.
    public struct Item: Sendable {
        /// What happened.
        public enum Event: Sendable, Hashable {
            /// Given up, for this reason.
            case failed(SMTPClientFailure)
            /// Not delivered yet, for this reason; attempts go on until then.
            case delayed(SMTPClientFailure, until: Timestamp)
            /// Taken by a server that sends no notices itself (RFC 3461 §5.2.2).
            case relayed
        }

        /// The recipient.
        public var recipient: OutgoingEnvelope.Recipient
        /// What happened.
        public var event: Event
        /// The server that decided, if one was reached.
        public var host: String?

        /// What is told of one recipient.
        public init(recipient: OutgoingEnvelope.Recipient, event: Event, host: String? = nil) {
            self.recipient = recipient
            self.event = event
            self.host = host
        }
    }

    /// The sender to tell.
    public var sender: MailAddress
    /// The message, for its envelope and its header.
    public var message: SMTPOutgoingMessage
    /// When the message entered the queue.
    public var arrival: Timestamp
    /// When the attempt ended.
    public var time: Timestamp
    /// What is told.
    public var items: [Item]

    /// What the sender of a message is to be told.
    public init(
        sender: MailAddress, message: SMTPOutgoingMessage, arrival: Timestamp, time: Timestamp, items: [Item]
    ) {
        self.sender = sender
        self.message = message
        self.arrival = arrival
        self.time = time
        self.items = items
    }
}

/// Writes notices to senders. ``FrenchDeliveryNotices`` does it as RE_GBM_4410 wishes.
public protocol DeliveryNoticeWriter: Sendable {
    /// Writes a notice, addressed to the sender, with a null return path.
    func notice(_ request: DeliveryNoticeRequest) async throws -> NewDelivery
}
