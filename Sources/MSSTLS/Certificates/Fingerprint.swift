/// The digest of a certificate's DER bytes.
public struct Fingerprint: Sendable, Hashable, CustomStringConvertible {
    /// The digests in use for fingerprints.
    public enum Algorithm: String, Sendable, Hashable { case sha1, sha256 }

    /// The digest.
    public let algorithm: Algorithm
    /// Its value, 20 or 32 bytes.
    public let bytes: [UInt8]

    /// Computes a fingerprint.
    public init(_ algorithm: Algorithm, of der: [UInt8]) {
        self.algorithm = algorithm
        bytes = algorithm == .sha1 ? Digest.sha1(der) : Digest.sha256(der)
    }

    /// Reads a fingerprint as tools print it: hexadecimal of either case, with or without `:` or spaces, with or
    /// without `openssl`'s prefix (`sha256 Fingerprint=`). `nil` when it is neither SHA-1 nor SHA-256.
    public init?(_ text: some StringProtocol) {
        var digits: [UInt8] = []
        for character in text.split(separator: "=", omittingEmptySubsequences: false).last ?? "" {
            if character == ":" || character == " " { continue }
            guard character.isASCII, let value = character.hexDigitValue else { return nil }
            digits.append(UInt8(value))
        }
        switch digits.count {
        case 40: algorithm = .sha1
        case 64: algorithm = .sha256
        default: return nil
        }
        bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Lower-case hexadecimal, as `sha256sum` prints it.
    public var hexadecimal: String { MSSTLS.hexadecimal(bytes) }

    /// Algorithm and hexadecimal value.
    public var description: String { "\(algorithm.rawValue):\(hexadecimal)" }
}
