/// A cipher suite: its code on the wire, its IANA name and the name that OpenSSL gives it.
public struct TLSCipherSuite: Sendable, Hashable, CustomStringConvertible {
    /// The code on the wire.
    public let code: UInt16
    /// The version of the protocol that the suite belongs to.
    public let version: TLSVersion
    /// The name in the IANA registry, as the Référentiel writes it.
    public let name: String
    /// The name that OpenSSL (and Postfix, nginx, …) uses.
    public let openSSLName: String

    private init(_ code: UInt16, _ version: TLSVersion, _ name: String, _ openSSLName: String) {
        self.code = code
        self.version = version
        self.name = name
        self.openSSLName = openSSLName
    }

    /// The IANA name.
    public var description: String { name }

    // The one table. EX_OPE_5010 and EX_LPS_0200 give codes and names.

    /// 0xC030, TLS 1.2.
    public static let ecdheRSAWithAES256GCM = TLSCipherSuite(
        0xC030, .tls12, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384")
    /// 0xC02F, TLS 1.2.
    public static let ecdheRSAWithAES128GCM = TLSCipherSuite(
        0xC02F, .tls12, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256")
    /// 0xC028, TLS 1.2; forbidden by the 1.7 draft.
    public static let ecdheRSAWithAES256CBC = TLSCipherSuite(
        0xC028, .tls12, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384")
    /// 0xC027, TLS 1.2; forbidden by the 1.7 draft.
    public static let ecdheRSAWithAES128CBC = TLSCipherSuite(
        0xC027, .tls12, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256")
    /// 0x009F, TLS 1.2.
    public static let dheRSAWithAES256GCM = TLSCipherSuite(
        0x009F, .tls12, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "DHE-RSA-AES256-GCM-SHA384")
    /// 0x009E, TLS 1.2.
    public static let dheRSAWithAES128GCM = TLSCipherSuite(
        0x009E, .tls12, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE-RSA-AES128-GCM-SHA256")
    /// 0x1302, TLS 1.3.
    public static let aes256GCM = TLSCipherSuite(
        0x1302, .tls13, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384")
    /// 0x1303, TLS 1.3.
    public static let chaCha20Poly1305 = TLSCipherSuite(
        0x1303, .tls13, "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256")
    /// 0x1301, TLS 1.3.
    public static let aes128GCM = TLSCipherSuite(
        0x1301, .tls13, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256")

    /// Every suite that some policy allows.
    public static let all: [TLSCipherSuite] = [
        .ecdheRSAWithAES256GCM, .ecdheRSAWithAES128GCM, .ecdheRSAWithAES256CBC, .ecdheRSAWithAES128CBC,
        .dheRSAWithAES256GCM, .dheRSAWithAES128GCM, .aes256GCM, .chaCha20Poly1305, .aes128GCM,
    ]

    /// The suite of that code; `nil` for one that no policy allows.
    public init?(code: UInt16) {
        guard let found = Self.all.first(where: { $0.code == code }) else { return nil }
        self = found
    }
}
