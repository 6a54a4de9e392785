internal import MSSCore

/// A service of the sandbox that can go wrong on demand.
public enum SandboxService: String, Sendable, Hashable, CaseIterable {
    /// The whitelist: ``WhitelistFault``.
    case list = "liste"
    /// The revocation lists.
    case crl
    /// The OCSP responder.
    case ocsp
    /// The name server: ``DNSFault``.
    case dns
    /// Pro Santé Connect: ``TestProSanteConnect/Fault``.
    case psc

    /// The names of its faults, for commands.
    public var faults: [String] {
        switch self {
        case .list: WhitelistFault.allCases.map(\.rawValue)
        case .crl: SandboxFaults.crl.keys.sorted()
        case .ocsp: SandboxFaults.ocsp.keys.sorted()
        case .dns: DNSFault.allCases.map(\.rawValue)
        case .psc: TestProSanteConnect.Fault.allCases.map(\.rawValue)
        }
    }
}

/// The faults that have no names of their own.
enum SandboxFaults {
    static let crl: [String: CRLServer.Fault] = [
        "erreur": .status(503), "silence": .silence, "coupure": .close, "tronquee": .truncated, "page": .page,
        "perimee": .stale, "signature": .corrupt, "autre-cle": .otherKey, "ancienne": .older,
    ]

    /// A fault on the way, or options of the answer.
    static let ocsp: [String: @Sendable (TestPKI) -> (OCSPResponder.Fault?, TestOCSPOptions)] = [
        "erreur": { _ in (.status(503), .good) }, "silence": { _ in (.silence, .good) },
        "coupure": { _ in (.close, .good) }, "illisible": { _ in (.garbage, .good) },
        "moitie": { _ in (.half, .good) }, "plus-tard": { _ in options { $0.refusal = .tryLater } },
        "etranger": { _ in options { $0.signer = .stranger } },
        "sans-usage": { _ in options { $0.signer = .delegateWithoutUsage } },
        "perimee": { pki in options { $0.thisUpdate = pki.now - .seconds(10 * 86_400) } },
        "signature": { _ in options { $0.isCorrupt = true } },
        "autre-certificat": { _ in options { $0.answersAnotherCertificate = true } },
    ]

    private static func options(
        _ change: (inout TestOCSPOptions) -> Void
    ) -> (OCSPResponder.Fault?, TestOCSPOptions) {
        var options = TestOCSPOptions.good
        change(&options)
        return (nil, options)
    }
}
