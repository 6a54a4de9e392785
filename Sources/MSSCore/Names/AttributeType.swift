/// The type of an attribute of a distinguished name: an object identifier, with a short name when it is well known.
public struct AttributeType: Sendable, Hashable {
    /// The identifier.
    public let oid: OID

    /// The type with this identifier.
    public init(_ oid: OID) { self.oid = oid }

    /// The type with this short name (any case: `CN`, `commonName`, `S` for `ST`, …) or dotted identifier, possibly
    /// after `OID.` (RFC 2253 §4); `nil` when unknown.
    public init?(_ text: some StringProtocol) {
        let name = text.lowercased()
        if let type = AttributeType.byName[name] {
            self = type
            return
        }
        guard let oid = OID(dotted: name.hasPrefix("oid.") ? name.dropFirst(4) : name[...]) else { return nil }
        self.init(oid)
    }

    /// The short name, as RFC 4514 §3 or common use writes it; `nil` when the type has none here.
    public var shortName: String? { AttributeType.names[oid]?[0] }
}

extension AttributeType {
    /// `CN`
    public static let commonName = AttributeType(OID(x520: 3))
    /// `SN`, the family name.
    public static let surname = AttributeType(OID(x520: 4))
    /// `serialNumber`: of the subject, not of the certificate.
    public static let serialNumber = AttributeType(OID(x520: 5))
    /// `C`
    public static let countryName = AttributeType(OID(x520: 6))
    /// `L`
    public static let localityName = AttributeType(OID(x520: 7))
    /// `ST`, also seen as `S`.
    public static let stateOrProvinceName = AttributeType(OID(x520: 8))
    /// `STREET`
    public static let streetAddress = AttributeType(OID(x520: 9))
    /// `O`
    public static let organizationName = AttributeType(OID(x520: 10))
    /// `OU`
    public static let organizationalUnitName = AttributeType(OID(x520: 11))
    /// `title`
    public static let title = AttributeType(OID(x520: 12))
    /// `GN`, the given name.
    public static let givenName = AttributeType(OID(x520: 42))
    /// `dnQualifier`
    public static let dnQualifier = AttributeType(OID(x520: 46))
    /// `DC` (RFC 4519 §2.4)
    public static let domainComponent = AttributeType(
        OID(known: [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19]))
    /// `UID` (RFC 4519 §2.39)
    public static let userID = AttributeType(
        OID(known: [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x01]))
    /// `emailAddress` (PKCS #9, RFC 2985 §5.2.1)
    public static let emailAddress = AttributeType(
        OID(known: [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x01]))
    /// `organizationIdentifier` (X.520, ETSI EN 319 412-1)
    public static let organizationIdentifier = AttributeType(OID(x520: 97))

    /// Every name read for a type, the one to print first.
    private static let names: [OID: [String]] = [
        commonName.oid: ["CN", "commonName"],
        surname.oid: ["SN", "surname"],
        serialNumber.oid: ["serialNumber"],
        countryName.oid: ["C", "countryName"],
        localityName.oid: ["L", "localityName"],
        stateOrProvinceName.oid: ["ST", "S", "SP", "stateOrProvinceName"],
        streetAddress.oid: ["STREET", "streetAddress"],
        organizationName.oid: ["O", "organizationName"],
        organizationalUnitName.oid: ["OU", "organizationalUnitName"],
        title.oid: ["title", "T"],
        OID(x520: 13): ["description"],
        OID(x520: 15): ["businessCategory"],
        OID(x520: 17): ["postalCode"],
        OID(x520: 41): ["name"],
        givenName.oid: ["GN", "G", "givenName"],
        OID(x520: 43): ["initials"],
        OID(x520: 44): ["generationQualifier"],
        dnQualifier.oid: ["dnQualifier"],
        OID(x520: 65): ["pseudonym"],
        organizationIdentifier.oid: ["organizationIdentifier"],
        domainComponent.oid: ["DC", "domainComponent"],
        userID.oid: ["UID", "userId"],
        emailAddress.oid: ["emailAddress", "E", "email"],
    ]

    private static let byName: [String: AttributeType] = {
        var types: [String: AttributeType] = [:]
        for (oid, names) in names { for name in names { types[name.lowercased()] = AttributeType(oid) } }
        return types
    }()
}

extension AttributeType: CustomStringConvertible {
    /// The short name, or the dotted identifier.
    public var description: String { shortName ?? oid.description }
}
