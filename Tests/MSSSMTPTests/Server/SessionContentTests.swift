import MSSCore
import NIOCore
import Testing

@testable import MSSSMTP

@Suite("SMTP server session: content")
struct SessionContentTests {
    private func ready(_ configuration: SMTPSessionConfiguration = .open, recipients: Int = 1) -> SessionDriver {
        var driver = SessionDriver(configuration)
        _ = driver.say("MAIL FROM:<a@x.fr>")
        for number in 0..<recipients { _ = driver.say("RCPT TO:<b\(number)@y.fr>") }
        driver.replies = []
        return driver
    }

    @Test(
        "Smuggling: no false end ends a message; it is read to the true end, then refused, and the session stays in step",
        arguments: SmugglingSequences.all, [1, 1000])
    func smuggling(end: String, step: Int) {
        var driver = ready()
        _ = driver.say("DATA")
        let smuggled = "MAIL FROM:<evil@x.fr>\r\nRCPT TO:<c@y.fr>\r\nDATA\r\nevil\r\n"
        driver.feed("Subject: a\r\n\r\nx\(end)\(smuggled).\r\n", step: step)
        #expect(driver.codes == [354, 550] && driver.messages.isEmpty && driver.aborts == [.refused])
        #expect(driver.say("NOOP") == "250 2.0.0 OK")
        #expect(driver.say("DATA").hasPrefix("503"))
        #expect(driver.questions.filter { $0 == "sender" }.count == 1)
    }

    @Test("A message arrives whole, however it is cut", arguments: [1, 2, 3, 100_000])
    func whole(step: Int) throws {
        let text = (0..<2000).map { $0 % 3 == 0 ? ".line \($0)\r\n" : "ligne \($0) é\r\n" }.joined()
        var framer = SMTPContentFramer(doublesDots: true, lineEnds: .refuse)
        var framed = try framer.frame(ByteBuffer(string: text))
        framed.writeImmutableBuffer(try framer.end())
        let wire = Array(framed.readableBytesView) + Array(".\r\n".utf8)
        var driver = ready()
        _ = driver.say("DATA")
        driver.feed(wire, step: step)
        #expect(driver.codes == [354, 250] && driver.messages == [Array(text.utf8)])
        #expect(driver.held < 20_000)
    }

    @Test("Size: declared too large at MAIL, counted too large at the end, read over in between")
    func size() {
        var driver = SessionDriver(.open.with { $0.limits.messageSize = 100 })
        #expect(driver.say("MAIL FROM:<a@x.fr> SIZE=101").hasPrefix("552 5.3.4"))
        #expect(driver.say("MAIL FROM:<a@x.fr> SIZE=100").hasPrefix("250"))
        _ = driver.say("RCPT TO:<b@y.fr>")
        _ = driver.say("DATA")
        driver.feed(String(repeating: "0123456789\r\n", count: 1000), step: 1000)
        #expect(driver.aborts == [.refused] && driver.codes.last == 354 && driver.held < 3000)
        driver.feed(".\r\n")
        #expect(driver.last.hasPrefix("552 5.3.4") && driver.messages.isEmpty)
        #expect(driver.say("NOOP").hasPrefix("250"))
    }

    @Test("A message that is refused and does not end, ends with the connection")
    func endless() {
        var driver = ready(
            .open.with {
                $0.limits.messageSize = 100; $0.limits.discardedOctets = 10_000
            })
        _ = driver.say("DATA")
        for _ in 0..<200 where !driver.isClosed { driver.feed(String(repeating: "x", count: 98) + "\r\n") }
        #expect(driver.isClosed && driver.codes.last == 421)
    }

    @Test("The backend may allow a sender more, or less, than the entry point (EX_GBM_4420 exemptions)")
    func allowance() {
        var driver = SessionDriver(
            .open.with {
                $0.limits.recipients = 2; $0.limits.messageSize = 10
            })
        driver.allowance = SMTPAllowance(recipients: 3, messageSize: 20)
        #expect(driver.say("MAIL FROM:<dgs@dgs.mssante.fr> SIZE=20").hasPrefix("250"))
        for number in 1...3 { #expect(driver.say("RCPT TO:<r\(number)@y.fr>").hasPrefix("250")) }
        #expect(driver.say("RCPT TO:<r4@y.fr>").hasPrefix("452 4.5.3"))
        _ = driver.say("DATA")
        driver.feed("0123456789012345\r\n.\r\n")
        #expect(driver.codes.last == 250)
    }

    @Test("EX_GBM_4420: forty recipients, then 452 4.5.3; the message goes to the forty")
    func recipients() {
        var driver = ready(recipients: 40)
        #expect(driver.say("RCPT TO:<one@more.fr>") == "452 4.5.3 Too many recipients")
        _ = driver.say("DATA")
        driver.feed(".\r\n")
        #expect(driver.codes.last == 250 && driver.messages.count == 1)
    }

    @Test(
        "RFC 5321 §4.5.3.1.10: whoever names three hundred recipients reads 452 for those too many, and the rest is served"
    )
    func manyRecipients() {
        var driver = ready(recipients: 40)
        for number in 0..<260 { #expect(driver.say("RCPT TO:<r\(number)@more.fr>").hasPrefix("452 4.5.3")) }
        _ = driver.say("DATA")
        driver.feed(".\r\n")
        #expect(driver.codes.last == 250 && driver.messages.count == 1)
    }

    @Test("NUL and lines without end are refused, long lines are not")
    func unfit() {
        for (text, code) in [
            ("a\0b", 550), (String(repeating: "x", count: 65_537), 550), (String(repeating: "x", count: 65_536), 250),
        ] {
            var driver = ready()
            _ = driver.say("DATA")
            driver.feed(text + "\r\n.\r\n", step: 5000)
            #expect(driver.codes == [354, code])
        }
    }

    @Test("A backend that gives up in the middle is heard at the end, and nothing more is given to it")
    func givesUp() {
        var driver = ready()
        driver.refusals["message"] = SMTPRefusal(code: 452, enhanced: "4.3.1", text: "Disk full")
        _ = driver.say("DATA")
        driver.feed("a\r\nb\r\n.\r\n")
        #expect(driver.codes == [354, 452] && driver.body.isEmpty && driver.messages.isEmpty)
    }

    @Test("RFC 5321 §6.1: a receipt before the end of the message is no receipt")
    func early() {
        var driver = ready()
        _ = driver.say("DATA")
        driver.feed("half\r\n")
        driver.answer(.taken([.success(SMTPReceipt(id: "early"))]))
        driver.feed("rest\r\n.\r\n")
        #expect(driver.codes == [354, 451])
    }

    // MARK: BDAT

    @Test("RFC 3030 §2: chunks, each answered, the last with the message's fate", arguments: [1, 5, 1000])
    func chunks(step: Int) {
        var driver = ready()
        driver.feed("BDAT 8\r\na\r\n.\r\nb\r", step: step)
        #expect(driver.last == "250 2.0.0 8 octets received")
        driver.feed("BDAT 0\r\nBDAT 9 LAST\r\n\nBDAT 1\r\nNOOP\r\n", step: step)
        #expect(driver.codes == [250, 250, 250, 250])
        #expect(driver.messages == [Array("a\r\n.\r\nb\r\nBDAT 1\r\n".utf8)])
        #expect(driver.session.commandsRead == driver.session.repliesMade)
    }

    @Test("Bare line ends in chunks are refused as in DATA, at the end of the chunk that has them")
    func chunkFaults() {
        for (chunk, code) in [("a\nb", 550), ("a\rb", 550), ("ab\r", 550), ("a\0b", 550), ("ab\r\n", 250)] {
            var driver = ready()
            driver.feed("BDAT \(chunk.utf8.count) LAST\r\n\(chunk)")
            #expect(driver.codes == [code], "\(chunk)")
            #expect(driver.say("BDAT 2 LAST\r\nxx").hasPrefix("503"))
        }
    }

    @Test("A refused chunk is read over, not taken for commands; what follows is refused until MAIL")
    func refusedChunk() {
        var driver = SessionDriver()
        driver.feed("BDAT 6\r\nQUIT\r\nNOOP\r\n")
        #expect(driver.codes == [503, 250] && !driver.isClosed)
        var large = ready(.open.with { $0.limits.messageSize = 10 })
        large.feed("BDAT 6\r\n012345BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n")
        #expect(large.codes == [250, 552, 503, 250] && large.aborts == [.refused])
    }

    @Test("A chunk that nobody would read ends the session at once")
    func hugeChunk() {
        var driver = ready()
        #expect(driver.say("BDAT 999999999999 LAST").hasPrefix("552 5.3.4") && driver.isClosed)
        var early = SessionDriver()
        #expect(early.say("BDAT 999999999999").hasPrefix("503") && early.isClosed)
    }

    @Test("Within a message by chunks: no MAIL, RCPT or DATA; RSET, EHLO and QUIT give it up")
    func betweenChunks() {
        var driver = ready()
        driver.feed("BDAT 1\r\nx")
        for line in ["MAIL FROM:<a@x.fr>", "RCPT TO:<b@y.fr>", "DATA", "STARTTLS"] {
            #expect(driver.say(line).hasPrefix("50"), "\(line)")
        }
        for (end, code) in [("RSET", 250), ("EHLO x", 250), ("QUIT", 221)] {
            var driver = ready()
            driver.feed("BDAT 1\r\nx")
            driver.holds = ["message"]
            driver.feed(end + "\r\n")
            #expect(driver.aborts == [.reset] && driver.codes == [250], "\(end) waits for the backend")
            driver.answer(.refused(.later))
            #expect(driver.codes == [250, code] && driver.messages.isEmpty)
        }
    }

    @Test("Chunks of one octet cost no memory and end at their limit")
    func tinyChunks() {
        var driver = ready(
            .open.with {
                $0.limits.chunks = 5000; $0.limits.commandsWithoutMessage = .max
            })
        for _ in 0..<5000 { driver.feed("BDAT 1\r\nx") }
        #expect(driver.codes.allSatisfy { $0 == 250 } && driver.held <= 16 << 10)
        #expect(driver.say("BDAT 1\r\nx").hasPrefix("552 5.5.3"))
    }

    @Test("A message of 25 MB in chunks of 8 KB is taken: chunks are not counted among idle commands")
    func manyChunks() {
        var driver = ready()
        let chunk = "BDAT 8192\r\n" + String(repeating: String(repeating: "x", count: 8190) + "\r\n", count: 1)
        for _ in 0..<3199 { driver.feed(chunk) }
        driver.feed("BDAT 0 LAST\r\n")
        #expect(driver.codes.allSatisfy { $0 == 250 } && driver.messages.map(\.count) == [3199 * 8192])
        // Other commands still are, from one message to the next.
        for _ in 0..<1000 { #expect(driver.say("NOOP").hasPrefix("250")) }
        #expect(driver.say("NOOP").hasPrefix("421 4.7.0") && driver.isClosed)
    }

    // MARK: LMTP

    static let lmtp = SMTPSessionConfiguration.lmtp(serverName: "store.test")

    @Test("RFC 2033 §4.2: LMTP answers for each accepted recipient, in order")
    func perRecipient() {
        for (command, end) in [("DATA\r\n", "x\r\n.\r\n"), ("BDAT 3 LAST\r\n", "x\r\n")] {
            var driver = SessionDriver(Self.lmtp)
            driver.results = { envelope in
                envelope.recipients.enumerated().map {
                    $0.offset == 1 ? .failure(.later) : .success(SMTPReceipt(id: "\($0.offset)"))
                }
            }
            driver.feed("MAIL FROM:<a@x.fr>\r\nRCPT TO:<b@y.fr>\r\nRCPT TO:<c@y.fr>\r\nRCPT TO:<d@y.fr>\r\n")
            driver.replies = []
            driver.feed(command)
            driver.feed(end)
            #expect(driver.codes.suffix(3) == [250, 451, 250])
            #expect(driver.last == "250 2.1.5 Accepted as 2")
            #expect(driver.session.commandsRead == driver.session.repliesMade)
        }
    }

    @Test("LMTP: a refused message is refused for each; without recipients DATA gets 503; EHLO is not LMTP")
    func lmtpRefusals() {
        var driver = SessionDriver(Self.lmtp)
        #expect(driver.say("EHLO x").hasPrefix("500"))
        driver.feed("MAIL FROM:<a@x.fr>\r\nRCPT TO:<b@y.fr>\r\nRCPT TO:<c@y.fr>\r\n")
        _ = driver.say("DATA")
        driver.feed("a\nb\r\n.\r\n")
        #expect(driver.codes.suffix(2) == [550, 550])
        driver.refusals["recipient"] = .unknown
        _ = driver.say("MAIL FROM:<a@x.fr>")
        _ = driver.say("RCPT TO:<b@y.fr>")
        #expect(driver.say("DATA").hasPrefix("503"))
    }
}
