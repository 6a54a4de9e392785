import MSSCore

/// A value that is fetched, kept for a while, and fetched anew: when it is old, and when it does not hold what is looked
/// for. Fetches are made one at a time, and not more often than an interval allows, whatever is asked.
actor Refreshed<Value: Sendable> {
    /// The times.
    struct Policy: Sendable, Hashable {
        /// How long a value serves without a look at the source.
        var lifetime: Duration
        /// How long it serves while the source does not answer.
        var staleness: Duration
        /// The shortest time from one attempt to the next.
        var interval: Duration
    }

    private let policy: Policy
    private let clock: any WallClock
    private let load: @Sendable () async -> Result<Value, ProviderFailure>
    private var held: (value: Value, at: Timestamp)?
    private var attempted: Timestamp?
    private var failure: ProviderFailure?
    private var running: Task<Result<Value, ProviderFailure>, Never>?

    init(
        _ policy: Policy, clock: any WallClock, load: @escaping @Sendable () async -> Result<Value, ProviderFailure>
    ) {
        self.policy = policy
        self.clock = clock
        self.load = load
    }

    /// The value.
    ///
    /// - Parameter isEnough: whether a value holds what is looked for. One that does not is returned nevertheless when the
    ///   source has just said that there is nothing else.
    func value(where isEnough: @Sendable (Value) -> Bool = { _ in true }) async throws(ProviderFailure) -> Value {
        if let held, clock.now() - held.at < policy.lifetime, isEnough(held.value) { return held.value }
        if running != nil || mayAttempt { await attempt() }
        if let held, clock.now() - held.at < policy.staleness, isEnough(held.value) { return held.value }
        if let failure { throw failure }
        guard let held else { preconditionFailure("neither value nor failure after an attempt") }
        return held.value
    }

    private var mayAttempt: Bool {
        guard let attempted else { return true }
        let since = clock.now() - attempted
        // A clock that was set back must not put the next attempt off.
        return since >= policy.interval || since < .zero
    }

    private func attempt() async {
        // Who waits may go on before the one who began: whoever is first notes the result.
        if let running { return note(await running.value) }
        attempted = clock.now()
        let load = load
        // Not a child of the caller: others wait for it too, and a client that goes must not take it along.
        let task = Task { await load() }
        running = task
        let result = await task.value
        running = nil
        note(result)
    }

    private func note(_ result: Result<Value, ProviderFailure>) {
        switch result {
        case .success(let value):
            held = (value, clock.now())
            failure = nil
        case .failure(let reason): failure = reason
        }
    }
}
