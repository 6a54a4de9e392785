internal import Crypto
public import MSSCore

/// Serves the CRLs and certificates of a ``TestPKI`` over real HTTP, as `igc-sante.esante.gouv.fr` does.
///
/// Paths: `/root.crl`, `/intermediate.crl`, `/intermediate-delta.crl`, `/root.cer`, `/intermediate.cer` (all DER). What
/// is served changes only when ``publish()`` is called, like a CA that publishes each morning.
public final class CRLServer: Sendable {
    /// What may go wrong.
    public enum Fault: Sendable, Hashable {
        /// An HTTP error status.
        case status(Int)
        /// No answer; the connection stays open.
        case silence
        /// The connection is closed without an answer.
        case close
        /// The body stops half-way.
        case truncated
        /// An HTML page with status 200, as captive portals and tired reverse proxies send.
        case page
        /// A CRL whose validity ended yesterday.
        case stale
        /// A CRL with a flipped bit in its signature.
        case corrupt
        /// A CRL signed by another key.
        case otherKey
        /// A good CRL that is older than one already published.
        case older
    }

    /// The base URL, without a final slash.
    public let url: String
    /// The hierarchy it serves.
    public let pki: TestPKI
    private let server: TestHTTPServer
    private let state: SharedState

    /// Publishes the CRLs of `pki` and starts to serve them on 127.0.0.1; port 0 takes a free one.
    public static func start(
        _ pki: TestPKI, port: Int = 0, lifetime: Duration = .seconds(7 * 86_400)
    ) async throws -> CRLServer {
        let state = SharedState()
        let server = try await TestHTTPServer.start(port: port) { state.answer($0, pki: pki) }
        let result = CRLServer(server: server, pki: pki, state: state)
        try result.publish(lifetime: lifetime)
        return result
    }

    private init(server: TestHTTPServer, pki: TestPKI, state: SharedState) {
        self.server = server
        self.pki = pki
        self.state = state
        url = server.url
    }

    /// The port that it listens on.
    public var port: Int { server.port }

    /// What goes wrong from now on; `nil` for nothing.
    public var fault: Fault? {
        get { state.value.withLock { $0.fault } }
        set { state.value.withLock { $0.fault = newValue } }
    }

    /// How many requests came for a path, faulty answers included.
    public func requestCount(_ path: String) -> Int { state.value.withLock { $0.counts[path] ?? 0 } }

    /// Makes new CRLs from the present revocations and serves them.
    ///
    /// - Parameter lifetime: how long they are good for, counted from the start of the hierarchy.
    public func publish(lifetime: Duration = .seconds(7 * 86_400)) throws {
        let (intermediate, number) = try pki.numberedCRL(of: .intermediate, TestCRLOptions(lifetime: lifetime))
        let delta = try pki.deltaCRL(TestCRLOptions(lifetime: lifetime, baseNumber: number))
        try state.publish(
            [
                "/root.crl": pki.fullCRL(of: .root, TestCRLOptions(lifetime: lifetime)),
                "/intermediate.crl": intermediate,
                "/intermediate-delta.crl": delta,
                "/root.cer": pki.root.certificateDER, "/intermediate.cer": pki.intermediate.certificateDER,
            ], number: number)
    }

    /// Makes a new delta CRL only: what was revoked since the last ``publish()``.
    public func publishDelta() throws {
        let delta = try pki.deltaCRL(TestCRLOptions(baseNumber: state.number))
        state.publish(["/intermediate-delta.crl": delta], number: state.number)
    }

    /// Stops listening.
    public func stop() async throws { try await server.stop() }
}

/// What a ``CRLServer`` serves, reached from its event loops.
private final class SharedState: Sendable {
    struct State {
        var files: [String: [UInt8]] = [:]
        /// Number of the intermediate's published full CRL.
        var number: UInt64 = 0
        var fault: CRLServer.Fault?
        var counts: [String: Int] = [:]
    }

    let value = Guarded(State())

    var number: UInt64 { value.withLock { $0.number } }

    func publish(_ files: [String: [UInt8]], number: UInt64) {
        value.withLock { state in
            state.files.merge(files) { $1 }
            state.number = number
        }
    }

    func answer(_ request: TestHTTPRequest, pki: TestPKI) -> TestHTTPAnswer {
        let path = String(request.path)
        let (file, number, fault) = value.withLock { state in
            state.counts[path, default: 0] += 1
            return (state.files[path], state.number, state.fault)
        }
        guard request.method == "GET" else { return .response(status: 405) }
        guard var body = file else { return .response(status: 404) }
        let isCRL = path.hasSuffix(".crl")
        let issuer: TestIssuer = path.hasPrefix("/root") ? .root : .intermediate
        do {
            switch fault {
            case .status(let status): return .response(status: status)
            case .silence: return .silence
            case .close: return .close
            case .truncated: return .truncated(body: body, after: body.count / 2)
            case .page:
                return .response(
                    status: 200, headers: [HTTPField("content-type", "text/html")],
                    body: Array("<html><body>Service momentanément indisponible</body></html>".utf8))
            case .stale where isCRL: body = try pki.staleCRL(of: issuer)
            case .corrupt where isCRL: body = try pki.fullCRL(of: issuer, TestCRLOptions(signature: .corrupt))
            case .otherKey where isCRL: body = try pki.fullCRL(of: issuer, TestCRLOptions(signature: .otherKey))
            case .older where isCRL:
                body = try pki.fullCRL(
                    of: issuer,
                    TestCRLOptions(thisUpdate: pki.now - .seconds(3600), number: number > 0 ? number - 1 : 0))
            case .stale, .corrupt, .otherKey, .older, nil: break
            }
        } catch { return .response(status: 500) }
        let tag = "\"\(SHA256.hash(data: body).prefix(8).map { hexadecimal($0) }.joined())\""
        let headers = [
            HTTPField("etag", tag),
            HTTPField("content-type", isCRL ? "application/pkix-crl" : "application/pkix-cert"),
        ]
        if request.header("if-none-match") == tag { return .response(status: 304, headers: headers) }
        return .response(status: 200, headers: headers, body: body)
    }
}
