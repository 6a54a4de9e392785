/// An HTTP request as a value, sent by an ``HTTPTransport``.
public struct HTTPRequest: Sendable, Hashable {
    /// The methods that the SDK uses.
    public enum Method: String, Sendable, Hashable { case get = "GET", post = "POST", patch = "PATCH" }

    /// The request method.
    public var method: Method
    /// The absolute URL, `http` or `https`.
    public var url: String
    /// Header fields in order; names compare case-insensitively.
    public var headers: [HTTPField]
    /// The request body; empty for none.
    public var body: [UInt8]
    /// The response is refused once its body passes this many bytes.
    public var maximumResponseBytes: Int
    /// Time allowed for the whole exchange, from connection to the last byte of the body.
    public var timeout: Duration

    /// A request; by default a `GET` with no header, 30 seconds and at most 1 MiB of response.
    public init(
        _ method: Method = .get, url: String, headers: [HTTPField] = [], body: [UInt8] = [],
        maximumResponseBytes: Int = 1 << 20, timeout: Duration = .seconds(30)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.maximumResponseBytes = maximumResponseBytes
        self.timeout = timeout
    }
}

/// One header field.
public struct HTTPField: Sendable, Hashable {
    /// The field name; comparison of names is case-insensitive.
    public var name: String
    /// The field value.
    public var value: String

    /// A field from its name and value.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// An HTTP response, its body whole in memory (bounded by the request).
public struct HTTPResponse: Sendable, Hashable {
    /// The status code, 100 to 599.
    public var status: Int
    /// Header fields in the order received.
    public var headers: [HTTPField]
    /// The body.
    public var body: [UInt8]

    /// A response from its parts.
    public init(status: Int, headers: [HTTPField] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of a header field, names compared case-insensitively.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}

/// Sends HTTP requests; the SDK's libraries ask for this protocol and the application chooses the implementation
/// (`MSSHTTP.AsyncHTTPTransport` by default).
///
/// Any status is a response, not an error. Throws when no complete response came: connection, TLS, time-out, a body
/// longer than allowed; the error says which.
public protocol HTTPTransport: Sendable {
    /// Sends one request and returns its complete response.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}
