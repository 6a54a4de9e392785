public import MSSCore
import MSSSASL

/// The encoding of a message: `BODY` (RFC 6152, RFC 3030).
public enum SMTPBody: String, Sendable, Hashable {
    /// ASCII only.
    case sevenBit = "7BIT"
    /// Octets above 127 as well, in lines.
    case eightBit = "8BITMIME"
    /// Any octets, without lines; with `CHUNKING` only.
    case binary = "BINARYMIME"
}

/// Who submitted a message first: `AUTH=` (RFC 4954 §5).
public enum SMTPSubmitter: Sendable, Hashable {
    /// `<>`: unknown, or known and not to be said.
    case unknown
    /// A mailbox.
    case address(MailAddress)

    var wire: String {
        switch self {
        case .unknown: "<>"
        case .address(let address): XText.encode(address.text)
        }
    }
}

/// The parameters of `MAIL`.
public struct MailParameters: Sendable, Hashable {
    /// Octets of the message, as the sender counts them (RFC 1870 §3).
    public var size: Int?
    /// The message's encoding; `nil` when not said, which means 7 bit (RFC 6152 §3).
    public var body: SMTPBody?
    /// Whether addresses and header may hold UTF-8 (RFC 6531 §3.4).
    public var smtpUTF8: Bool
    /// What a notice shall return.
    public var dsnReturn: DSNReturn?
    /// The sender's own identifier of the transaction, decoded: `ENVID` (RFC 3461 §4.4).
    public var envelopeID: String?
    /// Who submitted the message first.
    public var submitter: SMTPSubmitter?
    /// Those that are not known here; a server refuses them with 555 (RFC 5321 §4.1.1.11).
    public var unknown: [SMTPParameter]

    /// Longest `ENVID` as written (RFC 3461 §4.4).
    public static let maximumEnvelopeIDLength = 100

    /// Parameters, none by default.
    public init(
        size: Int? = nil, body: SMTPBody? = nil, smtpUTF8: Bool = false, dsnReturn: DSNReturn? = nil,
        envelopeID: String? = nil, submitter: SMTPSubmitter? = nil, unknown: [SMTPParameter] = []
    ) {
        self.size = size
        self.body = body
        self.smtpUTF8 = smtpUTF8
        self.dsnReturn = dsnReturn
        self.envelopeID = envelopeID
        self.submitter = submitter
        self.unknown = unknown
    }

    /// The parameters as written, each preceded by a space.
    public var wire: String {
        var words: [String] = []
        if let size { words.append("SIZE=\(size)") }
        if let body { words.append("BODY=\(body.rawValue)") }
        if smtpUTF8 { words.append("SMTPUTF8") }
        if let dsnReturn { words.append("RET=\(dsnReturn.rawValue)") }
        if let envelopeID { words.append("ENVID=\(XText.encode(envelopeID))") }
        if let submitter { words.append("AUTH=\(submitter.wire)") }
        words += unknown.map(\.wire)
        return words.map { " " + $0 }.joined()
    }

    init(_ raw: [RawParameter]) throws(SMTPSyntaxError) {
        self.init()
        // AUTH= may hold UTF-8 only when SMTPUTF8 stands on the same line, in whatever order.
        smtpUTF8 = raw.contains { $0.keyword == "SMTPUTF8" }
        for parameter in raw {
            let fault = SMTPSyntaxError.malformedParameterValue(keyword: parameter.keyword)
            switch (parameter.keyword, parameter.value) {
            case ("SMTPUTF8", nil): break
            case ("SIZE", let value?):
                // size-value ::= 1*20DIGIT (RFC 1870 §4); nineteen digits and more are no message of this world.
                guard value.count <= 20, value.allSatisfy(\.isDigit) else { throw fault }
                size = value.drop { $0 == 0x30 }.isEmpty ? 0 : value.drop { $0 == 0x30 }.decimal() ?? .max
            case ("BODY", let value?):
                guard let body = SMTPBody(rawValue: value.upper) else { throw fault }
                self.body = body
            case ("RET", let value?):
                guard let dsnReturn = DSNReturn(rawValue: value.upper) else { throw fault }
                self.dsnReturn = dsnReturn
            case ("ENVID", let value?):
                guard value.count <= MailParameters.maximumEnvelopeIDLength, let text = XText.decode(value) else {
                    throw fault
                }
                envelopeID = text
            case ("AUTH", let value?):
                if value.elementsEqual("<>".utf8) {
                    submitter = .unknown
                } else {
                    guard let text = XText.decode(value),
                        let address = try? MailAddress(text, internationalized: smtpUTF8)
                    else { throw fault }
                    submitter = .address(address)
                }
            case ("SIZE", nil), ("BODY", nil), ("RET", nil), ("ENVID", nil), ("AUTH", nil), ("SMTPUTF8", _): throw fault
            default: unknown.append(try parameter.unknown())
            }
        }
    }
}

/// The parameters of `RCPT`.
public struct RecipientParameters: Sendable, Hashable {
    /// When a notice is wanted; `nil` leaves it to the server, which means on failure and perhaps on delay.
    public var notify: DSNNotify?
    /// The recipient as first written.
    public var originalRecipient: OriginalRecipient?
    /// Those that are not known here.
    public var unknown: [SMTPParameter]

    /// Parameters, none by default.
    public init(
        notify: DSNNotify? = nil, originalRecipient: OriginalRecipient? = nil, unknown: [SMTPParameter] = []
    ) {
        self.notify = notify
        self.originalRecipient = originalRecipient
        self.unknown = unknown
    }

    /// The parameters as written, each preceded by a space.
    public var wire: String {
        var words: [String] = []
        if let notify { words.append("NOTIFY=\(notify.wire)") }
        if let originalRecipient { words.append("ORCPT=\(originalRecipient.wire)") }
        words += unknown.map(\.wire)
        return words.map { " " + $0 }.joined()
    }

    init(_ raw: [RawParameter]) throws(SMTPSyntaxError) {
        self.init()
        for parameter in raw {
            let fault = SMTPSyntaxError.malformedParameterValue(keyword: parameter.keyword)
            switch (parameter.keyword, parameter.value) {
            case ("NOTIFY", let value?):
                guard let notify = DSNNotify(value: value) else { throw fault }
                self.notify = notify
            case ("ORCPT", let value?):
                guard let recipient = OriginalRecipient(value: value) else { throw fault }
                originalRecipient = recipient
            case ("NOTIFY", nil), ("ORCPT", nil): throw fault
            default: unknown.append(try parameter.unknown())
            }
        }
    }
}

extension ArraySlice<UInt8> {
    fileprivate var upper: String { String(decoding: map(\.uppercased), as: UTF8.self) }
}
