/// A message of a SASL exchange as sent: octets, carried in base64 by SMTP and IMAP. It is treated as a secret.
public struct SASLMessage: Sendable, Hashable {
    /// The octets, decoded.
    public let bytes: [UInt8]

    /// Longest message in base64: the line of 12,288 octets that RFC 4954 §4 allows, less `AUTH`, mechanism and CRLF.
    public static let maximumBase64Length = 12_288 - 2

    /// A message of these octets.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A message of the octets of a text.
    public init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    /// Reads base64 to the letter (RFC 4648 §4, as RFC 4954 §4 wants it): nothing outside the alphabet, padding
    /// complete, unused bits zero; `nil` otherwise. Two texts never mean the same message.
    public init?(base64: some Collection<UInt8>) {
        guard base64.count % 4 == 0, base64.count <= SASLMessage.maximumBase64Length else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(base64.count / 4 * 3)
        var group: UInt32 = 0
        var held = 0
        var padding = 0
        for character in base64 {
            if character == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = SASLMessage.value(character) else { return nil }
            group = group << 6 | UInt32(value)
            held += 1
            if held == 4 {
                output.append(contentsOf: [
                    UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8),
                    UInt8(truncatingIfNeeded: group),
                ])
                (group, held) = (0, 0)
            }
        }
        switch (held, padding) {
        case (0, 0): break
        case (2, 2):
            guard group & 0x0F == 0 else { return nil }
            output.append(UInt8(truncatingIfNeeded: group >> 4))
        case (3, 1):
            guard group & 0x03 == 0 else { return nil }
            output.append(UInt8(truncatingIfNeeded: group >> 10))
            output.append(UInt8(truncatingIfNeeded: group >> 2))
        default: return nil
        }
        bytes = output
    }

    /// The message in base64, without line breaks.
    public var base64: String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let rest = min(3, bytes.count - start)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < rest ? UInt32(bytes[start + offset]) : 0) }
            for place in 0..<4 {
                let value = Int(group >> (18 - 6 * UInt32(place)) & 0x3F)
                output.append(place <= rest ? SASLMessage.alphabet[value] : UInt8(ascii: "="))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x41...0x5A: character - 0x41
        case 0x61...0x7A: character - 0x61 + 26
        case 0x30...0x39: character - 0x30 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

extension SASLMessage: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The length only.
    public var description: String { "SASL message of \(bytes.count) octets" }
    /// The length only.
    public var debugDescription: String { description }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A password or token. It appears in no description.
public struct SASLSecret: Sendable, Hashable {
    /// The secret itself.
    public let text: String

    /// A secret.
    public init(_ text: String) { self.text = text }
}

extension SASLSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says that there is a secret, not which.
    public var description: String { "secret" }
    /// Says that there is a secret, not which.
    public var debugDescription: String { description }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why octets are not a message of their mechanism; nothing of them is repeated.
public enum SASLMessageError: Error, Sendable, Hashable {
    /// The form is not the mechanism's.
    case malformed
    /// Not UTF-8, or a character that the mechanism excludes.
    case forbiddenCharacter
    /// No token, user or password where one is needed.
    case missing
    /// The client asks for channel binding, which the mechanism does not know.
    case channelBinding
}
