/// Says whether a person may use a mailbox (EX_LPS_0900 step 8): the operator's accounts, or a hospital's own directory.
public protocol Habilitation: Sendable {
    /// What a login is worth to the caller: an identity, rights, a capacity.
    associatedtype Grant: Sendable

    /// The grant; `nil` when the person may not use the mailbox.
    ///
    /// - Parameters:
    ///   - person: who UserInfo says it is.
    ///   - mailbox: the `user` of the login, as the client wrote it.
    func grant(_ person: UserInfo, to mailbox: String) async throws -> Grant?
}

/// Steps 4 to 8 of EX_LPS_0900 in one: a token and a mailbox in, a grant out.
public struct TokenLogin<Rights: Habilitation>: Sendable {
    private let verifier: AccessTokenVerifier
    private let rights: Rights

    /// A login by a verifier and the operator's rights.
    public init(_ verifier: AccessTokenVerifier, _ rights: Rights) {
        self.verifier = verifier
        self.rights = rights
    }

    /// Opens a mailbox to the holder of a token.
    ///
    /// - Throws: ``TokenFailure``, or what the rights throw.
    public func open(_ mailbox: String, token: String) async throws -> (token: VerifiedToken, grant: Rights.Grant) {
        let verified = try await verifier.verify(token)
        guard let grant = try await rights.grant(verified.userInfo, to: mailbox) else { throw TokenFailure.notEntitled }
        return (verified, grant)
    }
}
