internal import MSSCore

/// The ports of a sandbox, chosen once.
struct SandboxPorts {
    private let services: [Int]
    /// By operator.
    let observation: [Int]
    private let smtp: Int
    private let clients: SandboxDescription.ClientPorts

    init(_ operators: Int) throws {
        var taken: Set<Int> = []
        func take(_ addresses: [String] = ["127.0.0.1"]) throws -> Int {
            while true {
                let port = try LoopbackPort.free(at: addresses)
                if taken.insert(port).inserted { return port }
            }
        }
        services = try (0..<7).map { _ in try take() }
        observation = try (0..<operators).map { _ in try take() }
        let everywhere = ["127.0.0.1"] + (0..<operators).map { SandboxOperator.address($0 + 1) }
        smtp = try take(everywhere)
        clients = .init(
            submissionPSC: try take(everywhere), submissionCertificate: try take(everywhere),
            imapPSC: try take(everywhere), imapCertificate: try take(everywhere),
            autoconfiguration: try take(everywhere))
    }

    /// The description of the ANS side; operators are still to come.
    func description(_ files: SandboxFiles) -> SandboxDescription {
        var random = SystemRandomNumberGenerator()
        let secret = String(random.next(), radix: 36) + String(random.next(), radix: 36)
        let crl = "http://127.0.0.1:\(services[1])"
        let issuer = "https://localhost:\(services[6])\(TestProSanteConnect.realm)"
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
            psc: .init(
                issuer: issuer, discovery: "\(issuer)/.well-known/wallet-openid-configuration",
                key: files.providerKey,
                clients: TestProSanteConnect.clients.sorted { $0.key < $1.key }.map {
                    .init(id: $0.key, secret: $0.value)
                }
            ), lps: clients, operators: [])
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
        let hosts = SandboxDescription.ClientHosts(plan.domains[0])
        let profiles: [(SandboxDescription.Role, TestCertificateProfile)] = [
            (.server, .server(commonName: host)), (.applicationClient, .applicationClient(commonName: plan.domains[0])),
            (.seal, .seal(commonName: "Cachet \(plan.name)")),
            (
                .clientServer,
                .server(
                    commonName: hosts.imapPSC,
                    dnsNames: hosts.all + plan.domains.map { "autoconfig.\($0)" } + plan.domains)
            ),
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
            lpsHosts: hosts, observationPort: observationPort, structureName: structure.name,
            structure: structure.identifier,
            configuration: "\(folder)/operateur.yaml", accountsFile: "\(folder)/comptes.json",
            credentials: made.map(\.0), persons: accounts.persons, mailboxes: accounts.mailboxes)
    }

    /// MX and address of each domain, the SRV records of the API LPS (EX_LPS_0300) and the reverse name.
    func addRecords(to zone: inout DNSZone, _ ports: SandboxDescription.ClientPorts) {
        let hosts = entry.lpsHosts
        let services = [
            ("_submission", UInt16(10), ports.submissionPSC, hosts.submissionPSC),
            ("_submission", 20, ports.submissionCertificate, hosts.submissionCertificate),
            ("_imap", 10, ports.imapPSC, hosts.imapPSC), ("_imap", 20, ports.imapCertificate, hosts.imapCertificate),
        ]
        for domain in entry.domains {
            zone.addMail(domain, host: entry.host, address: entry.address)
            for (service, priority, port, target) in services {
                zone.records.append(
                    .init(
                        "\(service)._tcp.\(domain)",
                        .srv(priority: priority, weight: 100, port: UInt16(port), target: target)))
            }
            zone.records.append(.init("autoconfig.\(domain)", .a(entry.address)))
        }
        for host in hosts.all { zone.records.append(.init(host, .a(entry.address))) }
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
