import MSSSASL

/// A mailbox that stays at hand: sessions are opened when they are needed, and anew, with fresh credentials, when the
/// server has ended them (client requirement 1.10). What cannot be had is told as a failure, at once, to whoever asked for
/// it and to nobody else (1.7).
public actor IMAPClient {
    private let configuration: IMAPClientConfiguration
    private var connection: IMAPConnection?
    private var opening: Task<Result<IMAPConnection, IMAPClientFailure>, Never>?
    private var isClosed = false
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// A client; no session is opened yet.
    public init(_ configuration: IMAPClientConfiguration) { self.configuration = configuration }

    /// The open session, or a new one; one for all who ask at the same time.
    public func session() async throws(IMAPClientFailure) -> IMAPConnection {
        if let connection, connection.isOpen { return connection }
        guard !isClosed else { throw IMAPClientFailure(.cancelled) }
        if let opening { return try await opening.value.get() }
        let configuration = configuration
        // Not a child of the caller, who may give up while others wait for the same session.
        let task = Task { () -> Result<IMAPConnection, IMAPClientFailure> in await Self.open(configuration) }
        opening = task
        let result = await task.value
        opening = nil
        connection = try? result.get()
        return try result.get()
    }

    /// Opens a session; when the credentials are refused, once more with others: a token may have run out on the way.
    private static func open(
        _ configuration: IMAPClientConfiguration
    ) async -> Result<IMAPConnection, IMAPClientFailure> {
        let used = LastCredentials()
        var noting = configuration
        noting.credentials = {
            let credentials = try await configuration.credentials()
            await used.note(credentials)
            return credentials
        }
        do throws(IMAPClientFailure) { return .success(try await IMAPConnection.open(noting)) } catch {
            guard case .authentication(let response) = error.cause, response.code != .unavailable else {
                return .failure(error)
            }
            let before = await used.last
            guard let fresh = try? await configuration.credentials(), fresh != before else { return .failure(error) }
            do throws(IMAPClientFailure) { return .success(try await IMAPConnection.open(configuration)) } catch {
                return .failure(error)
            }
        }
    }

    private actor LastCredentials {
        var last: SASLCredentials?
        func note(_ credentials: SASLCredentials) { last = credentials }
    }

    /// Does something in a session, one after the other: a session has one mailbox selected.
    ///
    /// - Parameters:
    ///   - mailbox: selected before, in every session anew.
    ///   - repeats: whether it may be done again from its beginning, in a new session, when the server ends the session in
    ///     the middle; reading may, appending would double a message.
    public func perform<Value: Sendable>(
        in mailbox: IMAPMailboxName? = nil, repeats: Bool = true,
        _ body: @Sendable (IMAPConnection) async throws -> Value
    ) async throws -> Value {
        if isBusy { await withCheckedContinuation { waiting.append($0) } }
        isBusy = true
        defer { if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() } }
        do { return try await attempt(mailbox, body) } catch let failure as IMAPClientFailure {
            // Whatever ended it, a new session is tried once.
            guard failure.endsSession, failure.isTemporary, repeats else { throw failure }
            return try await attempt(mailbox, body)
        }
    }

    private func attempt<Value: Sendable>(
        _ mailbox: IMAPMailboxName?, _ body: @Sendable (IMAPConnection) async throws -> Value
    ) async throws -> Value {
        let session = try await session()
        if let mailbox { try await session.select(mailbox) }
        return try await body(session)
    }

    /// Watches a mailbox for as long as the task runs, in a session of its own, whatever becomes of sessions: calls back
    /// with what changed since `known`, at first and at every change.
    ///
    /// - Parameters:
    ///   - pause: time before a session is opened anew, by the number of failures in a row.
    ///   - failed: told of failures that time may mend; the host software goes on (client requirement 1.7).
    /// - Throws: ``IMAPClientFailure`` that only somebody's doing can mend: credentials, certificates.
    public nonisolated func watch(
        _ mailbox: IMAPMailboxName, _ known: IMAPKnownMailbox = IMAPKnownMailbox(),
        pause: @Sendable (Int) -> Duration = { .seconds(min(1 << min($0, 8), 300)) },
        failed: @Sendable (IMAPClientFailure) async -> Void = { _ in },
        _ changed: @Sendable (IMAPMailboxDifference, IMAPKnownMailbox, IMAPConnection) async throws -> Void
    ) async throws {
        var known = known
        var failures = 0
        while true {
            do {
                let session = try await Self.open(configuration).get()
                let difference = try await session.synchronise(mailbox, &known)
                failures = 0
                try await changed(difference, known, session)
                while true {
                    try await Self.waitForChange(session)
                    let difference = try await session.refresh(mailbox, &known)
                    if !difference.isEmpty { try await changed(difference, known, session) }
                }
            } catch let failure as IMAPClientFailure {
                try Task.checkCancellation()
                guard failure.isTemporary else { throw failure }
                await failed(failure)
                failures += 1
                // The first end of a session is the server's right (EX_LPS_1000), and no reason to wait.
                if failures > 1 { try await Task.sleep(for: pause(failures)) }
            }
        }
    }

    private static func waitForChange(_ session: IMAPConnection) async throws {
        guard session.capabilities.contains(.idle) else {
            try await Task.sleep(for: .seconds(60))
            return
        }
        var idle = try session.idle().makeAsyncIterator()
        _ = try await idle.next()
    }

    /// Ends the session; nothing is opened any more.
    public func close() async {
        isClosed = true
        await connection?.logOut()
        connection = nil
    }
}
