internal import MSSCore

/// The ports of a sandbox, chosen once.
struct SandboxPorts {
    private let services: [Int]
    /// By operator.
    let observation: [Int]
    private let smtp: Int

    init(_ operators: Int) throws {
        var taken: Set<Int> = []
        func take(_ addresses: [String] = ["127.0.0.1"]) throws -> Int {
            while true {
                let port = try LoopbackPort.free(at: addresses)
                if taken.insert(port).inserted { return port }
            }
        }
        services = try (0..<6).map { _ in try take() }
        observation = try (0..<operators).map { _ in try take() }
        smtp = try take(["127.0.0.1"] + (0..<operators).map { SandboxOperator.address($0 + 1) })
    }

    /// The description of the ANS side; operators are still to come.
    func description(_ files: SandboxFiles) -> SandboxDescription {
        var random = SystemRandomNumberGenerator()
        let secret = String(random.next(), radix: 36) + String(random.next(), radix: 36)
        let crl = "http://127.0.0.1:\(services[1])"
        return SandboxDescription(
            directory: files.directory,
            authorities: .init(
                trustStore: "\(files.pki)/ca.pem", root: "\(files.pki)/root.pem",
                intermediate: "\(files.pki)/intermediate.pem"),
            whitelist: .init(
                url: "https://localhost:\(services[0])/listeblanchemssante.xml", file: files.list),
            crl: .init(
                base: crl, root: "\(crl)/root.crl", intermediate: "\(crl)/intermediate.crl",
                delta: "\(crl)/intermediate-delta.crl"),
            ocsp: "http://127.0.0.1:\(services[2])/",
            dns: .init(address: "127.0.0.1", port: services[3], zone: files.zone),
            clamd: .init(address: "127.0.0.1", port: services[4], configuration: "\(files.clamd)/clamd.conf"),
            control: "http://127.0.0.1:\(services[5])/\(secret)", smtpPort: smtp,
            operators: [])
    }
}

/// An operator being made.
struct SandboxOperator {
    let entry: SandboxDescription.Operator
    /// The certificate of its connector.
    let server: TestCredential

    /// Every operator has a loopback address of its own, since MX records name no port.
    static func address(_ index: Int) -> String { "127.0.0.\(index + 1)" }

    /// - Parameter index: 1 for the first.
    init(
        _ plan: SandboxPlan.Operator, index: Int, observationPort: Int, pki: TestPKI, files: SandboxFiles
    ) throws {
        let structure = TestStructure(
            name: "ETABLISSEMENT \(plan.name.uppercased())", identifier: "1" + MadeUpNumbers.finess(index))
        let host = "mx.\(plan.domains[0])"
        let profiles: [(SandboxDescription.Role, TestCertificateProfile)] = [
            (.server, .server(commonName: host)), (.applicationClient, .applicationClient(commonName: plan.domains[0])),
            (.seal, .seal(commonName: "Cachet \(plan.name)")),
        ]
        var made: [(SandboxDescription.Credential, TestCredential)] = []
        for (role, profile) in profiles {
            let credential = try pki.issue(profile, subject: structure, strength: .fresh)
            let name = role == .server ? plan.name : "\(plan.name)-\(role.rawValue)"
            try credential.write(to: files.certificates, name: name)
            made.append(
                (
                    .init(
                        role: role, name: name, certificate: "\(files.certificates)/\(name).pem",
                        key: "\(files.certificates)/\(name).key", subject: credential.subject), credential
                ))
        }
        server = made[0].1
        let accounts = SandboxAccounts(structure, domains: plan.domains, index: index)
        let folder = files.folder(of: plan.name)
        try TestFiles.makeDirectory("\(folder)/donnees")
        try TestFiles.write(accounts.json, to: "\(folder)/comptes.json", mode: 0o600)
        entry = SandboxDescription.Operator(
            name: plan.name, domains: plan.domains, host: host, address: Self.address(index),
            observationPort: observationPort, structureName: structure.name, structure: structure.identifier,
            configuration: "\(folder)/operateur.yaml", accountsFile: "\(folder)/comptes.json",
            credentials: made.map(\.0), persons: accounts.persons, mailboxes: accounts.mailboxes)
    }

    /// MX and address of each domain, the SRV records of the API LPS (EX_LPS_0300) and the reverse name.
    func addRecords(to zone: inout DNSZone) {
        for domain in entry.domains {
            zone.addMail(domain, host: entry.host, address: entry.address)
            for (service, port) in [("_imap", 143), ("_submission", 587)] as [(String, UInt16)] {
                for (priority, kind) in [(10, "psc"), (20, "cert")] as [(UInt16, String)] {
                    let target = "\(service.dropFirst())-\(kind).\(domain)"
                    zone.records.append(
                        .init(
                            "\(service)._tcp.\(domain)",
                            .srv(priority: priority, weight: 100, port: port, target: target)))
                    zone.records.append(.init(target, .a(entry.address)))
                }
            }
        }
        let reversed = entry.address.split(separator: ".").reversed().joined(separator: ".")
        zone.records.append(.init("\(reversed).in-addr.arpa", .ptr(entry.host)))
    }

    /// Configuration and master key of an operator, once all of the sandbox is known.
    static func writeFiles(_ one: SandboxDescription.Operator, _ sandbox: SandboxDescription) throws {
        let configuration = SandboxConfiguration(
            sandbox: sandbox, one: one, postmaster: "exploitation@\(one.domains[0])")
        try TestFiles.write(configuration.yaml, to: one.configuration)
        var random = SystemRandomNumberGenerator()
        let key = (0..<32).map { _ in hexadecimal(UInt8.random(in: .min ... .max, using: &random)) }.joined()
        try TestFiles.write("\(key)\n", to: configuration.masterKey, mode: 0o600)
    }
}
