import COpenSSLShim

extension TLSIdentity {
    /// Reads an identity from PEM files: a certificate, optionally followed by its chain, and the key with tight
    /// permissions (see ``PrivateKey/init(file:passphrase:)``); they may be the same file.
    ///
    /// Reads the disk: not to be called on an event loop.
    public init(
        certificateFile: String, keyFile: String, passphrase: () -> SecretBytes? = { nil }
    ) throws(KeyError) {
        let key = try PrivateKey(file: keyFile, passphrase: passphrase)
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.read(certificateFile, maximumBytes: KeyFile.maximumBytes)
        } catch {
            throw .unreadable(path: certificateFile, reason: error.description)
        }
        guard let chain = try? TrustStore.certificates(in: bytes), let leaf = chain.first else { throw .malformed }
        guard key.matches(leaf) else { throw .mismatch }
        self.init(chain: chain, key: key)
    }

    /// Reads an identity from a PKCS#12 file (RFC 7292) with tight permissions.
    ///
    /// Reads the disk: not to be called on an event loop.
    public init(pkcs12File path: String, passphrase: SecretBytes) throws(KeyError) {
        try self.init(pkcs12: try KeyFile.read(path), passphrase: passphrase)
    }

    /// Reads an identity from a PKCS#12 container: its key, the certificate of that key, and the others as the chain in
    /// the order of issue.
    ///
    /// Containers protected with the algorithms that OpenSSL 3 calls legacy (RC2) are refused as malformed.
    public init(pkcs12 container: SecretBytes, passphrase: SecretBytes) throws(KeyError) {
        guard container.count <= KeyFile.maximumBytes else { throw .tooLarge }
        var problem = MSS_KEY_MALFORMED
        let opened = container.withBytes { bytes in
            PrivateKey.withPassphrase(passphrase) { pass, count in
                mss_pkcs12_read(bytes.baseAddress, bytes.count, pass, count, &problem)
            }
        }
        guard let opened else { throw PrivateKey.error(problem) }
        defer { mss_pkcs12_free(opened) }
        guard let raw = mss_pkcs12_take_key(opened) else { throw .incomplete }
        let key = PrivateKey(owning: raw)
        var certificates: [Certificate] = []
        for index in 0..<mss_pkcs12_count(opened) {
            var count = 0
            guard let der = mss_pkcs12_certificate(opened, index, &count) else { throw .malformed }
            defer { mss_pkcs12_release(der) }
            guard let certificate = try? Certificate(der: Array(UnsafeBufferPointer(start: der, count: count))) else {
                throw .malformed
            }
            certificates.append(certificate)
        }
        guard let leaf = certificates.first(where: key.matches) else { throw .incomplete }
        self.init(chain: Self.ordered(leaf, among: certificates), key: key)
    }

    /// The leaf, its issuer, and so on up to below the root.
    private static func ordered(_ leaf: Certificate, among certificates: [Certificate]) -> [Certificate] {
        var chain = [leaf]
        while let last = chain.last, !last.isSelfIssued,
            let issuer = certificates.first(where: {
                $0.subjectDER == last.issuerDER && !$0.isSelfIssued && !chain.contains($0)
            })
        {
            chain.append(issuer)
        }
        return chain
    }
}
