import MSSSASL
import NIOCore

/// What a command was answered.
struct IMAPReplies: Sendable {
    /// The responses that belong to it.
    var responses: [IMAPResponse]
    /// The status that ended it.
    var status: IMAPStatusResponse
}

/// A command under way: what is still to be sent of it, and what has come of it. Belongs to its channel's event loop.
final class IMAPExchange {
    /// A piece of a command.
    enum Part: Sendable {
        case text(String)
        /// A string that needs a literal: announced, then sent once the server says so, or at once where it allows that.
        case literal(String)
        /// A message to append, given piece by piece.
        case message(size: Int)
        /// The answers to challenges.
        case answers([SASLMessage])
    }

    /// What happens on the event loop as soon as the server has said `OK`, before anything else is read.
    enum Effect: Sendable { case none, startTLS, compress }

    /// Which responses belong to a command; others are news of the mailbox.
    typealias Belonging = @Sendable (IMAPResponse) -> Bool

    /// What a command is and wants.
    struct Request: Sendable {
        var parts: [Part]
        var belongs: Belonging
        var effect = Effect.none
        /// Whether responses are taken as they come, not all at the end.
        var streams = false
        /// Whether literals are given in pieces.
        var streamsLiterals = false
        /// Whether it is `IDLE`, which ends when it is told to.
        var isIdle = false

        init(_ parts: [Part], _ belongs: @escaping Belonging = { _ in false }) {
            self.parts = parts
            self.belongs = belongs
        }
    }

    /// What a stream gives.
    enum Item: Sendable {
        case response(IMAPResponse)
        case octets(ByteBuffer)
    }

    let tag: String
    let request: Request
    var parts: CircularBuffer<Part>
    let done: EventLoopPromise<IMAPReplies>
    /// Succeeds when the server wants the message.
    var messageWanted: EventLoopPromise<Void>?
    var responses: [IMAPResponse] = []

    private var items: [Item] = []
    private(set) var octets = 0
    private var taker: EventLoopPromise<[Item]>?
    private(set) var end: Result<IMAPReplies, any Error>?
    /// Nobody takes what comes any more.
    private(set) var isAbandoned = false

    init(_ tag: String, _ request: Request, _ loop: any EventLoop) {
        self.tag = tag
        self.request = request
        parts = CircularBuffer(request.parts)
        done = loop.makePromise()
        if case .message? = request.parts.first(where: { if case .message = $0 { true } else { false } }) {
            messageWanted = loop.makePromise()
        }
    }

    /// Adds what came.
    func add(_ item: Item, octets count: Int) {
        guard !isAbandoned else { return }
        items.append(item)
        octets += count
        deliver()
    }

    func finish(_ result: Result<IMAPReplies, any Error>) {
        guard end == nil else { return }
        end = result
        done.completeWith(result)
        switch result {
        case .failure(let error): messageWanted?.fail(error)
        case .success(let replies): messageWanted?.fail(IMAPClientFailure(.refused(replies.status)))
        }
        messageWanted = nil
        deliver()
    }

    /// What has come since the last call; empty at the end.
    func take(_ loop: any EventLoop) -> EventLoopFuture<[Item]> {
        let promise = loop.makePromise(of: [Item].self)
        taker?.succeed([])
        taker = promise
        deliver()
        return promise.futureResult
    }

    func abandon() {
        isAbandoned = true
        (items, octets) = ([], 0)
        taker?.succeed([])
        taker = nil
    }

    private func deliver() {
        guard let promise = taker, !items.isEmpty || end != nil || isAbandoned else { return }
        taker = nil
        if items.isEmpty, case .failure(let error)? = end { return promise.fail(error) }
        let all = items
        (items, octets) = ([], 0)
        promise.succeed(all)
    }
}
