import Glibc

/// An IPv4 or IPv6 address.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// The four or sixteen octets in network order.
    public let octets: [UInt8]

    /// An address from 4 (IPv4) or 16 (IPv6) octets in network order; `nil` for any other count.
    public init?(octets: [UInt8]) {
        guard octets.count == 4 || octets.count == 16 else { return nil }
        self.octets = octets
    }

    /// Reads an address in presentation form (`192.0.2.1`, `2001:db8::1`); `nil` when it is none.
    public init?(_ text: String) {
        var buffer = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &buffer) == 1 {
            octets = Array(buffer.prefix(4))
        } else if inet_pton(AF_INET6, text, &buffer) == 1 {
            octets = buffer
        } else {
            return nil
        }
    }

    /// Whether the address is an IPv6 one.
    public var isIPv6: Bool { octets.count == 16 }

    /// The presentation form (RFC 5952 for IPv6).
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(isIPv6 ? AF_INET6 : AF_INET, octets, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The name to ask a PTR record of: `1.2.0.192.in-addr.arpa` (RFC 1035 §3.5), nibbles under `ip6.arpa` (RFC 3596).
    public var reverseName: DNSName {
        if isIPv6 {
            let digits = octets.reversed().flatMap { [$0 & 0x0F, $0 >> 4] }.map { String($0, radix: 16) }
            return DNSName(unchecked: digits.joined(separator: ".") + ".ip6.arpa")
        }
        return DNSName(unchecked: octets.reversed().map { String($0) }.joined(separator: ".") + ".in-addr.arpa")
    }
}
