/// The name of a SASL mechanism (RFC 4422 §3.1), in upper case.
public struct SASLMechanism: Sendable, Hashable {
    /// The name.
    public let name: String

    /// A mechanism by its name, whatever its case; `nil` when it is not 1 to 20 letters, digits, `-` and `_`.
    public init?(_ name: some Collection<UInt8>) {
        guard (1...20).contains(name.count),
            name.allSatisfy({ $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
        else { return nil }
        self.name = String(decoding: name.map(\.uppercased), as: UTF8.self)
    }

    private init(known: String) { name = known }

    /// The bearer token of Pro Santé Connect, in the form that API LPS prescribes (EX_LPS_0700).
    public static let xoauth2 = SASLMechanism(known: "XOAUTH2")
    /// The bearer token in the form of RFC 7628.
    public static let oauthBearer = SASLMechanism(known: "OAUTHBEARER")
    /// User and password (RFC 4616); beside a certificate, the mailbox of an application (EX_LPS_1200 step 3).
    public static let plain = SASLMechanism(known: "PLAIN")
    /// User and password in two steps; never standardised, still asked for by old clients.
    public static let login = SASLMechanism(known: "LOGIN")
    /// What TLS has already established (RFC 4422 appendix A).
    public static let external = SASLMechanism(known: "EXTERNAL")
}

extension SASLMechanism: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}
