import MSSCore
import Testing

@testable import MSSMessage

/// Notices as other systems write them, about invented people.
@Suite("Notices of other systems, dressed for people (RE_GBM_4410)")
struct DressedNoticeTests {
    /// A report in English.
    private static func report(
        _ machine: String, type: String = "delivery-status", human: String = "I'm sorry to have to inform you.",
        fields: String = "",
        returned: String = "Subject: =?utf-8?q?S=C3=A9jour_de_mars?=\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n",
        subject: String = "Undelivered Mail Returned to Sender"
    ) -> [UInt8] {
        let text =
            "Received: by mx.clinique.mssante.fr\nFrom: MAILER-DAEMON@mx.clinique.mssante.fr (Mail Delivery System)\n"
            + "Subject: \(subject)\nTo: jeanne.martin@alpha.mssante.fr\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
            + "\(fields)Content-Type: multipart/report; report-type=\(type);\n\tboundary=\"B1\"\n\nThis is a MIME message.\n\n"
            + "--B1\nContent-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\n\(human)\n\n"
            + "--B1\nContent-Type: message/\(type)\n\n\(machine)\n"
            + "--B1\nContent-Type: text/rfc822-headers\n\n\(returned)\n--B1--\n"
        return Array(text.replacing("\n", with: "\r\n").utf8)
    }

    private static let unknown =
        "Reporting-MTA: dns; mx.clinique.mssante.fr\nArrival-Date: Mon, 2 Mar 2026 10:00:01 +0100\n\n"
        + "Final-Recipient: rfc822; paul.durand@clinique.mssante.fr\nAction: failed\nStatus: 5.1.1\n"
        + "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n"

    private static func dressed(_ bytes: [UInt8]) -> [UInt8]? {
        DressedNotice(Message(bytes)).map { $0.beginning + bytes[$0.replaced...] + $0.end }
    }

    /// The text shown first.
    private static func explanation(_ message: Message) throws -> String {
        let part = try #require(message.parts.first { $0.contentType.essence == "text/plain" })
        return message.text(of: part).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    @Test("A delivery report stays one: an explanation and the text as it came in its first part, the rest untouched")
    func delivery() throws {
        let bytes = Self.report(Self.unknown)
        let before = Message(bytes)
        let notice = try #require(DressedNotice(before))
        #expect(notice.kind == .delivery(.unknownAddress) && notice.end.isEmpty)
        let whole = notice.beginning + bytes[notice.replaced...]
        let message = Message(whole)
        #expect(message.structure.diagnostics.isEmpty, "\(message.structure.diagnostics)")
        #expect(message.header.contentType?.essence == "multipart/report")
        #expect(
            message.parts.map(\.contentType.essence) == [
                "multipart/report", "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/plain",
                "message/delivery-status", "text/rfc822-headers",
            ])
        #expect(message.deliveryReport == before.deliveryReport)
        #expect(message.header.subject == "Message non remis : adresse inconnue")
        #expect(message.header.first("X-Original-Subject")?.text == "Undelivered Mail Returned to Sender")
        #expect(message.header.all("Subject").count == 1)
        let text = try Self.explanation(message)
        for words in [
            "MESSAGE NON REMIS", "« Séjour de mars »", "du 02/03/2026 à 10 h 00", "paul.durand@clinique.mssante.fr",
            NoticeReason.unknownAddress.explanation, "Code technique : 5.1.1", "(serveur mx.clinique.mssante.fr) suit",
        ] { #expect(text.contains(words), "\(words): \(text)") }
        // What the other system wrote stays octet for octet: the part for people, and all that follows it.
        #expect(Array(message.bytes[message.parts[5].range]) == Array(bytes[before.parts[1].range]))
        #expect(
            whole.suffix(bytes.count - before.parts[1].range.upperBound) == bytes[before.parts[1].range.upperBound...])
        // Dressed once: by its own words it is French now.
        #expect(DressedNotice(message) == nil)
    }

    @Test("Python's email package reads a dressed report and a dressed notice in words as they are meant")
    func independentReader() throws {
        let script = """
            import sys, email, email.policy
            m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
            print([p.get_content_type() for p in m.walk() if not p.defects], m['Subject'])
            print(m.get_body(('plain',)).get_content().splitlines()[0])
            """
        let report = try python(script, #require(Self.dressed(Self.report(Self.unknown))))
        #expect(
            report == """
                ['multipart/report', 'multipart/mixed', 'multipart/alternative', 'text/plain', 'text/html', 'text/plain', \
                'message/delivery-status', 'text/plain', 'text/plain', 'text/rfc822-headers'] \
                Message non remis : adresse inconnue
                MESSAGE NON REMIS

                """)
        let words = try python(script, #require(Self.dressed(Self.failureNotice())))
        #expect(
            words == """
                ['multipart/mixed', 'multipart/alternative', 'text/plain', 'text/html', 'text/plain'] \
                Message non remis : boîte aux lettres pleine
                MESSAGE NON REMIS

                """)
    }

    @Test("EX_GBM_4450: receipts, delays and each recipient of a mixed report are told for what they are")
    func kinds() throws {
        let recipients = [
            ("a@x.mssante.fr", "delivered", "2.0.0", NoticeReason.delivered),
            ("b@x.mssante.fr", "delayed", "4.4.1", .delayed), ("c@x.mssante.fr", "failed", "5.2.2", .mailboxFull),
            ("d@x.mssante.fr", "relayed", "2.0.0", .relayed),
        ]
        func group(_ one: (String, String, String, NoticeReason)) -> String {
            "Final-Recipient: rfc822; \(one.0)\nAction: \(one.1)\nStatus: \(one.2)\n"
        }
        for one in recipients {
            let bytes = Self.report("Reporting-MTA: dns; mx.x.mssante.fr\n\n" + group(one))
            let message = Message(try #require(Self.dressed(bytes)))
            #expect(message.header.subject?.hasSuffix(one.3.title) == true, "\(message.header.subject ?? "")")
            #expect(try Self.explanation(message).contains(one.3.explanation))
        }
        let all = Self.report(
            "Reporting-MTA: dns; mx.x.mssante.fr\n\n" + recipients.map(group).joined(separator: "\n"))
        let text = try Self.explanation(Message(#require(Self.dressed(all))))
        for one in recipients { #expect(text.contains("Destinataire : \(one.0) \(one.3.explanation)")) }
    }

    @Test("A read receipt is explained; its subject, which the reader chose, stays")
    func disposition() throws {
        let bytes = Self.report(
            "Final-Recipient: rfc822; paul.durand@clinique.mssante.fr\nDisposition: manual-action/MDN-sent-manually; displayed\n",
            type: "disposition-notification", subject: "Read: Sejour")
        let message = Message(try #require(Self.dressed(bytes)))
        #expect(message.header.subject == "Read: Sejour" && message.header.first("X-Original-Subject") == nil)
        #expect(message.dispositionReport?.disposition == .displayed)
        let text = try Self.explanation(message)
        #expect(text.contains("Le message « Séjour de mars » a été affiché par son destinataire."))
        #expect(text.contains("Destinataire : paul.durand@clinique.mssante.fr"))
    }

    /// A notice in words alone, as qmail writes it.
    private static func failureNotice(_ body: String = "User has exceeded his/her storage quota.", fields: String = "")
        -> [UInt8]
    {
        Array(
            ("From: MAILER-DAEMON@mx.x.mssante.fr\nTo: jeanne.martin@alpha.mssante.fr\nSubject: failure notice\n\(fields)"
                + "\nHi. This is the qmail-send program.\n\n<paul.durand@x.mssante.fr>:\n\(body)\n")
                .replacing("\n", with: "\r\n").utf8)
    }

    @Test("A notice in words alone is wrapped whole, with the fields that say how it is written")
    func words() throws {
        let fields =
            "MIME-Version: 1.0\nContent-Type: text/plain;\n\tcharset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n"
        let bytes = Self.failureNotice("Mailbox full \u{E9}", fields: fields)
        let before = Message(bytes)
        let message = Message(try #require(Self.dressed(bytes)))
        #expect(message.structure.diagnostics.isEmpty, "\(message.structure.diagnostics)")
        #expect(
            message.parts.map(\.contentType.essence) == [
                "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/plain",
            ])
        #expect(message.header.transferEncoding == .eightBit)
        #expect(message.header.all("MIME-Version").count == 1 && message.header.all("Content-Type").count == 1)
        #expect(message.header.first("X-Original-Subject")?.text == "failure notice")
        let last = message.parts[4]
        #expect(last.header.transferEncoding == .eightBit)
        #expect(last.contentType.parameters["charset"] == "iso-8859-1")
        #expect(message.rawBody(of: last) == before.rawBody(of: before.parts[0]))
        #expect(try Self.explanation(message).contains("Destinataire : paul.durand@x.mssante.fr La boîte aux lettres"))
    }

    @Test("Left as they are: French notices, ours first; ordinary mail, absences, what is signed, structured reports")
    func untouched() throws {
        let sender = Mailbox(address: "jeanne.martin@alpha.mssante.fr")
        let operation = Mailbox(address: "postmaster@alpha.mssante.fr")
        let address = try MailAddress("paul.durand@x.mssante.fr")
        var ours = try MessageWriter(
            DeliveryNotice(
                from: operation, to: sender, reportingHost: "mx.alpha.mssante.fr",
                outcomes: [.init(address, .mailboxFull)]
            ).message(), options: Fixture.options)
        #expect(DressedNotice(Message(try ours.bytes())) == nil)
        let read = DispositionReport(finalRecipient: .address("a@x.fr"), disposition: .displayed)
        var receipt = try MessageWriter(
            DispositionNotice(from: operation, to: sender, report: read).message(), options: Fixture.options)
        #expect(DressedNotice(Message(try receipt.bytes())) == nil)
        let machine =
            "Final-Recipient: rfc822; a@x.fr\nDisposition: automatic-action/MDN-sent-automatically; processed\n"
        for bytes in [
            Self.report(Self.unknown, human: "Votre message n'a pas pu être remis."),
            Self.report(Self.unknown, fields: "Content-Language: fr-FR\n"),
            Self.report(
                machine, type: "disposition-notification",
                subject: "XDM/1.0/DDM+CR de consultation VIAL Paul 26/11/1978"),
            Self.report(machine + "Error: 902^Patient inconnu\n", type: "disposition-notification", subject: "Report"),
            Self.failureNotice(fields: "Content-Type: multipart/signed; boundary=S\n"),
            Self.failureNotice(fields: "Content-Type: application/pkcs7-mime\n"),
            Self.report("Reporting-MTA: dns; nothing is told of recipients\n"),
            Array("From: a@x.fr\r\nSubject: Compte rendu\r\n\r\nLa suite : mailbox full.\r\n".utf8),
            Array("From: a@x.fr\r\nSubject: Automatic reply: x\r\nAuto-Submitted: auto-replied\r\n\r\nAway\r\n".utf8),
            [],
        ] { #expect(DressedNotice(Message(bytes)) == nil, "\(String(decoding: bytes, as: UTF8.self))") }
    }

    @Test("The beginning of a long notice suffices; one that is cut before its report is left as it is")
    func beginning() throws {
        let bytes = Self.report(
            Self.unknown, returned: "Subject: x\n\n" + String(repeating: "ligne\n", count: 100_000))
        let part = try #require(DressedNotice(Message(Array(bytes.prefix(16 << 10)))))
        let whole = part.beginning + bytes[part.replaced...]
        let message = Message(whole)
        #expect(message.deliveryReport == Message(bytes).deliveryReport)
        #expect(message.header.subject == "Message non remis : adresse inconnue")
        #expect(whole.suffix(500_000) == bytes.suffix(500_000))
        #expect(DressedNotice(Message(Array(bytes.prefix(600)))) == nil)
    }

    @Test("What a hostile report names is shown on one line, bounded, without anything invisible; long lists are cut")
    func hostile() throws {
        let group = "Action: failed\nStatus: 5.1.1\n"
        let evil =
            "Reporting-MTA: dns; \u{202E}evil\u{200B}\u{1B}[2J<script>\n\nFinal-Recipient: rfc822; <script>alert(1)</script>\u{202E}\u{7}@x.fr "
            + String(repeating: "z", count: 5_000) + "\n" + group
        let many = (0..<1_000).map { "Final-Recipient: rfc822; dr\($0)@x.mssante.fr\n" + group }.joined(separator: "\n")
        let bytes = Self.report(evil + "\n" + many)
        let message = Message(try #require(Self.dressed(bytes)))
        let text = try Self.explanation(message)
        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .format || $0.value < 0x20 })
        #expect(text.contains("L'avis concerne encore 961 autre(s) destinataire(s)."))
        #expect(!text.contains(String(repeating: "z", count: 321)) && text.contains("dr38@") && !text.contains("dr39@"))
        let html = try #require(message.parts.first { $0.contentType.essence == "text/html" })
        #expect(!message.text(of: html).contains("<script"))
        #expect(message.bytes.count < bytes.count + 100_000)
        #expect(message.bytes.split(separator: 10, maxSplits: .max).allSatisfy { $0.count < 6_000 })
    }

    @Test("Several subjects, and one too long for its new name, lose nothing")
    func subjects() throws {
        let long = String(repeating: "Undelivered ", count: 80)
        let bytes = Self.report(Self.unknown, fields: "Subject: \(long)\n")
        let message = Message(try #require(Self.dressed(bytes)))
        #expect(message.header.all("Subject").map(\.text) == ["Message non remis : adresse inconnue"])
        #expect(
            message.header.all("X-Original-Subject").map(\.text) == [
                "Undelivered Mail Returned to Sender", String(long.dropLast()),
            ])
        #expect(message.header.contentType?.parameters["boundary"] == "B1")
    }
}
