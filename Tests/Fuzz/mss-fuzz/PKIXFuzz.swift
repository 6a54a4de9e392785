import MSSCore
import MSSTLS

// Seeds: made with the openssl command (P-256, throw-away keys; passphrase and PKCS#12 password `x`).

private func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: start, count: count))
}

/// A certificate that is read keeps its bytes, and its parts are readable.
let fuzzCertificate: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    let der = bytes(start, count)
    guard let certificate = try? Certificate(der: der) else { return 0 }
    precondition(certificate.der == der)
    precondition(!certificate.serialNumber.isEmpty)
    precondition(certificate.issuerDER.first == 0x30 && certificate.subjectDER.first == 0x30)
    precondition(Fingerprint(certificate.sha256Fingerprint.hexadecimal) == certificate.sha256Fingerprint)
    precondition((try? Certificate(der: der + [0])) == nil)
    return 0
}

/// A PEM text gives certificates that are each readable alone.
let fuzzCertificatePEM: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    guard let certificates = try? Certificate.parsePEM(bytes(start, count)) else { return 0 }
    precondition(!certificates.isEmpty)
    for certificate in certificates { precondition((try? Certificate(der: certificate.der)) == certificate) }
    return 0
}

/// A CRL that is read has no more entries than bytes allow; a delta's number is not below its base's.
let fuzzCRL: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    let der = bytes(start, count)
    guard let list = try? CertificateRevocationList(der: der) else { return 0 }
    precondition(list.der == der)
    precondition(list.entryCount * 18 <= der.count)
    if let base = list.baseNumber { precondition(list.number.map { $0 >= base } ?? false) }
    return 0
}

/// An OCSP response that is read says when it was signed.
let fuzzOCSP: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    guard let response = try? OCSPResponse(der: bytes(start, count)) else { return 0 }
    _ = response.signingTime
    precondition(count <= OCSPResponse.maximumBytes)
    return 0
}

/// A PKCS#12 container that opens has a leaf that is its key's.
let fuzzPKCS12: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    let container = SecretBytes(bytes(start, count))
    guard let identity = try? TLSIdentity(pkcs12: container, passphrase: SecretBytes("x")) else { return 0 }
    precondition(identity.key.matches(identity.chain[0]))
    return 0
}

/// A private key that is read was not encrypted.
let fuzzKey: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    var wasAsked = false
    let key = try? PrivateKey(bytes: SecretBytes(bytes(start, count))) {
        wasAsked = true
        return nil
    }
    precondition(key == nil || !wasAsked)
    return 0
}
