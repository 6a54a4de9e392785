public import MSSCore

/// What a server offers in its answer to EHLO or LHLO, as far as this client uses it.
///
/// An answer in clear is kept for one thing only, STARTTLS: whatever else it says could be an attacker's.
public struct SMTPServerOffer: Sendable, Hashable {
    /// The name that the server gives itself: the first word of the answer.
    public var name = ""
    /// Largest message in octets (SIZE); `nil` when not offered or without limit.
    public var maximumSize: Int?
    /// Whether SIZE is offered.
    public var size = false
    /// 8BITMIME (RFC 6152).
    public var eightBitMIME = false
    /// SMTPUTF8 (RFC 6531).
    public var smtpUTF8 = false
    /// PIPELINING (RFC 2920).
    public var pipelining = false
    /// CHUNKING (RFC 3030).
    public var chunking = false
    /// DSN (RFC 3461).
    public var dsn = false
    /// STARTTLS (RFC 3207).
    public var startTLS = false
    /// Mechanisms of AUTH (RFC 4954), upper case.
    public var mechanisms: Set<String> = []
    /// Most recipients in a transaction (LIMITS RCPTMAX, RFC 9422).
    public var maximumRecipients: Int?
    /// Most transactions in a session (LIMITS MAILMAX, RFC 9422).
    public var maximumTransactions: Int?

    /// Nothing: a server that knows only HELO.
    public init() {}

    /// Reads the answer to EHLO. Words that make no sense are passed over.
    public init(_ reply: SMTPReply) {
        name = reply.lines.first?.split(separator: " ").first.map(String.init) ?? ""
        for line in reply.lines.dropFirst() {
            // `AUTH=LOGIN` is an old way of writing that some servers add for old clients.
            let words = line.split { $0 == " " || $0 == "\t" }.map { String($0).uppercased() }
            guard let keyword = words.first else { continue }
            let values = words.dropFirst()
            switch keyword {
            case "SIZE":
                size = true
                // RFC 1870 §4: 0 and absence mean no fixed limit. A number too large to hold limits nothing.
                maximumSize = values.first.flatMap { Self.number($0) }
            case "8BITMIME": eightBitMIME = true
            case "SMTPUTF8": smtpUTF8 = true
            case "PIPELINING": pipelining = true
            case "CHUNKING": chunking = true
            case "DSN": dsn = true
            case "STARTTLS": startTLS = true
            case "AUTH": mechanisms.formUnion(values)
            case "LIMITS":
                for value in values {
                    if value.hasPrefix("RCPTMAX=") { maximumRecipients = Self.number(value.dropFirst(8)) }
                    if value.hasPrefix("MAILMAX=") { maximumTransactions = Self.number(value.dropFirst(8)) }
                }
            default: break
            }
        }
    }

    /// A positive number in ASCII digits.
    private static func number(_ text: some StringProtocol) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), value > 0 else {
            return nil
        }
        return value
    }
}
