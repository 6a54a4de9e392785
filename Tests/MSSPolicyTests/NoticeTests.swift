import Foundation
import MSSCore
import MSSPolicy

import Testing

@Suite struct NoticeTests {
    private let mailbox = "jeanne.martin@hopital.mssante.fr"

    private func notice(_ kind: LifecycleAction.Kind) throws -> OutOfBandNotice {
        try #require(OutOfBandNotice(for: kind, mailbox: try directory(mailbox)))
    }

    private func contact() throws -> ContactPoint {
        try ContactPoint.mail(MailAddress("jeanne@exemple.fr")) { _ in false }
    }

    @Test(
        "EX_GBM_4440: the warning speaks of unpublication for inactivity, not of liste rouge, and tells how to oppose it"
    )
    func unpublication() throws {
        let notice = try notice(.warnUnpublication(on: Day(year: 2026, month: 12, day: 5)))
        #expect(notice.subject.contains("dépubliée pour cause d'inactivité le 05/12/2026"))
        #expect(notice.body.contains(mailbox))
        #expect(notice.body.contains("connectez-vous"))
        #expect(!(notice.subject + notice.body).lowercased().contains("liste rouge"))
    }

    @Test("EX_GBM_6010: the warning says what will be lost, when, and how to oppose it")
    func deletion() throws {
        let notice = try notice(.warnDeletion(on: Day(year: 2027, month: 1, day: 2)))
        #expect(notice.subject.contains("02/01/2027"))
        #expect(notice.body.contains("irrévocable"))
        #expect(notice.body.contains("connectez-vous"))
    }

    @Test("EX_GBM_4470: the notice of a full mailbox says that nothing comes in or goes out any more")
    func quota() throws {
        #expect(try notice(.noticeQuota(.high)).subject.contains("80 %"))
        #expect(try notice(.noticeQuota(.veryHigh)).subject.contains("90 %"))
        #expect(try notice(.noticeQuota(.full)).body.contains("ne peut plus ni recevoir ni envoyer"))
    }

    @Test("What users need not know makes no notice")
    func silent() throws {
        for kind: LifecycleAction.Kind in [
            .unpublish, .republish(unlistedByChoice: false), .delete, .noteQuota(.free),
            .purge(.all, before: Day(number: 1)),
        ] {
            #expect(OutOfBandNotice(for: kind, mailbox: try directory(mailbox)) == nil)
        }
    }

    @Test("RE_GBM_4430: the notice of a suspension carries its reason, on one line whatever was typed")
    func suspension() throws {
        let notice = OutOfBandNotice.suspension(
            of: try directory(mailbox), reason: "hameçonnage\r\nBcc: x@y.fr\u{2028}fin", on: Day(number: 20_000))
        #expect(notice.body.contains("Motif : hameçonnage  Bcc: x@y.fr fin\n"))
        let certificate = OutOfBandNotice.certificate(
            CertificateExpiry(name: "a\nb", lastDay: Day(number: 20_000)), today: Day(number: 20_001))
        #expect(certificate.subject.contains("« a b » est expiré depuis le"))
        #expect(!certificate.subject.contains("\n"))
    }

    @Test("EX_GBM_4440, EX_GBM_6010: no contact address lies in the trust space")
    func contactPoint() throws {
        for (text, isAllowed) in [
            ("jeanne@exemple.fr", true), ("jeanne@hopital.mssante.fr", false), ("jeanne@mssante.fr", false),
            ("jeanne@apicrypt.org", false), ("jeanne@notmssante.fr", true),
        ] {
            let address = try MailAddress(text)
            let contact = try? ContactPoint.mail(address) { $0.ascii == "apicrypt.org" }
            #expect((contact != nil) == isAllowed)
        }
    }

    @Test("A file takes notices line by line, as JSON that any reader understands")
    func file() async throws {
        let path = NSTemporaryDirectory() + "/notices-\(UUID().uuidString).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let channel = FileNotificationChannel(path: path)
        let notice = try notice(.noticeQuota(.high))
        try await channel.deliver(notice, to: contact(), key: "7-\"q\"\\\u{1}")
        try await channel.deliver(notice, to: .external(key: "badge 12"), key: "8")
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2)
        let object = try #require(JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: String])
        #expect(object["key"] == "7-\"q\"\\\u{1}")
        #expect(object["body"] == notice.body)
        #expect(object["contact"] == "jeanne@exemple.fr")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        await #expect(throws: NotificationFailure.self) {
            try await FileNotificationChannel(path: "/nonexistent/notices").deliver(notice, to: contact(), key: "9")
        }
    }

    @Test("A webhook that answers anything but success has not taken the notice")
    func webhook() async throws {
        let transport = StubTransport()
        let channel = WebhookNotificationChannel(transport: transport, url: "https://si.exemple.fr/avis")
        let notice = try notice(.noticeQuota(.high))
        try await channel.deliver(notice, to: contact(), key: "k1")
        let request = try #require(transport.requests.withLock { $0.first })
        #expect(request.headers.contains(HTTPField("Idempotency-Key", "k1")))
        #expect(try JSONSerialization.jsonObject(with: Data(request.body)) is [String: String])
        transport.status.withLock { $0 = 503 }
        await #expect(throws: NotificationFailure.refused(status: 503)) {
            try await channel.deliver(notice, to: contact(), key: "k2")
        }
    }

    @Test("Ordinary mail serves addresses only, outside the trust space by their type")
    func mail() async throws {
        let sender = StubSender()
        let channel = MailNotificationChannel(sender: sender)
        let notice = try notice(.noticeQuota(.full))
        try await channel.deliver(notice, to: contact(), key: "k")
        #expect(sender.sent.withLock { $0 } == ["jeanne@exemple.fr \(notice.subject)"])
        await #expect(throws: NotificationFailure.unsupportedContact) {
            try await channel.deliver(notice, to: .external(key: "x"), key: "k")
        }
    }
}

private final class StubTransport: HTTPTransport {
    let requests = Guarded<[HTTPRequest]>([])
    let status = Guarded(204)
    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        requests.withLock { $0.append(request) }
        return HTTPResponse(status: status.withLock { $0 })
    }
}

private final class StubSender: OrdinaryMailSender {
    let sent = Guarded<[String]>([])
    func send(subject: String, text: String, to recipient: OrdinaryMailAddress, key: String) async throws {
        sent.withLock { $0.append("\(recipient.address.text) \(subject)") }
    }
}
