import MSSAccounts
import MSSCore
import MSSMessage
import MSSSMTP
import MSSTraces
import NIOCore
import Testing

@testable import MSSConnector

@Suite("What people read of other systems' notices (RE_GBM_4410)", .timeLimit(.minutes(5)))
struct NoticeDressTests {
    private static func notice(returning size: Int = 0) -> [UInt8] {
        let line = String(repeating: "x", count: 70) + "\r\n"
        return Array(
            ("From: MAILER-DAEMON@mx.beta.mssante.fr\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
                + "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
                + "--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
                + "Reporting-MTA: dns; mx.beta.mssante.fr\r\n\r\nFinal-Recipient: rfc822; a@beta.mssante.fr\r\n"
                + "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: CR\r\n\r\n"
                + String(repeating: line, count: size / line.utf8.count) + "\r\n--b--\r\n").utf8)
    }

    /// What a mailbox holds after a deposit, without what the operator writes above a message.
    private static func kept(
        _ bytes: [UInt8], from sender: String?, in local: String, dresses: Bool = true
    ) async throws -> (text: String, changes: [TraceChange]) {
        let alpha = try await TestOperator("alpha")
        _ = try await alpha.openLaboratory()
        let operation = try alpha.makeOperator(
            whitelist: Samples.whitelist([("alpha.mssante.fr", try alpha.certificateName)])
        ) { $0.dressesNotices = dresses }
        let recipient = OutgoingEnvelope.Recipient(Samples.address("\(local)@alpha.mssante.fr"))
        let deposit = MailboxDeposit(flow: operation.flow, key: "k", arrival: alpha.clock.now(), recipient: recipient)
        let envelope = OutgoingEnvelope(sender: sender.map { Samples.address($0) }, recipients: [recipient])
        let mailbox = try await deposit.mailbox()
        // In pieces that cut the beginning anywhere.
        let content = SMTPContent(size: bytes.count) { Pieces(bytes: bytes, size: 1_000) }
        let made = try await deposit.put(content, envelope, into: mailbox)
        var event = deposit.trace(sender: envelope.sender, size: bytes.count)
        deposit.describe(made, in: &event)
        let text = await alpha.drop.messages(in: mailbox.id, atLeast: 1)[0].text
        #expect(made.receipt.size == text.utf8.count)
        return (text, event.changes)
    }

    private struct Pieces: AsyncSequence, AsyncIteratorProtocol {
        var bytes: [UInt8]
        let size: Int
        func makeAsyncIterator() -> Pieces { self }
        mutating func next() async -> ByteBuffer? {
            guard !bytes.isEmpty else { return nil }
            defer { bytes.removeFirst(Swift.min(size, bytes.count)) }
            return ByteBuffer(bytes: bytes.prefix(size))
        }
    }

    @Test("A person's mailbox has the explanation above the notice, traced; the notice is whole below, a long one too")
    func person() async throws {
        for size in [0, 1 << 20] {
            let bytes = Self.notice(returning: size)
            let (text, changes) = try await Self.kept(bytes, from: nil, in: "paul.durand")
            #expect(changes == [TraceChange("avis", before: nil, after: "expliqué")])
            let message = Message(Array(text.utf8))
            #expect(message.header.subject == "Message non remis : adresse inconnue")
            #expect(message.deliveryReport?.recipients.first?.status == "5.1.1")
            #expect(message.bodyText?.contains("Aucune boîte aux lettres ne correspond") == true)
            #expect(text.hasPrefix("Return-Path: <>\r\n") && text.contains("I'm sorry."))
            let whole = String(decoding: bytes, as: UTF8.self)
            let machine = try #require(whole.firstRange(of: "\r\n--b\r\nContent-Type: message/delivery-status"))
            #expect(text.hasSuffix(whole[machine.lowerBound...]))
        }
    }

    @Test("As they came: in an application's mailbox, with the setting off, and what has a sender")
    func untouched() async throws {
        let bytes = Self.notice()
        let text = String(decoding: bytes, as: UTF8.self)
        let application = try await Self.kept(bytes, from: nil, in: "laboratoire")
        #expect(application.text.hasSuffix("\r\n" + text) && application.text.contains("Avis-Automatique: non-remis"))
        let off = try await Self.kept(bytes, from: nil, in: "paul.durand", dresses: false)
        #expect(off.text == "Return-Path: <>\r\n" + text && off.changes.isEmpty)
        let sent = try await Self.kept(bytes, from: "luc@beta.mssante.fr", in: "paul.durand")
        #expect(sent.text == "Return-Path: <luc@beta.mssante.fr>\r\n" + text && sent.changes.isEmpty)
    }
}
