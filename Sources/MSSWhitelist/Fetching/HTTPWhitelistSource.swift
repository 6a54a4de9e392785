public import MSSCore

/// The whitelist at its URL, by HTTPS (EX_2.2_5010). Proxies and time-outs of connection are the transport's.
public struct HTTPWhitelistSource: WhitelistSource {
    /// The list of production (Référentiel §6.6.1).
    public static let productionURL = "https://espacedeconfiance.mssante.fr/listeblanchemssante.xml"
    /// The list of the test trust space (Référentiel §9.2.1).
    public static let testURL = "https://espacedeconfiance.test.mssante.fr/listeblanchemssante.xml"
    /// Largest document: twenty times the list of 2025.
    public static let defaultMaximumBytes = 64 << 20

    private let url: String
    private let transport: any HTTPTransport
    private let maximumBytes: Int
    private let timeout: Duration

    /// A source.
    ///
    /// - Parameters:
    ///   - url: ``productionURL``, ``testURL`` or a sandbox's.
    ///   - transport: sends the request.
    ///   - maximumBytes: a longer document is cut off and refused.
    ///   - timeout: time for the whole exchange.
    public init(
        url: String, transport: any HTTPTransport, maximumBytes: Int = defaultMaximumBytes,
        timeout: Duration = .seconds(120)
    ) {
        self.url = url
        self.transport = transport
        self.maximumBytes = maximumBytes
        self.timeout = timeout
    }

    /// Asks for the list, unless it is still the one that the validators belong to.
    public func fetch(
        unlike validators: WhitelistValidators?
    ) async throws(WhitelistFetchFailure) -> WhitelistFetch {
        guard url.prefix(8).lowercased() == "https://" else { throw .notHTTPS }
        var request = HTTPRequest(url: url, maximumResponseBytes: maximumBytes, timeout: timeout)
        request.headers = [HTTPField("Accept", "application/xml, text/xml;q=0.9, */*;q=0.1")]
        let shown = validators?.url == url ? validators : nil
        // RFC 9110 §13.1.3: the date is for servers without entity tags; one that knows both ignores it.
        if let tag = shown?.entityTag { request.headers.append(HTTPField("If-None-Match", tag)) }
        if let date = shown?.lastModified { request.headers.append(HTTPField("If-Modified-Since", date)) }
        let response: HTTPResponse
        do { response = try await transport.send(request) } catch { throw .transport("\(error)") }
        switch response.status {
        case 200:
            guard !response.body.isEmpty else { throw .empty }
            return .document(
                response.body,
                WhitelistValidators(
                    url: url, entityTag: response.header("ETag"), lastModified: response.header("Last-Modified")))
        case 304:
            guard shown?.entityTag != nil || shown?.lastModified != nil else { throw .unexpectedNotModified }
            return .unchanged
        default: throw .status(response.status)
        }
    }
}
