import MSSCore
import MSSMessage

/// Ordinary mail, made for the benchmark: short and long texts, HTML with its alternative, and attachments, under the
/// headers that servers pile up.
struct MimeCorpus {
    let messages: [[UInt8]]
    let headerBytes: Int
    var bytes: Int { messages.reduce(0) { $0 + $1.count } }

    /// Makes `count` messages: of ten, five of text, three with HTML, two with an attachment of 200 kB.
    init(count: Int) throws {
        var messages: [[UInt8]] = []
        var headerBytes = 0
        let attachment = [UInt8]((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })
        let sentence = "Le patient a été vu ce jour en consultation de suivi ; l'examen est sans particularité. "
        for index in 0..<count {
            let text = String(repeating: sentence + (index % 3 == 0 ? "\n" : ""), count: 5 + index % 40)
            let content: OutgoingPart =
                switch index % 10 {
                case 0..<5: .text(text)
                case 5..<8: .html("<html><body><p>\(text)</p></body></html>", text: text)
                default:
                    .mixed(
                        .text(text),
                        attachments: [
                            .attachment(
                                "Compte rendu n° \(index).pdf", type: ContentType("application", "pdf"),
                                ContentSource(attachment))
                        ])
                }
            var message = OutgoingMessage(
                from: Mailbox(name: "Dr Hélène Müller", address: "helene.muller@chu.mssante.fr"),
                to: [Mailbox(name: "Cabinet du Parc", address: "cabinet\(index)@parc.mssante.fr")],
                subject: "Compte rendu de consultation n° \(index)", content: content)
            message.date = MessageDate(Timestamp(seconds: 1_700_000_000 + Int64(index)))
            var writer = try MessageWriter(message)
            var bytes = Array(Self.trace(index).utf8)
            bytes += try writer.bytes()
            headerBytes += Message(bytes).parts.reduce(0) { $0 + $1.headerRange.count }
            messages.append(bytes)
        }
        self.messages = messages
        self.headerBytes = headerBytes
    }

    private static func trace(_ index: Int) -> String {
        let hop =
            "Received: from mta\(index % 7).chu.mssante.fr (mta.chu.mssante.fr [192.0.2.\(index % 250)])\r\n"
            + "\tby mx.parc.mssante.fr (Postfix) with ESMTPS id 4F\(index)XYZ\r\n\tfor <cabinet@parc.mssante.fr>; "
            + "Tue, 1 Jul 2003 10:52:37 +0200 (CEST)\r\n"
        let signature =
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=chu.mssante.fr; s=2024;\r\n"
            + String(repeating: "\th=From:To:Subject:Date:MIME-Version:Content-Type:Message-ID;\r\n", count: 6)
        return "Return-Path: <helene.muller@chu.mssante.fr>\r\n" + String(repeating: hop, count: 4) + signature
            + "X-MSS-NIL: 123456789012345\r\nX-MSS-INS: N\r\nUser-Agent: mss-bench\r\n"
    }
}
