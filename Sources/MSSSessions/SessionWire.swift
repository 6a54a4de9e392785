package import NIOCore

/// What a ``SessionHandler`` keeps of its channel: what is to be sent, whether a reading is under way, since when the
/// client does not read, the timer. Touched on the channel's event loop alone.
package final class SessionWire {
    /// The session's log.
    package let log: SessionLog
    /// What is to be sent with the next flush.
    package var outgoing = ByteBuffer()
    /// The channel's; `nil` before the handler is in it, and once the connection is over.
    package internal(set) var context: ChannelHandlerContext?
    /// The last words are said; what still comes is thrown away.
    package internal(set) var isLeaving = false

    var isDriving = false
    var isReading = false
    /// When the client began to leave unread what it is told.
    var blockedSince: NIODeadline?
    var timer: (due: NIODeadline, scheduled: Scheduled<Void>)?
    /// Octets thrown away.
    var discarded = 0

    /// Time and octets that a client is given to read the last words: closing at once would take them from it.
    static let leaveTime = TimeAmount.seconds(2)
    static let leaveOctets = 1 << 20

    package init(log: SessionLog) { self.log = log }
}

/// Not Sendable by design: it belongs to its channel's event loop.
@available(*, unavailable)
extension SessionWire: Sendable {}
