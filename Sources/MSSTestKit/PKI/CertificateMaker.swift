internal import FoundationEssentials
internal import MSSCore
internal import SwiftASN1
internal import X509
internal import _CryptoExtras

/// Builds certificates with swift-certificates.
enum CertificateMaker {
    /// An authority's certificate; self-signed without `issuer`. Valid from ten years ago for twenty years, so that
    /// expired leaves were issued within it.
    static func authority(
        name: TestName, key: _RSA.Signing.PrivateKey, issuer: TestAuthority?, pathLength: Int?,
        endpoints: TestEndpoints, now: Timestamp
    ) throws -> TestAuthority {
        let publicKey = Certificate.PublicKey(key.publicKey)
        let signer = issuer?.key ?? key
        let signerKey = issuer?.certificate.publicKey ?? publicKey
        var extensions: [Certificate.Extension] = [
            try .init(BasicConstraints.isCertificateAuthority(maxPathLength: pathLength), critical: true),
            try .init(KeyUsage(keyCertSign: true, cRLSign: true), critical: true),
            try .init(SubjectKeyIdentifier(hash: publicKey), critical: false),
            try .init(
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: signerKey).keyIdentifier),
                critical: false),
            try policy("2.5.29.32.0"),
        ]
        if issuer != nil, let url = endpoints.rootCRL {
            extensions.append(try distributionPoint(.cRLDistributionPoints, url: url))
        }
        let tenYears: Int64 = 3650 * 86_400
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: Timestamp(seconds: now.seconds - tenYears).date,
            notValidAfter: Timestamp(seconds: now.seconds + tenYears).date,
            issuer: try (issuer?.name ?? name).x509, subject: try name.x509,
            signatureAlgorithm: .sha256WithRSAEncryption, extensions: try Certificate.Extensions(extensions),
            issuerPrivateKey: Certificate.PrivateKey(signer))
        return try TestAuthority(name: name, key: key, certificate: certificate)
    }

    /// The extensions of a leaf of `profile`.
    static func extensions(
        _ profile: TestCertificateProfile, publicKey: Certificate.PublicKey, issuer: TestAuthority, byRoot: Bool,
        endpoints: TestEndpoints
    ) throws -> Certificate.Extensions {
        var extensions: [Certificate.Extension] = [
            try .init(BasicConstraints.notCertificateAuthority, critical: true),
            try .init(SubjectKeyIdentifier(hash: publicKey), critical: false),
            try .init(AuthorityKeyIdentifier(keyIdentifier: issuer.keyIdentifier), critical: false),
            try policy("2.999.\(profile.policy)"),
        ]
        if !profile.usages.isEmpty {
            let usage = KeyUsage(
                digitalSignature: profile.usages.contains(.signature),
                nonRepudiation: profile.usages.contains(.commitment),
                keyEncipherment: profile.usages.contains(.encipherment),
                keyCertSign: profile.usages.contains(.certificateSigning))
            extensions.append(try .init(usage, critical: true))
        }
        if !profile.purposes.isEmpty {
            extensions.append(try .init(ExtendedKeyUsage(profile.purposes.map(\.x509)), critical: false))
        }
        let names = profile.dnsNames.map(GeneralName.dnsName) + profile.mailAddresses.map(GeneralName.rfc822Name)
        if !names.isEmpty { extensions.append(try .init(SubjectAlternativeNames(names), critical: false)) }
        if profile.isExemptFromRevocation {
            extensions.append(
                .init(oid: .noCheck, critical: false, value: try Signed.encode { try $0.serialize(ASN1Null()) }[...]))
            return try Certificate.Extensions(extensions)
        }
        return try Certificate.Extensions(extensions + revocation(endpoints, byRoot: byRoot))
    }

    /// Authority information access, CRL distribution point and freshest CRL, as `endpoints` tells.
    private static func revocation(_ endpoints: TestEndpoints, byRoot: Bool) throws -> [Certificate.Extension] {
        var extensions: [Certificate.Extension] = []
        if byRoot {
            if let url = endpoints.rootCRL {
                extensions.append(try distributionPoint(.cRLDistributionPoints, url: url))
            }
            return extensions
        }
        var access: [AuthorityInformationAccess.AccessDescription] = []
        if let url = endpoints.ocsp {
            access.append(.init(method: .ocspServer, location: .uniformResourceIdentifier(url)))
        }
        if let url = endpoints.intermediateCertificate {
            access.append(.init(method: .issuingCA, location: .uniformResourceIdentifier(url)))
        }
        if !access.isEmpty { extensions.append(try .init(AuthorityInformationAccess(access), critical: false)) }
        if let url = endpoints.fullCRL {
            extensions.append(try distributionPoint(.cRLDistributionPoints, url: url))
        }
        if let url = endpoints.deltaCRL { extensions.append(try distributionPoint(.freshestCRL, url: url)) }
        return extensions
    }

    /// `CRLDistributionPoints` (RFC 5280 §4.2.1.13), also the syntax of `FreshestCRL` (§4.2.1.15), with one URL.
    static func distributionPoint(_ oid: ASN1ObjectIdentifier, url: String) throws -> Certificate.Extension {
        let value = try Signed.encode { try $0.distributionPoints(url) }
        return .init(oid: oid, critical: false, value: value[...])
    }

    /// `CertificatePolicies` (RFC 5280 §4.2.1.4) with one policy and no qualifier.
    private static func policy(_ identifier: String) throws -> Certificate.Extension {
        let value = try Signed.encode { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    try coder.serialize(ASN1ObjectIdentifier(dotRepresentation: identifier))
                }
            }
        }
        return .init(oid: .certificatePolicies, critical: false, value: value[...])
    }
}

extension DER.Serializer {
    /// A sequence of one distribution point whose full name is one URL.
    mutating func distributionPoints(_ url: String) throws {
        try appendConstructedNode(identifier: .sequence) { coder in
            try coder.appendConstructedNode(identifier: .sequence) { try $0.distributionPointName(url) }
        }
    }

    /// `distributionPoint [0] { fullName [0] { url } }`.
    mutating func distributionPointName(_ url: String) throws {
        try appendConstructedNode(identifier: .context(0)) { coder in
            try coder.appendConstructedNode(identifier: .context(0)) { coder in
                try coder.serialize(GeneralName.uniformResourceIdentifier(url))
            }
        }
    }
}

extension ASN1ObjectIdentifier {
    static let cRLDistributionPoints: ASN1ObjectIdentifier = [2, 5, 29, 31]
    static let certificatePolicies: ASN1ObjectIdentifier = [2, 5, 29, 32]
    static let freshestCRL: ASN1ObjectIdentifier = [2, 5, 29, 46]
    static let cRLNumber: ASN1ObjectIdentifier = [2, 5, 29, 20]
    static let cRLReason: ASN1ObjectIdentifier = [2, 5, 29, 21]
    static let deltaCRLIndicator: ASN1ObjectIdentifier = [2, 5, 29, 27]
    static let issuingDistributionPoint: ASN1ObjectIdentifier = [2, 5, 29, 28]
    static let authorityKey: ASN1ObjectIdentifier = [2, 5, 29, 35]
    static let noCheck: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 48, 1, 5]
}
