import MSSSASL

/// What a notice of non-delivery returns of the message: `RET` (RFC 3461 §4.3).
public enum DSNReturn: String, Sendable, Hashable {
    /// The whole message.
    case full = "FULL"
    /// Its header only.
    case headers = "HDRS"
}

/// When a notice about a recipient is wanted: `NOTIFY` (RFC 3461 §4.1). Empty means `NEVER`.
public struct DSNNotify: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8
    /// A set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// On delivery.
    public static let success = DSNNotify(rawValue: 1)
    /// On failure: what happens without the parameter, too.
    public static let failure = DSNNotify(rawValue: 2)
    /// On delay.
    public static let delay = DSNNotify(rawValue: 4)
    /// In no case, not even failure.
    public static let never: DSNNotify = []

    /// The value of the parameter.
    public var wire: String {
        let words = [(DSNNotify.success, "SUCCESS"), (.failure, "FAILURE"), (.delay, "DELAY")]
        return isEmpty ? "NEVER" : words.filter { contains($0.0) }.map(\.1).joined(separator: ",")
    }

    init?(value: ArraySlice<UInt8>) {
        guard !value.equalsIgnoringCase("NEVER") else {
            self = []
            return
        }
        var set = DSNNotify()
        for word in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            if word.equalsIgnoringCase("SUCCESS") {
                set.insert(.success)
            } else if word.equalsIgnoringCase("FAILURE") {
                set.insert(.failure)
            } else if word.equalsIgnoringCase("DELAY") {
                set.insert(.delay)
            } else {
                return nil  // NEVER goes with no other word (RFC 3461 §4.1)
            }
        }
        self = set
    }
}

/// The recipient as the sender first wrote it: `ORCPT` (RFC 3461 §4.2), to be repeated in notices.
public struct OriginalRecipient: Sendable, Hashable {
    /// The kind of address, `rfc822` or `utf-8` (RFC 6533 §3) for mail.
    public let addressType: String
    /// The address, decoded.
    public let address: String

    /// Longest value in characters (RFC 3461 §4.2).
    public static let maximumLength = 500

    /// A recipient; `nil` when the type is no atom, or the whole too long.
    public init?(addressType: String = "rfc822", address: String) {
        guard !addressType.isEmpty, addressType.utf8.allSatisfy({ $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }),
            !address.isEmpty
        else { return nil }
        self.addressType = addressType
        self.address = address
        guard wire.utf8.count <= OriginalRecipient.maximumLength else { return nil }
    }

    /// The value of the parameter.
    public var wire: String { "\(addressType);\(XText.encode(address))" }

    init?(value: ArraySlice<UInt8>) {
        guard value.count <= OriginalRecipient.maximumLength, let semicolon = value.firstIndex(of: UInt8(ascii: ";")),
            let address = OriginalRecipient.decode(value[(semicolon + 1)...])
        else { return nil }
        self.init(addressType: String(decoding: value[..<semicolon], as: UTF8.self), address: address)
    }

    /// xtext; with SMTPUTF8 the octets of UTF-8 may stand as they are (RFC 6533 §3, `utf-8-addr-unitext`).
    private static func decode(_ octets: ArraySlice<UInt8>) -> String? {
        if octets.allSatisfy({ $0 < 0x80 }) { return XText.decode(octets) }
        return octets.contains(UInt8(ascii: "+")) ? nil : String(validating: octets, as: UTF8.self)
    }
}

extension OriginalRecipient: CustomStringConvertible {
    /// The kind only: the address may be a patient's.
    public var description: String { addressType }
}
