package import MSSTLS
package import NIOCore

/// The server's side of a session as a value, without IO: octets, answers and time in, actions out.
///
/// What it wants done is its protocol's own: a ``SessionHandler`` of that protocol asks for it and carries it out.
package protocol ServerSession: Sendable {
    /// Whether TLS begins before the session.
    var beginsWithTLS: Bool { get }
    /// Whether TLS is in place.
    var isSecured: Bool { get }
    /// Whether the session has ended: nothing more comes but what it still wants said.
    var isClosed: Bool { get }
    /// Whether octets should be read from the client: not while a question is open, so that what a client sends ahead
    /// waits in its own buffers.
    var wantsInput: Bool { get }
    /// Octets received and not yet consumed.
    var unread: Int { get }
    /// When ``expire(at:)`` is due.
    var deadline: NIODeadline? { get }
    /// For how long a client may leave unread what it is told.
    var stallTime: TimeAmount { get }

    /// Begins the session; with TLS from the first octet, once that is established.
    mutating func start(at now: NIODeadline, tls: TLSSessionFacts?)
    /// Takes octets that have arrived.
    mutating func receive(_ octets: ByteBuffer, at now: NIODeadline)
    /// TLS has begun, as the session wanted.
    mutating func secured(_ tls: TLSSessionFacts, at now: NIODeadline)
    /// TLS cannot begin; the client has not been told to.
    mutating func tlsUnavailable()
    /// The client reads again: times of waiting for it count from now.
    mutating func progressed(at now: NIODeadline)
    /// Ends the session when its time has come.
    mutating func expire(at now: NIODeadline)
    /// The server will stop: the session ends when it can.
    mutating func shutDown()
    /// The client has gone.
    mutating func disconnected()
}

/// Asks a session to end when it can.
package struct SessionShutDown: Sendable {
    package init() {}
}
