import FoundationEssentials
import MSSTestKit
import Testing

@testable import MSSOperator

/// Thunderbird itself, without a screen, configured by our `config-v1.1.xml` and driven as its windows drive it.
@Suite("Thunderbird and the API LPS of an operator", .serialized, .timeLimit(.minutes(10)))
struct ThunderbirdTests {
    private static let driver =
        "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/Tests/Thunderbird/drive.py"

    /// What `drive.py` is told.
    private struct Task: Encodable {
        struct Provider: Encodable {
            var name, clientId, clientSecret, discovery: String
            var redirectionEndpoint = "https://localhost/retour"
            var usePKCE = true
            var hosts: [String]
        }

        var folder, address, name, resolve, autoconfiguration: String
        var authorities: [String]
        var steps: [[String]]
        var provider: Provider?
        var person, certificate, key, password: String?
    }

    private func task(_ space: ClientSpace, _ address: String, _ steps: [[String]]) throws -> Task {
        let folder = "\(space.directory)/thunderbird"
        try TestFiles.makeDirectory(folder)
        let authorities = space.sandbox.description.authorities
        return Task(
            folder: folder, address: address, name: "Jeanne Martin", resolve: space.one.address,
            autoconfiguration:
                "https://autoconfig.ch-alpha.mssante.fr:\(space.lps.autoconfiguration)/mail/config-v1.1.xml",
            authorities: [authorities.root, authorities.intermediate],
            steps: steps)
    }

    private func start(_ task: Task) throws -> BackgroundTool {
        let file = "\(task.folder)/task.json"
        try TestFiles.write([UInt8](try JSONEncoder().encode(task)), to: file)
        return try BackgroundTool("timeout", ["-k", "5", "400", "python3", Self.driver, file])
    }

    @Test(
        "EX_LPS_0700: Thunderbird configures itself, signs a person in at Pro Santé Connect, reads, is told of new mail, tidies up, sends and searches"
    )
    func token() async throws {
        try await ClientSpace.run(with: { $0.terms.tellsAtFirstUse = false }) { space in
            for subject in ["Premier", "Second"] {
                let sent = try await space.send(
                    from: space.paul, to: space.jeanne, subject: subject, text: "\(subject) : glucose normal",
                    space.bearer(space.paul, try space.token("Durand")))
                #expect(sent.succeeded, "\(sent.errors)")
            }
            _ = try await space.node.inbox("jeanne.martin", atLeast: 2)
            let (client, secret) = try #require(TestProSanteConnect.clients.first { $0.value != nil })
            var task = try task(
                space, space.jeanne,
                [
                    ["configure"], ["open"], ["consent"], ["folders"], ["list", "INBOX", "2"], ["read", "Second"],
                    ["watch", "Tiers"], ["tidy", "Tiers", "Premier", "Second"], ["list", "Patients", "1"],
                    ["list", "Trash", "1"], ["send", space.paul, "Réponse"], ["list", "Sent", "1"],
                    ["search", "glucose normal"],
                ])
            task.person = space.identity("Martin")
            task.provider = .init(
                name: space.running.psc.issuer, clientId: client, clientSecret: try #require(secret),
                discovery: space.running.psc.discovery,
                hosts: [space.one.lpsHosts.imapPSC, space.one.lpsHosts.submissionPSC])
            let thunderbird = try start(task)
            defer { thunderbird.stop() }
            try await thunderbird.wait(for: "watching")
            _ = try await space.send(
                from: space.paul, to: space.jeanne, subject: "Tiers", text: "glucose normal",
                space.bearer(space.paul, try space.token("Durand")))
            let seen = try await thunderbird.wait(for: "ended").split(separator: "\n").map(String.init)
            #expect(
                seen.first
                    == "configure: [\"\(space.one.lpsHosts.imapPSC):\(space.lps.imapPSC)\", \"\(space.one.lpsHosts.submissionPSC):\(space.lps.submissionPSC)\"]"
            )
            #expect(seen.contains("consent: \"Pro Santé Connect de test\""))
            #expect(seen.contains("list: [\"Premier\", \"Second\"]"), "\(seen)")
            #expect(seen.contains { $0.hasPrefix("read: ") && $0.contains("Second : glucose normal") }, "\(seen)")
            #expect(seen.contains("watch: true") && seen.contains("list: [\"Premier\"]"), "\(seen)")
            #expect(seen.contains("list: [\"Second\"]") && seen.contains("list: [\"Réponse\"]"), "\(seen)")
            #expect(seen.contains("search: [\"Tiers\"]"), "\(seen)")
            // It was told by IDLE: it asks by itself every ten minutes only.
            let dialogue = String(decoding: try TestFiles.read("\(task.folder)/imap.moz_log"), as: UTF8.self)
            #expect(dialogue.contains("SendData: ") && dialogue.uppercased().contains(" IDLE"))
            #expect(try await space.node.inbox("paul.durand", atLeast: 1).count == 1)
            // What another client sees of it.
            let folders = try await space.read(
                space.bearer(space.jeanne, try space.token("Martin")), "", ["-X", "STATUS Patients (MESSAGES)"])
            #expect(folders.text.contains("MESSAGES 1"), "\(folders.everything)")
            let flagged = try await space.read(
                space.bearer(space.jeanne, try space.token("Martin")), "INBOX", ["-X", "SEARCH FLAGGED SEEN"])
            #expect(flagged.text.contains("* SEARCH 1") || flagged.text.contains("* SEARCH 3"), "\(flagged.everything)")
        }
    }

    @Test("EX_LPS_1200: Thunderbird with the certificate of a structure configures itself, sends, is told and reads")
    func certificate() async throws {
        try await ClientSpace.run(with: { $0.terms.tellsAtFirstUse = false }) { space in
            var task = try task(
                space, space.application,
                [
                    ["configure"], ["open"], ["folders"], ["send", space.application, "Compte rendu"],
                    ["list", "INBOX", "1"], ["read", "Compte rendu"], ["send", space.application, "Suite"],
                    ["watch", "Suite"], ["list", "Sent", "2"],
                ])
            let credential = try #require(space.one.credential(.applicationClient))
            (task.certificate, task.key, task.password) = (credential.certificate, credential.key, "sans")
            let thunderbird = try start(task)
            defer { thunderbird.stop() }
            let seen = try await thunderbird.wait(for: "ended").split(separator: "\n").map(String.init)
            #expect(seen.first?.contains("\(space.one.lpsHosts.imapCertificate):\(space.lps.imapCertificate)") == true)
            #expect(seen.contains { $0.hasPrefix("read: ") && $0.contains("Compte rendu : le texte") }, "\(seen)")
            #expect(seen.contains("list: [\"Compte rendu\"]") && seen.contains("watch: true"), "\(seen)")
            #expect(seen.contains("list: [\"Compte rendu\", \"Suite\"]"), "\(seen)")
        }
    }
}
