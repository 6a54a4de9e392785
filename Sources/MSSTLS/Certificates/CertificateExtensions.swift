/// What the extensions of a certificate say. Unknown ones are left to OpenSSL, which refuses a path with a critical
/// extension that it does not know.
struct CertificateExtensions: Sendable {
    /// More extensions than any real certificate has.
    static let maximumCount = 64
    /// More names or addresses than any real certificate has.
    static let maximumNames = 1024

    var subjectAlternativeNames: [AlternativeName] = []
    var keyUsage: KeyUsage?
    var extendedKeyUsage: Set<ExtendedKeyUsage>?
    var isCertificateAuthority = false
    var ocspResponders: [String] = []
    var crlDistributionPoints: [CRLDistributionPoint] = []
    var freshestCRL: [CRLDistributionPoint] = []
    var subjectKeyIdentifier: [UInt8]?
    var authorityKeyIdentifier: AuthorityKeyIdentifier?
    var isExemptFromRevocation = false

    init() {}

    /// Reads the content of `Extensions`; `part` tells the caller where reading stopped.
    init(_ list: inout DERReader, part: inout CertificateError.Part) throws {
        var seen: Set<[UInt8]> = []
        while !list.isAtEnd {
            part = .extensions
            let (identifier, _, value) = try list.readExtension()
            guard seen.insert(identifier).inserted else { throw CertificateError.duplicateExtension }
            guard seen.count <= Self.maximumCount else { throw DERError.invalidValue }
            var content = list.inside(value)
            guard try read(identifier, &content, part: &part) else { continue }
            try content.finish()
        }
        part = .extensions
    }

    /// Reads one extension's content; false when it is not one of ours.
    private mutating func read(
        _ identifier: [UInt8], _ content: inout DERReader, part: inout CertificateError.Part
    ) throws(DERError) -> Bool {
        switch identifier {
        case KnownOID.subjectAlternativeName:
            part = .subjectAlternativeName
            subjectAlternativeNames = try content.readGeneralNames()
        case KnownOID.keyUsage:
            part = .keyUsage
            keyUsage = KeyUsage(rawValue: try content.readFlags())
        case KnownOID.extendedKeyUsage:
            part = .extendedKeyUsage
            extendedKeyUsage = try Self.purposes(&content)
        case KnownOID.basicConstraints:
            part = .basicConstraints
            var constraints = try content.enter()
            if constraints.nextTag == DERTag.boolean { isCertificateAuthority = try constraints.readBoolean() }
            if !constraints.isAtEnd { _ = try constraints.readSmallInteger() }  // pathLenConstraint: OpenSSL applies it
            try constraints.finish()
        case KnownOID.subjectKeyIdentifier:
            part = .keyIdentifier
            subjectKeyIdentifier = content.copy(try content.read(DERTag.octetString).content)
        case KnownOID.authorityKeyIdentifier:
            part = .keyIdentifier
            authorityKeyIdentifier = try AuthorityKeyIdentifier(&content)
        case KnownOID.crlDistributionPoints:
            part = .distributionPoints
            crlDistributionPoints = try content.readDistributionPoints()
        case KnownOID.freshestCRL:
            part = .distributionPoints
            freshestCRL = try content.readDistributionPoints()
        case KnownOID.authorityInformationAccess:
            part = .authorityInformationAccess
            ocspResponders = try Self.responders(&content)
        case KnownOID.ocspNoCheck:
            _ = try content.read(DERTag.null)
            isExemptFromRevocation = true
        default: return false
        }
        return true
    }

    private static func purposes(_ content: inout DERReader) throws(DERError) -> Set<ExtendedKeyUsage> {
        var list = try content.enter()
        var purposes: Set<ExtendedKeyUsage> = []
        repeat {
            guard let purpose = ExtendedKeyUsage(objectIdentifier: try list.readObjectIdentifier()) else {
                throw .invalidValue
            }
            purposes.insert(purpose)
            guard purposes.count <= maximumNames else { throw .invalidValue }
        } while !list.isAtEnd
        return purposes
    }

    private static func responders(_ content: inout DERReader) throws(DERError) -> [String] {
        var list = try content.enter()
        var addresses: [String] = []
        while !list.isAtEnd {
            var access = try list.enter()
            let method = try access.readObjectIdentifier()
            let location = try access.readAny()
            try access.finish()
            guard method == KnownOID.ocspAccessMethod, location.tag == DERTag.contextPrimitive(6) else { continue }
            addresses.append(try access.visibleASCII(location))
            guard addresses.count <= maximumNames else { throw .invalidValue }
        }
        return addresses
    }
}

extension DERReader {
    /// `Extension` (RFC 5280 §4.1): its identifier, whether it is critical, and the OCTET STRING that holds its value.
    mutating func readExtension() throws(DERError) -> (identifier: [UInt8], isCritical: Bool, value: DERElement) {
        var fields = try enter()
        let identifier = try fields.readObjectIdentifier()
        // DER leaves out a default (X.690 §11.5); an explicit FALSE is met in the field and harmless.
        let isCritical = fields.nextTag == DERTag.boolean ? try fields.readBoolean() : false
        let value = try fields.read(DERTag.octetString)
        try fields.finish()
        return (identifier, isCritical, value)
    }

    /// `GeneralNames` under a SEQUENCE (RFC 5280 §4.2.1.6).
    mutating func readGeneralNames(_ tag: UInt8 = DERTag.sequence) throws(DERError) -> [AlternativeName] {
        var list = try enter(tag)
        var names: [AlternativeName] = []
        repeat {
            names.append(try list.readGeneralName())
            guard names.count <= CertificateExtensions.maximumNames else { throw .invalidValue }
        } while !list.isAtEnd
        return names
    }

    private mutating func readGeneralName() throws(DERError) -> AlternativeName {
        let element = try readAny()
        switch element.tag {
        case DERTag.contextPrimitive(1): return .email(try visibleASCII(element))
        case DERTag.contextPrimitive(2): return .dns(try visibleASCII(element))
        case DERTag.contextPrimitive(6): return .uri(try visibleASCII(element))
        case DERTag.contextPrimitive(7):
            guard element.content.count == 4 || element.content.count == 16 else { throw .invalidValue }
            return .ipAddress(copy(element.content))
        case DERTag.context(4):
            var name = inside(element)
            let whole = try name.read(DERTag.sequence).whole
            try name.finish()
            return .directoryName(copy(whole))
        case 0x80...0xBF: return .other(tag: element.tag & 0x1F, content: copy(element.content))
        default: throw .unexpectedTag
        }
    }

    /// `CRLDistributionPoints` (RFC 5280 §4.2.1.13).
    mutating func readDistributionPoints() throws(DERError) -> [CRLDistributionPoint] {
        var list = try enter()
        var points: [CRLDistributionPoint] = []
        while !list.isAtEnd {
            var point = try list.enter()
            let uris = try point.readDistributionPointName() ?? []
            let reasons = try point.readOptional(DERTag.contextPrimitive(1))
            let issuer = try point.readOptional(DERTag.context(2))
            try point.finish()
            points.append(CRLDistributionPoint(uris: uris, hasReasons: reasons != nil, isIndirect: issuer != nil))
            guard points.count <= CertificateExtensions.maximumNames else { throw .invalidValue }
        }
        return points
    }

    /// `[0] DistributionPointName`: the URIs of its full name; `nil` when absent.
    mutating func readDistributionPointName() throws(DERError) -> [String]? {
        guard let element = try readOptional(DERTag.context(0)) else { return nil }
        var choice = inside(element)
        if choice.nextTag == DERTag.context(1) {  // nameRelativeToCRLIssuer: not an address
            _ = try choice.readAny()
            try choice.finish()
            return []
        }
        let names = try choice.readGeneralNames(DERTag.context(0))
        try choice.finish()
        return names.compactMap { if case .uri(let uri) = $0 { uri } else { nil } }
    }
}

extension AuthorityKeyIdentifier {
    init(_ content: inout DERReader) throws(DERError) {
        var fields = try content.enter()
        let key = try fields.readOptional(DERTag.contextPrimitive(0))
        let issuer = try fields.readOptional(DERTag.context(1))
        let serial =
            fields.nextTag == DERTag.contextPrimitive(2)
            ? CertificateFields.unsigned(try fields.readInteger(DERTag.contextPrimitive(2))) : nil
        try fields.finish()
        guard (issuer == nil) == (serial == nil) else { throw .invalidValue }  // RFC 5280 §4.2.1.1: both or none
        keyIdentifier = key.map { fields.copy($0.content) }
        serialNumber = serial
    }
}
