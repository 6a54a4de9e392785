/// The matricule of a patient's identité nationale de santé: a NIR or NIA of 13 characters and its key of two digits.
///
/// Test numbers have the same form and key; only the OID that stands beside an INS tells its kind
/// (``INSMatricule/Kind``). The description never shows the number.
public struct INSMatricule: Sendable, Hashable {
    /// The registers of an INS, by OID.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Numéro d'inscription au répertoire.
        case nir = "1.2.250.1.213.1.4.8"
        /// Numéro identifiant attente: the NIR of a person being registered.
        case nia = "1.2.250.1.213.1.4.9"
        /// A number for tests.
        case test = "1.2.250.1.213.1.4.10"
        /// A number for demonstrations.
        case demonstration = "1.2.250.1.213.1.4.11"
    }

    /// The fifteen characters, letters in upper case. They identify a patient: never in a log.
    public let text: String

    /// Checks the length, the characters (`2A` and `2B` for a birth in Corsica) and the key.
    public init(_ text: some StringProtocol) throws(IdentifierError) {
        let upper = text.uppercased()
        let bytes = try NationalNumber.bytes(upper, length: 15, .ins) { index, byte in
            byte.isASCIIDigit || (index == 6 && (byte == UInt8(ascii: "A") || byte == UInt8(ascii: "B")))
        }
        let corsica = !bytes[6].isASCIIDigit
        // The first digit tells the sex: 1 and 2, 3 and 4 or 7 and 8 while the person is being registered.
        guard [1, 2, 3, 4, 7, 8].contains(bytes[0] - 0x30), !corsica || bytes[5] == UInt8(ascii: "2") else {
            throw IdentifierError(.ins, .character)
        }
        guard INSMatricule.key(of: bytes[..<13]) == Int(bytes[13] - 0x30) * 10 + Int(bytes[14] - 0x30) else {
            throw IdentifierError(.ins, .checkDigit)
        }
        self.text = upper
    }

    /// 97 less the remainder by 97 of the 13-digit number, in which 2A reads 19 and 2B reads 18.
    static func key(of digits: some Collection<UInt8>) -> Int {
        var number = 0
        for (index, byte) in digits.enumerated() {
            let digit: Int =
                switch (index, byte) {
                // 2A → 19 and 2B → 18: the department's tens digit is 2, so take one from it and put 9 or 8 after.
                case (6, UInt8(ascii: "A")): 9 - 10
                case (6, UInt8(ascii: "B")): 8 - 10
                default: Int(byte) - 0x30
                }
            number = number * 10 + digit
        }
        return 97 - number % 97
    }
}

extension INSMatricule: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A constant: the number stays out of logs.
    public var description: String { "INS" }

    /// A constant: the number stays out of logs.
    public var debugDescription: String { "INS" }

    /// Nothing: `dump` and failed assertions show no number either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
