import MSSCore
import MSSTestKit

/// The sandbox's control point: HTTP on loopback, a secret in the path, known from `sandbox.json` (mode 0600).
struct Administration: Sendable {
    static let crlFaults: [String: CRLServer.Fault] = [
        "erreur": .status(503), "silence": .silence, "coupure": .close, "tronquee": .truncated, "page": .page,
        "perimee": .stale, "signature": .corrupt, "autre-cle": .otherKey, "ancienne": .older,
    ]
    static let ocspFaults = [
        "erreur", "silence", "coupure", "illisible", "moitie", "plus-tard", "etranger", "sans-usage", "perimee",
        "signature", "autre-certificat",
    ]

    let layout: SandboxLayout
    let pki: TestPKI
    let whitelist: WhitelistServer
    let crl: CRLServer
    let ocsp: OCSPResponder

    /// Starts to listen; returns the base URL, secret included.
    func start() async throws -> String {
        var random = SystemRandomNumberGenerator()
        let secret = String(random.next(), radix: 36) + String(random.next(), radix: 36)
        let server = try await TestHTTPServer.start { request in
            let parts = request.path.split(separator: "/").map(String.init)
            guard request.method == "POST", parts.first == secret else { return .response(status: 404) }
            do {
                return .response(status: 200, body: Array(try obey(Array(parts.dropFirst())).utf8))
            } catch {
                return .response(status: 400, body: Array("\(error)".utf8))
            }
        }
        return "\(server.url)/\(secret)"
    }

    private func obey(_ words: [String]) throws -> String {
        switch (words.first, words.dropFirst().first, words.last) {
        case ("recharger", _, _):
            try pki.refresh(from: layout.pki)
            try crl.publish()
            try pki.save(to: layout.pki)
            return "CRL publiées."
        case ("panne", "liste", let name?):
            let fault = try find(name, in: WhitelistFault.init(rawValue:))
            try whitelist.apply(fault)
            try crl.publish()  // a fault may have revoked a signer
        case ("panne", "crl", let name?): crl.fault = try find(name) { Self.crlFaults[$0] }
        case ("panne", "ocsp", let name?): try disturb(name)
        default: throw SandboxError("Commande inconnue.")
        }
        let name = words.last ?? ""
        return name == "aucune" ? "Panne arrêtée : \(words[1])." : "Panne en cours : \(words[1]), \(name)."
    }

    private func find<Fault>(_ name: String, in table: (String) -> Fault?) throws -> Fault? {
        if name == "aucune" { return nil }
        guard let fault = table(name) else { throw SandboxError("Panne inconnue : \(name).") }
        return fault
    }

    private func disturb(_ name: String) throws {
        ocsp.fault = nil
        ocsp.options = .good
        switch name {
        case "aucune": break
        case "erreur": ocsp.fault = .status(503)
        case "silence": ocsp.fault = .silence
        case "coupure": ocsp.fault = .close
        case "illisible": ocsp.fault = .garbage
        case "moitie": ocsp.fault = .half
        case "plus-tard": ocsp.options.refusal = .tryLater
        case "etranger": ocsp.options.signer = .stranger
        case "sans-usage": ocsp.options.signer = .delegateWithoutUsage
        case "perimee": ocsp.options.thisUpdate = pki.now - .seconds(10 * 86_400)
        case "signature": ocsp.options.isCorrupt = true
        case "autre-certificat": ocsp.options.answersAnotherCertificate = true
        default: throw SandboxError("Panne inconnue : \(name).")
        }
    }

    /// Tells a running server that certificates were issued or revoked; does nothing when none runs.
    static func reloadIfRunning(_ layout: SandboxLayout) async throws {
        guard let description = try? layout.running() else { return }
        print(try await ask("\(description.commande)/recharger"))
    }

    /// `POST` to a loopback URL by the curl command, which the demonstration needs anyway.
    static func ask(_ url: String) async throws -> String {
        let answer = try await ExternalTool.run("curl", ["-sS", "--fail-with-body", "-X", "POST", url])
        guard answer.succeeded else {
            throw SandboxError(answer.output.isEmpty ? answer.errors : answer.text)
        }
        return answer.text
    }
}
