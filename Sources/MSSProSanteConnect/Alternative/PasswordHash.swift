import COpenSSLShim
import MSSCore

/// A password as it is kept: scrypt (RFC 7914) over a salt of its own, in the notation of the PHC string format.
public struct PasswordHash: Sendable, Hashable {
    /// What a guess costs.
    public struct Cost: Sendable, Hashable {
        /// The binary logarithm of N: memory is 128 · r · 2^ln octets.
        public var ln: Int
        /// Block size.
        public var r: Int
        /// Repetitions.
        public var p: Int

        /// A cost.
        public init(ln: Int, r: Int, p: Int) {
            self.ln = ln
            self.r = r
            self.p = p
        }

        /// 32 MB and about a third of a second: OWASP's equal of N = 2^17, p = 1 (decision 0212).
        public static let standard = Cost(ln: 15, r: 8, p: 3)

        /// What a kept hash may ask of this machine: not a gigabyte.
        var isBearable: Bool { (1...18).contains(ln) && (1...16).contains(r) && (1...8).contains(p) }
    }

    /// Longest password, in octets; longer ones are refused, not cut.
    public static let maximumPassword = 256

    let cost: Cost
    let salt: [UInt8]
    let hash: [UInt8]

    private static let length = 32

    /// Hashes a new password. Takes what ``Cost`` says: not to be called on an event loop.
    ///
    /// - Returns: `nil` when the password is empty or too long, or memory lacks.
    public init?(_ password: String, cost: Cost = .standard) {
        var salt = [UInt8](repeating: 0, count: 16)
        precondition(mss_random(&salt, salt.count) == 1, "no random numbers")
        guard cost.isBearable, !password.isEmpty, let hash = Self.compute(password, salt, cost) else { return nil }
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// Reads `$scrypt$ln=15,r=8,p=3$salt$hash`, both in base64 without padding.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        let parameters = parts[2].split(separator: ",", omittingEmptySubsequences: false)
        guard parameters.count == 3, parameters[0].hasPrefix("ln="), parameters[1].hasPrefix("r="),
            parameters[2].hasPrefix("p="), let ln = Int(parameters[0].dropFirst(3)),
            let r = Int(parameters[1].dropFirst(2)), let p = Int(parameters[2].dropFirst(2)),
            let salt = Self.decoded(parts[3]), let hash = Self.decoded(parts[4]), (8...64).contains(salt.count),
            hash.count == Self.length
        else { return nil }
        cost = Cost(ln: ln, r: r, p: p)
        guard cost.isBearable else { return nil }
        self.salt = salt
        self.hash = hash
    }

    /// The form that is kept.
    public var text: String {
        "$scrypt$ln=\(cost.ln),r=\(cost.r),p=\(cost.p)$\(Self.encoded(salt))$\(Self.encoded(hash))"
    }

    /// Whether this is the password; takes as long as hashing it did.
    public func matches(_ password: String) -> Bool {
        guard let hash = Self.compute(password, salt, cost) else { return false }
        return mss_equal(hash, self.hash, hash.count) == 1
    }

    private static func compute(_ password: String, _ salt: [UInt8], _ cost: Cost) -> [UInt8]? {
        let bytes = Array(password.utf8)
        guard bytes.count <= maximumPassword else { return nil }
        var output = [UInt8](repeating: 0, count: length)
        let done = mss_scrypt(
            bytes, bytes.count, salt, salt.count, UInt32(cost.ln), UInt32(cost.r), UInt32(cost.p), &output, length)
        return done == 1 ? output : nil
    }

    // The PHC format has the alphabet of base64, which differs from base64url in two letters.
    private static func encoded(_ bytes: [UInt8]) -> String {
        String(Base64URL.encode(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
    }

    private static func decoded(_ text: Substring) -> [UInt8]? {
        guard !text.contains("-"), !text.contains("_") else { return nil }
        return Base64URL.decode(text.utf8.map { $0 == UInt8(ascii: "+") ? 45 : $0 == UInt8(ascii: "/") ? 95 : $0 })
    }

    private static func decoded(_ text: some StringProtocol) -> [UInt8]? { decoded(Substring(text)) }
}

extension PasswordHash: CustomStringConvertible {
    /// Says that there is one, not which.
    public var description: String { "password hash" }
}
