import MSSCore

/// What an administrator enrolled for a professional: a password and a one-time password (RE_LPS_0100).
public struct AlternativeCredential: Sendable, Hashable {
    /// The national identifier of the person, as `SubjectNameID` would give it.
    public var person: String
    /// What she knows.
    public var password: PasswordHash
    /// What she has.
    public var oneTimePassword: OneTimePassword

    /// A credential.
    public init(person: String, password: PasswordHash, oneTimePassword: OneTimePassword) {
        self.person = person
        self.password = password
        self.oneTimePassword = oneTimePassword
    }
}

/// Where alternative credentials are kept. Secrets of one-time passwords can be read back: the store encrypts them.
public protocol AlternativeCredentialStore: Sendable {
    /// The credential of a person.
    func credential(of person: String) async throws -> AlternativeCredential?

    /// Uses up a time step of the person's one-time password, in one indivisible act that survives a restart.
    ///
    /// - Returns: `false` when that step or a later one was used before (RFC 6238 §5.2).
    func use(step: Int64, of person: String) async throws -> Bool
}

/// Credentials in memory.
public final class InMemoryAlternativeCredentials: AlternativeCredentialStore {
    private struct State {
        var credentials: [String: AlternativeCredential] = [:]
        var steps: [String: Int64] = [:]
    }

    private let state = Guarded(State())

    /// No credential yet.
    public init() {}

    /// Enrols a person, or replaces what she had.
    public func enrol(_ credential: AlternativeCredential) {
        state.withLock { $0.credentials[credential.person] = credential }
    }

    /// Takes a person's credential away.
    public func remove(_ person: String) { state.withLock { $0.credentials[person] = nil } }

    /// The credential of a person.
    public func credential(of person: String) async throws -> AlternativeCredential? {
        state.withLock { $0.credentials[person] }
    }

    /// Uses up a time step.
    public func use(step: Int64, of person: String) async throws -> Bool {
        state.withLock { state in
            guard state.steps[person].map({ $0 < step }) ?? true else { return false }
            state.steps[person] = step
            return true
        }
    }
}
