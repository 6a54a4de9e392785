internal import FoundationEssentials
public import MSSCore

/// An OCSP responder over real HTTP (RFC 6960 appendix A, POST and GET) for the certificates of a ``TestPKI``.
public final class OCSPResponder: Sendable {
    /// What may go wrong on the way, beyond what ``TestOCSPOptions`` makes go wrong in the answer.
    public enum Fault: Sendable, Hashable {
        /// An HTTP error status.
        case status(Int)
        /// No answer; the connection stays open.
        case silence
        /// The connection is closed without an answer.
        case close
        /// Bytes that are no DER.
        case garbage
        /// The first half of a good answer, well framed.
        case half
    }

    struct State {
        var options: TestOCSPOptions = .good
        var fault: Fault?
        var requestCount = 0
    }

    /// The base URL, without a final slash.
    public let url: String
    /// The hierarchy it answers for.
    public let pki: TestPKI
    private let server: TestHTTPServer
    private let state: SharedState

    /// Starts a responder on 127.0.0.1; port 0 takes a free one.
    public static func start(_ pki: TestPKI, port: Int = 0) async throws -> OCSPResponder {
        let state = SharedState()
        let server = try await TestHTTPServer.start(port: port) { state.answer($0, pki: pki) }
        return OCSPResponder(server: server, pki: pki, state: state)
    }

    private init(server: TestHTTPServer, pki: TestPKI, state: SharedState) {
        self.server = server
        self.pki = pki
        self.state = state
        url = server.url
    }

    /// The port that it listens on.
    public var port: Int { server.port }

    /// How answers are made from now on.
    public var options: TestOCSPOptions {
        get { state.value.withLock { $0.options } }
        set { state.value.withLock { $0.options = newValue } }
    }

    /// What goes wrong from now on; `nil` for nothing.
    public var fault: Fault? {
        get { state.value.withLock { $0.fault } }
        set { state.value.withLock { $0.fault = newValue } }
    }

    /// How many requests came, faulty answers included: shows whether a cache spared one.
    public var requestCount: Int { state.value.withLock { $0.requestCount } }

    /// Stops listening.
    public func stop() async throws { try await server.stop() }

    private final class SharedState: Sendable {
        let value = Guarded(State())

        func answer(_ request: TestHTTPRequest, pki: TestPKI) -> TestHTTPAnswer {
            let (options, fault) = value.withLock { state in
                state.requestCount += 1
                return (state.options, state.fault)
            }
            switch fault {
            case .status(let status): return .response(status: status)
            case .silence: return .silence
            case .close: return .close
            case .garbage: return Self.response(Array("ceci n'est pas une réponse OCSP".utf8))
            case .half, nil: break
            }
            let question: [UInt8]
            switch request.method {
            case "POST": question = request.body
            case "GET":
                // RFC 6960 A.1: {url}/{url-encoding of base-64 encoding of the DER encoding of the OCSPRequest}
                guard let path = percentDecoded(request.path.dropFirst()),
                    let data = Data(base64Encoded: path)
                else { return .response(status: 400) }
                question = Array(data)
            default: return .response(status: 405)
            }
            guard let answer = try? pki.ocspResponse(to: question, options) else { return .response(status: 500) }
            return Self.response(fault == .half ? Array(answer.prefix(answer.count / 2)) : answer)
        }

        private static func response(_ body: [UInt8]) -> TestHTTPAnswer {
            .response(status: 200, headers: [HTTPField("content-type", "application/ocsp-response")], body: body)
        }
    }
}
