public import MSSCore

/// Who may sign the whitelist: "issued by ANS and attributed to ANS" (EX_2.2_5050), as data.
///
/// Every condition must hold. It comes after path validation: names alone prove nothing.
public struct WhitelistSignerRule: Sendable, Hashable {
    /// Attributes that the issuer's name must have.
    public var issuer: [DistinguishedName.Attribute]
    /// Attributes that the signer's name must have.
    public var subject: [DistinguishedName.Attribute]
    /// The enterprise that the signer's `OU` must identify, by its SIREN or by a SIRET of it; `nil` for any.
    public var holder: SIREN?

    /// A rule from its conditions.
    public init(
        issuer: [DistinguishedName.Attribute] = [], subject: [DistinguishedName.Attribute] = [], holder: SIREN? = nil
    ) {
        self.issuer = issuer
        self.subject = subject
        self.holder = holder
    }

    /// The ANS, by its SIREN: 187512751 stands in the `OU` of IGC-Santé's authorities (`0002 187512751`, 0002 being the
    /// ISO 6523 code of SIRENE) and, as SIREN or SIRET, in the `OU` of the certificates that they issue to the agency.
    /// Both branches, production and test, have it; the trust store tells them apart.
    public static let ans = WhitelistSignerRule(
        issuer: [.init(.organizationalUnitName, "0002 187512751")], subject: [.init(.countryName, "FR")], holder: .ans)

    /// The condition that a certificate fails; `nil` when it may sign.
    public func firstFault(issuer issuerName: DistinguishedName, subject subjectName: DistinguishedName) -> Fault? {
        guard issuer.allSatisfy(issuerName.has) else { return .issuer(issuerName) }
        guard subject.allSatisfy(subjectName.has) else { return .subject(subjectName) }
        if let holder, subjectName.structureIdentifier?.siren != holder { return .subject(subjectName) }
        return nil
    }

    /// A condition that a certificate fails.
    public enum Fault: Sendable, Hashable {
        /// Another authority issued it.
        case issuer(DistinguishedName)
        /// It was attributed to somebody else.
        case subject(DistinguishedName)
    }
}

extension DistinguishedName {
    fileprivate func has(_ attribute: Attribute) -> Bool { relativeNames.contains { $0.contains(attribute) } }
}

extension StructureIdentifier {
    /// The enterprise identified, when the number tells it.
    fileprivate var siren: SIREN? {
        switch self {
        case .finess: nil
        case .siren(let siren): siren
        case .siret(let siret): siret.siren
        }
    }
}
