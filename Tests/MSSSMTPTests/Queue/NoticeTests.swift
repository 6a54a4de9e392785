import MSSCore
import MSSMessage
import Testing

@testable import MSSSMTP

@Suite("Notices to senders, in French")
struct NoticeTests {
    private let time = Timestamp(seconds: 1_790_000_000)
    private let writer = FrenchDeliveryNotices(
        author: Mailbox(name: "Service de messagerie", address: "postmaster@hopital.test"), host: "mx.hopital.test",
        zoneMinutes: { _ in 60 })
    private let original =
        "Message-ID: <1@client.test>\r\nSubject: Bilan\r\nDate: Sat, 21 Nov 2026 08:00:00 +0100\r\n\r\nContenu confidentiel\r\n"

    private func notice(
        _ items: [(String, DeliveryNoticeRequest.Item.Event)], returned: DSNReturn? = nil, content: String? = nil
    ) async throws -> (delivery: NewDelivery, message: Message) {
        var envelope = OutgoingEnvelope.to("b@d.test")
        envelope.returned = returned
        envelope.envelopeID = "env-1"
        var recipients: [DeliveryNoticeRequest.Item] = []
        for (text, event) in items {
            var recipient = OutgoingEnvelope.Recipient(address(text))
            recipient.original = OriginalRecipient(address: "first@d.test")
            recipients.append(.init(recipient: recipient, event: event, host: "mx.d.test"))
        }
        let request = DeliveryNoticeRequest(
            sender: address("a@client.test"),
            message: SMTPOutgoingMessage(envelope, SMTPContent((content ?? original).utf8)), arrival: time, time: time,
            items: recipients)
        let delivery = try await writer.notice(request)
        return (delivery, Message(try await delivery.message.content.prefix(1 << 20)))
    }

    @Test(
        "EX_GBM_4460: a message whose own fields no notice can repeat is reported all the same",
        arguments: ["<42@PC-G\u{E9}rard>", "<\(String(repeating: "x", count: 1_200))@h>", "x@y>", "<a\u{7F}b@h>"])
    func unwritable(identifier: String) async throws {
        let (delivery, message) = try await notice(
            [("b@d.test", .failed(failure(550, "5.1.1")))],
            content: "Message-ID: \(identifier)\r\nReferences: \(identifier) <good@h>\r\nSubject: Bilan\r\n\r\nx\r\n")
        #expect(delivery.message.envelope.recipients.map(\.address.text) == ["a@client.test"])
        #expect(message.deliveryReport?.recipients.map(\.status) == ["5.1.1"])
        #expect(message.bodyText?.contains("Bilan") == true)
    }

    private func failure(_ code: SMTPReplyCode, _ enhanced: EnhancedStatusCode) -> SMTPClientFailure {
        SMTPClientFailure(.recipient, SMTPReply(code: code, enhanced: enhanced, text: "no such user here"))
    }

    @Test("EX_GBM_4460: 5.1.1 and 5.2.2 are told in French and in the machine's form, from nobody to the sender")
    func failures() async throws {
        let (delivery, message) = try await notice([
            ("b@d.test", .failed(failure(550, "5.1.1"))), ("c@d.test", .failed(failure(552, "5.2.2"))),
        ])
        #expect(delivery.message.envelope.sender == nil)
        #expect(delivery.message.envelope.recipients.map(\.address.text) == ["a@client.test"])
        #expect(delivery.message.envelope.recipients[0].notify == .never)
        let report = try #require(message.deliveryReport)
        #expect(report.recipients.map(\.status) == ["5.1.1", "5.2.2"])
        #expect(report.recipients.map(\.action) == [.failed, .failed])
        #expect(report.recipients[0].original?.value == "first@d.test")
        #expect(report.recipients[0].remoteMTA?.value == "mx.d.test")
        #expect(report.recipients[0].diagnostic?.value.contains("no such user here") == true)
        #expect(report.envelopeID == "env-1")
        let body = try #require(message.bodyText)
        #expect(body.contains("Aucune boîte aux lettres ne correspond à cette adresse."))
        #expect(body.contains("Bilan"))
        #expect(message.header.inReplyTo == ["1@client.test"])
    }

    @Test("the message itself comes back only when asked for; else its header alone")
    func returned() async throws {
        let event = DeliveryNoticeRequest.Item.Event.failed(failure(550, "5.1.1"))
        func bytes(_ returned: DSNReturn?) async throws -> String {
            String(decoding: try await notice([("b@d.test", event)], returned: returned).message.bytes, as: UTF8.self)
        }
        #expect(try await !bytes(nil).contains("Contenu confidentiel"))
        #expect(try await bytes(nil).contains("Message-ID: <1@client.test>"))
        #expect(try await !bytes(.headers).contains("Contenu confidentiel"))
        #expect(try await bytes(.full).contains("Contenu confidentiel"))
        // A delay returns nothing whole (RFC 3461 §4.3).
        let delay = DeliveryNoticeRequest.Item.Event.delayed(failure(450, "4.2.0"), until: time + .seconds(60))
        let (_, delayed) = try await notice([("b@d.test", delay)], returned: .full)
        #expect(!String(decoding: delayed.bytes, as: UTF8.self).contains("Contenu confidentiel"))
        #expect(delayed.deliveryReport?.recipients[0].action == .delayed)
        #expect(delayed.deliveryReport?.recipients[0].willRetryUntil != nil)
    }

    @Test("§6.7.2.1: a server refused by the peer check is told as a domain outside the trust space")
    func untrusted() async throws {
        let refusal = SMTPPeerRefusal(explanation: "Hors liste blanche.", detail: "DN", isPermanent: true)
        let failure = SMTPClientFailure(.policy, .peerCheck, .peerRefused(refusal), isPermanent: true)
        let (_, message) = try await notice([("b@d.test", .failed(failure))])
        #expect(message.deliveryReport?.recipients[0].status == "5.7.1")
        #expect(message.bodyText?.contains("espace de confiance") == true)
    }

    @Test("a message that can no longer be read is reported all the same; a hostile one adds nothing to the notice")
    func hostile() async throws {
        let event = DeliveryNoticeRequest.Item.Event.failed(failure(550, "5.1.1"))
        let (_, empty) = try await notice([("b@d.test", event)], content: "")
        #expect(empty.deliveryReport?.recipients.count == 1)
        let (_, hostile) = try await notice(
            [("b@d.test", event)], content: String(repeating: "X: y\r\n", count: 30_000))
        #expect(hostile.deliveryReport?.recipients.count == 1)
        #expect(hostile.bytes.count < 300_000)
    }
}

extension Message {
    /// The text of the first part, as a reader sees it.
    fileprivate var bodyText: String? { views.text.first.map { text(of: parts[$0]) } }
}
