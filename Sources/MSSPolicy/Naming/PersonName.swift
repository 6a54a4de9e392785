/// The names of a person, as the directory gives them.
public struct PersonName: Sendable, Hashable {
    /// The given name (`PrenomExercice`).
    public var given: String
    /// The family name (`NomExercice`).
    public var family: String

    /// A name.
    public init(given: String, family: String) {
        self.given = given
        self.family = family
    }

    /// The local part that EX_GBM_4311 wants: `prenom.nom`, compound names joined by hyphens; `nil` when a name has no
    /// Latin letter.
    public var localPart: String? {
        let given = NameFolding.words(given).joined(separator: "-")
        let family = NameFolding.words(family).joined(separator: "-")
        return given.isEmpty || family.isEmpty ? nil : "\(given).\(family)"
    }

    /// The local part for a new mailbox: ``localPart``, with the first free number from 2 on for a homonym
    /// (EX_GBM_4311).
    ///
    /// - Parameter isTaken: whether the domain has, or reserves, this local part.
    public func freeLocalPart(isTaken: (String) throws -> Bool) rethrows -> String? {
        // RFC 5321 §4.5.3.1.1: 64 octets; room for a number of four digits.
        guard let first = localPart, first.utf8.count <= 60 else { return nil }
        if try !isTaken(first) { return first }
        for number in 2...9_999 {
            let next = first + String(number)
            if try !isTaken(next) { return next }
        }
        return nil
    }

    /// True when a local part is `prenom.nom`, in any case and with compound names joined in any way.
    func isWritten(in localPart: some StringProtocol) -> Bool {
        let parts = localPart.split(separator: ".", omittingEmptySubsequences: false)
        let names = (NameFolding.joined(given), NameFolding.joined(family))
        guard parts.count > 1, !names.0.isEmpty, !names.1.isEmpty else { return false }
        // A dot may also stand inside a compound name: any of them may be the one between the names.
        return (1..<parts.count).contains { dot in
            NameFolding.joined(parts[..<dot].joined()) == names.0
                && NameFolding.joined(parts[dot...].joined()) == names.1
        }
    }
}

extension PersonName: CustomStringConvertible {
    /// Constant: a name stays out of logs.
    public var description: String { "PersonName" }
}
