import COpenSSLShim

extension PrivateKey {
    /// Signs the SHA-256 of some bytes: ECDSA in DER, or RSASSA-PKCS1-v1_5, as `openssl dgst -sha256 -sign` does.
    ///
    /// - Returns: the signature; `nil` when the key cannot sign a digest (Ed25519, for example).
    public func signSHA256(of bytes: [UInt8]) -> [UInt8]? {
        let room = mss_key_signature_room(raw)
        let signature = [UInt8](unsafeUninitializedCapacity: max(room, 1)) { buffer, count in
            count = mss_key_sign_sha256(raw, bytes, bytes.count, buffer.baseAddress!, room)
        }
        return signature.isEmpty ? nil : signature
    }
}

extension Certificate {
    /// Whether a signature as ``PrivateKey/signSHA256(of:)`` makes it is by the key of this certificate. Keys under 112
    /// bits of security are refused. Nothing is said of the certificate itself: see the path validator.
    public func verifiesSHA256(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
        mss_cert_verify_sha256(fields.openSSL.raw, bytes, bytes.count, signature, signature.count) == 1
    }
}
