internal import SwiftASN1
internal import X509

/// The structure (hospital, operator, agency) to which a test certificate is attributed: the part of the subject that
/// stands beside the common name.
///
/// IGC-Santé subjects read `C=FR, ST=<département> (NN), O=<raison sociale>, OU=<prefix><idNat>, CN=<name>`
/// (Référentiel §6.6 table 44).
public struct TestStructure: Sendable, Hashable {
    /// Legal name, `O`.
    public var name: String
    /// Type prefix and national identifier, `OU`: 1 + FINESS, 2 + SIREN, 3 + SIRET.
    public var identifier: String
    /// Name of the département with its number in parentheses, `ST`; `nil` leaves the attribute out.
    public var department: String?
    /// Two-letter country, `C`.
    public var country: String

    /// A structure from the fields of its certificate subject.
    public init(name: String, identifier: String, department: String? = "Paris (75)", country: String = "FR") {
        self.name = name
        self.identifier = identifier
        self.department = department
        self.country = country
    }

    /// A made-up hospital: FINESS with a correct check digit.
    public static let hospital = TestStructure(name: "CENTRE HOSPITALIER DE TEST", identifier: "1750000010")
    /// Another made-up structure, holder of its own certificates, with accents and an apostrophe in its fields.
    public static let clinic = TestStructure(
        name: "CLINIQUE DE L'ÉTANG", identifier: "1130000011", department: "Bouches-du-Rhône (13)")
    /// The agency that signs the whitelist, as it appears in certificates attributed to it.
    public static let agency = TestStructure(name: "AGENCE DU NUMERIQUE EN SANTE", identifier: "318751275100020")
}

/// A distinguished name for test certificates: an ordered list of attributes, most general first, as in the DER.
public struct TestName: Sendable, Hashable, CustomStringConvertible {
    /// The attribute types that IGC-Santé names use.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case country = "C"
        case state = "ST"
        case locality = "L"
        case organization = "O"
        case unit = "OU"
        case commonName = "CN"
    }

    /// The attributes in the order of the encoding.
    public var attributes: [(kind: Kind, value: String)]

    /// A name from its attributes, most general first.
    public init(_ attributes: [(kind: Kind, value: String)]) { self.attributes = attributes }

    /// The subject of a leaf certificate: `C`, `ST`, `O`, `OU`, `CN` in this order.
    public init(commonName: String, of structure: TestStructure) {
        var attributes: [(Kind, String)] = [(.country, structure.country)]
        if let department = structure.department { attributes.append((.state, department)) }
        attributes += [
            (.organization, structure.name), (.unit, structure.identifier), (.commonName, commonName),
        ]
        self.attributes = attributes.map { (kind: $0.0, value: $0.1) }
    }

    /// The name as the whitelist writes it: RFC 2253/4514, last attribute first, `,` without space.
    public var rfc4514: String {
        attributes.reversed().map { "\($0.kind.rawValue)=\(Self.escape($0.value))" }.joined(separator: ",")
    }

    /// The same as ``rfc4514``.
    public var description: String { rfc4514 }

    /// RFC 4514 §2.4: the characters that a value must escape, and where.
    private static func escape(_ value: String) -> String {
        var result = ""
        for (index, scalar) in value.unicodeScalars.enumerated() {
            let isLast = index == value.unicodeScalars.count - 1
            switch scalar {
            case "\"", "+", ",", ";", "<", ">", "\\": result += "\\"
            case " " where index == 0 || isLast: result += "\\"
            case "#" where index == 0: result += "\\"
            default: break
            }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    /// Attribute by attribute, exactly.
    public static func == (left: TestName, right: TestName) -> Bool {
        left.attributes.elementsEqual(right.attributes) { $0 == $1 }
    }

    /// Hashes every attribute.
    public func hash(into hasher: inout Hasher) {
        for attribute in attributes {
            hasher.combine(attribute.kind)
            hasher.combine(attribute.value)
        }
    }

    /// A name read from a certificate, made of the attributes that IGC-Santé uses.
    init(_ name: X509.DistinguishedName) throws {
        attributes = try name.flatMap { Array($0) }.map { attribute in
            guard let kind = Kind.allCases.first(where: { $0.identifier == attribute.type }),
                let value = String(attribute.value)
            else { throw TestFormatError("unexpected attribute \(attribute)") }
            return (kind, value)
        }
    }

    /// The name as swift-certificates encodes it: country in PrintableString, the rest in UTF8String (RFC 5280 App. A).
    var x509: X509.DistinguishedName {
        get throws {
            try X509.DistinguishedName(
                attributes.map { kind, value in
                    RelativeDistinguishedName.Attribute(
                        type: kind.identifier,
                        value: kind == .country ? try .init(printableString: value) : .init(utf8String: value))
                })
        }
    }
}

extension TestName.Kind {
    var identifier: ASN1ObjectIdentifier {
        switch self {
        case .country: ASN1ObjectIdentifier.NameAttributes.countryName
        case .state: ASN1ObjectIdentifier.NameAttributes.stateOrProvinceName
        case .locality: ASN1ObjectIdentifier.NameAttributes.localityName
        case .organization: ASN1ObjectIdentifier.NameAttributes.organizationName
        case .unit: ASN1ObjectIdentifier.NameAttributes.organizationalUnitName
        case .commonName: ASN1ObjectIdentifier.NameAttributes.commonName
        }
    }
}
