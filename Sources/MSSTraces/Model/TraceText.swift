/// A request or a reply as it may stand in a trace: one line, bounded, without credentials and without content.
///
/// Only the first line of what is given is kept: whatever follows a command or a status on the next lines (DATA, an
/// IMAP literal) is content. Masked are the arguments of SMTP `AUTH`, IMAP `AUTHENTICATE` and `LOGIN`, `PASS`, lines
/// that are nothing but Base64 (the answers of a SASL exchange), `Authorization` values, JSON Web Tokens, and the
/// values of parameters that carry a secret. The data of an IMAP `FETCH` response are cut.
public struct TraceText: Sendable, Hashable {
    /// The text as it is kept.
    public let text: String

    /// The longest text kept, in bytes of UTF-8; the rest is cut and replaced by `…`.
    public static let maximumLength = 1000
    /// What stands for a secret.
    public static let mask = "***"

    /// Keeps the first line, without secrets.
    public init(_ raw: some StringProtocol) { text = Sanitizer.clean(Array(raw.utf8.prefix(64 * 1024))) }

    /// A text that was already cleaned: read back from a journal.
    init(kept text: String) { self.text = text }

    /// Any text, cut to ``maximumLength``. Nothing is masked.
    static func bounded(_ text: String) -> String {
        text.utf8.count <= maximumLength ? text : Sanitizer.cut(Array(text.utf8.prefix(2 * maximumLength)))
    }
}

extension TraceText: ExpressibleByStringLiteral {
    /// Keeps the first line of a literal, without secrets.
    public init(stringLiteral value: String) { self.init(value) }
}

/// The rules of ``TraceText``.
enum Sanitizer {
    static func clean(_ raw: [UInt8]) -> String {
        var line = raw.prefix { $0 != 0x0D && $0 != 0x0A }.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }
        line = masked(line)
        return cut(line)
    }

    static func cut(_ line: [UInt8]) -> String {
        guard line.count > TraceText.maximumLength else { return String(decoding: line, as: UTF8.self) }
        var end = TraceText.maximumLength - 3
        while end > 0, line[end] & 0xC0 == 0x80 { end -= 1 }
        return String(decoding: line[..<end], as: UTF8.self) + "…"
    }

    private static func masked(_ line: [UInt8]) -> [UInt8] {
        let words = line.split(separator: 0x20, omittingEmptySubsequences: true)
        guard let first = words.first else { return line }
        let mask = Array(TraceText.mask.utf8)
        // A line of Base64 alone: an answer of a SASL exchange (RFC 4954 §4, RFC 9051 §6.2.2).
        if words.count == 1, first.count >= 8, first.count % 4 == 0, first.allSatisfy(isBase64) { return mask }
        for (index, word) in words.prefix(3).enumerated() {
            let end = word.endIndex
            let rest = words.dropFirst(index + 1)
            if equals(word, "auth") || equals(word, "authenticate") {
                // The mechanism stays, an initial response goes.
                guard rest.count > 1, let mechanism = rest.first else { return line }
                return Array(line[..<mechanism.endIndex]) + [0x20] + mask
            }
            if (equals(word, "login") && index == 1) || (equals(word, "pass") && index == 0)
                || (equals(word, "user") && index == 0 && words.count > 2)
            {
                return rest.isEmpty ? line : Array(line[..<end]) + [0x20] + mask
            }
            if equals(word, "authorization:") || equals(word, "proxy-authorization:") || equals(word, "cookie:")
                || equals(word, "set-cookie:")
            {
                return Array(line[..<end]) + [0x20] + mask
            }
            // An untagged FETCH response holds message data (RFC 9051 §7.5.2).
            if index == 2, equals(word, "fetch"), equals(first, "*"), !rest.isEmpty {
                return Array(line[..<end]) + [0x20] + Array("(…)".utf8)
            }
        }
        return maskedTokens(line, mask)
    }

    /// Bearer tokens, JSON Web Tokens and secret parameters anywhere in the line.
    private static func maskedTokens(_ line: [UInt8], _ mask: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(line.count)
        var index = 0
        var hideNext = false
        while index < line.count {
            let start = index
            while index < line.count, isTokenByte(line[index]) { index += 1 }
            let word = line[start..<index]
            if !word.isEmpty {
                let isJWT = word.count >= 20 && word.starts(with: [0x65, 0x79, 0x4A])  // `eyJ`: {" in Base64
                result += hideNext || isJWT ? mask[...] : word
                let isScheme = equals(word, "bearer") || equals(word, "basic")
                // The separator that follows decides whether the word named a parameter.
                var after = index
                if after < line.count, line[after] == 0x22 { after += 1 }  // `"password": …`
                let separator = after < line.count ? line[after] : 0
                hideNext =
                    (isScheme && separator == 0x20) || ((separator == 0x3D || separator == 0x3A) && isSecret(word))
                // A quoted or spaced value: `password="…"`, `token: …`.
                if hideNext {
                    while index < line.count, !isTokenByte(line[index]) {
                        result.append(line[index])
                        index += 1
                    }
                    continue
                }
            }
            if index < line.count {
                result.append(line[index])
                index += 1
            }
        }
        return result
    }

    private static let secrets: [StaticString] = [
        "access_token", "id_token", "refresh_token", "token", "code", "password", "passwd", "pwd", "secret",
        "client_secret", "client_assertion", "assertion", "samlresponse", "mot_de_passe", "motdepasse", "api_key",
        "apikey", "jwt", "session", "sid", "otp", "pin",
    ]

    private static func isSecret(_ word: ArraySlice<UInt8>) -> Bool { secrets.contains { equals(word, $0) } }

    private static func isBase64(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == 0x2B || byte == 0x2F || byte == 0x3D
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
    }

    /// Letters, digits and `-._~+/%`: the characters of tokens (RFC 6750 §2.1); `@` and the like end one.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x2E, 0x5F, 0x7E, 0x2B, 0x2F, 0x25: true
        default: isAlphanumeric(byte) || byte >= 0x80
        }
    }

    private static func equals(_ word: ArraySlice<UInt8>, _ name: StaticString) -> Bool {
        guard word.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { letters in
            zip(word, letters).allSatisfy { ($0 | (0x41...0x5A ~= $0 ? 0x20 : 0)) == $1 }
        }
    }
}
