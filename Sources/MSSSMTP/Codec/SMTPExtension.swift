public import MSSSASL

/// A service extension as `EHLO` announces it (RFC 5321 §4.1.1.1).
public enum SMTPExtension: Sendable, Hashable {
    /// `SIZE`, with the largest message accepted; `nil` or 0 when the server does not say (RFC 1870).
    case size(Int?)
    /// `8BITMIME` (RFC 6152).
    case eightBitMIME
    /// `SMTPUTF8` (RFC 6531).
    case smtpUTF8
    /// `PIPELINING` (RFC 2920).
    case pipelining
    /// `CHUNKING` (RFC 3030).
    case chunking
    /// `BINARYMIME` (RFC 3030).
    case binaryMIME
    /// `ENHANCEDSTATUSCODES` (RFC 2034).
    case enhancedStatusCodes
    /// `DSN` (RFC 3461).
    case dsn
    /// `STARTTLS` (RFC 3207).
    case startTLS
    /// `AUTH` with its mechanisms (RFC 4954).
    case auth([SASLMechanism])
    /// `LIMITS` (RFC 9422).
    case limits(AnnouncedLimits)
    /// Any other, the keyword in upper case.
    case other(keyword: String, parameters: [String])

    /// Reads a line of an `EHLO` answer after its first; `nil` when it does not start with a keyword.
    public init?(line: some StringProtocol) {
        let words = line.utf8.split(separator: .space).map { Array($0) }
        guard let first = words.first else { return nil }
        // "AUTH=LOGIN PLAIN": the form of before RFC 2554, still seen beside the right one.
        if first.starts(with: Array("AUTH=".utf8)) {
            self = .auth(([Array(first.dropFirst(5))] + words.dropFirst()).compactMap { SASLMechanism($0) })
            return
        }
        guard SMTPParameter.isKeyword(first) else { return nil }
        let keyword = String(decoding: first.map(\.uppercased), as: UTF8.self)
        switch keyword {
        case "SIZE": self = .size(words.count > 1 ? words[1].decimal() : nil)
        case "8BITMIME": self = .eightBitMIME
        case "SMTPUTF8": self = .smtpUTF8
        case "PIPELINING": self = .pipelining
        case "CHUNKING": self = .chunking
        case "BINARYMIME": self = .binaryMIME
        case "ENHANCEDSTATUSCODES": self = .enhancedStatusCodes
        case "DSN": self = .dsn
        case "STARTTLS": self = .startTLS
        case "AUTH": self = .auth(words.dropFirst().compactMap { SASLMechanism($0) })
        case "LIMITS": self = .limits(AnnouncedLimits(words: words.dropFirst()))
        default:
            self = .other(keyword: keyword, parameters: words.dropFirst().map { String(decoding: $0, as: UTF8.self) })
        }
    }

    /// The line as announced, without code.
    public var line: String {
        switch self {
        case .size(let size): size.map { "SIZE \($0)" } ?? "SIZE"
        case .eightBitMIME: "8BITMIME"
        case .smtpUTF8: "SMTPUTF8"
        case .pipelining: "PIPELINING"
        case .chunking: "CHUNKING"
        case .binaryMIME: "BINARYMIME"
        case .enhancedStatusCodes: "ENHANCEDSTATUSCODES"
        case .dsn: "DSN"
        case .startTLS: "STARTTLS"
        case .auth(let mechanisms): (["AUTH"] + mechanisms.map(\.name)).joined(separator: " ")
        case .limits(let limits): limits.line
        case .other(let keyword, let parameters): ([keyword] + parameters).joined(separator: " ")
        }
    }
}

/// What `LIMITS` announces (RFC 9422 §4): the client plans by it, the server enforces its own limits all the same.
public struct AnnouncedLimits: Sendable, Hashable {
    /// Transactions in a session (`MAILMAX`).
    public var transactions: Int?
    /// Recipients in a transaction (`RCPTMAX`).
    public var recipients: Int?
    /// Domains of recipients in a transaction (`RCPTDOMAINMAX`).
    public var recipientDomains: Int?

    /// Limits, none by default.
    public init(transactions: Int? = nil, recipients: Int? = nil, recipientDomains: Int? = nil) {
        self.transactions = transactions
        self.recipients = recipients
        self.recipientDomains = recipientDomains
    }

    /// Limits of other names, and values that are no positive number of six digits (RFC 9422 §3), are ignored.
    init(words: some Sequence<[UInt8]>) {
        self.init()
        for word in words {
            guard let equals = word.firstIndex(of: UInt8(ascii: "=")),
                let value = word[(equals + 1)...].decimal(maximumDigits: 6), value > 0
            else { continue }
            let name = word[..<equals]
            if name.equalsIgnoringCase("MAILMAX") {
                transactions = value
            } else if name.equalsIgnoringCase("RCPTMAX") {
                recipients = value
            } else if name.equalsIgnoringCase("RCPTDOMAINMAX") {
                recipientDomains = value
            }
        }
    }

    var line: String {
        var words = ["LIMITS"]
        if let transactions { words.append("MAILMAX=\(transactions)") }
        if let recipients { words.append("RCPTMAX=\(recipients)") }
        if let recipientDomains { words.append("RCPTDOMAINMAX=\(recipientDomains)") }
        return words.joined(separator: " ")
    }
}
