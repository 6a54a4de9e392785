/// A TLS protocol version that this library can speak. Older ones (SSL 2 and 3, TLS 1.0 and 1.1) do not exist here:
/// EX_OPE_5010 forbids them.
public enum TLSVersion: UInt16, Sendable, Hashable, Comparable, CaseIterable, CustomStringConvertible {
    /// TLS 1.2, RFC 5246.
    case tls12 = 0x0303
    /// TLS 1.3, RFC 8446.
    case tls13 = 0x0304

    /// `TLSv1.2` or `TLSv1.3`.
    public var description: String { self == .tls12 ? "TLSv1.2" : "TLSv1.3" }

    /// Older is less.
    public static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
}
