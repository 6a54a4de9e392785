/// The comparison of attribute values of RFC 5280 §7.1: the string preparation of RFC 4518 for `caseIgnoreMatch`,
/// as far as the standard library goes (Decision 0011).
enum NameMatching {
    /// The UTF-8 that is compared: white space collapsed and trimmed, ignorable characters dropped, Latin letters
    /// composed, case folded; `mark` stands before it.
    static func form(of text: String, after mark: UInt8) -> [UInt8] {
        var text = text
        if let ascii = text.withUTF8({ asciiForm($0, after: mark) }) { return ascii }
        return [mark] + unicodeForm(text)
    }

    /// The form of a text of graphic ASCII characters and spaces; `nil` for any other.
    private static func asciiForm(_ bytes: UnsafeBufferPointer<UInt8>, after mark: UInt8) -> [UInt8]? {
        guard bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        return Array(unsafeUninitializedCapacity: bytes.count + 1) { form, count in
            form[0] = mark
            count = 1
            var pendingSpace = false
            for byte in bytes {
                if byte == 0x20 {
                    pendingSpace = count > 1
                    continue
                }
                if pendingSpace {
                    form[count] = 0x20
                    count += 1
                    pendingSpace = false
                }
                form[count] = byte.lowercasedASCII
                count += 1
            }
        }
    }

    private static func unicodeForm(_ text: String) -> [UInt8] {
        var form = String.UnicodeScalarView()
        var pendingSpace = false
        for scalar in LatinComposition.composed(Array(text.unicodeScalars)) {
            switch mapping(scalar) {
            case .nothing: continue
            case .space: pendingSpace = !form.isEmpty
            case .itself:
                if pendingSpace {
                    form.append(" ")
                    pendingSpace = false
                }
                appendFolded(scalar, to: &form)
            }
        }
        return Array(String(form).utf8)
    }

    private enum Mapping { case nothing, space, itself }

    /// RFC 4518 §2.2: what maps to nothing and to a space.
    private static func mapping(_ scalar: Unicode.Scalar) -> Mapping {
        switch scalar.value {
        case 0x09...0x0D, 0x85: return .space
        case 0x00...0x1F, 0x7F...0x9F: return .nothing
        case 0x00AD, 0x034F, 0x1806, 0x180B...0x180E, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064,
            0x206A...0x206F, 0xFE00...0xFE0F, 0xFEFF, 0xFFF9...0xFFFC, 0x1D173...0x1D17A, 0xE0001,
            0xE0020...0xE007F:
            return .nothing
        case 0x20, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: return .space
        default: return .itself
        }
    }

    /// Full case folding: the lower case of the upper case brings together ß and ss, σ and ς, ſ and s. The dotless ı,
    /// whose upper case is I, folds to itself, as Unicode's table says.
    private static func appendFolded(_ scalar: Unicode.Scalar, to form: inout String.UnicodeScalarView) {
        if scalar.isASCII {
            form.append(Unicode.Scalar(UInt8(scalar.value).lowercasedASCII))
            return
        }
        guard scalar.value != 0x0131 else {
            form.append(scalar)
            return
        }
        for upper in scalar.properties.uppercaseMapping.unicodeScalars {
            form.append(contentsOf: upper.properties.lowercaseMapping.unicodeScalars)
        }
    }
}
