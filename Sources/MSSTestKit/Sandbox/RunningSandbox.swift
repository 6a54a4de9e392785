internal import MSSCore

/// The ANS side of a sandbox at work: whitelist over HTTPS, revocation lists, OCSP, DNS, Pro Santé Connect, control point.
public final class RunningSandbox: Sendable {
    /// The sandbox.
    public let sandbox: Sandbox
    /// The hierarchy; certificates issued with it here are known to its own services at once.
    public let pki: TestPKI
    /// The whitelist's server.
    public let whitelist: WhitelistServer
    /// The server of revocation lists.
    public let crl: CRLServer
    /// The OCSP responder.
    public let ocsp: OCSPResponder
    /// The name server.
    public let dns: TestDNSServer
    /// Pro Santé Connect, where the persons of every operator can sign in.
    public let psc: TestProSanteConnect

    private let control: TestHTTPServer

    init(_ sandbox: Sandbox) async throws {
        let description = sandbox.description
        self.sandbox = sandbox
        pki = try sandbox.openPKI()
        crl = try await CRLServer.start(pki, port: Self.port(description.crl.base))
        ocsp = try await OCSPResponder.start(pki, port: Self.port(description.ocsp))
        dns = try await TestDNSServer.start(
            [try sandbox.zone()], address: description.dns.address, port: description.dns.port)
        whitelist = try await WhitelistServer.start(
            TestWhitelist(reading: TestFiles.read(sandbox.files.unsignedList)), pki: pki,
            port: Self.port(description.whitelist.url), signed: TestFiles.read(sandbox.files.list))
        psc = try await TestProSanteConnect.start(
            port: Self.port(description.psc.issuer),
            credential: try pki.issue(.server(commonName: "localhost", dnsNames: ["localhost"]), subject: .agency),
            persons: description.operators.flatMap(\.persons).map {
                .init(identifier: $0.subjectNameID, givenName: $0.givenName, familyName: $0.familyName.uppercased())
            }, privateKeyPEM: String(decoding: try TestFiles.read(description.psc.key), as: UTF8.self))
        let whole = Reference()
        let secret = description.control.split(separator: "/").last.map(String.init) ?? ""
        control = try await TestHTTPServer.start(port: Self.port(description.control)) { request in
            let words = request.path.split(separator: "/").map(String.init)
            guard request.method == "POST", words.first == secret, let running = whole.value.withLock({ $0.sandbox })
            else { return .response(status: 404) }
            do {
                return .response(status: 200, body: Array(try running.obey(Array(words.dropFirst())).utf8))
            } catch {
                return .response(status: 400, body: Array("\(error)".utf8))
            }
        }
        try pki.save(to: sandbox.files.pki)
        whole.value.withLock { $0.sandbox = self }
    }

    /// Stops everything.
    public func stop() async throws {
        try await control.stop()
        try await whitelist.stop()
        try await crl.stop()
        try await ocsp.stop()
        try await dns.stop()
        try await psc.stop()
    }

    /// Makes a fault happen in a service, or stops it with `nil`.
    ///
    /// - Throws: ``TestFormatError`` in French when the service has no such fault.
    public func apply(_ fault: String?, to service: SandboxService) throws {
        if let fault, !service.faults.contains(fault) {
            throw TestFormatError("Panne inconnue : \(fault).")
        }
        switch service {
        case .list:
            try whitelist.apply(fault.flatMap { WhitelistFault(rawValue: $0) })
            try crl.publish()  // a fault may have revoked a signer
        case .crl: crl.fault = fault.flatMap { SandboxFaults.crl[$0] }
        case .ocsp: (ocsp.fault, ocsp.options) = fault.flatMap { SandboxFaults.ocsp[$0]?(pki) } ?? (nil, .good)
        case .dns: dns.fault = fault.flatMap { DNSFault(rawValue: $0) }
        case .psc: psc.fault = fault.flatMap { .init(rawValue: $0) }
        }
    }

    /// Takes over what commands wrote into the folder: certificates issued and revoked, the zone, the list.
    public func reload() throws {
        try pki.refresh(from: sandbox.files.pki)
        try crl.publish()
        try pki.save(to: sandbox.files.pki)
        try dns.publish([try sandbox.zone()])
        let list = try TestWhitelist(reading: TestFiles.read(sandbox.files.unsignedList))
        guard list != whitelist.list else { return }
        try whitelist.publish(list)
        try TestFiles.write(whitelist.signedList, to: sandbox.files.list)
    }

    /// Obeys the control point.
    private func obey(_ words: [String]) throws -> String {
        if words == ["recharger"] {
            try reload()
            return "Bac à sable rechargé."
        }
        if words.count == 2, words[0] == "psc" {
            let waiting = psc.waiting
            for request in waiting { psc.decide(request, approved: words[1] == "accepter") }
            return "\(waiting.count) demandes d'authentification : \(words[1])."
        }
        guard words.count == 3, words[0] == "panne", let service = SandboxService(rawValue: words[1]) else {
            throw TestFormatError("Commande inconnue.")
        }
        try apply(words[2] == "aucune" ? nil : words[2], to: service)
        return words[2] == "aucune" ? "Panne arrêtée : \(words[1])." : "Panne en cours : \(words[1]), \(words[2])."
    }

    private static func port(_ url: String) -> Int {
        let authority = url.split(separator: "/").dropFirst().first ?? ""
        return authority.split(separator: ":").last.flatMap { Int($0) } ?? 0
    }
}

/// The control point is started before the whole that it commands is there, and does not keep it.
private final class Reference: Sendable {
    struct Weak { weak var sandbox: RunningSandbox? }
    let value = Guarded(Weak())
}

extension Sandbox {
    /// Serves the ANS side until ``RunningSandbox/stop()``.
    public func start() async throws -> RunningSandbox { try await RunningSandbox(self) }

    func zone() throws -> DNSZone { try DNSZone(text: String(decoding: TestFiles.read(files.zone), as: UTF8.self)) }

    /// Tells the sandbox, wherever it runs, to do something; returns its answer in French.
    ///
    /// - Throws: ``TestFormatError`` in French: it does not run, or it refuses.
    @discardableResult
    public func tell(_ command: SandboxCommand) async throws -> String {
        let answer = try await ExternalTool.run(
            "curl",
            ["-sS", "--noproxy", "*", "--fail-with-body", "-X", "POST", "\(description.control)/\(command.path)"])
        guard answer.succeeded else {
            // curl: 7, nobody listens.
            throw TestFormatError(
                answer.status == 7
                    ? "Le bac à sable ne tourne pas : lancez « mss-sandbox run \(description.directory) »."
                    : answer.output.isEmpty ? answer.errors : answer.text)
        }
        return answer.text
    }
}

/// What a running sandbox can be told.
public enum SandboxCommand: Sendable, Hashable {
    /// Take over what was written into the folder.
    case reload
    /// Answer the requests of CIBA that wait, as the persons on their telephones would.
    case decide(approved: Bool)
    /// Make a fault happen, or stop it with `nil`.
    case fault(SandboxService, String?)

    var path: String {
        switch self {
        case .reload: "recharger"
        case .decide(let approved): "psc/\(approved ? "accepter" : "refuser")"
        case .fault(let service, let name): "panne/\(service.rawValue)/\(name ?? "aucune")"
        }
    }
}
