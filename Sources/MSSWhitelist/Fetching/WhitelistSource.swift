public import MSSCore

/// Where lists come from.
public protocol WhitelistSource: Sendable {
    /// Gets the list published now.
    ///
    /// - Parameter validators: what the source gave with the list held, so that an unchanged list is not sent again.
    func fetch(unlike validators: WhitelistValidators?) async throws(WhitelistFetchFailure) -> WhitelistFetch
}

/// What a source gave.
public enum WhitelistFetch: Sendable, Hashable {
    /// The list is the one that the validators belong to.
    case unchanged
    /// A document, of which nothing is known yet, and the validators to show next time.
    case document([UInt8], WhitelistValidators)
}

/// What names one version of a resource (RFC 9110 §8.8), and where it was had.
public struct WhitelistValidators: Sendable, Hashable {
    /// The URL asked: validators of one URL mean nothing to another.
    public var url: String
    /// `ETag`, as received.
    public var entityTag: String?
    /// `Last-Modified`, as received.
    public var lastModified: String?

    /// Validators from their parts.
    public init(url: String, entityTag: String? = nil, lastModified: String? = nil) {
        self.url = url
        self.entityTag = entityTag
        self.lastModified = lastModified
    }
}

/// Why a list could not be had.
public enum WhitelistFetchFailure: Error, Sendable, Hashable {
    /// The URL is not `https`.
    case notHTTPS
    /// No complete answer came in time and within the size allowed; the English text is the transport's, for logs.
    case transport(String)
    /// The server answered another status than 200 and 304.
    case status(Int)
    /// The server answered 304 though nothing was shown to it.
    case unexpectedNotModified
    /// The answer is empty.
    case empty
}

extension WhitelistFetchFailure: ExplainedFailure {
    /// EX_2.2_5035: an unavailable list is answered by the last valid one.
    public var requirement: RequirementID? { "EX_2.2_5035" }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .notHTTPS: "L'adresse de la liste blanche doit commencer par https."
        case .transport: "La liste blanche n'a pas pu être téléchargée : le serveur ne répond pas correctement."
        case .status(let status): "La liste blanche n'a pas pu être téléchargée : le serveur a répondu \(status)."
        case .unexpectedNotModified, .empty: "Le serveur de la liste blanche a envoyé une réponse inattendue."
        }
    }

    /// English, for logs.
    public var description: String {
        switch self {
        case .notHTTPS: "whitelist URL is not https"
        case .transport(let text): "whitelist not fetched: \(text)"
        case .status(let status): "whitelist not fetched: status \(status)"
        case .unexpectedNotModified: "whitelist: status 304 without validators"
        case .empty: "whitelist: empty response"
        }
    }
}
