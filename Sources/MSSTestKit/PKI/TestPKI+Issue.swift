internal import FoundationEssentials
public import MSSCore
internal import SwiftASN1
internal import X509
internal import _CryptoExtras

extension TestPKI {
    /// Issues a certificate.
    ///
    /// - Parameters:
    ///   - profile: what it is for, and its common name.
    ///   - subject: the structure that holds it.
    ///   - validity: when it is valid.
    ///   - status: whether it is revoked from the start.
    ///   - strength: its key and the signature algorithm.
    ///   - endpoints: its revocation pointers; those of the hierarchy by default.
    ///   - fromRoot: issued by the root itself, beside the intermediate: a shape that no connector expects.
    public func issue(
        _ profile: TestCertificateProfile, subject: TestStructure = .hospital, validity: TestValidity = .valid,
        status: TestStatus = .good, strength: TestStrength = .pooled, endpoints: TestEndpoints? = nil,
        fromRoot: Bool = false
    ) throws -> TestCredential {
        let name = TestName(commonName: profile.commonName, of: subject)
        return try issue(
            profile, name: name, validity: validity, status: status, strength: strength, endpoints: endpoints,
            fromRoot: fromRoot)
    }

    /// Issues a certificate for a whole name, whose common name need not be the profile's.
    public func issue(
        _ profile: TestCertificateProfile, name: TestName, validity: TestValidity = .valid,
        status: TestStatus = .good, strength: TestStrength = .pooled, endpoints: TestEndpoints? = nil,
        fromRoot: Bool = false
    ) throws -> TestCredential {
        let key = try key(strength, of: name)
        let issuer = fromRoot ? root : intermediate
        let publicKey = Certificate.PublicKey(key.publicKey)
        let (notBefore, notAfter) = validity.bounds(now: now)
        let serialNumber = Certificate.SerialNumber()
        let certificate = try Certificate(
            version: .v3, serialNumber: serialNumber, publicKey: publicKey, notValidBefore: notBefore.date,
            notValidAfter: notAfter.date, issuer: try issuer.name.x509, subject: try name.x509,
            signatureAlgorithm: strength == .weakSignature ? .sha1WithRSAEncryption : .sha256WithRSAEncryption,
            extensions: try CertificateMaker.extensions(
                profile, publicKey: publicKey, issuer: issuer, byRoot: fromRoot,
                endpoints: endpoints ?? self.endpoints),
            issuerPrivateKey: Certificate.PrivateKey(issuer.key))
        let pem = try certificate.serializeAsPEM().pemString + "\n"
        let der = try certificate.derBytes
        let credential = TestCredential(
            certificateDER: der, certificatePEM: pem, privateKeyPEM: key.pkcs8PEMRepresentation + "\n",
            chainPEM: fromRoot ? pem : pem + intermediate.certificatePEM,
            chainDER: fromRoot ? [der] : [der, intermediate.certificateDER], subject: name.rfc4514, name: name,
            serialNumber: Array(serialNumber.bytes.drop { $0 == 0 }), notBefore: notBefore, notAfter: notAfter,
            issuedByRoot: fromRoot)
        state.withLock { $0.issued.append(.init(serialNumber: credential.serialNumber, byRoot: fromRoot)) }
        if case .revoked(let reason) = status { revoke(credential, reason: reason) }
        return credential
    }

    /// Revokes a certificate from `time` (by default a minute before ``now``); the next CRL and OCSP answers tell it.
    public func revoke(
        _ credential: TestCredential, reason: TestRevocationReason = .keyCompromise, at time: Timestamp? = nil
    ) {
        revoke(serialNumber: credential.serialNumber, byRoot: credential.issuedByRoot, reason: reason, at: time)
    }

    /// Revokes a leaf of the intermediate by its serial number (big-endian, without sign byte).
    public func revoke(
        serialNumber: [UInt8], reason: TestRevocationReason = .keyCompromise, at time: Timestamp? = nil
    ) {
        revoke(serialNumber: serialNumber, byRoot: false, reason: reason, at: time)
    }

    /// Revokes the intermediate itself; the root's next CRL tells it.
    public func revokeIntermediate(reason: TestRevocationReason = .cACompromise, at time: Timestamp? = nil) {
        revoke(
            serialNumber: Array(intermediate.certificate.serialNumber.bytes.drop { $0 == 0 }), byRoot: true,
            reason: reason, at: time)
    }

    /// Ends a `certificateHold`: the next full CRL no longer lists the certificate, the next delta says
    /// `removeFromCRL` (RFC 5280 §5.3.1).
    public func release(_ credential: TestCredential) {
        state.withLock { state in
            guard state.revocations[credential.serialNumber]?.reason == .certificateHold else { return }
            state.revocations[credential.serialNumber]?.reason = .removeFromCRL
            let issuer: TestIssuer = credential.issuedByRoot ? .root : .intermediate
            state.revocations[credential.serialNumber]?.firstCRL = state.crls[issuer]?.next ?? 1
        }
    }

    private func revoke(serialNumber: [UInt8], byRoot: Bool, reason: TestRevocationReason, at time: Timestamp?) {
        state.withLock { state in
            state.revocations[serialNumber] = Revocation(
                reason: reason, seconds: time?.seconds ?? now.seconds - 60, byRoot: byRoot,
                firstCRL: state.crls[byRoot ? .root : .intermediate]?.next ?? 1)
        }
    }

    private func key(_ strength: TestStrength, of name: TestName) throws -> _RSA.Signing.PrivateKey {
        switch strength {
        case .pooled, .weakSignature: try TestKeys.pool.key(for: name.rfc4514)
        case .fresh: try _RSA.Signing.PrivateKey(keySize: .bits2048)
        case .reusing(let credential): try _RSA.Signing.PrivateKey(pemRepresentation: credential.privateKeyPEM)
        case .weakKey: try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
        }
    }
}
