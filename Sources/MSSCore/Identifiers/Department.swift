/// The department of a certificate's `ST` field: `<département> (NN)` (Référentiel table 44).
public struct Department: Sendable, Hashable {
    /// The number: `01` to `95`, `2A`, `2B`, or three digits overseas.
    public let code: String
    /// The name as written.
    public let name: String

    /// Reads an `ST` field. A missing space before the parenthesis and surrounding spaces are accepted: the published
    /// whitelist has both.
    public init(st text: some StringProtocol) throws(IdentifierError) {
        let bytes = Array(text.utf8.prefix(257))
        guard bytes.count <= 256 else { throw IdentifierError(.department, .length) }
        var trimmed = bytes[...]
        while trimmed.last == 0x20 { trimmed.removeLast() }
        guard trimmed.popLast() == UInt8(ascii: ")"), let opening = trimmed.lastIndex(of: UInt8(ascii: "(")) else {
            throw IdentifierError(.department, .character)
        }
        let code = String(decoding: trimmed[(opening + 1)...], as: UTF8.self).uppercased()
        var name = trimmed[..<opening]
        while name.last == 0x20 { name.removeLast() }
        while name.first == 0x20 { name.removeFirst() }
        // 250 octets, so that the field as written back, with its space, is no longer than what is read.
        guard !name.isEmpty, name.count <= 250 else { throw IdentifierError(.department, .length) }
        guard Department.isCode(code) else { throw IdentifierError(.department, .department) }
        self.code = code
        self.name = String(decoding: name, as: UTF8.self)
    }

    /// True for the codes of the official geographic code: metropolitan departments, overseas departments (971 to
    /// 976) and collectivities (975, 977, 978, 984, 986 to 989), and 99 for abroad.
    public static func isCode(_ code: some StringProtocol) -> Bool {
        switch code.utf8.count {
        case 2:
            if code == "2A" || code == "2B" { return true }
            guard code.utf8.allSatisfy(\.isASCIIDigit), let number = Int(code) else { return false }
            return number == 99 || ((1...95).contains(number) && number != 20)
        case 3:
            guard code.utf8.allSatisfy(\.isASCIIDigit), let number = Int(code) else { return false }
            return (971...978).contains(number) || number == 984 || (986...989).contains(number)
        default: return false
        }
    }

    /// The field as the Référentiel writes it.
    public var st: String { "\(name) (\(code))" }
}

extension Department: CustomStringConvertible {
    /// The field as the Référentiel writes it.
    public var description: String { st }
}

extension DistinguishedName {
    /// The structure that the certificate was issued to, read from its `OU` (Référentiel tables 43 and 44, EX_LPS_1200
    /// step 4): the first `OU`, the most specific first, that is a national identifier; `nil` when none is.
    public var structureIdentifier: StructureIdentifier? {
        for unit in values(of: .organizationalUnitName) {
            if let identifier = try? StructureIdentifier(unit) { return identifier }
        }
        return nil
    }

    /// The department of the `ST` field, or of `L` in the certificates that have it there; `nil` when neither is one.
    public var department: Department? {
        for place in values(of: .stateOrProvinceName) + values(of: .localityName) {
            if let department = try? Department(st: place) { return department }
        }
        return nil
    }
}
