public import MSSCore

/// A trust space in a box: the ANS side on loopback, and everything that operators need to take part.
///
/// ``create(_:in:)`` writes a folder once, with ports that stay; ``start()`` serves it, as often as wanted.
/// Documentation/Sandbox.md describes the folder.
public struct Sandbox: Sendable {
    /// What is in it.
    public let description: SandboxDescription
    let files: SandboxFiles

    /// Opens a sandbox that was created.
    ///
    /// - Throws: ``TestFormatError`` in French when there is none.
    public init(directory: String) throws {
        files = try SandboxFiles(directory)
        description = try SandboxDescription(directory: directory)
    }

    private init(_ description: SandboxDescription, _ files: SandboxFiles) {
        self.description = description
        self.files = files
    }

    /// The certification hierarchy, with what it has issued and revoked so far.
    public func openPKI() throws -> TestPKI { try TestPKI(directory: files.pki) }

    /// The folder of certificates by name.
    public var certificates: String { files.certificates }

    /// Makes tokens as its Pro Santé Connect does, whether it runs or not.
    public func tokenMaker() throws -> TestTokenMaker {
        let key = String(decoding: try TestFiles.read(description.psc.key), as: UTF8.self)
        return try TestTokenMaker(issuer: description.psc.issuer, privateKeyPEM: key)
    }

    /// The operator of this name.
    public func `operator`(_ name: String) -> SandboxDescription.Operator? {
        description.operators.first { $0.name == name }
    }

    // MARK: Creation

    /// Creates a sandbox in a folder where none is.
    ///
    /// - Throws: ``TestFormatError`` in French for a plan that makes no sense; ``TestFileError``.
    public static func create(_ plan: SandboxPlan, in directory: String) throws -> Sandbox {
        try plan.check()
        let files = try SandboxFiles(directory)
        guard (try? TestFiles.read(files.description)) == nil else {
            throw TestFormatError("\(files.directory) contient déjà un bac à sable.")
        }
        try TestFiles.makeDirectory(files.certificates)
        let ports = try SandboxPorts(plan.operators.count)
        var description = ports.description(files)
        let pki = try TestPKI(plan.hierarchy)
        pki.endpoints = TestEndpoints(
            crlServer: description.crl.base, ocspResponder: String(description.ocsp.dropLast()))

        let now = Timestamp(seconds: SystemWallClock().now().seconds)
        var list =
            switch plan.whitelist {
            case .generated(let count): WhitelistGenerator(count: count, generated: now).make()
            case .file(let bytes): try TestWhitelist(reading: bytes, generated: now)
            }
        var zone = DNSZone("")
        for (index, one) in plan.operators.enumerated() {
            let made = try SandboxOperator(
                one, index: index + 1, observationPort: ports.observation[index], pki: pki, files: files)
            made.addRecords(to: &zone, description.lps)
            for domain in one.domains { list.authorize(made.server, for: domain) }
            description.operators.append(made.entry)
        }
        for one in description.operators { try SandboxOperator.writeFiles(one, description) }
        try TestFiles.write(zone.text, to: files.zone)
        let tokens = try TestTokenMaker(issuer: description.psc.issuer)
        try TestFiles.write(tokens.privateKeyPEM, to: files.providerKey, mode: 0o600)
        _ = try ClamdPeer.configure(files.clamd, port: description.clamd.port, maximumStream: "100M")
        let unsigned = WhitelistWriter.write(list)
        try TestFiles.write(unsigned, to: files.unsignedList)
        let signer = try pki.issue(.whitelistSigner, subject: .agency)
        try TestFiles.write(TestXMLSigner(signer).sign(unsigned), to: files.list)
        try pki.save(to: files.pki)
        // Last: a folder with this file is a whole sandbox. It holds the secret of the control point.
        try TestFiles.write(SandboxFiles.json(description), to: files.description, mode: 0o600)
        return Sandbox(description, files)
    }

    // MARK: Certificates

    /// Issues a certificate as `NAME.pem` (with the intermediate), `NAME.cer` and `NAME.key`.
    ///
    /// A sandbox that runs must be told with ``SandboxCommand/reload``.
    ///
    /// - Parameter issuer: another hierarchy, for a certificate that no one should believe.
    public func issue(
        _ name: String, _ profile: TestCertificateProfile, subject: TestStructure = .hospital,
        validity: TestValidity = .valid, status: TestStatus = .good, strength: TestStrength = .fresh,
        by issuer: TestPKI? = nil
    ) throws -> TestCredential {
        let pki = try openPKI()
        let credential = try (issuer ?? pki).issue(
            profile, subject: subject, validity: validity, status: status, strength: strength, endpoints: pki.endpoints)
        try credential.write(to: files.certificates, name: name)
        if issuer == nil { try pki.save(to: files.pki) }
        return credential
    }

    /// Revokes a certificate issued under a name; returns its subject.
    ///
    /// A sandbox that runs must be told with ``SandboxCommand/reload``.
    @discardableResult
    public func revoke(_ name: String, reason: TestRevocationReason = .keyCompromise) throws -> String {
        let pki = try openPKI()
        let certificate = try TestCredential.inspect(pemFile: "\(files.certificates)/\(name).pem")
        pki.revoke(serialNumber: certificate.serialNumber, reason: reason)
        try pki.save(to: files.pki)
        return certificate.subject
    }

    /// Lets the holder of a certificate issued under a name speak for a domain: an entry of the list, signed anew.
    ///
    /// A sandbox that runs must be told with ``SandboxCommand/reload``.
    public func authorize(_ name: String, for domain: String) throws {
        var list = try TestWhitelist(reading: TestFiles.read(files.unsignedList))
        // A connector takes a list that is newer than its own.
        list.generated = Timestamp(seconds: max(SystemWallClock().now().seconds, list.generated.seconds + 1))
        let subject = try TestCredential.inspect(pemFile: "\(files.certificates)/\(name).pem").subject
        list.entries.append(
            .init(
                name: domain, description: "Domaine de messagerie MSSanté de \(domain)", certificateName: subject,
                updated: list.generated))
        try TestFiles.write(WhitelistWriter.write(list), to: files.unsignedList)
    }
}
