/// A mail address that the Annuaire Santé accepts (EX_GBM_4300): an RFC 5321 address whose local part holds only
/// ASCII letters, digits, `.`, `_`, `-` and `+`.
///
/// The directory tells addresses apart without regard to case, so equality and hashing ignore it, while ``address``
/// keeps the spelling given.
public struct DirectoryMailAddress: Sendable {
    /// The address as given.
    public let address: MailAddress
    /// The address in lower case: the key under which the directory knows it.
    public let key: String

    /// Checks an address against the directory's alphabet.
    public init(_ address: MailAddress) throws(DirectoryMailAddressError) {
        guard
            address.localPart.utf8.allSatisfy({
                $0.isASCIIAlphanumeric || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D || $0 == 0x2B
            })
        else { throw .forbiddenCharacter }
        // An address that needs quotes is none of the directory's: "a..b"@… has only allowed characters.
        guard address.text.utf8.first != UInt8(ascii: "\"") else { throw .quoted }
        self.address = address
        key = address.text.lowercased()
    }

    /// Reads an address and checks it against the directory's alphabet.
    public init(_ text: some StringProtocol) throws(DirectoryMailAddressError) {
        let address: MailAddress
        do { address = try MailAddress(text) } catch { throw .address(error) }
        try self.init(address)
    }
}

extension DirectoryMailAddress: Hashable {
    /// Equal when the addresses differ by case only.
    public static func == (left: DirectoryMailAddress, right: DirectoryMailAddress) -> Bool { left.key == right.key }

    /// Hashes the lower-case address.
    public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

extension DirectoryMailAddress: CustomStringConvertible {
    /// The address, without the identity of a patient.
    public var description: String { address.description }
}

/// Why an address cannot be published in the directory.
public enum DirectoryMailAddressError: Error, Sendable, Hashable {
    /// Not an RFC 5321 address.
    case address(MailAddressError)
    /// A character that the directory does not take.
    case forbiddenCharacter
    /// The local part needs quotes.
    case quoted
}

extension DirectoryMailAddressError: ExplainedFailure {
    /// EX_GBM_4300.
    public var requirement: RequirementID? { "EX_GBM_4300" }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .address(let error): error.explanation
        case .forbiddenCharacter, .quoted:
            "L'Annuaire Santé n'accepte avant l'arobase que des lettres sans accent, des chiffres et . _ - +."
        }
    }

    /// The English text for logs.
    public var description: String {
        switch self {
        case .address(let error): error.description
        case .forbiddenCharacter: "character outside the directory's alphabet"
        case .quoted: "local part that needs quotes"
        }
    }
}
