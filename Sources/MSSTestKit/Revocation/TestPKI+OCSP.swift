internal import Crypto
internal import FoundationEssentials
public import MSSCore
internal import SwiftASN1
internal import X509
internal import _CryptoExtras

extension TestPKI {
    /// Answers an OCSP request (RFC 6960): DER in, DER out.
    ///
    /// A request that does not parse is answered `malformedRequest`; a certificate never issued is `unknown`.
    public func ocspResponse(to request: [UInt8], _ options: TestOCSPOptions = .good) throws -> [UInt8] {
        if let refusal = options.refusal { return try Self.refuse(refusal) }
        guard let question = try? OCSPQuestion(derEncoded: request), !question.certificates.isEmpty else {
            return try Self.refuse(.malformedRequest)
        }
        return try answer(question, options)
    }

    /// The answer that a TLS server staples for a credential (RFC 6066 §8), DER.
    public func ocspStaple(for credential: TestCredential, _ options: TestOCSPOptions = .good) throws -> [UInt8] {
        let authority = credential.issuedByRoot ? root : intermediate
        let identifier = try OCSPQuestion.CertificateID(serialNumber: credential.serialNumber, authority: authority)
        return try answer(OCSPQuestion(certificates: [identifier]), options)
    }

    private static func refuse(_ refusal: TestOCSPOptions.Refusal) throws -> [UInt8] {
        try Signed.encode { coder in
            coder.appendConstructedNode(identifier: .sequence) { $0.enumerated(refusal.rawValue) }
        }
    }

    private func answer(_ question: OCSPQuestion, _ options: TestOCSPOptions) throws -> [UInt8] {
        let issuer: TestIssuer = try question.certificates[0].names(root) ? .root : .intermediate
        let signer = try signer(options.signer, issuer: issuer)
        let content = try Signed.encode { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                if options.identifiesByKey {
                    try coder.serialize(explicitlyTaggedWithTagNumber: 2, tagClass: .contextSpecific) { coder in
                        let hash = Insecure.SHA1.hash(data: signer.key.publicKey.pkcs1DERRepresentation)
                        try coder.serialize(ASN1OctetString(contentBytes: Array(hash)[...]))
                    }
                } else {
                    try coder.serialize(
                        signer.name.x509, explicitlyTaggedWithTagNumber: 1, tagClass: .contextSpecific)
                }
                try coder.generalizedTime(now)
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    for certificate in question.certificates { try single(into: &coder, certificate, options) }
                }
                if let nonce = question.nonce, options.nonce != .omitted {
                    try coder.serialize(explicitlyTaggedWithTagNumber: 1, tagClass: .contextSpecific) { coder in
                        try coder.appendConstructedNode(identifier: .sequence) { coder in
                            var value = Array(nonce)
                            if options.nonce == .wrong { value[value.count - 1] ^= 0x01 }
                            try coder.extensionField(.ocspNonce) { $0.serializeRawBytes(value) }
                        }
                    }
                }
            }
        }
        return try Self.envelope(content, signer, options)
    }

    /// `SingleResponse` (RFC 6960 §4.2.1).
    private func single(
        into coder: inout DER.Serializer, _ certificate: OCSPQuestion.CertificateID, _ options: TestOCSPOptions
    ) throws {
        var serialNumber = Array(certificate.serialNumber)
        let status = try status(of: certificate)
        if options.answersAnotherCertificate { serialNumber[serialNumber.count - 1] ^= 0x01 }
        let thisUpdate = options.thisUpdate ?? now
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try certificate.serialize(into: &coder, serialNumber: serialNumber)
            switch status {
            case .good: coder.appendPrimitiveNode(identifier: .context(0)) { _ in }
            case .unknown: coder.appendPrimitiveNode(identifier: .context(2)) { _ in }
            case .revoked(let revocation):
                try coder.appendConstructedNode(identifier: .context(1)) { coder in
                    try coder.generalizedTime(revocation.date)
                    if revocation.reason != .unspecified {
                        coder.appendConstructedNode(identifier: .context(0)) {
                            $0.enumerated(revocation.reason.rawValue)
                        }
                    }
                }
            }
            try coder.generalizedTime(thisUpdate)
            if let lifetime = options.lifetime { try coder.generalizedTime(thisUpdate + lifetime, explicit: 0) }
        }
    }

    private enum Status { case good, revoked(Revocation), unknown }

    private func status(of certificate: OCSPQuestion.CertificateID) throws -> Status {
        let byRoot = try certificate.names(root)
        let byIntermediate = try certificate.names(intermediate)
        guard byRoot || byIntermediate else { return .unknown }
        let serialNumber = Array(certificate.serialNumber.drop { $0 == 0 })
        let isIntermediate =
            byRoot && serialNumber.elementsEqual(intermediate.certificate.serialNumber.bytes.drop { $0 == 0 })
        return state.withLock { state in
            if let revocation = state.revocations[serialNumber], revocation.byRoot == byRoot,
                revocation.reason != .removeFromCRL
            {
                return .revoked(revocation)
            }
            let isKnown =
                isIntermediate
                || state.issued.contains { $0.serialNumber == serialNumber && $0.byRoot == byRoot }
            return isKnown ? .good : .unknown
        }
    }

    private static func envelope(_ content: [UInt8], _ signer: OCSPSigner, _ options: TestOCSPOptions) throws -> [UInt8]
    {
        var signature = try Signed.signature(content, key: signer.key)
        if options.isCorrupt { signature[signature.count / 2] ^= 0x01 }
        let basic = try Signed.encode { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                coder.serializeRawBytes(content)
                try coder.algorithm(Signed.sha256WithRSA)
                try coder.serialize(ASN1BitString(bytes: signature[...]))
                guard let certificate = signer.certificateDER else { return }
                coder.serialize(explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific) { coder in
                    coder.appendConstructedNode(identifier: .sequence) { $0.serializeRawBytes(certificate) }
                }
            }
        }
        return try Signed.encode { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                coder.enumerated(0)  // successful
                try coder.serialize(explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific) { coder in
                    try coder.appendConstructedNode(identifier: .sequence) { coder in
                        try coder.serialize(ASN1ObjectIdentifier.ocspBasic)
                        try coder.serialize(ASN1OctetString(contentBytes: basic[...]))
                    }
                }
            }
        }
    }
}

/// The key, name and certificate (if it is sent along) that sign an OCSP answer.
struct OCSPSigner {
    let name: TestName
    let key: _RSA.Signing.PrivateKey
    let certificateDER: [UInt8]?
}

extension TestPKI {
    /// The signer that `kind` asks for, its certificate made once per hierarchy.
    private func signer(_ kind: TestOCSPOptions.Signer, issuer: TestIssuer) throws -> OCSPSigner {
        let authority = issuer == .root ? root : intermediate
        if kind == .authority { return OCSPSigner(name: authority.name, key: authority.key, certificateDER: nil) }
        if kind == .stranger {
            guard self !== TestPKI.lookalike else { return try TestPKI.foreign.signer(.delegate, issuer: issuer) }
            return try TestPKI.lookalike.signer(.delegate, issuer: issuer)
        }
        let label = "\(kind) \(issuer)"
        var credential = state.withLock { $0.responders[label] }
        if credential == nil {
            let profile =
                kind == .delegateWithoutUsage
                ? TestCertificateProfile.server(commonName: "ocsp.test.mssante.fr") : .ocspResponder()
            let made = try issue(
                profile, subject: .agency, validity: kind == .expiredDelegate ? .expired : .valid, strength: .fresh,
                fromRoot: issuer == .root)
            credential = state.withLock { state in
                let kept = state.responders[label] ?? made
                state.responders[label] = kept
                return kept
            }
        }
        guard let credential else { preconditionFailure("a responder was just made") }
        return OCSPSigner(
            name: credential.name, key: try _RSA.Signing.PrivateKey(pemRepresentation: credential.privateKeyPEM),
            certificateDER: credential.certificateDER)
    }
}
