/// The national identifier of a structure: a type (nomenclature G07, OID 1.2.250.1.71.1.2.14) and a number.
///
/// ``text`` is the prefixed form of certificates' `OU` and of the directory (`1` FINESS, `2` SIREN, `3` SIRET).
public enum StructureIdentifier: Sendable, Hashable {
    /// Type 1.
    case finess(FINESS)
    /// Type 2.
    case siren(SIREN)
    /// Type 3.
    case siret(SIRET)

    /// Reads a prefix and a number, for example `1750712184`.
    public init(_ text: some StringProtocol) throws(IdentifierError) {
        try self.init(type: text.prefix(1), number: text.dropFirst())
    }

    /// Takes a code of nomenclature G07 and a number, as the directory's feeds give them apart.
    public init(type: some StringProtocol, number: some StringProtocol) throws(IdentifierError) {
        switch type {
        case "1": self = .finess(try FINESS(number))
        case "2": self = .siren(try SIREN(number))
        case "3": self = .siret(try SIRET(number))
        default: throw IdentifierError(.structure, .prefix)
        }
    }

    /// The code of nomenclature G07.
    public var type: String {
        switch self {
        case .finess: "1"
        case .siren: "2"
        case .siret: "3"
        }
    }

    /// The number without its prefix.
    public var number: String {
        switch self {
        case .finess(let finess): finess.text
        case .siren(let siren): siren.text
        case .siret(let siret): siret.text
        }
    }

    /// The prefix and the number.
    public var text: String { type + number }
}

extension StructureIdentifier: CustomStringConvertible {
    /// The prefix and the number.
    public var description: String { text }
}

/// The national identifier of a person: a type (nomenclature G08, OID 1.2.250.1.71.1.2.15) and an identifier.
public enum PersonIdentifier: Sendable, Hashable {
    /// Type 0.
    case adeli(ADELI)
    /// Type 8.
    case rpps(RPPS)
    /// Type 10: an identifier of the structure, which is the address of the mailbox (RG_CTR_035).
    case mailbox(MailAddress)

    /// Reads a prefix and a number, for example `810001234567`, as Pro Santé Connect's `SubjectNameID` gives them.
    public init(_ text: some StringProtocol) throws(IdentifierError) {
        switch text.first {
        case "0": self = .adeli(try ADELI(text.dropFirst()))
        case "8": self = .rpps(try RPPS(text.dropFirst()))
        default:
            guard text.hasPrefix("10") else { throw IdentifierError(.person, .prefix) }
            try self.init(type: "10", identifier: text.dropFirst(2))
        }
    }

    /// Takes a code of nomenclature G08 and an identifier, as the directory's feeds give them apart.
    public init(type: some StringProtocol, identifier: some StringProtocol) throws(IdentifierError) {
        switch type {
        case "0": self = .adeli(try ADELI(identifier))
        case "8": self = .rpps(try RPPS(identifier))
        case "10":
            guard let address = try? MailAddress(identifier) else { throw IdentifierError(.person, .character) }
            self = .mailbox(address)
        default: throw IdentifierError(.person, .prefix)
        }
    }

    /// The code of nomenclature G08.
    public var type: String {
        switch self {
        case .adeli: "0"
        case .rpps: "8"
        case .mailbox: "10"
        }
    }

    /// The identifier without its prefix.
    public var identifier: String {
        switch self {
        case .adeli(let adeli): adeli.text
        case .rpps(let rpps): rpps.text
        case .mailbox(let address): address.text
        }
    }

    /// The prefix and the identifier.
    public var text: String { type + identifier }
}

extension PersonIdentifier: CustomStringConvertible {
    /// The prefix and the identifier, without the identity of a patient.
    public var description: String {
        if case .mailbox(let address) = self { "10\(address)" } else { text }
    }
}
