/// The parameters of a `Content-Type` or `Content-Disposition` field (RFC 2045 §5.1, RFC 2231), decoded.
public struct Parameters: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// One parameter.
    public struct Entry: Hashable, Sendable {
        /// The attribute, in lower case.
        public var name: String
        /// The value, decoded.
        public var value: String
        /// The language tag of an extended value (RFC 2231 §4).
        public var language: String?

        /// A parameter.
        public init(name: String, value: String, language: String? = nil) {
            self.name = name
            self.value = value
            self.language = language
        }
    }

    /// The parameters in the order of their first appearance.
    public var entries: [Entry]

    /// Parameters in order.
    public init(_ entries: [Entry] = []) { self.entries = entries }

    /// Parameters from literal pairs; names are lower-cased.
    public init(dictionaryLiteral elements: (String, String)...) {
        entries = elements.map { Entry(name: $0.lowercased(), value: $1) }
    }

    /// The value of a parameter, its name compared case-insensitively; setting `nil` removes it.
    public subscript(name: String) -> String? {
        get {
            let wanted = name.lowercased()
            return entries.first { $0.name == wanted }?.value
        }
        set {
            let wanted = name.lowercased()
            let place = entries.firstIndex { $0.name == wanted }
            switch (place, newValue) {
            case (let place?, let value?): entries[place] = Entry(name: wanted, value: value)
            case (let place?, nil): entries.remove(at: place)
            case (nil, let value?): entries.append(Entry(name: wanted, value: value))
            case (nil, nil): break
            }
        }
    }
}

/// A media type with its parameters (RFC 2045 §5).
public struct ContentType: Hashable, Sendable {
    /// The top-level type, in lower case: `text`, `multipart`, …
    public var type: String
    /// The subtype, in lower case; `""` when the text had none.
    public var subtype: String
    /// The parameters.
    public var parameters: Parameters

    /// A media type; type and subtype are lower-cased.
    public init(_ type: String, _ subtype: String, _ parameters: Parameters = [:]) {
        self.type = type.lowercased()
        self.subtype = subtype.lowercased()
        self.parameters = parameters
    }

    /// `type/subtype`, without parameters.
    public var essence: String { "\(type)/\(subtype)" }

    /// What a part without `Content-Type` is: `text/plain; charset=us-ascii` (RFC 2045 §5.2).
    public static let defaultText = ContentType("text", "plain", ["charset": "us-ascii"])
    /// What a part of `multipart/digest` without `Content-Type` is (RFC 2046 §5.1.5).
    public static let defaultDigest = ContentType("message", "rfc822")
}

/// A `Content-Disposition` field (RFC 2183).
public struct ContentDisposition: Hashable, Sendable {
    /// The disposition in lower case: `inline`, `attachment` or another token.
    public var kind: String
    /// The parameters.
    public var parameters: Parameters

    /// A disposition.
    public init(_ kind: String, _ parameters: Parameters = [:]) {
        self.kind = kind.lowercased()
        self.parameters = parameters
    }

    /// The suggested file name.
    public var filename: String? {
        get { parameters["filename"] }
        set { parameters["filename"] = newValue }
    }
}
