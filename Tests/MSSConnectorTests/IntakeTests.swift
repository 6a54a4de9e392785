import MSSCore
import MSSMessage
import MSSSMTP
import NIOCore
import Testing

@testable import MSSConnector

@Suite("Messages on their way in")
struct IntakeTests {
    /// Feeds text in pieces of a size; gives head and body as the splitter does.
    static func split(_ text: String, by size: Int, limit: Int = 1000) -> (
        head: String?, body: String, isTooLarge: Bool
    ) {
        var splitter = HeadSplitter(limit: limit)
        var head: String?
        var body = ""
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let piece = ByteBuffer(bytes: rest.prefix(size))
            rest = rest.dropFirst(size)
            switch splitter.feed(piece) {
            case .more: break
            case .tooLarge: return (head, body, true)
            case .head(let bytes, let after):
                head = String(decoding: bytes, as: UTF8.self)
                body += String(buffer: after)
            case .body(let piece): body += String(buffer: piece)
            }
        }
        if let bytes = splitter.finish() { head = String(decoding: bytes, as: UTF8.self) }
        return (head, body, false)
    }

    @Test("A header is found whole, however the message is cut", arguments: [1, 2, 3, 5, 7, 1000])
    func headers(_ size: Int) {
        let text = "A: b\r\nC: d\r\n\r\nbody\r\n\r\nmore\r\n"
        let result = Self.split(text, by: size)
        #expect(result.head == "A: b\r\nC: d\r\n\r\n")
        #expect(result.body == "body\r\n\r\nmore\r\n")
        // No header, header alone, and nothing.
        #expect(Self.split("\r\nbody\r\n", by: size).head == "\r\n")
        #expect(Self.split("\r\nbody\r\n", by: size).body == "body\r\n")
        #expect(Self.split("A: b\r\n", by: size).head == "A: b\r\n")
        #expect(Self.split("", by: size).head == "")
    }

    @Test("A header beyond its limit is refused, with or without an end")
    func endlessHeaders() {
        #expect(Self.split(String(repeating: "A: b\r\n", count: 1000), by: 64).isTooLarge)
        #expect(Self.split(String(repeating: "A: b\r\n", count: 500) + "\r\nx", by: 4096).isTooLarge)
    }

    @Test("Line ends of any kind become CRLF, however they are cut", arguments: [1, 2, 3, 100])
    func lineEnds(_ size: Int) {
        func mend(_ text: String) -> String {
            var mender = LineEndMender()
            var result = ""
            var rest = Array(text.utf8)[...]
            var last: UInt8?
            while !rest.isEmpty {
                let piece = ByteBuffer(bytes: rest.prefix(size))
                rest = rest.dropFirst(size)
                let mended = mender.mend(piece)
                last = mended.readableBytesView.last ?? last
                result += String(buffer: mended)
            }
            return result + String(buffer: mender.finish(lastByte: last))
        }
        #expect(mend("a\nb\r\nc\rd") == "a\r\nb\r\nc\r\nd\r\n")
        #expect(mend("a\r") == "a\r\n")
        #expect(mend("a\r\r\n\n") == "a\r\n\r\n\r\n")
        #expect(mend("") == "")
    }

    @Test("A submitted header gets Date and Message-ID, and loses Bcc")
    func submittedHeaders() {
        func complete(_ text: String) -> String {
            let bytes = Array(text.utf8)
            return String(
                decoding: SubmissionHead.completed(
                    bytes, Message(bytes).header, stamp: "Received: x\r\n", id: "abc",
                    host: Samples.domain("mx.alpha.mssante.fr"),
                    date: MessageDate(Timestamp(seconds: 0), zoneMinutes: 0)), as: UTF8.self)
        }
        #expect(
            complete("From: a@b.fr\r\nBcc: hidden@c.fr,\r\n other@c.fr\r\nSubject: x\r\nBCC: again@c.fr\r\n\r\n")
                == "Received: x\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\nMessage-ID: <abc@mx.alpha.mssante.fr>\r\n"
                + "From: a@b.fr\r\nSubject: x\r\n\r\n")
        let whole = "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nMessage-ID: <q@b>\r\nFrom: a@b.fr\r\n\r\n"
        #expect(complete(whole) == "Received: x\r\n" + whole)
    }

    @Test("EX_GBM_4220: the author shown is the mailbox that sends, in From and in Sender")
    func authors() {
        func isAuthored(_ header: String) -> Bool {
            SubmissionHead.isAuthoredBy(
                Samples.directory("jeanne.martin@alpha.mssante.fr"), Message(Array("\(header)\r\n\r\n".utf8)).header)
        }
        #expect(isAuthored("From: Dr Martin <Jeanne.Martin@alpha.mssante.fr>"))
        #expect(!isAuthored("From: Dr Durand <paul.durand@alpha.mssante.fr>"))
        #expect(!isAuthored("From: a <jeanne.martin@alpha.mssante.fr>, b <paul.durand@alpha.mssante.fr>"))
        #expect(
            !isAuthored("From: <jeanne.martin@alpha.mssante.fr>\r\nFrom: <paul.durand@alpha.mssante.fr>"))
        #expect(
            !isAuthored("From: <jeanne.martin@alpha.mssante.fr>\r\nSender: <paul.durand@alpha.mssante.fr>"))
        #expect(!isAuthored("Subject: x"))
    }

    @Test("A message that goes round in a circle is stopped")
    func loops() {
        let rules = Samples.rules()
        #expect(rules.refusal(ofHops: 50) == nil)
        #expect(rules.refusal(ofHops: 51) == .loop)
    }

    @Test("EX_GDT_5050: message names are unique and sort by time")
    func names() {
        let first = MessageNames.make(at: Timestamp(seconds: 1_770_000_000))
        let later = MessageNames.make(at: Timestamp(seconds: 1_770_000_001))
        #expect(first.rawValue < later.rawValue)
        #expect(first.rawValue.count == 22)
        let many = Set((0..<1000).map { _ in MessageNames.make(at: Samples.epoch).rawValue })
        #expect(many.count == 1000)
    }
}
