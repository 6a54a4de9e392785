import COpenSSLShim
import MSSCore

/// UserInfo's answers by token: one question at a time for each, remembered for a short while.
///
/// The name of an entry is the SHA-256 of the whole token, so that nothing of one token is ever found by another.
actor IdentityCache {
    typealias Answer = Result<UserInfo, TokenFailure>

    private struct Entry {
        var answer: Answer
        var until: Timestamp
    }

    /// Entries of one of the two generations.
    static let generation = 8_192

    private let policy: TokenPolicy
    private let clock: any WallClock
    private var young: [[UInt8]: Entry] = [:]
    private var old: [[UInt8]: Entry] = [:]
    private var running: [[UInt8]: Task<Answer, Never>] = [:]
    private var outage: (failure: TokenFailure, until: Timestamp)?

    init(_ policy: TokenPolicy, clock: any WallClock) {
        self.policy = policy
        self.clock = clock
    }

    static func name(of token: String) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let bytes = Array(token.utf8)
        precondition(mss_sha256(bytes, bytes.count, &digest) == 1, "SHA-256 failed")
        return digest
    }

    /// The answer about a token that is valid until a time.
    func answer(
        about token: String, until expiry: Timestamp, ask: @escaping @Sendable () async -> Answer
    ) async -> Answer {
        let name = Self.name(of: token)
        let now = clock.now()
        if let entry = young[name] ?? old[name], now < entry.until { return entry.answer }
        if let task = running[name] { return await task.value }
        if let outage, now < outage.until { return .failure(outage.failure) }
        // Not a child of the caller: the next client with this token waits for it too.
        let task = Task { await ask() }
        running[name] = task
        let answer = await task.value
        running[name] = nil
        remember(answer, as: name, until: expiry)
        return answer
    }

    private func remember(_ answer: Answer, as name: [UInt8], until expiry: Timestamp) {
        let now = clock.now()
        switch answer {
        case .failure(let failure) where failure.isTemporary:
            if case .unavailable(.unreachable) = failure { outage = (failure, now + policy.outagePause) }
            return
        case .failure: keep(Entry(answer: answer, until: min(expiry, now + policy.remembersRefusal)), name)
        case .success: keep(Entry(answer: answer, until: min(expiry, now + policy.remembersIdentity)), name)
        }
        outage = nil
    }

    private func keep(_ entry: Entry, _ name: [UInt8]) {
        if young.count >= Self.generation {
            old = young
            young = [:]
        }
        young[name] = entry
    }

    /// Forgets everything.
    func clear() {
        young = [:]
        old = [:]
        outage = nil
    }
}
