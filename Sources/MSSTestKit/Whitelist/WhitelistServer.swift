internal import Crypto
public import MSSCore

/// The HTTPS server of the whitelist, real up to the certificate: the list, its ETag and date, and every way in which it
/// can go wrong (``WhitelistFault``).
///
/// The list is at `/listeblanchemssante.xml`, as in production and test (Référentiel §6.6.1, §9.2.1).
public final class WhitelistServer: Sendable {
    /// The URL of the list; the host is `localhost`, which the server's certificate names.
    public let url: String
    /// The certificate of the server itself.
    public let credential: TestCredential
    /// The certificate that signs lists.
    public let signer: TestCredential
    /// The hierarchy of both.
    public let pki: TestPKI
    private let server: TestHTTPServer
    private let state: ListState

    /// Signs a list and serves it on 127.0.0.1.
    ///
    /// - Parameters:
    ///   - list: the first list.
    ///   - port: the port; 0 takes a free one.
    ///   - signer: who signs; by default the agency's certificate, issued for the occasion.
    ///   - signed: the bytes of the list, where it was signed before.
    public static func start(
        _ list: TestWhitelist, pki: TestPKI = .shared, port: Int = 0, signer: TestCredential? = nil,
        signed: [UInt8]? = nil
    ) async throws -> WhitelistServer {
        let signer = try signer ?? pki.issue(.whitelistSigner, subject: .agency)
        let credential = try pki.issue(
            .server(
                commonName: "espacedeconfiance.test.mssante.fr",
                dnsNames: [
                    "espacedeconfiance.test.mssante.fr", "localhost",
                ]), subject: .agency)
        let state = ListState()
        let server = try await TestHTTPServer.start(port: port, credential: credential) { state.answer($0) }
        let result = WhitelistServer(server: server, pki: pki, credential: credential, signer: signer, state: state)
        if let signed { state.publish(list, signed) } else { try result.publish(list) }
        return result
    }

    private init(
        server: TestHTTPServer, pki: TestPKI, credential: TestCredential, signer: TestCredential, state: ListState
    ) {
        self.server = server
        self.pki = pki
        self.credential = credential
        self.signer = signer
        self.state = state
        url = server.url + "/listeblanchemssante.xml"
    }

    /// The port that it listens on.
    public var port: Int { server.port }

    /// Signs a list and serves it from now on; the list served before becomes the one that ``WhitelistFault/older``
    /// replays. A fault in force stays, applied to the new list.
    public func publish(_ list: TestWhitelist) throws {
        let good = try FaultyWhitelist(pki: pki, signer: signer, list: list).good()
        state.publish(list, good)
        try apply(fault)
    }

    /// Serves these bytes as they are: a list made or signed elsewhere.
    public func publish(signed bytes: [UInt8]) {
        state.value.withLock { state in
            state.older = state.good ?? bytes
            state.good = bytes
            state.list = nil
            state.fault = nil
            state.body = nil
        }
        server.refusesConnections = false
    }

    /// What goes wrong at present; `nil` for nothing.
    public var fault: WhitelistFault? { state.value.withLock { $0.fault } }

    /// Makes `fault` happen from now on; `nil` serves the good list again.
    public func apply(_ fault: WhitelistFault?) throws {
        let (list, good, older) = state.value.withLock { ($0.list, $0.good ?? [], $0.older ?? []) }
        var body: [UInt8]?
        if let fault, list == nil, !fault.isOfTransport {
            throw TestFormatError("\(fault.rawValue) needs a list made here, not bytes signed elsewhere")
        }
        if let fault, let list {
            let maker = FaultyWhitelist(pki: pki, signer: signer, list: list)
            body = try maker.body(fault, good: good, older: older)
            let endless = maker.endless
            state.value.withLock { $0.endless = endless }
        }
        state.value.withLock { state in
            state.fault = fault
            state.body = body
        }
        server.refusesConnections = fault == .refusal
    }

    /// The list that is served or broken; `nil` for one signed elsewhere.
    public var list: TestWhitelist? { state.value.withLock { $0.list } }

    /// How many bytes ``WhitelistFault/endless`` sends; a gigabyte unless changed.
    public var endlessLength: Int {
        get { state.value.withLock { $0.endlessLength } }
        set { state.value.withLock { $0.endlessLength = newValue } }
    }

    /// The bytes that a good answer holds at present.
    public var signedList: [UInt8] { state.value.withLock { $0.good ?? [] } }

    /// How many requests came.
    public var requestCount: Int { state.value.withLock { $0.requestCount } }

    /// How many of them were answered 304.
    public var unchangedCount: Int { state.value.withLock { $0.unchangedCount } }

    /// Stops listening: connections are refused by the system.
    public func stop() async throws { try await server.stop() }
}

/// What a ``WhitelistServer`` serves, reached from its event loops.
private final class ListState: Sendable {
    struct State {
        var list: TestWhitelist?
        var good: [UInt8]?
        var older: [UInt8]?
        var fault: WhitelistFault?
        var body: [UInt8]?
        var endless: (prefix: [UInt8], block: [UInt8]) = ([], [])
        var endlessLength = 1 << 30
        var modified = Timestamp(seconds: 0)
        var requestCount = 0
        var unchangedCount = 0
    }

    let value = Guarded(State())

    func publish(_ list: TestWhitelist, _ good: [UInt8]) {
        value.withLock { state in
            state.older = state.good ?? good
            state.list = list
            state.good = good
            state.modified = list.generated
        }
    }

    func answer(_ request: TestHTTPRequest) -> TestHTTPAnswer {
        let state = value.withLock { state in
            state.requestCount += 1
            return state
        }
        guard request.method == "GET" else { return .response(status: 405) }
        guard request.path == "/listeblanchemssante.xml" else { return .response(status: 404) }
        let good = state.good ?? []
        let body = state.body ?? good
        let tag = "\"\(SHA256.hash(data: body).prefix(12).map { hexadecimal($0) }.joined())\""
        let date = HTTPDate.format(state.modified)
        let headers = [
            HTTPField("content-type", "application/xml"), HTTPField("etag", tag), HTTPField("last-modified", date),
        ]
        switch state.fault {
        case .error: return .response(status: 500, body: Array("Erreur interne\n".utf8))
        case .refusal: return .close
        case .silence: return .silence
        case .slow: return .slow(headers: headers, body: good, step: 16, every: .milliseconds(500))
        case .truncated: return .truncated(headers: headers, body: good, after: good.count / 2)
        case .endless:
            return .endless(prefix: state.endless.prefix, block: state.endless.block, length: state.endlessLength)
        default: break
        }
        // RFC 9110 §13.2.2: If-None-Match first; If-Modified-Since only without it.
        let isUnchanged =
            request.header("if-none-match").map { $0 == tag || $0 == "W/\(tag)" }
            ?? (request.header("if-modified-since") == date)
        if isUnchanged {
            value.withLock { $0.unchangedCount += 1 }
            return .response(status: 304, headers: headers)
        }
        return .response(status: 200, headers: headers, body: body)
    }
}

/// `IMF-fixdate` (RFC 9110 §5.6.7).
enum HTTPDate {
    static func format(_ time: Timestamp) -> String {
        let civil = time.civil
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]  // 1 January 1970 was a Thursday
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        let weekday = Int((time.seconds / 86_400) % 7)
        return "\(days[weekday]), \(two(civil.day)) \(months[civil.month - 1]) \(civil.year) "
            + "\(two(civil.hour)):\(two(civil.minute)):\(two(civil.second)) GMT"
    }
}
