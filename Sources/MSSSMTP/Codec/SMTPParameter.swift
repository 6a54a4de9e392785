import MSSSASL

/// A parameter of `MAIL` or `RCPT` as written (RFC 5321 §4.1.2 `esmtp-param`).
public struct SMTPParameter: Sendable, Hashable {
    /// The keyword, in upper case.
    public let keyword: String
    /// What follows `=`; `nil` without it.
    public let value: String?

    /// A parameter; `nil` when keyword or value break the grammar, so that none can end the command.
    public init?(keyword: String, value: String? = nil) {
        guard SMTPParameter.isKeyword(keyword.utf8), value.map({ SMTPParameter.isValue($0.utf8) }) ?? true else {
            return nil
        }
        self.keyword = keyword.uppercased()
        self.value = value
    }

    /// The parameter as written.
    public var wire: String { value.map { "\(keyword)=\($0)" } ?? keyword }

    /// esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
    static func isKeyword(_ octets: some Collection<UInt8>) -> Bool {
        guard let first = octets.first, first.isLetterOrDigit else { return false }
        return octets.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }
    }

    /// esmtp-value = 1*(%d33-60 / %d62-126 / UTF8-non-ascii) (RFC 6531 §3.3)
    static func isValue(_ octets: some Collection<UInt8>) -> Bool {
        !octets.isEmpty && octets.allSatisfy { ($0.isGraphic || $0 >= 0x80) && $0 != UInt8(ascii: "=") }
    }
}

/// The octets of a parameter, split, before they get a meaning.
struct RawParameter {
    var keyword: String
    var value: ArraySlice<UInt8>?

    /// Splits what follows a path; a keyword given twice is refused, since readers would differ on which counts.
    static func split(_ octets: ArraySlice<UInt8>) throws(SMTPSyntaxError) -> [RawParameter] {
        var all: [RawParameter] = []
        for octets in octets.split(separator: .space) {
            let equals = octets.firstIndex(of: UInt8(ascii: "="))
            let keyword = octets[..<(equals ?? octets.endIndex)]
            let value = equals.map { octets[($0 + 1)...] }
            guard SMTPParameter.isKeyword(keyword), value.map({ SMTPParameter.isValue($0) }) ?? true else {
                throw .malformedParameter
            }
            let name = String(decoding: keyword.map(\.uppercased), as: UTF8.self)
            guard !all.contains(where: { $0.keyword == name }) else { throw .repeatedParameter(keyword: name) }
            all.append(RawParameter(keyword: name, value: value))
        }
        return all
    }

    /// The parameter for those that have no meaning here.
    func unknown() throws(SMTPSyntaxError) -> SMTPParameter {
        guard let text = value.map({ String(validating: $0, as: UTF8.self) }) else {
            return SMTPParameter(keyword: keyword)!  // split() has checked the keyword
        }
        guard let text, let parameter = SMTPParameter(keyword: keyword, value: text) else {
            throw .malformedParameter
        }
        return parameter
    }
}
