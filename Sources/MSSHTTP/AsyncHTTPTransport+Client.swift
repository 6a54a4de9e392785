import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

extension AsyncHTTPTransport {
    static func clientConfiguration(
        _ configuration: HTTPTransportConfiguration
    ) throws -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        switch configuration.trustRoots {
        case .system: break
        case .pem(let bytes): tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(bytes))
        case .der(let certificates):
            tls.trustRoots = .certificates(try certificates.map { try NIOSSLCertificate(bytes: $0, format: .der) })
        }
        if let own = configuration.clientCertificate {
            tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(own.chainPEM).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: own.keyPEM, format: .pem))
        }
        var client = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(
                connect: TimeAmount(configuration.connectTimeout), read: TimeAmount(configuration.readTimeout)),
            decompression: .disabled)
        client.httpVersion = .http1Only
        // A refused connection is an answer: the caller's schedule decides when to try again.
        client.connectionPool.retryConnectionEstablishment = false
        return client
    }

    /// The typed form of what async-http-client, NIO and BoringSSL throw.
    static func translate(_ error: any Error) -> HTTPTransportError {
        switch error {
        case let error as HTTPTransportError: return error
        case is CancellationError: return .cancelled
        case let error as HTTPClientError: return translate(error)
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: return .tlsFailed("\(error)")
        case is NIOConnectionError, is IOError: return .notConnected("\(error)")
        default: return .protocolFailed("\(error)")
        }
    }

    private static func translate(_ error: HTTPClientError) -> HTTPTransportError {
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout, .socksHandshakeTimeout, .httpProxyHandshakeTimeout:
            return .timedOut(.connect)
        case .readTimeout: return .timedOut(.read)
        case .deadlineExceeded, .getConnectionFromPoolTimeout: return .timedOut(.exchange)
        case .cancelled: return .cancelled
        case .alreadyShutdown: return .shutDown
        case .invalidURL, .emptyHost, .emptyScheme: return .invalidURL
        case .proxyAuthenticationRequired: return .notConnected("proxy authentication required")
        default: return .protocolFailed("\(error)")
        }
    }
}
