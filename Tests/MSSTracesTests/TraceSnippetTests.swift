import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import MSSTraces
import Testing

/// The code of the articles, compiled and run.
@Suite struct TraceSnippetTests {
    // snippet: open
    func openTraces(_ folder: String, key: PrivateKey, certificate: Certificate) async throws -> TraceStore {
        try await TraceStore.open(
            folder, signer: KeySealSigner(key: key, certificate: certificate),
            configuration: TraceConfiguration(
                version: .v1_7draft, patientAddresses: .redacted,
                anchors: [FileTraceAnchor(folder: "/mnt/autre-disque/mssante-ancrage")],
                onNotice: { print($0) }))
    }
    // end snippet

    // snippet: record
    func messageReceived(
        _ store: TraceStore, by mailbox: MailAddress, from sender: MailAddress?, identifier: String, size: Int
    ) async throws {
        try await store.record(
            TraceEvent(
                .receiveMessage, by: .peer("CN=mx.labo.mssante.fr"), mailbox: mailbox,
                means: TraceMeans(software: "mx.labo.mssante.fr", channel: "smtp", address: "192.0.2.7:25"),
                authentication: .mutualTLS, request: TraceText("RCPT TO:<\(mailbox.text)>"), reply: "250 2.1.5 OK",
                message: TraceMessage(identifier: identifier, sender: sender, recipients: [mailbox], size: size)))
    }
    // end snippet

    // snippet: search
    func messagesOf(_ mailbox: MailAddress, in store: TraceStore, incident: String) async throws -> [TraceRecord] {
        let reader = TraceReader(store, policy: TraceAccessList(["admin-7": [.search, .export]]))
        let access = TraceAccess(by: TracePerson(identifier: "admin-7", name: "Anne Bertin"), for: .incident(incident))
        return try await reader.search(TraceQuery(mailbox: mailbox, limit: 50), access).records
    }
    // end snippet

    // snippet: verify
    func isSound(_ folder: String, certificate: Certificate) async -> Bool {
        let verifier = TraceVerifier(
            folder: folder, certificates: [certificate],
            anchors: [FileTraceAnchor(folder: "/mnt/autre-disque/mssante-ancrage")])
        let result = await verifier.verify()
        for finding in result.findings { print(finding.explanation) }
        return result.isSound
    }
    // end snippet

    @Test("The code of the articles does what they say")
    func articles() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try await messageReceived(
            store, by: address("alice@hopital.mssante.fr"), from: address("bob@labo.mssante.fr"), identifier: "M1",
            size: 1000)
        let found = try await messagesOf(address("alice@hopital.mssante.fr"), in: store, incident: "INC-1")
        #expect(found.map(\.event.message?.identifier) == ["M1"])
        try await store.close()
        #expect(await isSound(test.root, certificate: try TestStore.signer().certificate))
    }
}
