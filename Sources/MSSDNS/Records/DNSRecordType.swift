/// The record types that the SDK asks for, with their numbers on the wire.
public enum DNSRecordType: UInt16, Sendable, Hashable, CaseIterable {
    /// IPv4 address, RFC 1035 §3.4.1.
    case a = 1
    /// Pointer to a name, RFC 1035 §3.3.12.
    case ptr = 12
    /// Mail exchanger, RFC 1035 §3.3.9.
    case mx = 15
    /// IPv6 address, RFC 3596.
    case aaaa = 28
    /// Location of a service, RFC 2782.
    case srv = 33
}
