extension Domain {
    /// Converts labels outside ASCII to their A-labels (RFC 5891 §4.4).
    ///
    /// IDNA's tables are not in the standard library. Only lower-case Latin letters that IDNA 2008 allows, after case
    /// mapping and canonical composition, are converted; every other script must be given in `xn--` form (Decision
    /// 0012): a refusal here is safe, a wrong conversion would be another domain.
    static func internationalForm(_ text: String) throws(DomainError) -> String {
        // A U-label is never longer in characters than its A-label: an upper bound before any work.
        guard text.utf8.count <= 4 * maximumLength else { throw .tooLong }
        var labels: [String] = []
        for label in text.split(separator: ".", omittingEmptySubsequences: false) {
            labels.append(try aLabel(label))
        }
        return try Domain(labels.joined(separator: ".")).ascii
    }

    private static func aLabel(_ label: Substring) throws(DomainError) -> String {
        guard !label.utf8.allSatisfy({ $0 < 0x80 }) else { return String(label) }
        guard !label.hasPrefix("xn--") else { throw .invalidPunycode }
        let scalars = LatinComposition.composed(Array(label.lowercased().unicodeScalars))
        for scalar in scalars where !isAllowed(scalar) { throw .unsupportedUnicode }
        guard let first = scalars.first, let last = scalars.last, first != "-", last != "-" else {
            throw .misplacedHyphen
        }
        // RFC 5891 §4.2.3.1: no "--" in the third and fourth places.
        guard !(scalars.count >= 4 && scalars[2] == "-" && scalars[3] == "-") else { throw .misplacedHyphen }
        guard let encoded = Punycode.encode(scalars) else { throw .unsupportedUnicode }
        return "xn--" + encoded
    }

    /// Letters, digits and hyphen of ASCII, and the lower-case letters of Latin-1 and Latin Extended-A that RFC 5892
    /// makes PVALID: all but the compatibility characters ĳ ŀ ŉ ſ.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2D, 0x30...0x39, 0x61...0x7A: true
        case 0xDF...0xF6, 0xF8...0xFF: true
        case 0x0133, 0x0140, 0x0149, 0x017F: false
        case 0x0100...0x017E: scalar.properties.isLowercase
        default: false
        }
    }
}
