/// A request to one of the process's own small servers.
struct LocalRequest: Sendable {
    var method: String
    /// The path, without what follows `?`.
    var path: String
    var headers: [String: String]
    var body: [UInt8]
    /// Who is at the other end of a Unix socket.
    var peer: PeerCredentials?
}

/// What is answered.
struct LocalResponse: Sendable {
    var status: Int
    var contentType: String
    var body: [UInt8]

    init(_ status: Int, _ contentType: String, _ body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    static func text(_ status: Int, _ text: String) -> LocalResponse {
        LocalResponse(status, "text/plain; charset=utf-8", Array("\(text)\n".utf8))
    }

    static func json(_ status: Int, _ body: [UInt8]) -> LocalResponse {
        LocalResponse(status, "application/json; charset=utf-8", body)
    }
}

/// The process at the other end of a Unix socket, as the kernel knows it (unix(7), SO_PEERCRED).
struct PeerCredentials: Sendable, Hashable {
    var process: Int32
    var user: UInt32
    var group: UInt32
}
