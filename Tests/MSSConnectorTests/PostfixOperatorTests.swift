import MSSMessage
import MSSSMTP
import MSSTestKit
import Testing

@testable import MSSConnector

/// A Postfix as the other operator: the same trust space, another hand's SMTP, TLS and reading of our replies.
@Suite("Postfix as the other operator", .serialized, .timeLimit(.minutes(10)))
struct PostfixOperatorTests {
    private static let theirs = "luc.petit@clinique.mssante.fr"
    private static let ours = "jeanne.martin@alpha.mssante.fr"

    /// Runs a body with alpha, its clamd, and Postfix for `clinique.mssante.fr`.
    private static func run(
        _ body: (TrustSpace, _ alpha: Operator, _ postfix: PostfixPeer) async throws -> Void
    ) async throws {
        let clamd = try await ClamdPeer.start()
        defer { clamd.stop() }
        try await TrustSpace.run(scanner: ClamAVScanner(.unix(path: clamd.socket))) { space, alpha, _ in
            var configuration = PostfixPeer.Configuration("mx.clinique.mssante.fr", space.clinic)
            configuration.address = "127.0.0.5"
            configuration.port = space.port
            configuration.mailboxes = [theirs]
            configuration.routes = [
                .domain(
                    "alpha.mssante.fr", address: "127.0.0.2", port: space.port, certificateName: "mx.alpha.mssante.fr")
            ]
            let postfix = try await PostfixPeer.start(configuration)
            do {
                try await body(space, alpha, postfix)
            } catch {
                try await postfix.stop()
                throw error
            }
            try await postfix.stop()
        }
    }

    private static func message(
        from sender: String, to recipient: String, attachment: [UInt8]? = nil
    ) throws -> [UInt8] {
        var writer = try MessageWriter(
            OutgoingMessage(
                from: MSSMessage.Mailbox(address: sender), to: [MSSMessage.Mailbox(address: recipient)],
                subject: "Séjour de mars",
                content: attachment.map {
                    .mixed(.text(".Voici\n"), attachments: [.attachment("a.com", ContentSource($0))])
                } ?? .text(".Voici\n..là\n")))
        return try writer.bytes()
    }

    @Test(
        "EX_3.1_5020, EX_3.2_5020: messages go to Postfix and come from it by mutual TLS, dots and accents whole, and a large one"
    )
    func bothWays() async throws {
        try await Self.run { space, alpha, postfix in
            let there = try Self.message(from: Self.ours, to: Self.theirs)
            let result = await space.alpha.submit(
                alpha, from: "jeanne.martin", as: space.alpha.doctor, to: [Self.theirs], message: there)
            #expect(result.outcomes[0].outcome == .acceptedElsewhere)
            let arrived = String(decoding: try await postfix.messages(in: Self.theirs, atLeast: 1)[0], as: UTF8.self)
            #expect(arrived.hasPrefix("Return-Path: <\(Self.ours)>\n"))
            #expect(arrived.contains("from mx.alpha.mssante.fr") && arrived.contains("with ESMTPS"))
            let body = String(decoding: there, as: UTF8.self).replacing("\r\n", with: "\n").split(separator: "\n\n")[1]
            #expect(arrived.hasSuffix(body))

            try await postfix.send(
                Self.message(from: Self.theirs, to: Self.ours), from: Self.theirs, to: [Self.ours])
            let came = await space.alpha.drop.messages(in: space.alpha.id("jeanne.martin"), atLeast: 1)[0].text
            #expect(came.hasPrefix("Return-Path: <\(Self.theirs)>\r\n"))
            #expect(came.contains("from mx.clinique.mssante.fr") && came.contains("by mx.alpha.mssante.fr with ESMTPS"))
            try await postfix.wait(for: "status=sent (250 2.0.0")
            #expect(postfix.log.contains("Verified TLS connection established to 127.0.0.2"))

            let large = try Self.message(
                from: Self.theirs, to: Self.ours, attachment: [UInt8](repeating: 0x5A, count: 5_000_000))
            try await postfix.send(large, from: Self.theirs, to: [Self.ours])
            let kept = await space.alpha.drop.messages(in: space.alpha.id("jeanne.martin"), atLeast: 2)[1]
            #expect(kept.text.utf8.count >= large.count)
        }
    }

    @Test(
        "EX_GBM_4460: each side is told of the other's refusals: unknown here, unknown there, infected, not its domain")
    func refusals() async throws {
        try await Self.run { space, alpha, postfix in
            // What Postfix refuses comes back to our sender in French.
            _ = await space.alpha.submit(
                alpha, from: "jeanne.martin", as: space.alpha.doctor, to: ["personne@clinique.mssante.fr"])
            let notice = await space.alpha.drop.messages(in: space.alpha.id("jeanne.martin"), atLeast: 1)[0].text
            #expect(notice.contains("Final-Recipient: rfc822; personne@clinique.mssante.fr"))
            #expect(notice.contains("Status: 5.1.1"))

            // What we refuse, Postfix gives its sender with our words.
            let unknown = "personne@alpha.mssante.fr"
            try await postfix.send(Self.message(from: Self.theirs, to: unknown), from: Self.theirs, to: [unknown])
            try await postfix.wait(for: "550 5.1.1 [EX_GBM_4460] Aucune boite aux lettres")
            let infected = try Self.message(
                from: Self.theirs, to: Self.ours, attachment: Array(ClamdPeer.eicar.utf8))
            try await postfix.send(infected, from: Self.theirs, to: [Self.ours])
            try await postfix.wait(for: "[EX_SSI_5090]")
            // EX_LBL_5010: its certificate speaks for its own domain alone.
            let foreign = "luc.petit@beta.mssante.fr"
            try await postfix.send(Self.message(from: foreign, to: Self.ours), from: foreign, to: [Self.ours])
            try await postfix.wait(for: "from=<\(foreign)>")
            try await postfix.wait(for: "said: 550 5.7.1")
            // Its notices to its own user: two refusals. As we would explain them to one of ours (RE_GBM_4410):
            let notices = try await postfix.messages(in: Self.theirs, atLeast: 2)
            let subjects = notices.compactMap { bytes in
                DressedNotice(Message(bytes)).flatMap { Message($0.beginning + bytes[$0.replaced...]).header.subject }
            }
            #expect(subjects.contains("Message non remis : adresse inconnue"), "\(subjects)")
            #expect(alpha.metrics.snapshot.received == 0)
        }
    }

    @Test("RE_GBM_4410, EX_GBM_4450: the receipt that Postfix writes in English reaches its reader with an explanation")
    func receipt() async throws {
        try await Self.run { space, alpha, _ in
            _ = await space.alpha.submit(
                alpha, from: "jeanne.martin", as: space.alpha.doctor, to: [Self.theirs], notify: .success)
            let kept = await space.alpha.drop.messages(in: space.alpha.id("jeanne.martin"), atLeast: 1)[0].text
            let message = Message(Array(kept.utf8))
            #expect(message.structure.diagnostics.isEmpty)
            #expect(message.header.subject?.hasPrefix("Accusé de réception : ") == true)
            #expect(message.header.first("X-Original-Subject")?.text == "Successful Mail Delivery Report")
            let text = try #require(message.bodyText)
            let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(
                words.contains("Destinataire : \(Self.theirs)") && words.contains("(serveur mx.clinique.mssante.fr)"))
            #expect(words.contains("This is the mail system at host mx.clinique.mssante.fr."))
            #expect(message.deliveryReport?.recipients.first?.action == .delivered)
        }
    }
}
