internal import AsyncHTTPClient
public import MSSCore
internal import NIOCore
internal import NIOHTTP1

/// Sends HTTP requests with async-http-client: for the endpoints of ANS and Pro Santé Connect, revocation lists and OCSP.
///
/// Nothing is remembered between requests: no cookie, no cache. Call ``shutDown()`` when it is no longer used.
public final class AsyncHTTPTransport: HTTPTransport {
    private let direct: HTTPClient
    private let proxied: HTTPClient?
    private let configuration: HTTPTransportConfiguration

    /// A transport. Throws ``HTTPTransportError/tlsFailed(_:)`` when certificates or key cannot be read.
    public init(_ configuration: HTTPTransportConfiguration = HTTPTransportConfiguration()) throws(HTTPTransportError) {
        let tls: HTTPClient.Configuration
        do {
            tls = try Self.clientConfiguration(configuration)
        } catch {
            throw .tlsFailed("\(error)")
        }
        self.configuration = configuration
        direct = HTTPClient(eventLoopGroupProvider: .singleton, configuration: tls)
        proxied = configuration.proxy.map { proxy in
            var through = tls
            through.proxy =
                if let credentials = proxy.credentials {
                    .server(
                        host: proxy.host, port: proxy.port,
                        authorization: .basic(username: credentials.user, password: credentials.password))
                } else {
                    .server(host: proxy.host, port: proxy.port)
                }
            return HTTPClient(eventLoopGroupProvider: .singleton, configuration: through)
        }
    }

    /// Closes the connections; exchanges under way fail. To be called once.
    public func shutDown() async throws {
        try await direct.shutdown()
        try await proxied?.shutdown()
    }

    /// Sends a request, following redirects where the configuration allows it; throws ``HTTPTransportError``.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        do {
            // The client's own deadline ends with the response's head: this one covers the last byte of the body.
            return try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
                group.addTask { try await self.follow(request) }
                group.addTask {
                    try await Task.sleep(for: request.timeout)
                    throw HTTPTransportError.timedOut(.exchange)
                }
                defer { group.cancelAll() }
                guard let response = try await group.next() else { throw HTTPTransportError.cancelled }
                return response
            }
        } catch {
            throw Self.translate(error)
        }
    }

    private func follow(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard var address = HTTPAddress(request.url) else { throw HTTPTransportError.invalidURL }
        var redirects = 0
        while true {
            let response = try await exchange(request, at: address)
            guard configuration.maximumRedirects > 0, request.method == .get,
                [301, 302, 303, 307, 308].contains(response.status), let location = response.header("location")
            else { return response }
            redirects += 1
            // Another scheme would leave TLS, or carry the header fields to who knows where: another host gets none of
            // the request's secrets, so only the same origin is followed with them.
            guard redirects <= configuration.maximumRedirects, let next = address.following(location),
                next.scheme == address.scheme,
                next.origin == address.origin || request.headers.allSatisfy(Self.isPublic)
            else { throw HTTPTransportError.redirectRefused }
            address = next
        }
    }

    /// Header fields that may follow a redirect to another host.
    private static func isPublic(_ field: HTTPField) -> Bool {
        ["accept", "user-agent", "if-none-match", "if-modified-since"].contains(field.name.lowercased())
    }

    private func exchange(_ request: HTTPRequest, at address: HTTPAddress) async throws -> HTTPResponse {
        var outgoing = HTTPClientRequest(url: address.url)
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        for field in request.headers { outgoing.headers.add(name: field.name, value: field.value) }
        if !request.body.isEmpty { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
        let response = try await client(for: address)
            .execute(outgoing, deadline: .now() + TimeAmount(request.timeout))
        let limit = request.maximumResponseBytes
        if let announced = response.headers.first(name: "content-length").flatMap(Int.init), announced > limit {
            throw HTTPTransportError.bodyTooLarge(limit: limit)
        }
        var body: [UInt8] = []
        for try await chunk in response.body {
            guard chunk.readableBytes <= limit - body.count else {
                throw HTTPTransportError.bodyTooLarge(limit: limit)
            }
            body.append(contentsOf: chunk.readableBytesView)
        }
        return HTTPResponse(
            status: Int(response.status.code), headers: response.headers.map { HTTPField($0.name, $0.value) },
            body: body)
    }

    private func client(for address: HTTPAddress) -> HTTPClient {
        guard let proxied, let proxy = configuration.proxy, !proxy.exceptions.contains(address.host) else {
            return direct
        }
        return proxied
    }
}
