import MSSCore
import MSSSASL
import MSSTLS
import NIOCore
import Testing

@testable import MSSSMTP

@Suite("SMTP server session: TLS and authentication")
struct SessionSecurityTests {
    private func psc(_ change: (inout SMTPSessionConfiguration) -> Void = { _ in }) -> SessionDriver {
        secured(SMTPSessionConfiguration.submissionPSC(serverName: "mx.test").with(change), .anonymous)
    }

    private func secured(_ configuration: SMTPSessionConfiguration, _ tls: TLSSessionFacts) -> SessionDriver {
        var driver = SessionDriver(configuration)
        _ = driver.say("STARTTLS")
        driver.session.secured(tls, at: driver.now)
        driver.run()
        _ = driver.say("EHLO client")
        driver.replies = []
        return driver
    }

    @Test(
        "EX_3.1_5020, RFC 3207 §4: before STARTTLS, everything but EHLO, NOOP, STARTTLS and QUIT gets 530 5.7.0",
        arguments: [
            "MAIL FROM:<a@x.fr>", "MAIL", "RCPT TO:<b@y.fr>", "DATA", "BDAT 0 LAST", "AUTH PLAIN AHUAcA==",
            "AUTH PLAIN !",
            "HELO x", "VRFY x", "EXPN x", "RSET", "HELP",
        ])
    func inClear(line: String) {
        var driver = SessionDriver(.operator(serverName: "mx.test"))
        #expect(driver.say(line) == "530 5.7.0 Must issue a STARTTLS command first")
        #expect(driver.say("NOOP").hasPrefix("250"))
        #expect(driver.say("STARTTLS").hasPrefix("220 2.0.0") && driver.wantsTLS)
    }

    @Test("Before TLS, EHLO offers STARTTLS, and nothing of what comes after")
    func capabilities() {
        var driver = SessionDriver(.submissionPSC(serverName: "mx.test"))
        #expect(
            driver.say("EHLO x")
                == "250-mx.test\r\n250-PIPELINING\r\n250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME")
        var after = psc()
        let reply = after.say("EHLO x")
        #expect(reply.contains("250-AUTH XOAUTH2 OAUTHBEARER") && !reply.contains("STARTTLS"))
    }

    @Test("RFC 3207 §4.2: after TLS nothing said before counts")
    func forgets() {
        var driver = SessionDriver(.open.with { $0.security = .startTLSOffered })
        _ = driver.say("STARTTLS")
        driver.session.secured(.anonymous, at: driver.now)
        driver.run()
        #expect(driver.session.facts.clientName == nil)
        #expect(driver.say("MAIL FROM:<a@x.fr>").hasPrefix("503"))
        #expect(driver.say("EHLO x").hasPrefix("250"))
        #expect(driver.say("STARTTLS").hasPrefix("503"))
        #expect(driver.session.facts.protocolName == "ESMTPS")
    }

    @Test("CVE-2011-0411: octets in clear behind STARTTLS end the session, whatever the configuration")
    func injection() {
        for configuration in [
            SMTPSessionConfiguration.operator(serverName: "mx"), .loose.with { $0.security = .startTLSOffered },
        ] {
            var driver = SessionDriver(configuration)
            driver.feed("STARTTLS\r\nMAIL FROM:<a@x.fr>\r\n")
            #expect(driver.codes.last == 554 && driver.isClosed && !driver.wantsTLS)
        }
    }

    @Test("STARTTLS within a transaction is refused; TLS that cannot begin gets 454 4.7.0")
    func noTLS() {
        var driver = SessionDriver(.open.with { $0.security = .startTLSOffered })
        _ = driver.say("MAIL FROM:<a@x.fr>")
        #expect(driver.say("STARTTLS").hasPrefix("503"))
        _ = driver.say("RSET")
        _ = driver.say("STARTTLS")
        driver.session.tlsUnavailable()
        driver.run()
        #expect(driver.last.hasPrefix("454 4.7.0") && driver.say("NOOP").hasPrefix("250"))
    }

    static let token = XOAUTH2Credentials(user: "jean@medecin.mssante.fr", token: "a.b.c")!.message.base64

    @Test("EX_LPS_0700: XOAUTH2 in one command, 235 2.7.0 Accepted")
    func xoauth2() {
        var driver = psc()
        #expect(driver.say("MAIL FROM:<a@x.fr>") == "530 5.7.0 Authentication required")
        #expect(driver.say("AUTH XOAUTH2 \(Self.token)") == "235 2.7.0 Accepted")
        #expect(driver.session.facts.identity?.mailbox == "jean@medecin.mssante.fr")
        #expect(driver.session.facts.protocolName == "ESMTPSA")
        #expect(driver.say("AUTH XOAUTH2 \(Self.token)").hasPrefix("503"))
        #expect(driver.say("MAIL FROM:<a@x.fr> AUTH=<>").hasPrefix("250"))
    }

    @Test("XOAUTH2 in two steps, with an empty challenge")
    func twoSteps() {
        var driver = psc()
        #expect(driver.say("AUTH XOAUTH2") == "334 ")
        #expect(driver.say(Self.token) == "235 2.7.0 Accepted")
    }

    @Test("EX_LPS_0710: wrong credentials get 535 5.7.8 to the letter")
    func wrong() {
        for line in ["AUTH XOAUTH2 \(Self.token)", "AUTH XOAUTH2 AAAA", "AUTH XOAUTH2 ="] {
            var driver = psc()
            driver.refusals["authenticate"] = SMTPRefusal(SMTPReplies().invalidCredentials)
            #expect(driver.say(line) == "535 5.7.8 Authentication credentials invalid")
            #expect(driver.say("MAIL FROM:<a@x.fr>").hasPrefix("530 5.7.0"))
        }
    }

    @Test("RFC 7628 §3.2.3: a refused OAUTHBEARER token is explained, then refused; XOAUTH2 too when configured")
    func challenge() throws {
        var driver = psc { $0.challengesRefusedXOAUTH2 = true }
        driver.refusals["authenticate"] = SMTPRefusal(SMTPReplies().invalidCredentials)
        let bearer = try #require(OAuthBearerCredentials(user: "a@b.fr", token: "t")).message.base64
        for (line, status) in [("AUTH OAUTHBEARER \(bearer)", "invalid_token"), ("AUTH XOAUTH2 \(Self.token)", "401")] {
            let reply = driver.say(line)
            let json = try #require(SASLMessage(base64: reply.dropFirst(4).utf8))
            #expect(reply.hasPrefix("334 ") && String(decoding: json.bytes, as: UTF8.self).contains(status))
            #expect(driver.say("AQ==") == "535 5.7.8 Authentication credentials invalid")
        }
    }

    @Test("EX_LPS_1200: PLAIN and LOGIN name the mailbox beside the certificate; EXTERNAL needs one")
    func certificate() {
        let configuration = SMTPSessionConfiguration.submissionCertificate(serverName: "mx.test")
        let plain = PlainCredentials(user: "app@hopital.mssante.fr", password: "").message.base64
        for tls in [TLSSessionFacts.certified, .anonymous] {
            var driver = secured(configuration, tls)
            #expect(driver.say("EHLO x").contains("AUTH PLAIN LOGIN EXTERNAL") == (tls.peer != nil))
            #expect(driver.say("AUTH EXTERNAL =").hasPrefix(tls.peer == nil ? "504" : "235"))
        }
        var driver = secured(configuration, .certified)
        #expect(driver.say("AUTH PLAIN \(plain)").hasPrefix("235"))
        #expect(driver.session.facts.identity?.mailbox == "app@hopital.mssante.fr")
        var login = secured(configuration, .certified)
        #expect(login.say("AUTH LOGIN") == "334 VXNlcm5hbWU6")
        #expect(login.say("YXBw") == "334 UGFzc3dvcmQ6")
        #expect(login.say("") == "235 2.7.0 Accepted")
        #expect(login.session.facts.identity?.mailbox == "app")
    }

    @Test("AUTH not before TLS, not twice, not in a transaction, not what is not offered, cancelled by *")
    func order() {
        var clear = SessionDriver(
            .open.with {
                $0.security = .startTLSOffered
                $0.mechanisms = [.plain]
            })
        #expect(clear.say("AUTH PLAIN AHUAcA==").hasPrefix("538 5.7.11"))
        #expect(!clear.say("EHLO x").contains("AUTH"))
        var driver = psc()
        #expect(driver.say("AUTH PLAIN AHUAcA==").hasPrefix("504 5.5.4"))
        #expect(driver.say("AUTH SCRAM-SHA-256").hasPrefix("504 5.5.4"))
        _ = driver.say("AUTH XOAUTH2")
        #expect(driver.say("*").hasPrefix("501 5.7.0"))
        var open = psc { $0.requiresAuthentication = false }
        _ = open.say("MAIL FROM:<a@x.fr>")
        #expect(open.say("AUTH XOAUTH2 \(Self.token)").hasPrefix("503"))
        var ahead = psc()
        ahead.feed("AUTH XOAUTH2 \(Self.token)\r\nMAIL FROM:<a@x.fr>\r\n")
        #expect(ahead.last.hasPrefix("554 5.5.0") && ahead.isClosed)
    }

    @Test("Garbage instead of base64 gets 501 5.5.2; an endless response 500 5.5.6; neither keeps memory")
    func garbage() {
        var driver = psc()
        for garbage in ["%%%%", "AAA", "A=AA", "\u{0}\u{1}", "AAAA AAAA", ""] {
            _ = driver.say("AUTH XOAUTH2")
            let reply = driver.say(garbage)
            #expect(reply.hasPrefix(garbage.isEmpty ? "535 5.7.8" : "501 5.5.2"), "\(garbage)")
        }
        _ = driver.say("AUTH XOAUTH2")
        let long = String(repeating: "A", count: 100_000)
        driver.held = 0
        driver.feed(long + "\r\n", step: 1000)
        #expect(driver.last.hasPrefix("500 5.5.6") && driver.held < 20_000)
        #expect(driver.say("NOOP").hasPrefix("250"))
    }

    @Test("A token of 12,000 octets fits, other lines of that length do not")
    func longToken() {
        var driver = psc()
        let message = XOAUTH2Credentials(user: "a@b.fr", token: String(repeating: "t", count: 9000))!.message
        #expect(driver.say("AUTH XOAUTH2 \(message.base64)").hasPrefix("235"))
        #expect(driver.say("NOOP " + String(repeating: "x", count: 9000)).hasPrefix("500 5.5.2"))
    }

    @Test("Guessing ends: the session closes after the fifth failure")
    func guessing() {
        var driver = psc()
        driver.refusals["authenticate"] = SMTPRefusal(SMTPReplies().invalidCredentials)
        for attempt in 1...5 {
            #expect(!driver.isClosed, "\(attempt)")
            #expect(driver.say("AUTH XOAUTH2 \(Self.token)").hasPrefix("535 5.7.8"))
        }
        #expect(driver.isClosed)
    }

    @Test("A provider that cannot be reached is no wrong credential: its 454 passes")
    func temporary() {
        var driver = psc()
        driver.refusals["authenticate"] = SMTPRefusal(
            code: 454, enhanced: "4.7.0", text: "Temporary authentication failure")
        #expect(driver.say("AUTH XOAUTH2 \(Self.token)").hasPrefix("454 4.7.0"))
    }
}
