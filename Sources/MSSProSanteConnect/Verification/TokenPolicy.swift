/// What an operator asks of access tokens.
public struct TokenPolicy: Sendable, Hashable {
    /// Octets of a token. Pro Santé Connect's have about 1,500; the line of `AUTH` lets 9,000 through.
    public var maximumLength = 8_192
    /// The signature algorithms accepted. Pro Santé Connect signs with RS256.
    public var algorithms: Set<JWSAlgorithm> = [.rs256]
    /// How far clocks may differ.
    public var leeway: Duration = .seconds(30)
    /// The client software admitted, by `azp`; `nil` admits all: the Référentiel leaves the choice of the software to the
    /// user (EX_LPS_0110), and an operator knows no list of them.
    public var clients: Set<String>?
    /// The values of `acr` admitted; `nil` admits what Pro Santé Connect admits.
    public var assuranceLevels: Set<String>?
    /// How long UserInfo's answer about a token is remembered, at most until the token expires.
    public var remembersIdentity: Duration = .seconds(60)
    /// How long its refusal is.
    public var remembersRefusal: Duration = .seconds(30)
    /// How long nobody asks again after the provider could not be reached.
    public var outagePause: Duration = .seconds(2)

    /// The policy of the Référentiel.
    public init() {}
}
