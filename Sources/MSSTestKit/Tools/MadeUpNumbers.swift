/// National identifiers of nobody: made up, with right check digits.
public enum MadeUpNumbers {
    /// An RPPS number of eleven digits; the first nine-digit block is `index`.
    public static func rpps(_ index: Int) -> String { withCheckDigit("1" + padded(index, 9)) }

    /// A FINESS number in Paris.
    public static func finess(_ index: Int) -> String { withCheckDigit("75" + padded(index, 6)) }

    /// A SIRET number, whose first nine digits are a SIREN number.
    public static func siret(_ index: Int) -> String {
        withCheckDigit(withCheckDigit("9" + padded(index, 7)) + "0001")
    }

    /// The digits and the one that completes them by Luhn's rule (ISO/IEC 7812-1 annex B).
    public static func withCheckDigit(_ digits: String) -> String {
        var sum = 0
        for (index, byte) in digits.utf8.reversed().enumerated() {
            let value = Int(byte - UInt8(ascii: "0")) * (index % 2 == 0 ? 2 : 1)
            sum += value / 10 + value % 10
        }
        return digits + String((10 - sum % 10) % 10)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
