public import MSSCore
public import MSSSASL
public import MSSTLS
public import NIOCore

/// The server's side of an SMTP or LMTP session, without IO: octets, answers and time in, actions out.
///
/// Whoever drives it calls ``start(at:)``, gives it what arrives (``receive(_:at:)``), carries out what
/// ``next(at:)`` returns until that is `nil`, and answers each question once (``answer(_:at:)``). One question is open
/// at a time. ``deadline`` says when ``expire(at:)`` is due.
public struct SMTPServerSession: Sendable {
    /// What the session wants done, in this order.
    public enum Action: Sendable {
        /// Send a reply.
        case reply(SMTPReply)
        /// Ask the backend; the session waits for the answer, but while a message is taken. (Apart, so that the queue
        /// of actions that each session keeps has small places.)
        indirect case ask(Question)
        /// Give the backend a piece of the message.
        case body(ByteBuffer)
        /// Tell the backend that the message is complete.
        case endBody
        /// Tell the backend that the message will not be complete; its answer is still awaited.
        case abortBody(SMTPBodyError)
        /// Send the reply and begin TLS after it.
        case startTLS(goAhead: SMTPReply)
        /// Close the connection once everything is sent.
        case close
    }

    /// What the backend is asked.
    public enum Question: Sendable {
        /// Whether the client is welcome.
        case session
        /// Whether the client is still welcome now that it has said its name.
        case hello
        /// Who the client is.
        case authenticate(SASLCredentials)
        /// Whether the sender is accepted.
        case sender(SMTPEnvelope)
        /// Whether a recipient is accepted.
        case recipient(SMTPRecipient, SMTPEnvelope)
        /// To take the message whose body follows.
        case message(SMTPEnvelope)
    }

    /// What the backend answers.
    public enum Answer: Sendable {
        /// Yes: to `session`, `hello` and `recipient`.
        case accepted
        /// Yes: to `authenticate`.
        case authenticated(SMTPIdentity)
        /// Yes: to `sender`.
        case senderAccepted(SMTPAllowance)
        /// To `message`: one result, or by LMTP one for each recipient.
        case taken([Result<SMTPReceipt, SMTPRefusal>])
        /// No.
        case refused(SMTPRefusal)
    }

    enum Phase {
        case idle
        /// A question is open that the session waits for.
        case waiting(Waiting)
        /// Reading commands.
        case command
        /// Reading an answer to a challenge.
        case sasl(SASLExchange)
        /// Reading `DATA`.
        case data
        /// Reading a chunk of `BDAT`.
        case chunk(remaining: Int, count: Int, isLast: Bool)
        /// Reading a refused chunk.
        case discarding(remaining: Int, SMTPReply)
        /// The backend has the message, or gives it up: waiting for its answer.
        case deciding(Continuation)
        case startingTLS
        case closed
    }

    enum Waiting {
        case session
        case hello(isExtended: Bool)
        case authenticate(SASLMechanism)
        case sender(SMTPEnvelope)
        case recipient(SMTPRecipient)
    }

    /// What follows the backend's answer about a message.
    enum Continuation {
        /// The answer is the reply.
        case outcome
        /// The message was given up on the client's wish; this is the reply.
        case reply(SMTPReply)
        /// The message was refused; by LMTP, at its end, for each recipient.
        case refusal(SMTPReply, isAtEnd: Bool)
        /// The client said its name again.
        case hello(isExtended: Bool)
        /// The client left.
        case bye(SMTPReply)
    }

    /// The configuration, shared with the other sessions of the entry point.
    let entry: SharedSessionConfiguration
    /// What is known of the session.
    public internal(set) var facts: SMTPSessionFacts

    var phase = Phase.idle
    var input = ByteBuffer()
    /// Octets of `input` known to hold no line end.
    var scanned = 0
    /// An overlong line is being read over; the octets so far.
    var overlong: Int?
    var actions = CircularBuffer<Action>(initialCapacity: 4)

    var isGreeted = false
    var isExtended = false
    var transaction: Transaction?
    var content: Content?
    var isShuttingDown = false

    // Counts, against `configuration.limits`.
    var protocolErrors = 0
    var refusals = 0
    var authenticationFailures = 0
    var commandsSinceMessage = 0
    var transactions = 0
    /// Commands read, the end of a message among them.
    public internal(set) var commandsRead = 0
    /// Commands answered: equal to ``commandsRead`` whenever the session waits for a command.
    public internal(set) var repliesMade = 0

    // Times
    var started = NIODeadline.uptimeNanoseconds(0)
    var lastActivity = NIODeadline.uptimeNanoseconds(0)
    var progress = 0

    /// A session before its start.
    public init(configuration: SMTPSessionConfiguration, facts: SMTPSessionFacts) {
        self.init(SharedSessionConfiguration(configuration), facts: facts)
    }

    /// A session before its start, of an entry point with others.
    init(_ entry: SharedSessionConfiguration, facts: SMTPSessionFacts) {
        self.entry = entry
        self.facts = facts
    }

    /// The configuration of the entry point.
    public var configuration: SMTPSessionConfiguration { entry.value }
    var limits: SMTPSessionLimits { configuration.limits }
    var replies: SMTPReplies { configuration.replies }
    var isLMTP: Bool { configuration.dialect == .lmtp }

    // MARK: Driving

    /// Begins the session; with TLS from the first octet, once that is established.
    public mutating func start(at now: NIODeadline, tls: TLSSessionFacts? = nil) {
        precondition({ if case .idle = phase { true } else { false } }())
        started = now
        lastActivity = now
        facts.tls = tls
        phase = .waiting(.session)
        actions.append(.ask(.session))
    }

    /// Takes octets that have arrived.
    public mutating func receive(_ octets: ByteBuffer, at now: NIODeadline) {
        if case .closed = phase { return }
        if input.readableBytes == 0 {
            input = octets
            scanned = 0
        } else {
            input.writeImmutableBuffer(octets)
        }
    }

    /// The next thing to do; `nil` when the session waits for octets, an answer or time.
    public mutating func next(at now: NIODeadline) -> Action? {
        while true {
            if let action = actions.popFirst() { return action }
            guard step(now) else { return nil }
        }
    }

    /// Octets received and not yet consumed.
    public var unread: Int { input.readableBytes }

    /// Whether octets should be read from the client: not while a question is open, so that what a client sends ahead
    /// waits in its own buffers.
    public var wantsInput: Bool {
        switch phase {
        case .command, .sasl, .data, .chunk, .discarding: true
        case .idle, .waiting, .deciding, .startingTLS, .closed: false
        }
    }

    /// Whether the backend is asked about a sender or recipient while the next command is at hand already: the client has
    /// sent them as a group, and waits for the replies to all of it.
    var isWithinGroup: Bool {
        switch phase {
        case .waiting(.sender), .waiting(.recipient): input.readableBytes > 0
        default: false
        }
    }

    /// Whether the session has ended: nothing more comes but what ``next(at:)`` still holds.
    public var isClosed: Bool { if case .closed = phase { true } else { false } }

    /// Whether a message is being received or decided.
    public var isTakingMessage: Bool { content != nil }

    private mutating func step(_ now: NIODeadline) -> Bool {
        switch phase {
        case .command:
            if isShuttingDown, transaction == nil {
                end(replies.shuttingDown)
                return true
            }
            return readLine(now)
        case .sasl: return readLine(now)
        case .data: return readData(now)
        case .chunk: return readChunk(now)
        case .discarding: return discardChunk(now)
        case .idle, .waiting, .deciding, .startingTLS: return false
        case .closed:
            input = ByteBuffer()
            return false
        }
    }

    // MARK: Replies

    /// The one reply to a command.
    mutating func reply(_ reply: SMTPReply) {
        repliesMade += 1
        actions.append(.reply(reply))
        if reply.code == 421 { close() }
    }

    /// A reply to a command wrong in form or order.
    mutating func fault(_ reply: SMTPReply) {
        protocolErrors += 1
        self.reply(protocolErrors > limits.protocolErrors ? replies.tooManyErrors : reply)
    }

    /// A reply to a command that is in order and not accepted.
    mutating func refuse(_ reply: SMTPReply) {
        refusals += 1
        self.reply(refusals > limits.refusals ? replies.tooManyErrors : reply)
    }

    /// A last reply.
    mutating func end(_ reply: SMTPReply) {
        actions.append(.reply(reply))
        close()
    }

    mutating func close() {
        if case .closed = phase { return }
        phase = .closed
        if content?.isOpen == true { actions.append(.abortBody(.disconnected)) }
        content = nil
        transaction = nil
        input = ByteBuffer()
        actions.append(.close)
    }
}

/// A transaction between `MAIL` and the end of its message.
struct Transaction: Sendable {
    var envelope: SMTPEnvelope
    var allowance: SMTPAllowance
    /// Recipients named, refused ones included.
    var named = 0
}

/// A message while it is received.
struct Content: Sendable {
    var decoder = DotStuffingDecoder()
    var scanner = LineScanner()
    /// Octets of the message so far.
    var octets = 0
    var chunks = 0
    /// Small pieces, joined before they go to the backend.
    var pending = ByteBuffer()
    /// Why the message is refused; the rest of it is read and thrown away.
    var refusal: SMTPReply?
    /// Octets thrown away.
    var discarded = 0
    /// The backend's answer, when it came before the end.
    var answer: SMTPServerSession.Answer?
    /// Whether the backend refused of itself: then its reason is told, not a fault found later.
    var isRefusedByBackend = false
    /// Whether the backend still takes pieces.
    var isOpen = true
}
