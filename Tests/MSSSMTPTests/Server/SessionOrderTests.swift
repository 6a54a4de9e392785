import MSSCore
import MSSTLS
import NIOCore
import Testing

@testable import MSSSMTP

@Suite("SMTP server session: order of commands")
struct SessionOrderTests {
    @Test("RFC 5321 appendix D.1: a transaction", arguments: [1, 7, Int.max])
    func transaction(step: Int) {
        var driver = SessionDriver(.loose)
        driver.feed(
            "MAIL FROM:<a@x.fr>\r\nRCPT TO:<b@y.fr>\r\nRCPT TO:<c@y.fr>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n", step: step)
        #expect(driver.codes == [250, 250, 250, 354, 250, 221])
        #expect(driver.messages == [Array("hi\r\n".utf8)])
        #expect(driver.questions.suffix(4) == ["sender", "recipient", "recipient", "message"])
        #expect(driver.isClosed && driver.replies[4].wire == "250 2.0.0 Accepted as id\r\n")
    }

    @Test("The greeting names the server; EHLO lists the extensions")
    func hello() {
        var driver = SessionDriver(isGreeted: false)
        #expect(driver.last == "220 mx.test ESMTP MSSante")
        let extensions = driver.say("EHLO client").split(separator: "\r\n").dropFirst().map { $0.dropFirst(4) }
        #expect(
            extensions == [
                "PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SIZE 26214400", "SMTPUTF8", "CHUNKING", "DSN",
                "LIMITS MAILMAX=1000 RCPTMAX=40",
            ])
        #expect(driver.say("HELO client") == "250 mx.test")
        #expect(driver.say("MAIL FROM:<a@x.fr> SIZE=3").hasPrefix("555 5.5.4"))
        #expect(driver.say("MAIL FROM:<a@x.fr>").hasPrefix("250"))
    }

    @Test(
        "EX_3.1_5040, RFC 5321 §4.1.4: commands out of order get 503, and change nothing",
        arguments: ["RCPT TO:<b@y.fr>", "DATA", "BDAT 0 LAST", "STARTTLS"])
    func outOfOrder(line: String) {
        var driver = SessionDriver()
        #expect(driver.say(line).hasPrefix(line == "STARTTLS" ? "502 5.5.1" : "503 5.5.1"))
        #expect(driver.say("MAIL FROM:<a@x.fr>").hasPrefix("250"))
        #expect(driver.say("MAIL FROM:<a@x.fr>").hasPrefix("503 5.5.1"))
        #expect(driver.say("RCPT TO:<b@y.fr>").hasPrefix("250"))
        #expect(driver.say("DATA").hasPrefix("354"))
    }

    @Test("MAIL before EHLO is refused")
    func helloFirst() {
        var driver = SessionDriver(isGreeted: false)
        for line in ["MAIL FROM:<a@x.fr>", "RCPT TO:<b@y.fr>", "DATA", "BDAT 0 LAST"] {
            #expect(driver.say(line).hasPrefix("50"), "\(line)")
        }
    }

    @Test("The small commands: NOOP, VRFY 252, EXPN 502, HELP 214, RSET, unknown 500")
    func small() {
        var driver = SessionDriver()
        #expect(driver.say("NOOP anything") == "250 2.0.0 OK")
        #expect(driver.say("VRFY someone").hasPrefix("252 2."))
        #expect(driver.say("EXPN list").hasPrefix("502 5.5.1"))
        #expect(driver.say("HELP").hasPrefix("214 2.0.0"))
        #expect(driver.say("RSET") == "250 2.0.0 OK")
        #expect(driver.say("TURN").hasPrefix("500 5.5.1"))
        #expect(driver.say("EHLO").hasPrefix("501 5.5.4"))
        #expect(driver.say("LHLO x").hasPrefix("500 5.5.1"))
    }

    @Test("RSET, EHLO, a message and its refusal each leave no transaction behind")
    func stateReset() {
        for end in ["RSET", "EHLO again", "HELO again"] {
            var driver = SessionDriver()
            driver.feed("MAIL FROM:<a@x.fr>\r\nRCPT TO:<b@y.fr>\r\n")
            #expect(driver.say(end).hasPrefix("250"))
            #expect(driver.say("DATA").hasPrefix("503"))
            #expect(driver.say("RCPT TO:<b@y.fr>").hasPrefix("503"))
        }
        for refusal in [nil, SMTPRefusal.later] {
            var driver = SessionDriver()
            driver.refusals["message"] = refusal
            driver.feed("MAIL FROM:<a@x.fr>\r\nRCPT TO:<b@y.fr>\r\n")
            driver.feed("DATA\r\n")
            driver.feed("x\r\n.\r\n")
            #expect(driver.codes.suffix(2) == [354, refusal == nil ? 250 : 451])
            #expect(driver.say("DATA").hasPrefix("503"))
        }
    }

    @Test("The backend's refusals reach the client word for word, at every question")
    func refusals() {
        let refusal = SMTPRefusal(code: 550, enhanced: "5.7.1", text: "EX_3.1_5030: DN not in the whitelist")
        var driver = SessionDriver(isGreeted: false)
        driver.refusals = ["hello": refusal]
        #expect(driver.say("EHLO x") == "550 5.7.1 EX_3.1_5030: DN not in the whitelist")
        #expect(driver.say("MAIL FROM:<a@x.fr>").hasPrefix("503"))
        driver.refusals = ["sender": refusal]
        #expect(driver.say("EHLO x").hasPrefix("250"))
        #expect(driver.say("MAIL FROM:<a@x.fr>") == "550 5.7.1 EX_3.1_5030: DN not in the whitelist")
        #expect(driver.say("RCPT TO:<b@y.fr>").hasPrefix("503"))
        driver.refusals = ["recipient": .unknown]
        #expect(driver.say("MAIL FROM:<>").hasPrefix("250"))
        #expect(driver.say("RCPT TO:<b@y.fr>") == "550 5.1.1 No such mailbox")
        #expect(driver.say("DATA").hasPrefix("554 5.5.1"))
    }

    @Test("A refused connection reads why instead of the greeting, and is closed")
    func refusedConnection() {
        var session = SMTPServerSession(
            configuration: .open, facts: SMTPSessionFacts(id: "1", entryPoint: "t", peer: nil))
        session.start(at: .uptimeNanoseconds(1))
        _ = session.next(at: .uptimeNanoseconds(1))
        session.answer(.refused(SMTPRefusal(code: 554, enhanced: "5.7.1", text: "Go")), at: .uptimeNanoseconds(1))
        guard case .reply(let reply)? = session.next(at: .uptimeNanoseconds(1)), reply.code == 554,
            case .close? = session.next(at: .uptimeNanoseconds(1))
        else { return #expect(Bool(false)) }
    }

    @Test(
        "RFC 2920 §3.1: who sends ahead where it must wait is stopped before it does harm",
        arguments: [
            ("EHLO x\r\nMAIL FROM:<a@x.fr>\r\n", ""), ("HELO x\r\n\r\n", ""),
            ("DATA\r\nSubject: x\r\n", "MAIL FROM:<a@x.fr>\r\nRCPT TO:<b@y.fr>\r\n"),
        ])
    func synchronisation(ahead: String, before: String) {
        var driver = SessionDriver()
        driver.feed(before)
        driver.feed(ahead)
        #expect(driver.last.hasPrefix("554 5.5.0") && driver.isClosed && driver.messages.isEmpty)
        driver.feed("NOOP\r\n")
        #expect(driver.last.hasPrefix("554 5.5.0"))
    }

    @Test("What comes before the greeting is answered with an error, not with a greeting")
    func early() {
        var driver = SessionDriver(isGreeted: false)
        var session = SMTPServerSession(configuration: .open, facts: driver.session.facts)
        session.start(at: driver.now)
        session.receive(ByteBuffer(string: "\u{16}\u{3}\u{1}"), at: driver.now)
        _ = session.next(at: driver.now)
        driver.session = session
        driver.answer(.accepted)
        #expect(driver.last.hasPrefix("554 5.5.0") && driver.isClosed)
    }

    @Test("Pipelined commands are answered in order, as if sent one by one")
    func pipelining() {
        var driver = SessionDriver()
        driver.refusals["recipient"] = .unknown
        driver.feed("MAIL FROM:<a@x.fr>\r\nRCPT TO:<b@y.fr>\r\nRCPT TO:<c@y.fr>\r\nDATA\r\n")
        #expect(driver.codes == [250, 550, 550, 554])
        driver.feed("RSET\r\nNOOP\r\nMAIL FROM:<a@x.fr>\r\nQUIT\r\n")
        #expect(driver.codes.suffix(4) == [250, 250, 250, 221])
    }

    @Test(
        "A line of a browser or proxy ends the session",
        arguments: ["GET / HTTP/1.1", "POST /x HTTP/1.0", "connect a:25 HTTP/1.1"])
    func otherProtocols(line: String) {
        var driver = SessionDriver()
        #expect(driver.say(line).hasPrefix("554 5.5.1") && driver.isClosed)
    }

    @Test("One question at a time: commands sent ahead wait for the answer")
    func sequence() {
        var driver = SessionDriver()
        driver.holds = ["sender"]
        driver.feed("MAIL FROM:<a@x.fr>\r\nRCPT TO:<b@y.fr>\r\n")
        #expect(driver.replies.isEmpty && driver.questions.last == "sender" && !driver.session.wantsInput)
        driver.answer(.accepted)
        #expect(driver.codes == [250, 250] && driver.session.wantsInput)
    }

    @Test("Null sender, postmaster, source routes and parameters reach the backend as they are")
    func parameters() {
        var driver = SessionDriver()
        #expect(driver.say("MAIL FROM:<> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x+2By").hasPrefix("250"))
        #expect(driver.say("RCPT TO:<Postmaster>").hasPrefix("250"))
        #expect(driver.say("RCPT TO:<dédé@y.fr> NOTIFY=SUCCESS ORCPT=rfc822;a@b.fr").hasPrefix("250"))
        let envelope = driver.session.transaction?.envelope
        #expect(envelope?.sender == .null && envelope?.parameters.envelopeID == "x+y")
        #expect(envelope?.recipients.map(\.path.wire) == ["<Postmaster>", "<dédé@y.fr>"])
        #expect(envelope?.recipients[1].parameters.notify == .success)
        #expect(driver.say("RCPT TO:<c@y.fr> XFOO=1").hasPrefix("555 5.5.4"))
    }

    @Test("What is not offered is not accepted")
    func notOffered() {
        var driver = SessionDriver(
            .open.with {
                $0.offersDSN = false
                $0.offersChunking = false
                $0.offersSMTPUTF8 = false
            })
        for parameter in ["RET=FULL", "ENVID=1", "SMTPUTF8", "BODY=BINARYMIME", "AUTH=<>", "XFOO"] {
            #expect(driver.say("MAIL FROM:<a@x.fr> \(parameter)").hasPrefix("555 5.5.4"), "\(parameter)")
        }
        #expect(driver.say("MAIL FROM:<a@x.fr>").hasPrefix("250"))
        #expect(driver.say("RCPT TO:<b@y.fr> NOTIFY=NEVER").hasPrefix("555"))
        #expect(driver.say("BDAT 3 LAST").hasPrefix("502"))
    }
}
