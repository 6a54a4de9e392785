public import MSSCore

/// A request received by a ``TestHTTPServer``.
public struct TestHTTPRequest: Sendable, Hashable {
    /// The method, upper case.
    public let method: String
    /// The request target: path and query, still percent-encoded.
    public let target: String
    /// Header fields in order.
    public let headers: [HTTPField]
    /// The whole body.
    public let body: [UInt8]

    /// The path of the target, without its query.
    public var path: Substring { target.prefix { $0 != "?" } }

    /// The first value of a header field, names compared case-insensitively.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}

/// What a ``TestHTTPServer`` does with a request.
public enum TestHTTPAnswer: Sendable {
    /// A whole response; `content-length` is added.
    case response(status: Int, headers: [HTTPField] = [], body: [UInt8] = [])
    /// A response whose `content-length` promises the whole body, cut after `count` bytes by closing the connection.
    case truncated(headers: [HTTPField] = [], body: [UInt8], after: Int)
    /// A chunked response that starts with a prefix and goes on with copies of a block, `length` bytes in all; written
    /// as fast as the peer reads, with little memory.
    case endless(headers: [HTTPField] = [], prefix: [UInt8], block: [UInt8], length: Int)
    /// A whole response, written `step` bytes at a time with a pause between.
    case slow(headers: [HTTPField] = [], body: [UInt8], step: Int, every: Duration)
    /// Nothing, and the connection stays open.
    case silence
    /// Nothing, and the connection is closed.
    case close
}
