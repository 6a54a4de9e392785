import MSSCore
import MSSMessage
import Testing

@Suite("Delivery notices, dispositions and automatic replies")
struct NoticeTests {
    private let postmaster = Mailbox(name: "Messagerie MSSanté", address: "postmaster@chu.mssante.fr")
    private let sender = Mailbox(address: "jeanne.martin@cabinet.mssante.fr")
    private let recipient = try! MailAddress("paul.durand@chu.mssante.fr")  // a literal that is an address

    private func written(_ message: OutgoingMessage) throws -> [UInt8] {
        var writer = try MessageWriter(message, options: Fixture.options)
        return try writer.bytes()
    }

    private func notice(_ reason: NoticeReason) -> DeliveryNotice {
        var notice = DeliveryNotice(
            from: postmaster, to: sender, reportingHost: "mx.chu.mssante.fr",
            outcomes: [DeliveryNotice.Outcome(recipient, reason, original: .address("p.durand@chu.mssante.fr"))])
        notice.originalSubject = "XDM/1.0/DDM+CR de consultation VIAL Paul 26/11/1978"
        notice.originalMessageID = "abc@cabinet.mssante.fr"
        notice.envelopeID = "env 1+2"
        return notice
    }

    // MARK: DSN

    @Test(
        "EX_GBM_4460, RE_GBM_4410: each notice tells its reason in French, gives its code, and reads back as it was",
        arguments: NoticeReason.allCases)
    func everyReason(reason: NoticeReason) throws {
        let notice = notice(reason)
        let message = Message(try written(notice.message()))
        let report = try #require(message.deliveryReport)
        #expect(report.recipients == notice.report.recipients && report.envelopeID == "env 1+2")
        #expect(report.reportingMTA == .host("mx.chu.mssante.fr"))
        let text = try #require(message.bodyText).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(text.contains(reason.explanation) && text.contains("Code technique : \(reason.status)"))
        #expect(text.contains("p.durand@chu.mssante.fr") && text.contains("CR de consultation – VIAL Paul"))
        let html = message.views.html.map { message.text(of: message.parts[$0]) }.joined()
        #expect(html.contains("lang=\"fr\"") && html.contains("\(reason.status)") && !html.contains("<script"))
        #expect(AutomaticReplyProbe.isSilent(message))
        #expect(ReceivedNotice(message).certainty == .certain)
        if reason.action == .failed { #expect(message.header.subject?.hasPrefix("Message non remis : ") == true) }
    }

    @Test("EX_GBM_4460: unknown recipient is 5.1.1, full mailbox 5.2.2; RE_GBM_4420: suspended mailbox is 5.2.1")
    func codes() {
        #expect(NoticeReason.unknownAddress.status == "5.1.1" && NoticeReason.mailboxFull.status == "5.2.2")
        #expect(NoticeReason.mailboxSuspended.status == "5.2.1")
        for reason in [
            NoticeReason.unknownAddress, .mailboxFull, .mailboxSuspended, .tooLarge, .expired, .delayed, .delivered,
        ] {
            #expect(NoticeReason(action: reason.action, status: reason.status) == reason)
        }
    }

    @Test("EX_GBM_4450: a delivery asked for by NOTIFY=SUCCESS is told in French, with ENVID and ORCPT")
    func success() throws {
        let bytes = try written(notice(.delivered).message())
        let output = try python(
            """
            import sys, email, email.policy
            m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
            assert m.get_content_type() == 'multipart/report' and m.get_param('report-type') == 'delivery-status'
            parts = list(m.iter_parts()); assert parts[0].get_content_type() == 'multipart/alternative'
            status = [p for p in m.walk() if p.get_content_type() == 'message/delivery-status'][0].get_payload()
            print(m['Auto-Submitted'], m['Subject'])
            print(status[0]['Original-Envelope-Id'], status[1]['Action'], status[1]['Status'], status[1]['Original-Recipient'])
            print(m.get_body(('plain',)).get_content().splitlines()[0])
            """, bytes)
        #expect(
            output == """
                auto-replied Accusé de réception : message remis
                env 1+2 delivered 2.1.5 rfc822; p.durand@chu.mssante.fr
                ACCUSÉ DE RÉCEPTION

                """)
    }

    @Test("The original comes back as header or whole, and its notices are not taken for the notice's own")
    func returned() throws {
        var inner = notice(.mailboxFull)
        inner.returned = .header(Array("Subject: secret\r\nX-Test: 1\r\n".utf8))
        let innerBytes = try written(inner.message())
        #expect(Message(innerBytes).parts.contains { $0.contentType.essence == "text/rfc822-headers" })
        var outer = notice(.tooLarge)
        outer.returned = .message(innerBytes)
        let message = Message(try written(outer.message()))
        #expect(message.deliveryReport?.recipients.first?.status == "5.3.4")
        let forwarded = OutgoingMessage(
            from: sender, to: [postmaster], subject: "Tr",
            content: .mixed(.text("x"), attachments: [.message(innerBytes)]))
        #expect(Message(try written(forwarded)).deliveryReport == nil)
    }

    @Test("Values of others cannot add a field or a line to the report, nor markup to the page")
    func injection() throws {
        var notice = notice(.refused)
        notice.outcomes[0].recipient.diagnostic = .smtp(
            "550 no\r\nAction: delivered\r\n\r\nFinal-Recipient: rfc822; x@y")
        notice.outcomes[0].recipient.original = .address("<script>alert(1)</script>@x")
        notice.originalSubject = "a\r\nBcc: x@y <b>"
        let message = Message(try written(notice.message()))
        #expect(message.deliveryReport?.recipients.map(\.action) == [.failed])
        #expect(message.header.bcc.mailboxes.isEmpty)
        #expect(!message.views.html.map { message.text(of: message.parts[$0]) }.joined().contains("<script>"))
    }

    @Test("Reports as others write them are read: LF, missing action, missing group, vendors' spellings")
    func lenient() throws {
        let report = try #require(
            DeliveryReport(
                body: Array(
                    "Final-Recipient: RFC822;a@b\nStatus: 5.2.2 (over quota)\nDiagnostic-Code: smtp;552\n  5.2.2 full\n"
                        .utf8)))
        #expect(report.recipients[0].action == .failed && report.recipients[0].status == "5.2.2")
        #expect(report.recipients[0].diagnostic == .smtp("552 5.2.2 full"))
        #expect(DeliveryReport(body: Array("Reporting-MTA: dns; x\n".utf8)) == nil && DeliveryReport(body: []) == nil)
    }

    @Test("ENVID and ORCPT are decoded and encoded (RFC 3461 §4)")
    func xtext() {
        #expect(XText.encode("a+b=c é") == "a+2Bb+3Dc+20+C3+A9")
        #expect(XText.decode("a+2Bb+3Dc+20+C3+A9") == "a+b=c é")
        for wrong in ["a=b", "a+2", "a+zz", "a b", "+FF"] { #expect(XText.decode(wrong) == nil) }
    }

    // MARK: MDN

    @Test(
        "RFC 8098: each disposition is written, told in French and read back",
        arguments: DispositionReport.Disposition.allCases)
    func dispositions(disposition: DispositionReport.Disposition) throws {
        let report = DispositionReport(
            finalRecipient: .address(recipient.text), disposition: disposition, originalRecipient: .address("p@x"),
            originalMessageID: "abc@x", reportingUA: "chu.mssante.fr; DPI")
        let notice = DispositionNotice(from: postmaster, to: sender, report: report, originalSubject: "Compte rendu")
        let message = Message(try written(notice.message()))
        #expect(message.dispositionReport == report)
        #expect(ReceivedNotice(message).kind == .disposition(disposition, isFailure: report.isFailure))
        #expect(message.bodyText?.contains("Compte rendu") == true)
    }

    @Test("A failed integration is reported as the CI-SIS asks, and Python's email reads it")
    func integration() throws {
        let original = Array("Subject: XDM/1.0/DDM+CR VIAL Paul 26/11/1978\r\nMessage-ID: <o@x>\r\n\r\nx\r\n".utf8)
        let notice = DispositionNotice.integrationFailure(
            .unknownPatient, from: Mailbox(address: "dpi@chu.mssante.fr"), to: sender,
            originalSubject: "XDM/1.0/DDM+CR VIAL Paul 26/11/1978", originalMessageID: "o@x", original: original,
            software: "DPI")
        let bytes = try written(notice.message())
        let message = Message(bytes)
        #expect(message.header.subject == "[KO Intégration système !][902] XDM/1.0/DDM+CR VIAL Paul 26/11/1978")
        let report = try #require(message.processingReport)
        #expect(report.cause == .unknownPatient && report.subject?.birthName == "VIAL")
        #expect(message.dispositionReport?.errors == ["902^Identifiant de patient inconnu"])
        let output = try python(
            """
            import sys, email, email.policy
            m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
            print([p.get_content_type() for p in m.iter_parts()], m.get_param('report-type'))
            f = list(m.iter_parts())[1].get_payload()
            print((f[0] if isinstance(f, list) else email.message_from_string(f))['Disposition'])
            """, bytes)
        #expect(
            output == """
                ['text/plain', 'message/disposition-notification', 'message/rfc822'] disposition-notification
                automatic-action/MDN-sent-automatically; processed/Error: 902^Identifiant de patient inconnu

                """)
        let ordinary = Message(try written(notice.ordinaryMessage()))
        #expect(ordinary.processingReport?.code == 902 && ordinary.dispositionReport == nil)
    }

    @Test("A notification is sent alone only to the sender who asked (RFC 8098 §2.1)")
    func requests() {
        func request(_ header: String, _ sender: String?) -> DispositionRequest {
            DispositionRequest(Message(Array((header + "\r\n\r\n").utf8)).header, envelopeSender: sender)
        }
        let asked = Mailbox(address: "a@x.fr")
        #expect(request("Disposition-Notification-To: a@x.fr", "A@x.fr") == .automatic(asked))
        #expect(request("Disposition-Notification-To: a@x.fr", "b@x.fr") == .needsConsent(asked))
        #expect(request("Disposition-Notification-To: a@x.fr, c@x.fr", "a@x.fr") == .needsConsent(asked))
        #expect(request("Disposition-Notification-To: a@x.fr\r\nReturn-Path: <a@x.fr>", nil) == .automatic(asked))
        #expect(request("Disposition-Notification-To: a@x.fr", "") == .none && request("Subject: x", "a@x.fr") == .none)
        #expect(
            request("Disposition-Notification-To: a@x.fr\r\nContent-Type: multipart/report; boundary=b", "a@x.fr")
                == .none)
    }

    // MARK: Automatic replies

    @Test(
        "EX_GBM_4471: no automatic reply to notices, lists, machines, roles, oneself (RFC 3834)",
        arguments: [
            ("", "", AutomaticReply.Silence.nullSender), ("", "<>", .nullSender),
            ("Auto-Submitted: auto-replied", "a@x.fr", .automaticMessage),
            ("Auto-Submitted: auto-generated; x=y", "a@x.fr", .automaticMessage),
            ("Content-Type: multipart/report; boundary=b", "a@x.fr", .automaticMessage),
            ("X-Autoreply: yes", "a@x.fr", .automaticMessage), ("List-Id: <l.x.fr>", "a@x.fr", .list),
            ("Precedence: bulk", "a@x.fr", .list),
            ("X-Auto-Response-Suppress: OOF, AutoReply", "a@x.fr", .roleSender),
            ("", "MAILER-DAEMON@x.fr", .roleSender),
            ("", "liste-request@x.fr", .roleSender), ("", "ne-pas-repondre@x.fr", .roleSender),
            ("", "Paul.Durand@chu.mssante.fr", .ownMessage),
        ])
    func silences(field: String, sender: String, silence: AutomaticReply.Silence) {
        let header = Message(Array("To: paul.durand@chu.mssante.fr\r\n\(field.isEmpty ? "" : field + "\r\n")\r\n".utf8))
            .header
        let reply = AutomaticReply(addresses: [recipient], text: "Absent")
        #expect(
            reply.decide(header: header, envelopeSender: sender, lastReplies: [:], now: Fixture.time)
                == .silent(silence))
    }

    @Test("EX_GBM_4471: one answer a sender in seven days, within its dates, when addressed by name")
    func rate() throws {
        let header = Message(
            Array(
                "To: paul.durand@chu.mssante.fr\r\nAuto-Submitted: no\r\nSubject: Avis\r\nMessage-ID: <m@x>\r\n\r\n"
                    .utf8)
        ).header
        var reply = AutomaticReply(addresses: [recipient], text: "Je suis absent jusqu'au 30.")
        func decide(_ last: [String: Timestamp] = [:], _ header: HeaderBlock? = nil) -> AutomaticReply.Decision {
            reply.decide(
                header: header ?? Message(Array("To: paul.durand@chu.mssante.fr\r\n\r\n".utf8)).header,
                envelopeSender: "A@x.fr", lastReplies: last, now: Fixture.time)
        }
        #expect(decide([:], header) == .reply(to: "A@x.fr"))
        #expect(decide(["a@x.fr": Fixture.time - .seconds(6 * 86_400)]) == .silent(.recentlyAnswered))
        #expect(decide(["a@x.fr": Fixture.time - .seconds(7 * 86_400)]) == .reply(to: "A@x.fr"))
        let blind = Message(Array("To: autre@chu.mssante.fr\r\n\r\n".utf8)).header
        #expect(decide([:], blind) == .silent(.notAddressed))
        reply.answersUnaddressed = true
        #expect(decide([:], blind) == .reply(to: "A@x.fr"))
        reply.end = Fixture.time - .seconds(1)
        #expect(decide() == .silent(.inactive))
        let answer = Message(try written(reply.message(to: "A@x.fr", from: postmaster, answering: header)))
        #expect(answer.header.subject == "Réponse automatique : Avis" && answer.header.inReplyTo == ["m@x"])
        #expect(AutomaticReplyProbe.isSilent(answer) && ReceivedNotice(answer).kind == .absence)
    }
}

/// Whether an automatic reply keeps silent about a message, as it must about every notice made here.
enum AutomaticReplyProbe {
    static func isSilent(_ message: Message) -> Bool {
        guard let address = message.header.to.mailboxes.first.flatMap({ try? MailAddress($0.address) }) else {
            return false
        }
        let reply = AutomaticReply(addresses: [address], text: "")
        let decision = reply.decide(
            header: message.header, envelopeSender: "someone@x.fr", lastReplies: [:], now: Fixture.time)
        return decision == .silent(.automaticMessage)
    }
}
