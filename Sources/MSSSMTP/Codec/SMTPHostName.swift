public import MSSCore
import MSSSASL

/// The name that a host gives of itself in `EHLO`, `HELO` and `LHLO`, or in its greeting (RFC 5321 §4.1.1.1).
public enum SMTPHostName: Sendable, Hashable {
    /// A domain.
    case domain(Domain)
    /// An address in brackets.
    case addressLiteral(AddressLiteral)
    /// Anything else of visible ASCII: a server must not refuse mail for it (RFC 5321 §4.1.4), and desktops send
    /// names with underscores or none that the DNS knows.
    case other(String)

    /// Longest name in octets (RFC 5321 §4.5.3.1.2).
    public static let maximumLength = 255

    /// Reads a name; `nil` when it is empty, longer than ``maximumLength`` or not visible ASCII throughout.
    public init?(_ octets: some Collection<UInt8>) {
        guard !octets.isEmpty, octets.count <= SMTPHostName.maximumLength, octets.allSatisfy(\.isGraphic) else {
            return nil
        }
        let text = String(decoding: octets, as: UTF8.self)
        if let domain = try? Domain(text) {
            self = .domain(domain)
        } else if text.hasPrefix("["), text.hasSuffix("]"), let literal = AddressLiteral(text.dropFirst().dropLast()) {
            self = .addressLiteral(literal)
        } else {
            self = .other(text)
        }
    }
}

extension SMTPHostName: CustomStringConvertible {
    /// The name as written on the wire.
    public var description: String {
        switch self {
        case .domain(let domain): domain.ascii
        case .addressLiteral(let literal): "[\(literal)]"
        case .other(let text): text
        }
    }
}
