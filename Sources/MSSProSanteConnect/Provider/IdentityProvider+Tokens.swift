extension IdentityProvider {
    /// What a token says, once its form, its signature and its issuer hold; times and addressees are the caller's to
    /// judge.
    func claims(
        of token: String, maximumLength: Int, algorithms: Set<JWSAlgorithm>
    ) async throws(TokenFailure) -> TokenClaims {
        // EX_LPS_0900 step 4.
        let compact = try CompactToken(token, maximumLength: maximumLength, algorithms: algorithms)
        // Step 5.
        let keys: [SigningKey]
        do throws(ProviderFailure) { keys = try await self.keys(named: compact.keyID) } catch {
            throw .unavailable(error)
        }
        guard !keys.isEmpty else { throw .unknownKey }
        let claims = try TokenClaims(try compact.claims(verifiedBy: keys))
        guard claims.issuer == issuer else { throw .otherIssuer }
        return claims
    }
}
