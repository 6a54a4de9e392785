public import MSSCore

/// Why an alternative login opens nothing. The client reads EX_LPS_0710's answer, but for ``busy``.
public enum AlternativeLoginFailure: Error, Sendable, Hashable {
    /// The name is not of the form that a login has.
    case malformedName
    /// Unknown person, wrong password or wrong code; a reader is not told which.
    case wrong
    /// The code was used before.
    case replayed
    /// Too many failures: the name rests.
    case resting
    /// Too many logins at once, or the store does not answer.
    case busy

    /// Whether the same login may be accepted later.
    public var isTemporary: Bool { self == .busy }
}

/// The method beside Pro Santé Connect (RE_LPS_0100): a password and a one-time password, in `PLAIN` over TLS.
///
/// The authentication identity is the person's national identifier and the authorisation identity the mailbox; software
/// that knows one name only writes `identifier*mailbox`. The password is followed by the six digits of the moment.
public final class AlternativeLogin: Sendable {
    private let store: any AlternativeCredentialStore
    private let clock: any WallClock
    private let throttle = Guarded(LoginThrottle())
    private let lane: ComputeLane
    private let decoy: PasswordHash
    private let decoyCode: OneTimePassword

    /// A login over a store.
    ///
    /// - Parameters:
    ///   - width: passwords hashed at once: 32 MB each.
    ///   - cost: what hashing costs; that of the credentials enrolled.
    public init(
        _ store: any AlternativeCredentialStore, clock: any WallClock = SystemWallClock(), width: Int = 2,
        cost: PasswordHash.Cost = .standard
    ) {
        self.store = store
        self.clock = clock
        lane = ComputeLane(width: width, limit: 64)
        guard let decoy = PasswordHash("nobody", cost: cost) else { preconditionFailure("no memory for passwords") }
        self.decoy = decoy
        decoyCode = .enrol()
    }

    /// The two names of a login: of the person, and of the mailbox.
    ///
    /// - Returns: `nil` when there is no mailbox in them.
    public static func names(user: String, authorization: String?) -> (person: String, mailbox: String)? {
        // National identifiers hold no `*`; addresses may.
        let parts = user.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        let mailbox = parts.count == 2 ? String(parts[1]) : authorization
        guard let person = parts.first, !person.isEmpty, let mailbox, !mailbox.isEmpty else { return nil }
        // Two mailboxes in one login: whoever wrote it meant one of them.
        if parts.count == 2, let authorization, authorization != mailbox { return nil }
        return (String(person), mailbox)
    }

    /// Checks a person's password and code. Takes the same time whether the person is known or not.
    ///
    /// - Parameter secret: the password, followed by the code.
    public func verify(_ person: String, secret: String) async throws(AlternativeLoginFailure) {
        let now = clock.now()
        guard throttle.withLock({ $0.admits(person, at: now) }) else { throw .resting }
        let credential: AlternativeCredential?
        do { credential = try await store.credential(of: person) } catch { throw .busy }
        let code = credential?.oneTimePassword ?? decoyCode
        let hash = credential?.password ?? decoy
        let password = String(decoding: secret.utf8.dropLast(code.digits), as: UTF8.self)
        guard let matches = await lane.run({ hash.matches(password) }) else { throw .busy }
        let step = code.step(of: String(decoding: secret.utf8.suffix(code.digits), as: UTF8.self), at: now)
        guard credential != nil, matches, let step else {
            throttle.withLock { $0.failed(person, at: now) }
            throw .wrong
        }
        // Once, even when two logins arrive in the same moment.
        let isFirst: Bool
        do { isFirst = try await store.use(step: step, of: person) } catch { throw .busy }
        guard isFirst else {
            throttle.withLock { $0.failed(person, at: now) }
            throw .replayed
        }
        throttle.withLock { $0.succeeded(person) }
    }
}
