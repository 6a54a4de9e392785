/// The check digits of the national registers.
enum CheckDigit {
    /// Luhn's formula (ISO/IEC 7812-1 annex B) over digits and letters; a letter counts for its rank as DREES's
    /// registers take it: A and J are 1, B, K and S are 2, … I, R and Z are 9 (Decision 0013).
    static func luhn(_ text: some Collection<UInt8>) -> Bool { luhnSum(text) % 10 == 0 }

    private static func luhnSum(_ text: some Collection<UInt8>) -> Int {
        var sum = 0
        for (index, byte) in Array(text).reversed().enumerated() {
            let value = digit(byte)
            let weighted = index % 2 == 0 ? value : 2 * value
            sum += weighted > 9 ? weighted - 9 : weighted
        }
        return sum
    }

    private static func digit(_ byte: UInt8) -> Int {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x49: Int(byte) - 0x40
        case 0x4A...0x52: Int(byte) - 0x49
        case 0x53...0x5A: Int(byte) - 0x51
        default: 0
        }
    }

    /// The sum of the digits, the control of La Poste's establishments.
    static func digitSum(_ text: some Collection<UInt8>) -> Int { text.reduce(0) { $0 + digit($1) } }
}

/// Checks common to the national numbers.
enum NationalNumber {
    /// The text as bytes when it has `length` characters, each accepted at its place.
    static func bytes(
        _ text: some StringProtocol, length: Int, _ kind: IdentifierError.Kind, accepts: (Int, UInt8) -> Bool
    ) throws(IdentifierError) -> [UInt8] {
        let bytes = Array(text.utf8.prefix(length + 1))
        guard bytes.count == length else { throw IdentifierError(kind, .length) }
        for (index, byte) in bytes.enumerated() where !accepts(index, byte) { throw IdentifierError(kind, .character) }
        return bytes
    }
}
