/// A mail domain: RFC 5321 §4.1.2 `Domain`, compared without regard to case (RFC 5321 §2.4, RFC 4343).
///
/// The value holds the ASCII form in lower case, so that comparing, hashing and the DNS see one spelling. Labels
/// outside ASCII are converted to their `xn--` form (Decision 0012 says which).
public struct Domain: Sendable, Hashable, Comparable {
    /// The domain in ASCII and lower case, without a final dot.
    public let ascii: String

    /// Longest domain in characters: the DNS's 255 octets (RFC 1035 §2.3.4, RFC 5321 §4.5.3.1.2) hold one length
    /// octet a label and the root's, so 253 characters of text.
    public static let maximumLength = 253
    /// Longest label in characters (RFC 1035 §2.3.4).
    public static let maximumLabelLength = 63

    /// Reads a domain; the final dot of a DNS name is not allowed in mail (RFC 5321 §2.3.5).
    public init(_ text: some StringProtocol) throws(DomainError) {
        guard !text.isEmpty else { throw .empty }
        if let ascii = text.withContiguousUTF8({ Domain.asciiForm($0) }) {
            self.ascii = try ascii.get()
            return
        }
        self.ascii = try Domain.internationalForm(String(text))
    }

    /// Checks and lower-cases a domain all in ASCII; `nil` when it needs conversion.
    private static func asciiForm(_ text: UnsafeBufferPointer<UInt8>) -> Result<String, DomainError>? {
        // An upper bound before any work; a text outside ASCII is measured after its conversion.
        guard text.allSatisfy({ $0 < 0x80 }) else { return nil }
        guard text.count <= maximumLength else { return .failure(.tooLong) }
        if let fault = firstFault(in: text) { return .failure(fault) }
        let lower = String(unsafeUninitializedCapacity: text.count) { buffer in
            for index in text.indices { buffer[index] = text[index].lowercasedASCII }
            return text.count
        }
        if hasPunycodePrefix(text), let fault = firstPunycodeFault(in: lower) { return .failure(fault) }
        return .success(lower)
    }

    /// The first rule of RFC 5321 §4.1.2 and RFC 1123 §2.1 that ASCII text breaks.
    private static func firstFault(in text: UnsafeBufferPointer<UInt8>) -> DomainError? {
        var start = 0
        var numeric = false
        for index in 0...text.count {
            if index < text.count, text[index] != UInt8(ascii: ".") {
                guard text[index].isASCIIAlphanumeric || text[index] == UInt8(ascii: "-") else {
                    return .forbiddenCharacter
                }
                continue
            }
            guard index > start else { return .emptyLabel }
            guard index - start <= maximumLabelLength else { return .labelTooLong }
            guard text[start] != UInt8(ascii: "-"), text[index - 1] != UInt8(ascii: "-") else {
                return .misplacedHyphen
            }
            numeric = text[start..<index].allSatisfy { $0.isASCIIDigit }
            start = index + 1
        }
        return numeric ? .numericTopLabel : nil
    }

    private static func hasPunycodePrefix(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count >= 4 else { return false }
        return (0...(text.count - 4)).contains { index in
            (text[index] | 0x20) == UInt8(ascii: "x") && (text[index + 1] | 0x20) == UInt8(ascii: "n")
                && text[index + 2] == UInt8(ascii: "-") && text[index + 3] == UInt8(ascii: "-")
                && (index == 0 || text[index - 1] == UInt8(ascii: "."))
        }
    }

    private static func firstPunycodeFault(in ascii: String) -> DomainError? {
        for label in ascii.split(separator: ".") where label.hasPrefix("xn--") {
            guard let decoded = Punycode.decode(label.dropFirst(4)), !decoded.allSatisfy(\.isASCII),
                // No control character may hide in a label (RFC 5892 §2.7).
                decoded.allSatisfy({ $0.isASCII || $0.value > 0xA0 }),
                Punycode.encode(decoded) == String(label.dropFirst(4))
            else { return .invalidPunycode }
        }
        return nil
    }

    /// Orders by the ASCII form.
    public static func < (left: Domain, right: Domain) -> Bool { left.ascii < right.ascii }

    /// The domain's labels, leftmost first.
    public var labels: [Substring] { ascii.split(separator: ".") }

    /// True for `ancestor` itself and for the domains below it.
    public func isEqualOrBelow(_ ancestor: Domain) -> Bool {
        ascii == ancestor.ascii || (ascii.hasSuffix(ancestor.ascii) && ascii.dropLast(ancestor.ascii.count).last == ".")
    }
}

extension Domain: CustomStringConvertible {
    /// The ASCII form.
    public var description: String { ascii }
}

extension StringProtocol {
    /// Runs `body` over the text's UTF-8, copying it only when it is not contiguous.
    func withContiguousUTF8<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
        utf8.withContiguousStorageIfAvailable(body) ?? Array(utf8).withUnsafeBufferPointer(body)
    }
}

extension UInt8 {
    var isASCIIDigit: Bool { (0x30...0x39).contains(self) }
    var isASCIIAlphabetic: Bool { (0x61...0x7A).contains(self | 0x20) }
    var isASCIIAlphanumeric: Bool { isASCIIDigit || isASCIIAlphabetic }
    var lowercasedASCII: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
    /// The value of a hexadecimal digit.
    var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
