import COpenSSLShim

/// The digests that XDS metadata needs, computed by libcrypto (decision 0081).
enum Digest {
    /// SHA-1 in lower-case hexadecimal: the form of `hash` (ITI TF-3 §4.2.3.2.10). It detects damage, not forgery.
    static func sha1(_ bytes: [UInt8]) -> String { hexadecimal(MSS_DIGEST_SHA1, bytes) }

    /// SHA-256 in lower-case hexadecimal.
    static func sha256(_ bytes: [UInt8]) -> String { hexadecimal(MSS_DIGEST_SHA256, bytes) }

    private static func hexadecimal(_ algorithm: mss_digest_algorithm, _ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        let count = bytes.withUnsafeBytes { mss_digest(algorithm, $0.baseAddress, $0.count, &digest) }
        precondition(count > 0, "libcrypto lacks SHA-1 or SHA-256")
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: digest[..<count].flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
