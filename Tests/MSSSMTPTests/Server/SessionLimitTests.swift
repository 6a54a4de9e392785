import MSSCore
import NIOCore
import Testing

@testable import MSSSMTP

@Suite("SMTP server session: limits and time")
struct SessionLimitTests {
    @Test("100,000 commands at once: bounded memory, one reply each, and an end")
    func manyCommands() {
        var driver = SessionDriver(.open.with { $0.limits.commandsWithoutMessage = .max })
        for _ in 0..<1000 { driver.feed(String(repeating: "NOOP\r\n", count: 100)) }
        #expect(driver.replies.count == 100_000 && driver.codes.allSatisfy { $0 == 250 })
        var limited = SessionDriver()
        for _ in 0..<1000 { limited.feed(String(repeating: "NOOP\r\n", count: 100)) }
        #expect(limited.isClosed && limited.codes.last == 421 && limited.replies.count == 1000)
    }

    @Test("Wrong commands end with 421 4.7.0 after twenty")
    func errors() {
        var driver = SessionDriver()
        for _ in 1...20 { #expect(driver.say("XYZZY").hasPrefix("500")) }
        #expect(driver.say("XYZZY").hasPrefix("421 4.7.0") && driver.isClosed)
    }

    @Test("A flood of refused recipients ends; forty good ones among bad ones do not")
    func recipientFlood() {
        var driver = SessionDriver()
        driver.refusals["recipient"] = .unknown
        _ = driver.say("MAIL FROM:<a@x.fr>")
        for _ in 1...200 { #expect(driver.say("RCPT TO:<b@y.fr>").hasPrefix("550")) }
        #expect(driver.say("RCPT TO:<b@y.fr>").hasPrefix("421 4.7.0") && driver.isClosed)
    }

    @Test(
        "Lines: 2048 octets are read, one more is refused once the line has ended, and costs no memory",
        arguments: [1, 700, Int.max])
    func lines(step: Int) {
        var driver = SessionDriver()
        driver.feed("NOOP " + String(repeating: "x", count: 2041) + "\r\n", step: step)
        #expect(driver.codes == [250])
        driver.feed("NOOP " + String(repeating: "x", count: 2042) + "\r\n", step: step)
        #expect(driver.codes == [250, 500] && driver.last == "500 5.5.2 Line too long")
        driver.held = 0
        driver.feed(String(repeating: "y", count: 200_000), step: 700)
        #expect(driver.held <= 12_288 && driver.replies.count == 2)
        driver.feed("\r\nNOOP\r\n")
        #expect(driver.codes == [250, 500, 500, 250])
    }

    @Test("A line without end ends the session")
    func endlessLine() {
        var driver = SessionDriver()
        for _ in 0..<40 { driver.feed(String(repeating: "y", count: 50_000)) }
        #expect(driver.isClosed && driver.codes == [500])
    }

    @Test("RFC 5321 §2.3.8: a line feed alone ends no command; it is refused, once for each")
    func bareLineFeed() {
        var driver = SessionDriver()
        driver.feed("MAIL FROM:<a@x.fr>\nRCPT TO:<b@y.fr>\nNOOP\r\n")
        #expect(driver.codes == [500, 500, 250] && !driver.questions.contains("sender"))
        driver.feed("NOOP\rNOOP\r\n")
        #expect(driver.last.hasPrefix("500"))
    }

    @Test("Binary garbage: replies or an end, never a question to the backend")
    func garbage() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            var driver = SessionDriver()
            let asked = driver.questions.count
            driver.feed((0..<20_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }, step: 1500)
            #expect(driver.questions.count == asked && driver.codes.allSatisfy { $0 >= 400 })
        }
    }

    @Test("Transactions are counted and announced")
    func transactions() {
        var driver = SessionDriver(.open.with { $0.limits.transactions = 2 })
        #expect(driver.say("EHLO x").contains("MAILMAX=2"))
        for _ in 1...2 {
            #expect(driver.say("MAIL FROM:<a@x.fr>").hasPrefix("250"))
            _ = driver.say("RSET")
        }
        #expect(driver.say("MAIL FROM:<a@x.fr>").hasPrefix("421 4.3.2") && driver.isClosed)
    }

    // MARK: Time

    @Test("EX_LPS_1000: 15 minutes without a command end the session with 421; a command starts them anew")
    func idle() {
        var driver = SessionDriver(.open.with { $0.limits = .apiLPS })
        driver.wait(.minutes(14))
        _ = driver.say("NOOP")
        driver.wait(.seconds(15 * 60 - 1))
        #expect(!driver.isClosed)
        driver.wait(.seconds(1))
        #expect(driver.isClosed && driver.last.hasPrefix("421 4.4.2"))
    }

    @Test("EX_LPS_1000: 4 hours end the session, whatever the client does")
    func session() {
        var driver = SessionDriver(.open.with { $0.limits = .apiLPS })
        for _ in 0..<24 {
            driver.wait(.minutes(10))
            if !driver.isClosed { _ = driver.say("NOOP") }
        }
        #expect(driver.isClosed && driver.last == "421 4.4.2 Session time exceeded, closing connection")
    }

    @Test("One octet a second: a command line has the idle time in all, a message must advance")
    func slow() {
        var driver = SessionDriver()
        var seconds = 0
        while !driver.isClosed, seconds < 1000 {
            driver.feed("N")
            driver.wait(.seconds(1))
            seconds += 1
        }
        #expect(seconds == 300 && driver.last.hasPrefix("421 4.4.2"))
        var data = SessionDriver()
        for line in ["MAIL FROM:<a@x.fr>", "RCPT TO:<b@y.fr>", "DATA"] { _ = data.say(line) }
        seconds = 0
        while !data.isClosed, seconds < 1000 {
            data.feed("x")
            data.wait(.seconds(1))
            seconds += 1
        }
        #expect(seconds == 300 && data.codes.last == 421 && data.aborts == [.disconnected])
    }

    @Test("A slow line of 4096 octets in five minutes is still mail")
    func slowEnough() {
        var driver = SessionDriver()
        for line in ["MAIL FROM:<a@x.fr>", "RCPT TO:<b@y.fr>", "DATA"] { _ = driver.say(line) }
        for _ in 0..<100 {
            driver.feed(String(repeating: "x", count: 1022) + "\r\n")
            driver.wait(.minutes(1))
        }
        driver.feed(".\r\n")
        #expect(driver.codes.last == 250)
    }

    @Test("A backend that does not answer ends its session, not before its time")
    func backend() {
        var driver = SessionDriver()
        driver.holds = ["sender"]
        driver.feed("MAIL FROM:<a@x.fr>\r\n")
        driver.wait(.seconds(9 * 60 - 1))
        #expect(!driver.isClosed)
        driver.wait(.seconds(1))
        #expect(driver.isClosed && driver.last.hasPrefix("421 4.3.0"))
        // Its answer comes too late and harms nobody.
        driver.answer(.accepted)
    }

    @Test("Past four hours, a message being stored is still answered; then the session ends")
    func lastMessage() {
        var driver = SessionDriver(
            .open.with {
                $0.limits.session = .minutes(10); $0.limits.idle = .minutes(9)
            })
        for line in ["MAIL FROM:<a@x.fr>", "RCPT TO:<b@y.fr>"] { _ = driver.say(line) }
        driver.wait(.minutes(8))
        driver.holds = ["message"]
        _ = driver.say("DATA")
        driver.feed(".\r\n")
        driver.wait(.minutes(5))
        #expect(!driver.isClosed)
        driver.answer(.taken([.success(SMTPReceipt(id: "late"))]))
        #expect(driver.last == "250 2.0.0 Accepted as late")
        driver.wait(.seconds(0))
        #expect(driver.isClosed && driver.codes.last == 421)
    }

    @Test("RFC 5321 §3.8: shutting down, a client between transactions hears 421, another after its message")
    func shutDown() {
        var driver = SessionDriver()
        for line in ["MAIL FROM:<a@x.fr>", "RCPT TO:<b@y.fr>", "DATA"] { _ = driver.say(line) }
        driver.session.shutDown()
        driver.run()
        #expect(!driver.isClosed)
        driver.feed("x\r\n.\r\n")
        #expect(driver.codes.suffix(2) == [250, 421] && driver.isClosed)
        var idle = SessionDriver()
        idle.session.shutDown()
        idle.run()
        #expect(idle.codes == [421] && idle.isClosed)
    }

    @Test("A client that goes, at every state: the backend is told, nothing else happens")
    func disconnect() {
        let dialogue = ["EHLO x", "MAIL FROM:<a@x.fr>", "RCPT TO:<b@y.fr>", "BDAT 4", "ab"]
        for length in 0...dialogue.count {
            for hold in [Set<String>(), ["hello", "sender", "recipient"]] {
                var driver = SessionDriver(isGreeted: false)
                driver.holds = hold
                for line in dialogue.prefix(length) { driver.feed(line + "\r\n") }
                driver.session.disconnected()
                driver.run()
                #expect(driver.isClosed && driver.messages.isEmpty)
                let wasTaking = driver.questions.contains("message")
                #expect(driver.aborts == (wasTaking ? [.disconnected] : []))
                #expect(driver.session.deadline == nil)
                driver.feed("NOOP\r\n")
                #expect(driver.session.unread == 0)
            }
        }
    }
}
