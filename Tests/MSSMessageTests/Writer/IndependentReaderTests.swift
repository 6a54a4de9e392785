import Foundation
import MSSMessage
import Testing

private let pdf = [UInt8]((0..<30_011).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) })

private func full() -> OutgoingMessage {
    var message = letter(
        .mixed(
            .html(
                "<p>L’été — compte rendu</p>\n",
                text: "L’été — compte rendu\nligne longue " + String(repeating: "mot ", count: 60) + "\n"),
            attachments: [
                .attachment(
                    "Lettre de liaison n°1 (été).pdf", type: ContentType("application", "pdf"), ContentSource(pdf)),
                .attachment("simple.bin", ContentSource([0, 1, 2, 255])),
            ]), subject: "Compte rendu d’hospitalisation – " + String(repeating: "précision ", count: 12) + "fin")
    message.to.append(.mailbox(Mailbox(name: "\"Guillemets\", virgule", address: "b@c.fr")))
    return message
}

@Suite struct IndependentReaderTests {
    @Test("Python's email reads what we write, without a defect")
    func pythonReads() throws {
        let message = full()
        for mode in [WriterOptions.Mode.sevenBit, .eightBitMIME] {
            let bytes = try written(message, mode: mode)
            let read = try Peer.python(bytes)
            #expect(read["subject"] as? String == message.subject)
            #expect(read["from"] as? [[String]] == [["Dr Hélène Müller", "helene.muller@chu.mssante.fr"]])
            #expect(read["to"] as? [[String]] == message.to.flatMap(\.mailboxes).map { [$0.name!, $0.address] })
            #expect(read["date"] as? Double == 1_057_049_557)
            #expect(read["id"] as? String == "<\(Message(bytes).header.messageID!)>")
            let parts = read["parts"] as! [[String: Any]]
            #expect(
                parts.map { $0["type"] as! String } == [
                    "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf",
                    "application/octet-stream",
                ])
            #expect(parts.allSatisfy { ($0["defects"] as! [String]).isEmpty })
            #expect(parts[4]["name"] as? String == "Lettre de liaison n°1 (été).pdf")
            #expect(parts[5]["name"] as? String == "simple.bin")
            #expect(Data(base64Encoded: parts[4]["content"] as! String) == Data(pdf))
            #expect(Data(base64Encoded: parts[5]["content"] as! String) == Data([0, 1, 2, 255]))
            let text = String(decoding: Data(base64Encoded: parts[2]["content"] as! String)!, as: UTF8.self)
            #expect(text.hasPrefix("L’été — compte rendu\r\nligne longue mot "))
            #expect(parts[2]["charset"] as? String == "utf-8")
        }
    }

    @Test("We read what Python's email writes")
    func pythonWrites() throws {
        let script = """
            import sys
            from email.message import EmailMessage
            import email.policy
            m = EmailMessage(policy=email.policy.SMTP)
            m["Subject"] = "Résultats d’analyses – " + "très " * 30 + "longs"
            m["From"] = "Hélène Müller <h@chu.fr>"
            m["To"] = '"Martin, Anne" <a@b.fr>, c@d.fr'
            m["Date"] = "Tue, 01 Jul 2003 10:52:37 +0200"
            m.set_content("Voici l’été\\n" * 20)
            m.add_alternative("<p>Voici l’été</p>", subtype="html", charset="iso-8859-15", cte="quoted-printable")
            m.add_attachment(bytes(range(256)) * 20, maintype="application", subtype="pdf", filename="Résumé « long nom » " + "x" * 80 + ".pdf")
            inner = EmailMessage(policy=email.policy.SMTP)
            inner["Subject"] = "Dedans"
            inner.set_content("court")
            m.add_attachment(inner)
            sys.stdout.buffer.write(m.as_bytes())
            """
            .replacing("<p>Voici l’été</p>", with: "<p>Voici l'été €</p>")
        let message = Message(try Peer.run(["python3", "-c", script]))
        #expect(message.header.subject == "Résultats d’analyses – " + String(repeating: "très ", count: 30) + "longs")
        #expect(message.header.from.mailboxes == [Mailbox(name: "Hélène Müller", address: "h@chu.fr")])
        #expect(
            message.header.to.mailboxes == [
                Mailbox(name: "Martin, Anne", address: "a@b.fr"), Mailbox(address: "c@d.fr"),
            ])
        #expect(
            message.parts.map(\.contentType.essence) == [
                "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf",
                "message/rfc822", "text/plain",
            ])
        #expect(message.text(of: message.parts[2]).hasPrefix("Voici l’été\r\nVoici"))
        #expect(message.text(of: message.parts[3]).hasPrefix("<p>Voici l'été €</p>"))
        #expect(message.content(of: message.parts[4]).count == 5120)
        #expect(message.parts[4].filename == "Résumé « long nom » " + String(repeating: "x", count: 80) + ".pdf")
        #expect(message.parts[6].header.subject == "Dedans")
        #expect(message.structure.diagnostics.isEmpty)
    }

    @Test("ripmime and munpack extract the attachments that we write")
    func extractors() throws {
        let bytes = try written(full())
        for tool in ["ripmime", "munpack"] {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
                "mss-\(tool)-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            try Data(bytes).write(to: folder.appendingPathComponent("message.eml"))
            let arguments =
                tool == "ripmime" ? ["ripmime", "-i", "message.eml", "-d", "."] : ["munpack", "-q", "message.eml"]
            _ = try Peer.run(arguments, folder: folder)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            let contents = try files.map { [UInt8](try Data(contentsOf: folder.appendingPathComponent($0))) }
            #expect(contents.contains(pdf), "\(tool): \(files)")
            #expect(contents.contains([0, 1, 2, 255]), "\(tool): \(files)")
            #expect(files.contains("simple.bin"), "\(tool): \(files)")
        }
    }
}
