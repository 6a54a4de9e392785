import MSSCore
public import MSSSASL
public import MSSTLS
public import NIOCore

/// The server's side of an IMAP session, without IO: octets, answers and time in, actions out.
///
/// Whoever drives it calls ``start(at:tls:)``, gives it what arrives (``receive(_:at:)``), carries out what
/// ``next(at:)`` returns until that is `nil`, and answers each question once (``answer(_:at:)``). One question is open
/// at a time; the octets that the execution of a command puts out go to the client before its answer is given here.
/// ``deadline`` says when ``expire(at:)`` is due.
public struct IMAPServerSession: Sendable {
    /// What the session wants done, in this order.
    public enum Action: Sendable {
        /// Send a line, or lines.
        case send(String)
        /// Ask; the session waits for the answer, but while the client idles.
        indirect case ask(Question)
        /// End `IDLE`: its answer is awaited.
        case endIdle
        /// Forget the messages of an `APPEND` that will not end.
        case abortAppend
        /// Send the response and begin TLS after it.
        case startTLS(goAhead: String)
        /// Send the response and compress what comes after it, both ways.
        case compress(goAhead: String)
        /// Close the connection once everything is sent.
        case close
    }

    /// What is asked.
    public enum Question: Sendable {
        /// Who the client is, and to open its account.
        case authenticate(SASLCredentials)
        /// To execute a command.
        case execute(IMAPCommand, tag: String)
        /// Whether a message may be appended.
        case draft(IMAPMailboxName, IMAPAppendItem, size: Int)
        /// To take a piece of the message.
        case piece(ByteBuffer)
        /// To keep the messages that were taken.
        case append
        /// To tell of changes until ``Action/endIdle``.
        case idle
    }

    /// The answer.
    public enum Answer: Sendable {
        /// To `authenticate`.
        case authenticated(IMAPIdentity)
        /// To `draft` and `piece`.
        case accepted
        /// To `execute`, `append` and `idle`.
        case done(IMAPOutcome)
        /// No, to any.
        case refused(IMAPRefusal)
    }

    enum Phase {
        case unborn
        /// Reading commands.
        case command
        /// Reading an answer to a challenge.
        case sasl(tag: String, SASLExchange)
        /// Waiting for an answer.
        case waiting(Waiting)
        /// Reading the content of a message to append.
        case appending(Appending)
        /// Reading a literal and what follows over; then this.
        case discarding(IMAPStatusResponse)
        /// Waiting for `DONE`.
        case idling(tag: String)
        case startingTLS
        case closed
    }

    enum Waiting {
        case authenticate(tag: String, SASLMechanism)
        case execute(tag: String)
        case draft(Appending, IMAPCommandFramer.Literal)
        case piece(Appending)
        case idle(tag: String, isLost: Bool)
    }

    /// An `APPEND` under way.
    struct Appending {
        var tag: String
        var mailbox: IMAPMailboxName
        var messages = 1
    }

    /// What the session is, by RFC 9051 §3.
    enum State { case notAuthenticated, authenticated, selected }

    let entry: SharedIMAPConfiguration
    /// What is known of the session.
    public internal(set) var facts: IMAPSessionFacts

    var phase = Phase.unborn
    var state = State.notAuthenticated
    var framer: IMAPCommandFramer
    var input = ByteBuffer()
    var actions = CircularBuffer<Action>(initialCapacity: 4)
    /// Whether IMAP4rev2 is enabled: names are UTF-8.
    var isRev2 = false
    var isCompressed = false
    var isShuttingDown = false

    var protocolErrors = 0
    var authenticationFailures = 0
    /// Commands answered.
    public internal(set) var commands = 0

    var started = NIODeadline.uptimeNanoseconds(0)
    var lastCommand = NIODeadline.uptimeNanoseconds(0)
    var lastProgress = NIODeadline.uptimeNanoseconds(0)
    var lastKeepalive = NIODeadline.uptimeNanoseconds(0)

    /// A session before its start.
    public init(configuration: IMAPSessionConfiguration, facts: IMAPSessionFacts) {
        self.init(SharedIMAPConfiguration(configuration), facts: facts)
    }

    init(_ entry: SharedIMAPConfiguration, facts: IMAPSessionFacts) {
        self.entry = entry
        self.facts = facts
        let limits = entry.value.limits
        framer = IMAPCommandFramer(lineLimit: limits.lineBeforeLogin, commandLimit: limits.lineBeforeLogin * 2)
    }

    /// The configuration of the entry point.
    public var configuration: IMAPSessionConfiguration { entry.value }
    var limits: IMAPSessionLimits { configuration.limits }

    // MARK: Driving

    /// Begins the session; with TLS from the first octet, once that is established.
    public mutating func start(at now: NIODeadline, tls: TLSSessionFacts? = nil) {
        started = now
        lastCommand = now
        lastProgress = now
        facts.tls = tls
        phase = .command
        send(nil, .ok, IMAPResponseCode("CAPABILITY", capabilityList), "\(configuration.serverName) ready")
    }

    /// Takes octets that have arrived.
    public mutating func receive(_ octets: ByteBuffer, at now: NIODeadline) {
        if case .closed = phase { return }
        if input.readableBytes == 0 { input = octets } else { input.writeImmutableBuffer(octets) }
        lastProgress = now
    }

    /// The next thing to do; `nil` when the session waits for octets, an answer or time.
    public mutating func next(at now: NIODeadline) -> Action? {
        while true {
            if let action = actions.popFirst() { return action }
            guard step(now) else {
                // A session that waits keeps no buffer.
                if input.readableBytes == 0 { input = ByteBuffer() }
                return nil
            }
        }
    }

    /// Octets received and not yet consumed.
    public var unread: Int { input.readableBytes }
    /// Octets of the command under way that are held.
    public var held: Int { input.readableBytes + framer.held }

    /// Whether octets should be read from the client: not while a question is open, so that what a client sends ahead
    /// waits in its own buffers.
    public var wantsInput: Bool {
        switch phase {
        case .command, .sasl, .appending, .discarding, .idling: true
        case .unborn, .waiting, .startingTLS, .closed: false
        }
    }

    /// Whether the session has ended.
    public var isClosed: Bool { if case .closed = phase { true } else { false } }

    private mutating func step(_ now: NIODeadline) -> Bool {
        switch phase {
        case .command:
            if isShuttingDown, !framer.isWithinCommand {
                bye(.unavailable, "Server shutting down")
                return true
            }
            return readCommand(now)
        case .sasl, .idling: return readCommand(now)
        case .appending(let appending): return readMessage(appending)
        case .discarding: return readCommand(now)
        case .unborn, .waiting, .startingTLS: return false
        case .closed:
            input = ByteBuffer()
            return false
        }
    }

    // MARK: Responses

    mutating func send(
        _ tag: String?, _ status: IMAPStatus, _ code: IMAPResponseCode? = nil, _ text: String
    ) {
        actions.append(.send(IMAPStatusResponse(tag: tag, status, code, text).wire))
        if tag != nil { commands += 1 }
    }

    /// Answers what was not understood or is out of place.
    mutating func bad(_ tag: String?, _ text: String, _ code: IMAPResponseCode? = nil) {
        protocolErrors += 1
        send(tag, .bad, code, text)
        if protocolErrors > limits.protocolErrors { bye(.clientBug, "Too many errors") }
    }

    /// Ends the session, and says why.
    mutating func bye(_ code: IMAPResponseCode?, _ text: String) {
        send(nil, .bye, code, text)
        close()
    }

    mutating func close() {
        if case .closed = phase { return }
        switch phase {
        case .idling: actions.append(.endIdle)
        case .appending, .waiting(.draft), .waiting(.piece): actions.append(.abortAppend)
        default: break
        }
        phase = .closed
        input = ByteBuffer()
        actions.append(.close)
    }
}

/// What became of a command.
public struct IMAPOutcome: Sendable, Hashable {
    /// What the session is afterwards.
    public enum Transition: Sendable, Hashable {
        /// As before.
        case none
        /// A mailbox is selected.
        case selected
        /// None is.
        case unselected
    }

    /// `OK`, `NO` or `BAD`.
    public var status: IMAPStatus
    /// The code.
    public var code: IMAPResponseCode?
    /// The text.
    public var text: String
    /// What the session is afterwards.
    public var transition: Transition

    /// What became of a command.
    public init(
        _ status: IMAPStatus = .ok, _ code: IMAPResponseCode? = nil, _ text: String,
        transition: Transition = .none
    ) {
        self.status = status
        self.code = code
        self.text = text
        self.transition = transition
    }

    /// A refusal.
    init(_ refusal: IMAPRefusal, transition: Transition = .none) {
        self.init(.no, refusal.code, refusal.text, transition: transition)
    }
}
