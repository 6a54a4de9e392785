import MSSCore

extension CertificateRevocationList {
    /// Reads a CRL from exactly these bytes (RFC 5280 §5.1).
    public init(der: [UInt8]) throws(CRLError) {
        guard der.count <= Self.maximumBytes else { throw .tooLarge }
        do {
            try self.init(reading: der)
        } catch let error as CRLError {
            throw error
        } catch {
            throw .malformed
        }
    }

    private init(reading der: [UInt8]) throws {
        var outer = DERReader(der)
        var list = try outer.enter()
        try outer.finish()
        let signed = try list.read(DERTag.sequence)
        let algorithm = try list.read(DERTag.sequence)
        signature = try list.readBitStringBytes()
        try list.finish()
        signedPart = signed.whole
        signatureAlgorithm = Array(der[algorithm.whole])

        var tbs = list.inside(signed)
        guard try tbs.readSmallInteger() == 1 else { throw CRLError.malformed }  // v2 is 1
        let inner = try tbs.read(DERTag.sequence)
        guard der[inner.whole] == der[algorithm.whole] else { throw CRLError.malformed }  // RFC 5280 §5.1.1.2
        issuerDER = tbs.copy(try tbs.read(DERTag.sequence).whole)
        issuer = try DistinguishedName(der: issuerDER)
        thisUpdate = try tbs.readTime()
        nextUpdate = try tbs.readTime()  // RFC 5280 §5.1.2.5: required
        if let revoked = try tbs.readOptional(DERTag.sequence) {
            entries = try RevokedEntries(revoked.content, in: der)
        } else {
            entries = RevokedEntries()
        }
        var extensions = Extensions()
        if let wrapper = try tbs.readOptional(DERTag.context(0)) {
            var reader = tbs.inside(wrapper)
            var sequence = try reader.enter()
            try reader.finish()
            try extensions.read(&sequence)
        }
        try tbs.finish()
        number = extensions.number
        baseNumber = extensions.baseNumber
        authorityKeyIdentifier = extensions.authorityKeyIdentifier
        freshestCRL = extensions.freshestCRL
        scope = extensions.scope
        self.der = der
        // RFC 5280 §5.2.4: a delta has a number, above its base's (equal when nothing happened since).
        if let baseNumber, number.map({ $0 < baseNumber }) ?? true { throw CRLError.malformed }
    }

    /// `crlExtensions` (RFC 5280 §5.2).
    private struct Extensions {
        var number: CRLNumber?
        var baseNumber: CRLNumber?
        var authorityKeyIdentifier: AuthorityKeyIdentifier?
        var freshestCRL: [CRLDistributionPoint] = []
        var scope = Scope()

        mutating func read(_ list: inout DERReader) throws {
            var seen: Set<[UInt8]> = []
            while !list.isAtEnd {
                let (identifier, isCritical, value) = try list.readExtension()
                guard seen.insert(identifier).inserted, seen.count <= CertificateExtensions.maximumCount else {
                    throw CRLError.malformed
                }
                var content = list.inside(value)
                switch identifier {
                case KnownOID.crlNumber: number = try Self.number(&content)
                case KnownOID.deltaCRLIndicator: baseNumber = try Self.number(&content)
                case KnownOID.authorityKeyIdentifier: authorityKeyIdentifier = try AuthorityKeyIdentifier(&content)
                case KnownOID.freshestCRL: freshestCRL = try content.readDistributionPoints()
                case KnownOID.issuingDistributionPoint: scope = try Scope(&content)
                default:
                    if isCritical { throw CRLError.unknownCriticalExtension }
                    continue
                }
                try content.finish()
            }
        }

        private static func number(_ content: inout DERReader) throws -> CRLNumber {
            let integer = try content.readInteger()
            // RFC 5280 §5.2.3: at most 20 bytes, never negative.
            guard integer[0] < 0x80, integer.count <= 21 else { throw CRLError.malformed }
            return CRLNumber(integer)
        }
    }
}

extension CertificateRevocationList.Scope {
    /// `IssuingDistributionPoint` (RFC 5280 §5.2.5).
    fileprivate init(_ content: inout DERReader) throws {
        var fields = try content.enter()
        if let uris = try fields.readDistributionPointName() {
            // A distribution point that is no address cannot be matched with a certificate's.
            guard !uris.isEmpty else { throw CRLError.unsupportedScope }
            distributionPoint = Set(uris)
        }
        func flag(_ number: UInt8) throws -> Bool {
            let tag = DERTag.contextPrimitive(number)
            return fields.nextTag == tag ? try fields.readBoolean(tag) : false
        }
        onlyEndEntities = try flag(1)
        onlyAuthorities = try flag(2)
        let someReasons = try fields.readOptional(DERTag.contextPrimitive(3))
        let isIndirect = try flag(4)
        let onlyAttributes = try flag(5)
        try fields.finish()
        guard someReasons == nil, !isIndirect, !onlyAttributes, !(onlyEndEntities && onlyAuthorities) else {
            throw CRLError.unsupportedScope
        }
    }
}
