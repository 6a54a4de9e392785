import MSSCore
import MSSHTTP
import MSSTestKit
import Testing

@Suite("HTTP transport")
struct AsyncHTTPTransportTests {
    private func with(
        _ configuration: HTTPTransportConfiguration = HTTPTransportConfiguration(), credential: TestCredential? = nil,
        answer: @escaping TestHTTPServer.Handler,
        _ body: (AsyncHTTPTransport, TestHTTPServer) async throws -> Void
    ) async throws {
        let server = try await TestHTTPServer.start(credential: credential, handler: answer)
        let transport = try AsyncHTTPTransport(configuration)
        let result: Result<Void, any Error>
        do { result = .success(try await body(transport, server)) } catch { result = .failure(error) }
        try await transport.shutDown()
        try await server.stop()
        try result.get()
    }

    private func failure(
        _ transport: AsyncHTTPTransport, _ request: HTTPRequest
    ) async -> HTTPTransportError? {
        do {
            _ = try await transport.send(request)
            return nil
        } catch {
            return error as? HTTPTransportError
        }
    }

    @Test("method, header fields and body go out; status, header fields and body come back")
    func exchange() async throws {
        try await with(answer: { request in
            .response(
                status: 418,
                headers: [HTTPField("x-method", request.method), HTTPField("x-a", request.header("A") ?? "")],
                body: request.body.reversed())
        }) { transport, server in
            let response = try await transport.send(
                HTTPRequest(.post, url: server.url + "/x?y=z", headers: [HTTPField("a", "b")], body: [1, 2, 3]))
            #expect(response.status == 418)
            #expect(response.header("X-Method") == "POST")
            #expect(response.header("x-a") == "b")
            #expect(response.body == [3, 2, 1])
        }
    }

    @Test("a body over the limit ends the exchange, announced or not")
    func bodyLimit() async throws {
        try await with(answer: { request in
            request.path == "/announced"
                ? .response(status: 200, body: [UInt8](repeating: 1, count: 1001))
                : .endless(prefix: [], block: [UInt8](repeating: 1, count: 1 << 16), length: 1 << 40)
        }) { transport, server in
            for path in ["/announced", "/endless"] {
                let request = HTTPRequest(url: server.url + path, maximumResponseBytes: 1000)
                #expect(await failure(transport, request) == .bodyTooLarge(limit: 1000))
            }
            let exact = try await transport.send(
                HTTPRequest(url: server.url + "/announced", maximumResponseBytes: 1001))
            #expect(exact.body.count == 1001)
        }
    }

    @Test("silence and slow bodies end with the time-out of the whole exchange, or of a read")
    func timeouts() async throws {
        let answer: TestHTTPServer.Handler = { request in
            request.path == "/silence"
                ? .silence : .slow(body: [UInt8](repeating: 1, count: 10_000), step: 1, every: .milliseconds(20))
        }
        try await with(answer: answer) { transport, server in
            for path in ["/silence", "/slow"] {
                let request = HTTPRequest(url: server.url + path, timeout: .milliseconds(300))
                #expect(await failure(transport, request) == .timedOut(.exchange))
            }
        }
        try await with(HTTPTransportConfiguration(readTimeout: .milliseconds(200)), answer: answer) {
            transport, server in
            #expect(await failure(transport, HTTPRequest(url: server.url + "/silence")) == .timedOut(.read))
        }
    }

    @Test("cut bodies, closed connections, refused connections and bad URLs are told apart")
    func brokenConnections() async throws {
        try await with(answer: { request in
            request.path == "/cut" ? .truncated(body: [UInt8](repeating: 1, count: 1000), after: 500) : .close
        }) { transport, server in
            for path in ["/cut", "/closed"] {
                guard case .protocolFailed? = await failure(transport, HTTPRequest(url: server.url + path)) else {
                    Issue.record("\(path)")
                    continue
                }
            }
            guard case .notConnected? = await failure(transport, HTTPRequest(url: "http://127.0.0.1:9/")) else {
                Issue.record("not refused")
                return
            }
            for url in [
                "", "example.org", "ftp://example.org/", "http://user:pass@example.org/", "http:///x", "http://a b/",
                "http://a/\r\nx: y", "file:///etc/passwd", "http+unix://%2Ftmp/",
            ] {
                #expect(await failure(transport, HTTPRequest(url: url)) == .invalidURL, "\(url)")
            }
        }
    }

    @Test("redirects are answers by default; allowed ones stay in their scheme, bounded, and carry no secret away")
    func redirects() async throws {
        let answer: TestHTTPServer.Handler = { request in
            switch request.path {
            case "/one": .response(status: 302, headers: [HTTPField("location", "/end")])
            case "/loop": .response(status: 301, headers: [HTTPField("location", "/loop")])
            case "/away": .response(status: 302, headers: [HTTPField("location", "http://localhost:9/")])
            case "/scheme": .response(status: 302, headers: [HTTPField("location", "https://127.0.0.1:9/")])
            default: .response(status: 200, body: Array("end".utf8))
            }
        }
        try await with(answer: answer) { transport, server in
            let value1 = try await transport.send(HTTPRequest(url: server.url + "/one")).status
            #expect(value1 == 302)
        }
        try await with(HTTPTransportConfiguration(maximumRedirects: 3), answer: answer) { transport, server in
            let value2 = try await transport.send(HTTPRequest(url: server.url + "/one")).body
            #expect(value2 == Array("end".utf8))
            let value3 = try await transport.send(HTTPRequest(.post, url: server.url + "/one")).status
            #expect(value3 == 302)
            for path in ["/loop", "/scheme"] {
                #expect(await failure(transport, HTTPRequest(url: server.url + path)) == .redirectRefused)
            }
            let secret = HTTPRequest(url: server.url + "/away", headers: [HTTPField("ESANTE-API-KEY", "k")])
            #expect(await failure(transport, secret) == .redirectRefused)
        }
    }

    @Test("TLS: only servers certified by the configured roots, by name")
    func trust() async throws {
        let pki = TestPKI.shared
        let credential = try pki.issue(.server(commonName: "localhost"))
        let roots = HTTPTransportConfiguration(trustRoots: .pem(Array(pki.root.certificatePEM.utf8)))
        let derRoots = HTTPTransportConfiguration(trustRoots: .der([pki.root.certificateDER]))
        let ok: TestHTTPServer.Handler = { _ in .response(status: 200) }
        for configuration in [roots, derRoots] {
            try await with(configuration, credential: credential, answer: ok) { transport, server in
                let value4 = try await transport.send(HTTPRequest(url: server.url)).status
                #expect(value4 == 200)
            }
        }
        let other = try pki.issue(.server(commonName: "other.example"))
        for (configuration, credential) in [(HTTPTransportConfiguration(), credential), (roots, other)] {
            try await with(configuration, credential: credential, answer: ok) { transport, server in
                guard case .tlsFailed? = await failure(transport, HTTPRequest(url: server.url)) else {
                    Issue.record("accepted")
                    return
                }
            }
        }
        #expect(throws: HTTPTransportError.self) {
            try AsyncHTTPTransport(HTTPTransportConfiguration(trustRoots: .pem(Array("garbage".utf8))))
        }
    }

    @Test("a proxy gets the requests, except for the hosts excepted; the environment does not count")
    func proxy() async throws {
        let proxy = try await ConnectProxy.start()
        func configuration(_ exceptions: String) -> HTTPTransportConfiguration {
            HTTPTransportConfiguration(
                proxy: .init(host: "127.0.0.1", port: proxy.port, exceptions: ProxyExceptions(exceptions)))
        }
        try await with(configuration(""), answer: { _ in .response(status: 200) }) { transport, _ in
            let response = try await transport.send(HTTPRequest(url: "http://crl.example/x"))
            #expect(response.body == Array("proxied".utf8))
            #expect(proxy.requestLines == ["CONNECT crl.example:80 HTTP/1.1", "GET /x HTTP/1.1"])
        }
        try await with(configuration("127.0.0.1"), answer: { _ in .response(status: 200, body: [7]) }) {
            transport, server in
            let value5 = try await transport.send(HTTPRequest(url: server.url)).body
            #expect(value5 == [7])
        }
        try await proxy.stop()
    }

    @Test("exceptions cover a domain and what is below it")
    func exceptions() {
        let exceptions = ProxyExceptions("localhost, .example.org hopital.fr,10.0.0.1")
        for host in ["localhost", "example.org", "a.example.org", "HOPITAL.fr", "mx.hopital.fr", "10.0.0.1"] {
            #expect(exceptions.contains(host), "\(host)")
        }
        for host in ["badexample.org", "hopital.fr.evil", "10.0.0.11", ""] { #expect(!exceptions.contains(host)) }
        #expect(ProxyExceptions("*").contains("any.example"))
    }

    @Test("a transport that was shut down, a task that was cancelled")
    func ends() async throws {
        let server = try await TestHTTPServer.start { _ in .silence }
        let transport = try AsyncHTTPTransport()
        let request = HTTPRequest(url: server.url)
        let task = Task { await failure(transport, request) }
        task.cancel()
        #expect(await task.value == .cancelled)
        try await transport.shutDown()
        #expect(await failure(transport, request) == .shutDown)
        try await server.stop()
    }

    @Test("the snippet of the documentation makes a transport")
    func snippet() async throws {
        // snippet: transport
        let transport = try AsyncHTTPTransport(
            HTTPTransportConfiguration(
                connectTimeout: .seconds(5),
                proxy: .init(
                    host: "proxy.hopital.example", port: 3128, exceptions: ProxyExceptions("localhost, 10.0.0.1"))))
        // end snippet
        try await transport.shutDown()
    }
}
