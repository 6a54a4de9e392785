import COpenSSLShim
public import MSSCore

/// A time-based one-time password (RFC 6238) as a professional's telephone and the operator share it.
public struct OneTimePassword: Sendable, Hashable {
    /// The hash under the HMAC.
    public enum Digest: Int, Sendable, Hashable {
        /// What every application knows.
        case sha1 = 1
        /// SHA-256.
        case sha256 = 256
        /// SHA-512.
        case sha512 = 512

        var name: String { "SHA\(rawValue)" }
    }

    /// The shared secret.
    public let secret: [UInt8]
    /// The hash.
    public let digest: Digest
    /// Digits of a code, 6 to 8.
    public let digits: Int
    /// How long a code is shown.
    public let period: Int64

    /// A one-time password; `nil` for a secret under 128 bits (RFC 4226 §4, R6) or over 128 octets, or digits that are
    /// not 6 to 8.
    public init?(secret: [UInt8], digest: Digest = .sha1, digits: Int = 6, period: Int64 = 30) {
        guard (16...128).contains(secret.count), (6...8).contains(digits), (15...120).contains(period) else {
            return nil
        }
        self.secret = secret
        self.digest = digest
        self.digits = digits
        self.period = period
    }

    /// A new one, with a secret of 160 bits (RFC 4226 §4, R6).
    public static func enrol() -> OneTimePassword {
        var secret = [UInt8](repeating: 0, count: 20)
        precondition(mss_random(&secret, secret.count) == 1, "no random numbers")
        return OneTimePassword(secret: secret)!  // 20 octets and the values by default are allowed
    }

    /// The time step of a moment (RFC 6238 §4.2).
    func step(at time: Timestamp) -> Int64 { max(0, time.seconds) / period }

    /// The code of a time step (RFC 4226 §5.3).
    func code(of step: Int64) -> String {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * $0)) }
        var mac = [UInt8](repeating: 0, count: 64)
        let count = mss_hmac(Int32(digest.rawValue), secret, secret.count, counter, counter.count, &mac)
        precondition(count >= 20, "HMAC failed")
        let offset = Int(mac[count - 1] & 0x0F)
        var number = mac[offset..<(offset + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        var text: [UInt8] = []
        for _ in 0..<digits {
            text.append(UInt8(ascii: "0") + UInt8(number % 10))
            number /= 10
        }
        return String(decoding: text.reversed(), as: UTF8.self)
    }

    /// The code shown at a time.
    public func code(at time: Timestamp) -> String { code(of: step(at: time)) }

    /// The time step whose code this is, one before and one after the present included (RFC 6238 §5.2): the caller
    /// accepts it once, and none before it.
    func step(of code: String, at time: Timestamp) -> Int64? {
        let given = Array(code.utf8)
        guard given.count == digits else { return nil }
        let now = step(at: time)
        var found: Int64?
        // All three are computed in any case.
        for step in max(0, now - 1)...(now + 1) where mss_equal(Array(self.code(of: step).utf8), given, digits) == 1 {
            found = step
        }
        return found
    }

    /// The secret as people type it (RFC 4648 §6, base32 without padding).
    public var secretText: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var text: [UInt8] = []
        var group: UInt32 = 0
        var bits = 0
        for byte in secret {
            group = group << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[Int(group >> UInt32(bits)) & 31])
            }
            group &= (1 << UInt32(bits)) - 1
        }
        if bits > 0 { text.append(alphabet[Int(group << UInt32(5 - bits)) & 31]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// What a telephone's camera reads: the `otpauth` URL of authenticator applications.
    ///
    /// - Parameters:
    ///   - account: shown beside the code, for example the address of the mailbox.
    ///   - issuer: the operator's name.
    public func enrolmentURL(account: String, issuer: String) -> String {
        "otpauth://totp/\(FormText.escaped(issuer)):\(FormText.escaped(account))?secret=\(secretText)"
            + "&issuer=\(FormText.escaped(issuer))&algorithm=\(digest.name)&digits=\(digits)&period=\(period)"
    }
}

extension OneTimePassword: CustomStringConvertible, CustomReflectable {
    /// Says that there is one, not which.
    public var description: String { "one-time password" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
