public import MSSCore

/// Names a message in a queue.
public struct DeliveryID: Sendable, Hashable, CustomStringConvertible {
    /// The name, unique in its queue; letters, digits and `-`.
    public let rawValue: String

    /// A name.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The name itself.
    public var description: String { rawValue }
}

/// A message on its way into a queue.
///
/// Its recipients are those that were accepted: one that was refused while its sender was still connected is known to
/// them already, and has no place here (no notice about it will be made).
public struct NewDelivery: Sendable {
    /// The message with its envelope.
    public var message: SMTPOutgoingMessage
    /// The name that it is to have in the queue, so that the name in its `Received` field, in logs and in traces is one;
    /// `nil` leaves it to the queue. A queue that holds a message of this name does not take it a second time.
    public var id: DeliveryID?

    /// A message on its way into a queue.
    public init(_ message: SMTPOutgoingMessage, id: DeliveryID? = nil) {
        self.message = message
        self.id = id
    }
}

/// A share of a message, leased for one attempt: the recipients of one domain that still wait.
public struct DeliveryJob: Sendable {
    /// The message.
    public let id: DeliveryID
    /// Distinguishes this lease from any other of the same share.
    public let lease: UInt64
    /// The domain of its recipients.
    public let destination: Domain
    /// The message with the envelope for this destination.
    public let message: SMTPOutgoingMessage
    /// When the message entered the queue.
    public let arrival: Timestamp
    /// Attempts made for this destination before this one.
    public let attempts: Int
    /// Whether the sender was told of the delay.
    public let delayWasNotified: Bool

    /// A job; made by queues.
    public init(
        id: DeliveryID, lease: UInt64, destination: Domain, message: SMTPOutgoingMessage, arrival: Timestamp,
        attempts: Int, delayWasNotified: Bool
    ) {
        self.id = id
        self.lease = lease
        self.destination = destination
        self.message = message
        self.arrival = arrival
        self.attempts = attempts
        self.delayWasNotified = delayWasNotified
    }
}

/// What became of a leased share. All of it takes effect at once, or none: a crash leaves neither a recipient without
/// notice nor a notice without its cause.
public struct DeliverySettlement: Sendable {
    /// Recipients whose server has taken the message.
    public var delivered: [MailAddress]
    /// Recipients given up.
    public var failed: [MailAddress]
    /// Recipients to try again.
    public var deferred: [MailAddress]
    /// When to try them again.
    public var nextAttempt: Timestamp?
    /// Whether the attempt counts: not when it was interrupted on this side.
    public var countsAsAttempt: Bool
    /// Whether the sender is told of the delay, or was before.
    public var delayWasNotified: Bool
    /// Notices that enter the queue with the settlement.
    public var notices: [NewDelivery]
    /// Why recipients are to be tried again, for the administrators' view of the queue: French, without addresses.
    public var reason: String?

    /// A settlement.
    public init(
        delivered: [MailAddress] = [], failed: [MailAddress] = [], deferred: [MailAddress] = [],
        nextAttempt: Timestamp? = nil, countsAsAttempt: Bool = true, delayWasNotified: Bool = false,
        notices: [NewDelivery] = [], reason: String? = nil
    ) {
        self.delivered = delivered
        self.failed = failed
        self.deferred = deferred
        self.nextAttempt = nextAttempt
        self.countsAsAttempt = countsAsAttempt
        self.delayWasNotified = delayWasNotified
        self.notices = notices
        self.reason = reason
    }
}

/// What a runner asks of a queue.
public struct DeliveryLeaseRequest: Sendable, Hashable {
    /// The most jobs to give.
    public var limit: Int
    /// The most jobs of one destination.
    public var perDestination: Int
    /// Other numbers for some destinations; 0 excludes one.
    public var allowances: [Domain: Int]
    /// The present time: only shares due by then are given.
    public var now: Timestamp
    /// Until when the jobs belong to the runner. Then they may be leased again: it is taken to be dead.
    public var until: Timestamp

    /// A request.
    public init(limit: Int, perDestination: Int, allowances: [Domain: Int] = [:], now: Timestamp, until: Timestamp) {
        self.limit = limit
        self.perDestination = perDestination
        self.allowances = allowances
        self.now = now
        self.until = until
    }
}

/// Why a queue refused.
public enum DeliveryQueueError: Error, Sendable, Hashable {
    /// The lease ran out, and the share may belong to another runner by now.
    case leaseLost
    /// No message has this name.
    case unknownMessage
    /// A message needs a recipient.
    case noRecipient
}

/// Keeps messages until each of their recipients was served or given up.
///
/// ``InMemoryDeliveryQueue`` is the reference: it forgets everything with the process. Whoever answers 250 to a sender
/// implements this on a disk.
public protocol DeliveryQueue: Sendable {
    /// Takes a message. Once this returns, the message survives a crash and a power cut (RFC 5321 §6.1).
    func enqueue(_ delivery: NewDelivery, at now: Timestamp) async throws -> DeliveryID

    /// Leases shares that are due, the longest due first.
    func lease(_ request: DeliveryLeaseRequest) async throws -> [DeliveryJob]

    /// Keeps a lease longer.
    /// - Throws: ``DeliveryQueueError/leaseLost``.
    func extend(_ job: DeliveryJob, until: Timestamp) async throws

    /// Ends a lease with what became of each of its recipients. A recipient named nowhere is due again at once.
    /// - Throws: ``DeliveryQueueError/leaseLost``, in which case nothing was changed.
    func settle(_ job: DeliveryJob, _ settlement: DeliverySettlement, at now: Timestamp) async throws

    /// Holds a message back, or releases it; a lease that runs goes on.
    /// - Throws: ``DeliveryQueueError/unknownMessage``.
    func hold(_ id: DeliveryID, _ isHeld: Bool) async throws

    /// When the next share is due that is neither held nor leased; `nil` when there is none.
    func nextDue() async throws -> Timestamp?
}
