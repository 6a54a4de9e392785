import Glibc
import MSSCore
import MSSMessage
import MSSTestKit
import Testing

@testable import MSSOperator

/// mss-operator as it is installed, made from its settings, with clamd; and Postfix, which is nobody's of ours.
@Suite("mss-operator and Postfix exchange as two operators", .serialized, .timeLimit(.minutes(10)))
struct PostfixProcessTests {
    private static let ours = "exploitation@alpha.mssante.fr"
    private static let theirs = "luc.petit@clinique.mssante.fr"

    private func message(_ from: String, _ to: String, attachment: [UInt8]? = nil) throws -> [UInt8] {
        var writer = try MessageWriter(
            OutgoingMessage(
                from: MSSMessage.Mailbox(address: from), to: [MSSMessage.Mailbox(address: to)],
                subject: "Séjour de mars",
                content: attachment.map {
                    .mixed(.text("Ci-joint\n"), attachments: [.attachment("a.bin", ContentSource($0))])
                } ?? .text(".Voici\n..là\n")))
        return try writer.bytes()
    }

    @Test(
        "EX_3.1_5020, EX_3.2_5020, EX_GBM_4460: both ways through the installed program, a large message, and each other's refusals"
    )
    func bothWays() async throws {
        let clamd = try await ClamdPeer.start()
        defer { clamd.stop() }
        let space = try await OperatorSpace(["alpha.mssante.fr": "127.0.0.2", "clinique.mssante.fr": "127.0.0.5"])
        let settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2", clamd: clamd.socket)
        let file = "\(space.folder)/alpha.mssante.fr/operateur.yaml"
        try TestFiles.write(settings.yaml, to: file, mode: 0o600)
        let made = try await space.open(settings)
        try await made.openMailboxes(["secretariat", "exploitation"])
        await made.close()

        var configuration = PostfixPeer.Configuration(
            "mx.clinique.mssante.fr", try OperatorSpace.credential("clinique.mssante.fr"))
        configuration.address = "127.0.0.5"
        configuration.port = space.port
        configuration.mailboxes = [Self.theirs]
        configuration.routes = [
            .domain("alpha.mssante.fr", address: "127.0.0.2", port: space.port, certificateName: "mx.alpha.mssante.fr")
        ]
        let postfix = try await PostfixPeer.start(configuration)
        let process = try await OperatorProcess.start(file)

        func submit(to recipient: String) async throws -> ExternalTool.Result {
            try await ExternalTool.run(
                OperatorProcess.executable,
                ["envoyer", "--de", Self.ours, "--a", recipient, "--config", file, "--par", "adele.admin"],
                input: try message(Self.ours, recipient))
        }

        // To Postfix, and to nobody there.
        let sent = try await submit(to: Self.theirs)
        #expect(sent.status == 0 && sent.text.contains("accepte_ailleurs"), "\(sent.everything)")
        let arrived = String(decoding: try await postfix.messages(in: Self.theirs, atLeast: 1)[0], as: UTF8.self)
        #expect(arrived.hasPrefix("Return-Path: <\(Self.ours)>\n"))
        #expect(arrived.contains("from mx.alpha.mssante.fr") && arrived.contains("with ESMTPS"))
        #expect(try await submit(to: "personne@clinique.mssante.fr").status == 0)
        try await postfix.wait(for: "personne@clinique.mssante.fr")

        // From Postfix: a message, a large one, one for nobody, malware.
        let here = "secretariat@alpha.mssante.fr"
        try await postfix.send(message(Self.theirs, here), from: Self.theirs, to: [here])
        try await postfix.wait(for: "status=sent (250 2.0.0")
        let large = try message(Self.theirs, here, attachment: [UInt8](repeating: 0x5A, count: 5_000_000))
        try await postfix.send(large, from: Self.theirs, to: [here])
        let unknown = "personne@alpha.mssante.fr"
        try await postfix.send(message(Self.theirs, unknown), from: Self.theirs, to: [unknown])
        try await postfix.wait(for: "550 5.1.1 [EX_GBM_4460] Aucune boite aux lettres")
        let infected = try message(Self.theirs, here, attachment: Array(ClamdPeer.eicar.utf8))
        try await postfix.send(infected, from: Self.theirs, to: [here])
        try await postfix.wait(for: "[EX_SSI_5090]")
        #expect(postfix.log.contains("Verified TLS connection established to 127.0.0.2"))
        // Three messages of its own: ours, and its notices of the two refusals.
        #expect(try await postfix.messages(in: Self.theirs, atLeast: 3).count == 3)

        process.signal(SIGTERM)
        #expect(await process.ended() == 0, "\(process.written.suffix(2000))")
        let node = try await space.open(settings)
        try await node.running {
            let kept = try await node.inbox("secretariat", atLeast: 2)
            #expect(kept.count == 2 && kept[0].hasPrefix("Return-Path: <\(Self.theirs)>\r\n"))
            #expect(kept[0].contains("by mx.alpha.mssante.fr with ESMTPS") && kept[1].utf8.count >= large.count)
            // Postfix's refusal of its unknown user, told to our sender in French.
            let notice = try await node.inbox("exploitation", atLeast: 1)[0]
            #expect(notice.contains("Final-Recipient: rfc822; personne@clinique.mssante.fr"))
            #expect(notice.contains("Status: 5.1.1"))
        }
        try await postfix.stop()
        try await space.close()
    }
}
