/// Text as XML writes it, in the canonical way (C14N §2.3), which HTML reads as well.
///
/// MSSXML has a writer; what tests it must not stand on it (decision 0060). Scalar by scalar: a character may be a `&`
/// with an accent.
enum XMLText {
    /// The content of an element.
    static func content(_ text: some StringProtocol) -> String {
        guard text.utf8.contains(where: { $0 == 0x26 || $0 == 0x3C || $0 == 0x3E || $0 == 0x0D }) else {
            return String(text)
        }
        return written(text) { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\r": "&#xD;"
            default: nil
            }
        }
    }

    /// The value of an attribute, between double quotes.
    static func attribute(_ text: some StringProtocol) -> String {
        written(text) { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case "\"": "&quot;"
            case "\t": "&#x9;"
            case "\n": "&#xA;"
            case "\r": "&#xD;"
            default: nil
            }
        }
    }

    private static func written(
        _ text: some StringProtocol, _ reference: (Unicode.Scalar) -> StaticString?
    ) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if let reference = reference(scalar) {
                result += reference.description
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
