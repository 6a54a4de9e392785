import COpenSSLShim

extension PrivateKey {
    /// Reads a private key, PEM (PKCS#8, encrypted or not, or the older forms of each algorithm) or DER.
    ///
    /// - Parameters:
    ///   - bytes: the text or the DER; other PEM blocks around the key (its certificates) are ignored.
    ///   - passphrase: asked only when the key is encrypted.
    public convenience init(
        bytes: SecretBytes, passphrase: () -> SecretBytes? = { nil }
    ) throws(KeyError) {
        guard bytes.count <= KeyFile.maximumBytes else { throw .tooLarge }
        let secret = bytes.withBytes { mss_key_is_encrypted($0.baseAddress, $0.count) } == 1 ? passphrase() : nil
        var problem = MSS_KEY_MALFORMED
        let raw = bytes.withBytes { text in
            Self.withPassphrase(secret) { pass, count in
                mss_key_read(text.baseAddress, text.count, pass, count, &problem)
            }
        }
        guard let raw else { throw Self.error(problem) }
        self.init(owning: raw)
    }

    /// Reads a private key from a file with tight permissions (EX_SSI_5100): a regular file, no link, of ours or of
    /// root, without any access for group and others.
    ///
    /// Reads the disk: not to be called on an event loop.
    public convenience init(file path: String, passphrase: () -> SecretBytes? = { nil }) throws(KeyError) {
        try self.init(bytes: try KeyFile.read(path), passphrase: passphrase)
    }

    /// Whether this is the private key of a certificate.
    public func matches(_ certificate: Certificate) -> Bool {
        mss_cert_matches_key(certificate.fields.openSSL.raw, raw) == 1
    }

    static func withPassphrase<Result>(
        _ secret: SecretBytes?, _ body: (UnsafePointer<CChar>?, CInt) -> Result
    ) -> Result {
        guard let secret else { return body(nil, -1) }
        return secret.withBytes { body($0.baseAddress?.assumingMemoryBound(to: CChar.self), CInt($0.count)) }
    }

    static func error(_ problem: mss_key_problem) -> KeyError {
        switch problem {
        case MSS_KEY_PASSPHRASE: .wrongPassphrase
        case MSS_KEY_INCOMPLETE: .incomplete
        case MSS_KEY_WEAK: .weakKey
        case MSS_KEY_MISMATCH: .mismatch
        default: .malformed
        }
    }
}
