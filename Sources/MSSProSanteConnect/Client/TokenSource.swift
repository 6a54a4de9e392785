import MSSCore

/// Where mail clients get the access token of the moment: they ask for one at each connection.
public protocol TokenSource: Sendable {
    /// A token that is valid now.
    ///
    /// - Throws: ``SignInFailure``; with ``SignInFailure/signInNeeded`` the person must sign in again.
    func accessToken() async throws -> String

    /// A server refused this token: another is needed, even if this one has not expired.
    func refused(_ token: String) async
}

/// A token that somebody else keeps fresh.
public struct FixedToken: TokenSource {
    private let token: String

    /// A token.
    public init(_ token: String) { self.token = token }

    /// The token.
    public func accessToken() async throws -> String { token }

    /// Changes nothing.
    public func refused(_ token: String) async {}
}

/// Tokens that are refreshed before they expire, once for all who ask at the same time.
public actor RefreshingTokens: TokenSource {
    private let client: ProSanteConnectClient
    private let margin: Duration
    private let changed: @Sendable (TokenSet?) async -> Void
    private var tokens: TokenSet?
    private var isStale = false
    private var running: Task<Result<TokenSet, SignInFailure>, Never>?

    /// A source.
    ///
    /// - Parameters:
    ///   - tokens: what the sign-in gave; `nil` before it.
    ///   - margin: how long before its end a token is exchanged: a login takes time, and clocks differ.
    ///   - changed: told of new tokens, and of their loss: the place to keep them between runs of the software.
    public init(
        _ client: ProSanteConnectClient, tokens: TokenSet?, margin: Duration = .seconds(30),
        changed: @escaping @Sendable (TokenSet?) async -> Void = { _ in }
    ) {
        self.client = client
        self.tokens = tokens
        self.margin = margin
        self.changed = changed
    }

    /// The person has signed in (again).
    public func signedIn(_ tokens: TokenSet) async {
        self.tokens = tokens
        isStale = false
        await changed(tokens)
    }

    /// The token of the moment.
    public func accessToken() async throws -> String {
        guard let tokens else { throw SignInFailure.signInNeeded }
        let now = client.clock.now()
        if !isStale, now + margin < tokens.expires { return tokens.accessToken }
        do throws(SignInFailure) { return try await refreshed(tokens).accessToken } catch {
            // The provider is away: what is valid still is good.
            if error.isTemporary, !isStale, client.clock.now() < tokens.expires { return tokens.accessToken }
            throw error
        }
    }

    /// A server refused a token; one that was exchanged meanwhile is not blamed.
    public func refused(_ token: String) { if tokens?.accessToken == token { isStale = true } }

    private func refreshed(_ old: TokenSet) async throws(SignInFailure) -> TokenSet {
        if let running { return try await running.value.get() }
        let client = client
        // Not a child of the caller: a connection that is given up must not take the others' token along, nor lose a
        // refresh token that the provider has already exchanged.
        let task = Task { () -> Result<TokenSet, SignInFailure> in
            do throws(SignInFailure) { return .success(try await client.refresh(old)) } catch { return .failure(error) }
        }
        running = task
        let result = await task.value
        running = nil
        // Signed in anew while we waited: that counts.
        guard tokens == old else {
            guard let tokens else { throw .signInNeeded }
            return tokens
        }
        switch result {
        case .success(let fresh):
            tokens = fresh
            isStale = false
            await changed(fresh)
        case .failure(.signInNeeded), .failure(.foreignAnswer):
            tokens = nil
            await changed(nil)
        case .failure: break
        }
        return try result.get()
    }
}
