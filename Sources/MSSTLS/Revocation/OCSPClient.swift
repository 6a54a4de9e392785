public import MSSCore

/// Asks OCSP responders about certificates (RFC 6960), remembers their answers while they hold, and never asks the same
/// question twice at the same time.
public final class OCSPClient: Sendable {
    /// How responders are asked.
    public struct Configuration: Sendable, Hashable {
        /// Time for one exchange with a responder.
        public var timeout: Duration
        /// Answers remembered; the oldest leave first.
        public var maximumCachedAnswers: Int
        /// Whether a nonce is sent (RFC 9654): proves that the answer is fresh, where the responder plays along.
        public var sendsNonce: Bool
        /// Small questions go as GET, which proxies may cache (RFC 6960 appendix A.1); only without nonce.
        public var usesGET: Bool
        /// A responder asked instead of the one named in the certificate.
        public var responder: String?
        /// How answers are judged.
        public var rules: OCSPRules

        /// A configuration; by default POST, with a nonce that need not come back, 5 seconds, 10,000 answers.
        public init(
            timeout: Duration = .seconds(5), maximumCachedAnswers: Int = 10_000, sendsNonce: Bool = true,
            usesGET: Bool = false, responder: String? = nil, rules: OCSPRules = OCSPRules()
        ) {
            self.timeout = timeout
            self.maximumCachedAnswers = maximumCachedAnswers
            self.sendsNonce = sendsNonce
            self.usesGET = usesGET
            self.responder = responder
            self.rules = rules
        }
    }

    typealias Outcome = Result<OCSPResponse.Answer, RevocationUnknownReason>

    private let transport: any HTTPTransport
    private let configuration: Configuration
    private let state: Guarded<State>

    private struct State {
        var cache = BoundedCache<Key, OCSPResponse.Answer>()
        var inFlight: [Key: Task<Outcome, Never>] = [:]
    }

    private struct Key: Hashable {
        let certificate: Fingerprint
        let issuer: Fingerprint
    }

    /// How answers are judged.
    public var rules: OCSPRules { configuration.rules }

    /// A client over an HTTP transport.
    public init(transport: any HTTPTransport, configuration: Configuration = Configuration()) {
        self.transport = transport
        self.configuration = configuration
        state = Guarded(State(cache: BoundedCache(capacity: configuration.maximumCachedAnswers)))
    }

    /// An answer that still holds.
    func cachedAnswer(for certificate: Certificate, issuer: Certificate, at time: Timestamp) -> OCSPResponse.Answer? {
        let key = Key(certificate: certificate.sha256Fingerprint, issuer: issuer.sha256Fingerprint)
        return state.withLock { state in
            guard let answer = state.cache[key] else { return nil }
            guard let end = answer.nextUpdate, end >= time, answer.thisUpdate <= time + rules.clockSkew else {
                return nil
            }
            return answer
        }
    }

    /// The status of a certificate of `issuer`: an answer that still holds, or the responder's.
    func status(of certificate: Certificate, issuer: Certificate, at time: Timestamp) async -> Outcome {
        if let answer = cachedAnswer(for: certificate, issuer: issuer, at: time) { return .success(answer) }
        guard let url = responder(for: certificate) else { return .failure(.noResponder) }
        let key = Key(certificate: certificate.sha256Fingerprint, issuer: issuer.sha256Fingerprint)
        let task = state.withLock { state in
            if let running = state.inFlight[key] { return running }
            // Not a child of the asking task: when that one is cancelled, others may be waiting. It ends with the
            // exchange, which the transport bounds.
            let task = Task { await self.ask(url, certificate, issuer, key, at: time) }
            state.inFlight[key] = task
            return task
        }
        return await task.value
    }

    private func ask(
        _ url: String, _ certificate: Certificate, _ issuer: Certificate, _ key: Key, at time: Timestamp
    ) async -> Outcome {
        let outcome = await exchange(url, certificate, issuer, at: time)
        state.withLock { state in
            state.inFlight[key] = nil
            // "unknown" is not remembered: the responder may know in a minute.
            if case .success(let answer) = outcome, answer.status != .unknown, answer.nextUpdate != nil {
                state.cache[key] = answer
            }
        }
        return outcome
    }

    private func exchange(
        _ url: String, _ certificate: Certificate, _ issuer: Certificate, at time: Timestamp
    ) async -> Outcome {
        let nonce = configuration.sendsNonce ? OCSPRequest.makeNonce() : nil
        let question = OCSPRequest(certificate: certificate, issuer: issuer, nonce: nonce)
        let response: HTTPResponse
        do {
            response = try await transport.send(httpRequest(question, url: url))
        } catch {
            return .failure(.responderUnreachable)
        }
        guard response.status == 200 else { return .failure(.responderUnreachable) }
        return Self.judge(response.body, certificate, issuer, nonce: nonce, at: time, rules: rules)
            .mapError { .badResponse($0) }
    }

    /// Reads and verifies a response.
    static func judge(
        _ der: [UInt8], _ certificate: Certificate, _ issuer: Certificate, nonce: [UInt8]? = nil, at time: Timestamp,
        rules: OCSPRules
    ) -> Result<OCSPResponse.Answer, OCSPError> {
        do throws(OCSPError) {
            let response = try OCSPResponse(der: der)
            return .success(
                try response.verify(certificate: certificate, issuer: issuer, nonce: nonce, at: time, rules: rules))
        } catch {
            return .failure(error)
        }
    }

    private func responder(for certificate: Certificate) -> String? {
        if let fixed = configuration.responder { return fixed }
        return certificate.ocspResponders.first {
            $0.lowercased().hasPrefix("http://") || $0.lowercased().hasPrefix("https://")
        }
    }

    private func httpRequest(_ question: OCSPRequest, url: String) -> HTTPRequest {
        let accept = HTTPField("accept", "application/ocsp-response")
        if configuration.usesGET, question.nonce == nil {
            let path = Base64.encode(question.der).flatMap { character -> [Character] in
                switch character {
                case "+": Array("%2B")
                case "/": Array("%2F")
                case "=": Array("%3D")
                default: [character]
                }
            }
            // RFC 6960 appendix A.1: GET for less than 255 bytes of encoded request.
            if path.count < 255 {
                return HTTPRequest(
                    .get, url: url + (url.hasSuffix("/") ? "" : "/") + String(path), headers: [accept],
                    maximumResponseBytes: OCSPResponse.maximumBytes, timeout: configuration.timeout)
            }
        }
        return HTTPRequest(
            .post, url: url, headers: [HTTPField("content-type", "application/ocsp-request"), accept],
            body: question.der, maximumResponseBytes: OCSPResponse.maximumBytes, timeout: configuration.timeout)
    }
}

/// A dictionary that forgets its oldest entry when it is full.
struct BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let capacity: Int
    private var values: [Key: Value] = [:]
    private var order: [Key] = []
    private var oldest = 0

    init(capacity: Int = 0) { self.capacity = max(0, capacity) }

    var count: Int { values.count }

    subscript(key: Key) -> Value? {
        get { values[key] }
        set {
            guard let newValue, capacity > 0 else { return }
            guard values.updateValue(newValue, forKey: key) == nil else { return }
            if order.count < capacity {
                order.append(key)
            } else {
                values[order[oldest]] = nil
                order[oldest] = key
                oldest = (oldest + 1) % capacity
            }
        }
    }
}
