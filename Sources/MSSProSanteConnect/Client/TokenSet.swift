public import MSSCore

/// What a sign-in gave: the access token for servers, and what keeps it alive.
public struct TokenSet: Sendable, Hashable {
    /// The access token: what `XOAUTH2` carries.
    public var accessToken: String
    /// When it ends.
    public var expires: Timestamp
    /// What a new one is had for, once.
    public var refreshToken: String?
    /// When that ends; `nil` when not said.
    public var refreshExpires: Timestamp?
    /// The ID token as it came; needed to sign out by the browser.
    public var identityToken: String?
    /// What the ID token says, once verified; `nil` when there was none.
    public var identity: TokenClaims?

    /// Tokens kept from an earlier run of the software.
    public init(
        accessToken: String, expires: Timestamp, refreshToken: String? = nil, refreshExpires: Timestamp? = nil,
        identityToken: String? = nil, identity: TokenClaims? = nil
    ) {
        self.accessToken = accessToken
        self.expires = expires
        self.refreshToken = refreshToken
        self.refreshExpires = refreshExpires
        self.identityToken = identityToken
        self.identity = identity
    }
}

extension TokenSet: CustomStringConvertible, CustomReflectable {
    /// Says that there are tokens, not which.
    public var description: String { "tokens" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
