import Foundation
import MSSCore
import MSSTestKit

@testable import MSSWhitelist

/// Lists written by hand for the reader's tests.
enum Lists {
    static let certificate = "CN=mss.example.fr,OU=1750712184,O=CHU,ST=Paris (75),C=FR"

    static func entry(
        _ name: String = "ch-exemple.mssante.fr", certificate: String = certificate, summary: String = "CH",
        updated: String = "2025-03-01T00:00:00Z", more: String = ""
    ) -> String {
        "<Domaine><Nom>\(name)</Nom><Description>\(summary)</Description>"
            + "<DNCertificatOperateur>\(certificate)</DNCertificatOperateur><ResponsableContact/><SupportContact/>"
            + "<DateMAJ>\(updated)</DateMAJ>\(more)</Domaine>"
    }

    static func document(
        _ entries: String, date: String = "<DateDeGeneration>2025-03-13T14:54:10Z</DateDeGeneration>",
        namespace: String = "https://listeblanche.mssante.fr/schema", more: String = ""
    ) -> [UInt8] {
        Array(
            ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListeBlancheMSSante xmlns=\"\(namespace)\">\(date)"
                + "<ListeDomaines>\(entries)</ListeDomaines>\(more)</ListeBlancheMSSante>").utf8)
    }

    static func read(_ entries: String) throws -> WhitelistContent {
        try WhitelistContent(unverified: document(entries))
    }

    static let generated = Timestamp(seconds: 1_741_877_650)

    static func snapshot(_ pairs: [(String, String)], generated: Timestamp = generated) throws -> WhitelistSnapshot {
        WhitelistSnapshot(
            generated: generated,
            entries: try pairs.map {
                WhitelistEntry(domain: try Domain($0.0), certificateName: try DistinguishedName(rfc4514: $0.1))
            })
    }

    /// The list published in March 2025, beside the repository.
    static var published: [UInt8]? {
        let folder =
            ProcessInfo.processInfo.environment["MSS_SHARED_DATA"].map { URL(fileURLWithPath: $0) }
            ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("../shared/data")
        let file = folder.appendingPathComponent("whitelist/listeblanchemssante-2025-03-13-unsigned.xml")
        return (try? Data(contentsOf: file)).map(Array.init)
    }
}

extension WhitelistContent {
    var oddities: [WhitelistDiagnostic.Oddity] { diagnostics.map(\.oddity) }
}
