/// How an ``AsyncHTTPTransport`` connects.
public struct HTTPTransportConfiguration: Sendable {
    /// Who is trusted to certify servers.
    public enum TrustRoots: Sendable, Hashable {
        /// The system's authorities (ANS's and PSC's public endpoints).
        case system
        /// These certificates only, PEM, any number of them (a sandbox, IGC-Santé).
        case pem([UInt8])
        /// These certificates only, DER.
        case der([[UInt8]])
    }

    /// A client certificate, for servers that ask for one (EX_WSA_5010).
    public struct ClientCertificate: Sendable {
        /// The chain, leaf first, PEM.
        public var chainPEM: [UInt8]
        /// The private key, unencrypted PEM.
        public var keyPEM: [UInt8]

        /// A client certificate.
        public init(chainPEM: [UInt8], keyPEM: [UInt8]) {
            self.chainPEM = chainPEM
            self.keyPEM = keyPEM
        }
    }

    /// An HTTP proxy, reached in clear. Everything goes through it by CONNECT (RFC 9110 §9.3.6), `http` too: the proxy
    /// must allow it for port 80 where CRLs and OCSP responders are reached in clear.
    public struct Proxy: Sendable, Hashable {
        /// Its host name or address.
        public var host: String
        /// Its port.
        public var port: Int
        /// Sent to it as Basic authentication, if set.
        public var credentials: Credentials?
        /// Hosts reached directly.
        public var exceptions: ProxyExceptions

        /// A name and password.
        public struct Credentials: Sendable, Hashable, CustomStringConvertible {
            let user: String
            let password: String

            /// A name and password.
            public init(user: String, password: String) {
                self.user = user
                self.password = password
            }

            /// Shows neither.
            public var description: String { "credentials" }
        }

        /// A proxy.
        public init(
            host: String, port: Int, credentials: Credentials? = nil, exceptions: ProxyExceptions = ProxyExceptions()
        ) {
            self.host = host
            self.port = port
            self.credentials = credentials
            self.exceptions = exceptions
        }
    }

    /// Time to connect, TLS included.
    public var connectTimeout: Duration
    /// Longest silence while a response comes.
    public var readTimeout: Duration
    /// Redirects followed, for GET only and never to another scheme; 0 for none.
    public var maximumRedirects: Int
    /// Who certifies servers.
    public var trustRoots: TrustRoots
    /// Shown to servers that ask.
    public var clientCertificate: ClientCertificate?
    /// The proxy; `nil` for none. The environment (`HTTPS_PROXY`…) is not read.
    public var proxy: Proxy?

    /// A configuration; by default 10 s to connect, 30 s of silence, no redirect, the system's authorities, no proxy.
    public init(
        connectTimeout: Duration = .seconds(10), readTimeout: Duration = .seconds(30), maximumRedirects: Int = 0,
        trustRoots: TrustRoots = .system, clientCertificate: ClientCertificate? = nil, proxy: Proxy? = nil
    ) {
        self.connectTimeout = connectTimeout
        self.readTimeout = readTimeout
        self.maximumRedirects = maximumRedirects
        self.trustRoots = trustRoots
        self.clientCertificate = clientCertificate
        self.proxy = proxy
    }
}
