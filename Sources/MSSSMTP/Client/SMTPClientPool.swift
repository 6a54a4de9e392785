import MSSCore
import NIOCore

/// Sessions kept open for the next message: so many for each destination, so long.
///
/// A session that the server has ended meanwhile (421, or the end of the connection) is opened anew without the caller
/// noticing (client requirement 1.10). The message is neither lost nor doubled: it is sent again only if its end had
/// not been sent, and once.
public actor SMTPClientPool {
    /// Bounds of a pool.
    public struct Limits: Sendable, Hashable {
        /// Sessions for one destination; further messages wait their turn.
        public var perDestination: Int
        /// How long a session is kept without use.
        public var idle: Duration
        /// How long a session is used: time, rather than a number of messages, gives slow servers their fair share.
        public var lifetime: Duration
        /// Sessions kept without use, in all.
        public var totalIdle: Int

        /// Limits. Five seconds suffice for a queue that is being emptied, five minutes for its length.
        public init(
            perDestination: Int = 5, idle: Duration = .seconds(5), lifetime: Duration = .seconds(300),
            totalIdle: Int = 50
        ) {
            precondition(perDestination > 0 && idle > .zero && lifetime > .zero && totalIdle >= 0)
            self.perDestination = perDestination
            self.idle = idle
            self.lifetime = lifetime
            self.totalIdle = totalIdle
        }
    }

    private struct Resting {
        var connection: SMTPConnection
        var born: NIODeadline
    }

    private struct Waiter {
        var number: Int
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct Account {
        /// Sessions in use or being opened.
        var inUse = 0
        /// Sessions without use, the freshest last.
        var resting: [Resting] = []
        var waiters: [Waiter] = []
    }

    private let limits: Limits
    private let configure: @Sendable (SMTPDestination) -> SMTPClientConfiguration
    private var accounts: [SMTPDestination: Account] = [:]
    private var lastWaiter = 0
    private var isClosed = false

    /// A pool.
    ///
    /// - Parameter configure: gives the configuration for a destination.
    public init(
        limits: Limits = Limits(), configure: @escaping @Sendable (SMTPDestination) -> SMTPClientConfiguration
    ) {
        self.limits = limits
        self.configure = configure
    }

    // MARK: Sending

    /// Sends a message over a session of the destination, opened if need be.
    ///
    /// - Throws: why no session could be had. Once there was one, failures are in the outcomes.
    public func send(
        _ message: SMTPOutgoingMessage, to destination: SMTPDestination
    ) async throws(SMTPClientFailure) -> SMTPTransactionResult {
        let (connection, born, wasResting) = try await acquire(destination)
        var result = await connection.send(message)
        let isRepeated = wasResting && !result.repeatable.isEmpty && !Task.isCancelled
        guard isRepeated else {
            release(connection, born: born)
            return result
        }
        // The place stays taken while the new session is opened.
        do {
            let fresh = try await open(destination)
            var rest = message
            rest.envelope.recipients = result.repeatable.map { message.envelope.recipients[$0] }
            let again = await fresh.send(rest)
            for (place, outcome) in zip(result.repeatable, again.outcomes) { result.outcomes[place] = outcome }
            result.passedNotices = again.passedNotices
            result.repeatable = []
            release(fresh, born: .now())
        } catch {
            giveBack(destination)
            // Nobody was decided in the kept session: as if there had been none, so that another server is tried.
            if result.repeatable.count == result.outcomes.count { throw error }
            for place in result.repeatable {
                var failure = error
                // A server that ends a session and greets no more says nothing of these recipients.
                failure.isPermanent = false
                result.outcomes[place].result = .failure(failure)
            }
            result.repeatable = []
        }
        return result
    }

    // MARK: Places

    private func acquire(
        _ destination: SMTPDestination
    ) async throws(SMTPClientFailure) -> (SMTPConnection, born: NIODeadline, wasResting: Bool) {
        try await takePlace(destination)
        while let resting = accounts[destination]?.resting.popLast() {
            let isYoung = NIODeadline.now() - resting.born < TimeAmount(limits.lifetime)
            guard resting.connection.isReusable, isYoung else {
                Task { await resting.connection.quit() }
                continue
            }
            // §6.7.2.1 steps 5 and 6 hold for each message: the whitelist may have changed.
            if let refusal = await resting.connection.recheckPeer() {
                Task { await resting.connection.quit() }
                giveBack(destination)
                throw SMTPClientFailure(.policy, .peerCheck, .peerRefused(refusal), isPermanent: refusal.isPermanent)
            }
            return (resting.connection, resting.born, true)
        }
        do { return (try await open(destination), .now(), false) } catch {
            giveBack(destination)
            throw error
        }
    }

    private func open(_ destination: SMTPDestination) async throws(SMTPClientFailure) -> SMTPConnection {
        let connection = try await SMTPConnection.open(destination, configure(destination))
        connection.whenClosed { [weak self] in Task { await self?.forgetClosed(destination) } }
        return connection
    }

    private func takePlace(_ destination: SMTPDestination) async throws(SMTPClientFailure) {
        guard !isClosed else { throw SMTPClientFailure(.network, .connecting, .cancelled) }
        if accounts[destination, default: Account()].inUse < limits.perDestination {
            accounts[destination, default: Account()].inUse += 1
            return
        }
        lastWaiter += 1
        let number = lastWaiter
        let hasPlace = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: false) }
                accounts[destination]!.waiters.append(Waiter(number: number, continuation: continuation))
            }
        } onCancel: {
            Task { await self.giveUp(number, destination) }
        }
        guard hasPlace else { throw SMTPClientFailure(.network, .connecting, .cancelled) }
    }

    private func giveUp(_ number: Int, _ destination: SMTPDestination) {
        guard let index = accounts[destination]?.waiters.firstIndex(where: { $0.number == number }) else { return }
        accounts[destination]!.waiters.remove(at: index).continuation.resume(returning: false)
    }

    /// Gives the place to the one who waits longest, or frees it.
    private func giveBack(_ destination: SMTPDestination) {
        guard var account = accounts[destination] else { return }
        if account.waiters.isEmpty {
            account.inUse -= 1
        } else {
            account.waiters.removeFirst().continuation.resume(returning: true)
        }
        let isEmpty = account.inUse == 0 && account.resting.isEmpty
        accounts[destination] = isEmpty ? nil : account
    }

    private func release(_ connection: SMTPConnection, born: NIODeadline) {
        let destination = connection.destination
        let isYoung = NIODeadline.now() - born < TimeAmount(limits.lifetime)
        if connection.isReusable, isYoung, !isClosed, restingCount < limits.totalIdle {
            accounts[destination]!.resting.append(Resting(connection: connection, born: born))
            connection.rest(for: limits.idle)
        } else {
            Task { await connection.quit() }
        }
        giveBack(destination)
    }

    private func forgetClosed(_ destination: SMTPDestination) {
        guard var account = accounts[destination] else { return }
        account.resting.removeAll { !$0.connection.isReusable }
        let isEmpty = account.inUse == 0 && account.resting.isEmpty
        accounts[destination] = isEmpty ? nil : account
    }

    // MARK: State

    private var restingCount: Int { accounts.values.reduce(0) { $0 + $1.resting.count } }

    /// Sessions open: in use, being opened, and without use.
    public var count: Int { accounts.values.reduce(0) { $0 + $1.inUse + $1.resting.count } }

    /// Ends the sessions without use; those in use end with their message. Nothing is sent from now on.
    public func close() async {
        isClosed = true
        let resting = accounts.values.flatMap(\.resting)
        for key in accounts.keys {
            accounts[key]!.resting = []
            for waiter in accounts[key]!.waiters { waiter.continuation.resume(returning: false) }
            accounts[key]!.waiters = []
            if accounts[key]!.inUse == 0 { accounts[key] = nil }
        }
        await withDiscardingTaskGroup { group in
            for one in resting { group.addTask { await one.connection.quit() } }
        }
    }
}
