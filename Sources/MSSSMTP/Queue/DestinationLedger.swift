public import MSSCore

/// How much of the outgoing work one destination may hold.
public struct DestinationLimits: Sendable, Hashable {
    /// Attempts under way in all.
    public var total: Int
    /// Attempts under way for one destination.
    public var perDestination: Int
    /// Attempts in a row that did not reach a destination before it is left in peace for a while.
    public var failuresBeforePause: Int
    /// The first pause; each further one is twice as long.
    public var firstPause: Duration
    /// The longest pause.
    public var longestPause: Duration

    /// Limits. A destination that does not answer holds at most `perDestination` places for the connect timeout, then
    /// none but one trial after each pause.
    public init(
        total: Int = 100, perDestination: Int = 5, failuresBeforePause: Int = 2, firstPause: Duration = .seconds(60),
        longestPause: Duration = .seconds(1_800)
    ) {
        precondition(total > 0 && perDestination > 0 && failuresBeforePause > 0 && firstPause > .zero)
        self.total = total
        self.perDestination = perDestination
        self.failuresBeforePause = failuresBeforePause
        self.firstPause = firstPause
        self.longestPause = longestPause
    }
}

/// What is under way for each destination, and which ones are left in peace: a pure value, time passed in.
public struct DestinationLedger: Sendable {
    private struct Account {
        var underWay = 0
        var failures = 0
        var pausedUntil: Timestamp?
    }

    /// The limits kept.
    public let limits: DestinationLimits
    /// Attempts under way in all.
    public private(set) var underWay = 0
    private var accounts: [Domain: Account] = [:]

    /// Nothing under way, nothing known.
    public init(_ limits: DestinationLimits) { self.limits = limits }

    /// How many more attempts may begin now.
    public var room: Int { max(0, limits.total - underWay) }

    /// How many more attempts may begin for a destination. One that was not reached gets a single trial at a time.
    public func allowance(_ destination: Domain, at now: Timestamp) -> Int {
        guard let account = accounts[destination] else { return limits.perDestination }
        if let until = account.pausedUntil {
            return isRunning(until, at: now) || account.underWay > 0 ? 0 : 1
        }
        return max(0, limits.perDestination - account.underWay)
    }

    /// Whether a pause still runs. One that ends later than any lasts was set by a clock that was ahead then.
    private func isRunning(_ until: Timestamp, at now: Timestamp) -> Bool {
        now < until && until <= now + limits.longestPause
    }

    /// The destinations whose allowance is not ``DestinationLimits/perDestination``.
    public func allowances(at now: Timestamp) -> [Domain: Int] {
        var allowances: [Domain: Int] = [:]
        for destination in accounts.keys { allowances[destination] = allowance(destination, at: now) }
        return allowances
    }

    /// An attempt begins.
    public mutating func begin(_ destination: Domain) {
        underWay += 1
        accounts[destination, default: Account()].underWay += 1
    }

    /// An attempt ended.
    ///
    /// - Parameter reached: whether a server of the destination took part in a transaction, whatever it answered; `nil`
    ///   when the attempt says nothing of it.
    public mutating func end(_ destination: Domain, reached: Bool?, at now: Timestamp) {
        guard var account = accounts[destination], account.underWay > 0 else { return }
        underWay -= 1
        account.underWay -= 1
        switch reached {
        case true?:
            account.failures = 0
            account.pausedUntil = nil
        case false?:
            account.failures = min(account.failures + 1, 1_000)
            let beyond = account.failures - limits.failuresBeforePause
            if beyond >= 0 {
                var pause = limits.firstPause
                for _ in 0..<min(beyond, 64) where pause < limits.longestPause { pause = pause * 2 }
                account.pausedUntil = now + min(pause, limits.longestPause)
            }
        case nil: break
        }
        // Memory holds what is under way and what is in trouble, not every destination ever seen.
        accounts[destination] = account.underWay == 0 && account.failures == 0 ? nil : account
    }

    /// When the next pause ends; `nil` when none runs.
    public func nextOpening(after now: Timestamp) -> Timestamp? {
        accounts.values.compactMap(\.pausedUntil).filter { isRunning($0, at: now) }.min()
    }
}
