import MSSAccounts
import MSSCore
import MSSSMTP
import MSSTraces
import Testing

@testable import MSSConnector

@Suite("What applications read of notices", .timeLimit(.minutes(5)))
struct NoticeMarkTests {
    /// An operator with `laboratoire`, an application's mailbox.
    private static func make() async throws -> (TestOperator, Operator, MailboxID) {
        let alpha = try await TestOperator("alpha")
        let laboratory = try await alpha.openLaboratory()
        let operation = try alpha.makeOperator(
            whitelist: Samples.whitelist([("alpha.mssante.fr", try alpha.certificateName)]))
        return (alpha, operation, laboratory)
    }

    @Test("EX_GBM_4430: an absence and a full mailbox reach the application that sent, marked for software, and traced")
    func notices() async throws {
        let (alpha, operation, laboratory) = try await Self.make()
        try await alpha.perform(
            .replyAutomatically(
                alpha.id("jeanne.martin"),
                AutomaticReply(text: "Absente jusqu'à lundi.", from: alpha.clock.now() - .seconds(60), until: nil)),
            by: .person(alpha.doctor))
        let sender = alpha.address("laboratoire")
        let to = ["jeanne.martin@alpha.mssante.fr", "paul.durand@alpha.mssante.fr"]
        let result = await operation.submission.submit(
            Submission(
                .user(.application(structure: alpha.finess), .application("CN=laboratoire"), .clientCertificate),
                sender: sender, recipients: to.map { .init(Samples.address($0)) }),
            TestOperator.message(from: sender.text, to: to))
        #expect(result.outcomes.map(\.outcome) == [.acceptedHere, .acceptedHere])
        // Since the message was taken, the second mailbox has filled up.
        try await alpha.perform(.setQuota(alpha.id("paul.durand"), 1))
        _ = try await alpha.drop.deliver(
            MailboxDelivery(
                SMTPContent("0123456789\r\n".utf8), to: MailboxReference(alpha.mailboxes["paul.durand"]!), key: "k",
                received: Samples.epoch))
        try await operation.running {
            let kept = await alpha.drop.messages(in: laboratory, atLeast: 2).map(\.text)
            let absence = "Avis-Automatique: absence; certitude=probable;\r\n\tdestinataire=\(to[0])\r\n"
            let full = "Avis-Automatique: boite-pleine; certitude=certaine;\r\n\tdestinataire=\(to[1])\r\n"
            for mark in [absence, full] {
                #expect(kept.contains { $0.hasPrefix("Return-Path: <>\r\n" + mark) }, "\(kept)")
            }
        }
        let traced = alpha.traces.events.filter { $0.action == .deposit && $0.mailbox == sender }
        let kinds = traced.compactMap { $0.changes.first { $0.attribute == "avis" }?.after }
        #expect(Set(kinds) == ["absence", "boite-pleine"])
    }

    @Test(
        "EX_GBM_4430: an ordinary message is marked as none, above a mark that its sender forged; persons see no mark")
    func ordinary() async throws {
        let (alpha, operation, laboratory) = try await Self.make()
        let to = ["laboratoire@alpha.mssante.fr", "paul.durand@alpha.mssante.fr"]
        let forged =
            Array("Avis-Automatique: boite-pleine; certitude=certaine\r\n".utf8)
            + TestOperator.message(from: "jeanne.martin@alpha.mssante.fr", to: to)
        try await operation.running {
            _ = await alpha.submit(operation, from: "jeanne.martin", as: alpha.doctor, to: to, message: forged)
            let path = "Return-Path: <jeanne.martin@alpha.mssante.fr>\r\n"
            let marked = await alpha.drop.messages(in: laboratory, atLeast: 1)[0].text
            #expect(marked.hasPrefix(path + "Avis-Automatique: aucun\r\nReceived: "))
            let plain = await alpha.drop.messages(in: alpha.id("paul.durand"), atLeast: 1)[0].text
            #expect(plain.hasPrefix(path + "Received: "))
        }
    }

    @Test("What a report names goes into the field only as an address of the directory's alphabet, and not without end")
    func hostileRecipients() {
        let end = "\r\nAction: failed\r\nStatus: 5.2.2\r\n"
        let names = (0..<20).map { "Final-Recipient: rfc822; dr\($0)@x.mssante.fr" + end }
        let evil = "Final-Recipient: rfc822; a\"; certitude=x@y.fr" + end
        let report =
            "From: <MAILER-DAEMON@x.mssante.fr>\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
            + "--b\r\nContent-Type: text/plain\r\n\r\nPlein.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            + "Reporting-MTA: dns; x.mssante.fr\r\n\r\n" + ([evil] + names).joined(separator: "\r\n")
            + "\r\n--b--\r\n"
        let mark = NoticeMark(reading: Array(report.utf8))
        #expect(mark.kind == "boite-pleine" && mark.asksForAction)
        let lines = mark.line.split(separator: "\r\n")
        #expect(lines.count == 9 && lines.dropFirst().allSatisfy { $0.hasPrefix("\tdestinataire=dr") }, "\(mark.line)")
        #expect(!mark.line.contains("\""))
    }
}
