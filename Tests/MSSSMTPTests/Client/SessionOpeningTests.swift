import MSSCore
import MSSSASL
import NIOCore
import Testing

@testable import MSSSMTP

@Suite("A client's session opens")
struct SessionOpeningTests {
    @Test("EX_3.2_5050: EHLO, STARTTLS, peer check, EHLO again, and only then is the session open")
    func order() {
        var dialogue = Dialogue(.test())
        dialogue.connect()
        #expect(dialogue.takeSaid() == "")
        dialogue.server("220 mx.test ESMTP")
        #expect(dialogue.takeSaid() == "EHLO client.test|")
        dialogue.server(Dialogue.ehlo(["STARTTLS", "SIZE 5"]))
        #expect(dialogue.takeSaid() == "STARTTLS|")
        #expect(dialogue.opened == 0)
        dialogue.server("220 2.0.0 go")
        #expect(dialogue.takeSaid() == "<TLS><peer>EHLO client.test|")
        #expect(dialogue.opened == 0)
        dialogue.server(Dialogue.ehlo(["PIPELINING"]))
        #expect(dialogue.opened == 1)
        #expect(dialogue.session.isSecure)
        // RFC 3207 §4.2: what was said in clear is forgotten.
        #expect(dialogue.session.offer.maximumSize == nil)
        #expect(dialogue.session.deadline == nil)
    }

    @Test("EX_3.2_5050: a server without STARTTLS gets no envelope")
    func noStartTLS() {
        var dialogue = Dialogue(.test())
        dialogue.connect()
        dialogue.server("220 mx", Dialogue.ehlo(["PIPELINING"]))
        let failure = dialogue.failures.last ?? nil
        #expect(failure?.kind == .policy)
        #expect(failure?.cause == .notOffered("STARTTLS"))
        #expect(failure?.requirement == "EX_3.2_5050")
        #expect(dialogue.takeSaid() == "EHLO client.test|")
    }

    @Test("a refusal of EHLO does not lead round TLS, nor does a refusal of STARTTLS", arguments: [true, false])
    func refusals(_ refusesHello: Bool) {
        var dialogue = Dialogue(.test())
        dialogue.connect()
        dialogue.server("220 mx")
        if refusesHello { dialogue.server("502 what?") } else { dialogue.server(Dialogue.ehlo(["STARTTLS"]), "502 no") }
        #expect(dialogue.failures.count == 1)
        #expect(!dialogue.takeSaid().contains("HELO"))
        #expect(dialogue.session.isClosed)
    }

    @Test("bytes in clear behind the answer to STARTTLS end the session (CVE-2011-0411)")
    func injection() {
        for text in ["220 go\r\n250 injected\r\n", "220 go\r\n2"] {
            var dialogue = Dialogue(.test())
            dialogue.connect()
            dialogue.server("220 mx", Dialogue.ehlo(["STARTTLS"]))
            _ = dialogue.takeSaid()
            dialogue.raw(text)
            #expect(dialogue.failures.last??.cause == .clearBytesAfterStartTLS)
            #expect(dialogue.takeSaid() == "")
        }
    }

    @Test("EX_3.2_5050: a refused peer gets not a word more, and the failure says the check's reason")
    func refusedPeer() {
        var dialogue = Dialogue(.test())
        dialogue.refusal = SMTPPeerRefusal(
            requirement: "EX_3.2_5060", explanation: "Le certificat ne correspond pas au domaine.", detail: "DN")
        dialogue.connect()
        dialogue.server("220 mx", Dialogue.ehlo(["STARTTLS"]), "220 go")
        #expect(dialogue.takeSaid().hasSuffix("STARTTLS|<TLS><peer>"))
        let failure = dialogue.failures.last ?? nil
        #expect(failure?.kind == .policy)
        #expect(failure?.phase == .peerCheck)
        #expect(failure?.requirement == "EX_3.2_5060")
        #expect(failure?.explanation == "Le certificat ne correspond pas au domaine.")
        #expect(failure?.isPermanent == false)
    }

    @Test("an old server is greeted with HELO where TLS is not required")
    func helo() {
        var dialogue = Dialogue(.test(tls: false))
        dialogue.connect()
        dialogue.server("220 mx", "500 what?")
        #expect(dialogue.takeSaid() == "EHLO client.test|HELO client.test|")
        dialogue.server("250 mx.test at your service")
        #expect(dialogue.opened == 1)
        #expect(dialogue.session.offer.serverName == "mx.test")
        #expect(dialogue.session.offer.extensions.isEmpty)
    }

    @Test("LMTP is greeted with LHLO")
    func lhlo() {
        var dialogue = Dialogue(.test(tls: false, mode: .lmtp))
        dialogue.connect()
        dialogue.server("220 lmtp")
        #expect(dialogue.takeSaid() == "LHLO client.test|")
    }

    @Test("a server with our own name is ourselves: a loop, for good")
    func loop() {
        var configuration = SMTPClientSessionConfiguration.test(tls: false)
        configuration.refusesOwnName = true
        var dialogue = Dialogue(configuration)
        dialogue.connect()
        dialogue.server("220 mx", Dialogue.ehlo([], name: "Client.Test"))
        #expect(dialogue.failures.last??.cause == .loop)
        #expect(dialogue.failures.last??.isPermanent == true)
        #expect(dialogue.failures.last??.status == "5.4.6")
    }

    @Test(
        "the greeting decides", arguments: [("554 go away", true), ("421 busy", false), ("450 later", false)])
    func greeting(_ line: String, _ isPermanent: Bool) {
        var dialogue = Dialogue(.test())
        dialogue.connect()
        dialogue.server(line)
        #expect(dialogue.failures.count == 1)
        #expect(dialogue.failures.last??.isPermanent == isPermanent)
        #expect(dialogue.takeSaid() == "")
    }

    @Test("silence ends each phase by its own timeout, counted to the end of the reply")
    func timeouts() {
        var dialogue = Dialogue(.test())
        dialogue.connect()
        dialogue.passes(.seconds(299))
        #expect(!dialogue.session.isClosed)
        dialogue.server("220 mx")
        dialogue.passes(.seconds(299))
        dialogue.raw("250-one byte a ")  // a server that goes on slowly gains nothing
        dialogue.passes(.seconds(2))
        #expect(dialogue.failures.last??.cause == .timedOut)
        #expect(dialogue.failures.last??.phase == .hello)
        #expect(dialogue.failures.last??.kind == .network)
    }

    @Test("a reply that nobody asked for ends the session")
    func unasked() {
        var dialogue = Dialogue.open()
        dialogue.server("250 surprise")
        #expect(dialogue.failures.last??.cause == .unexpectedReply(250))
        var other = Dialogue.open()
        other.server("421 4.3.2 closing")
        #expect(other.failures.last??.reply?.code == 421)
        #expect(other.failures.last??.phase == .idle)
    }

    @Test("QUIT is said, and its answer not waited for longer than its timeout")
    func quit() {
        var dialogue = Dialogue.open()
        dialogue.act { $0.quit(at: $1) }
        #expect(dialogue.takeSaid() == "QUIT|")
        dialogue.passes(.seconds(6))
        #expect(dialogue.failures.count == 1)
        #expect(dialogue.failures[0] == nil)
    }
}

@Suite("A client authenticates")
struct SessionAuthenticationTests {
    private func dialogue(_ credentials: SASLCredentials?, offering mechanisms: String?) -> Dialogue {
        var dialogue = Dialogue(.test(authenticates: true))
        dialogue.credentials = credentials
        dialogue.connect()
        dialogue.server("220 mx", Dialogue.ehlo(["STARTTLS", "AUTH PLAIN LOGIN XOAUTH2"]))
        #expect(dialogue.credentialRequests == 0)
        dialogue.server("220 go")
        _ = dialogue.takeSaid()
        dialogue.server(Dialogue.ehlo(mechanisms.map { ["AUTH \($0)"] } ?? []))
        return dialogue
    }

    private static let token = SASLCredentials.xoauth2(
        XOAUTH2Credentials(user: "someuser@example.com", token: "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")!)

    @Test("EX_LPS_0700: the token goes in one AUTH XOAUTH2 command, in the form of the example")
    func xoauth2() {
        var dialogue = dialogue(Self.token, offering: "LOGIN PLAIN XOAUTH2")
        #expect(
            dialogue.takeSaid()
                == "AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==|"
        )
        dialogue.server("235 2.7.0 Accepted")
        #expect(dialogue.opened == 1)
    }

    @Test("EX_LPS_0710: a refused token is an authentication failure, after the error challenge was answered")
    func refusedToken() {
        var dialogue = dialogue(Self.token, offering: "XOAUTH2")
        _ = dialogue.takeSaid()
        dialogue.server("334 eyJzdGF0dXMiOiI0MDEifQ==")
        #expect(dialogue.takeSaid() == "|")
        dialogue.server("535 5.7.8 Authentication credentials invalid")
        let failure = dialogue.failures.last ?? nil
        #expect(failure?.kind == .authentication)
        #expect(failure?.status == "5.7.8")
        #expect(failure?.isPermanent == true)
        #expect(failure.map { "\($0)\($0.explanation)" }?.contains("ya29") == false)
    }

    @Test("a temporary failure of the server's own is not a refusal")
    func temporary() {
        var dialogue = dialogue(Self.token, offering: "XOAUTH2")
        dialogue.server("454 4.7.0 Temporary authentication failure")
        #expect(dialogue.failures.last??.kind == .authentication)
        #expect(dialogue.failures.last??.isPermanent == false)
    }

    @Test("OAUTHBEARER answers the error challenge with Control-A (RFC 7628 §3.2.3)")
    func oauthBearer() {
        let credentials = OAuthBearerCredentials(user: "a@b.test", token: "t0k")!
        var dialogue = dialogue(.oauthBearer(credentials), offering: "OAUTHBEARER")
        #expect(dialogue.takeSaid().hasPrefix("AUTH OAUTHBEARER "))
        dialogue.server("334 e30=")
        #expect(dialogue.takeSaid() == "AQ==|")
    }

    @Test("PLAIN, LOGIN and EXTERNAL say what their RFCs say")
    func others() {
        let user = PlainCredentials(user: "u", password: "p")
        var plain = dialogue(.plain(user), offering: "PLAIN")
        #expect(plain.takeSaid() == "AUTH PLAIN AHUAcA==|")
        var external = dialogue(.external(authorizationIdentity: nil), offering: "EXTERNAL")
        #expect(external.takeSaid() == "AUTH EXTERNAL =|")
        var login = dialogue(.login(user), offering: "LOGIN")
        login.server("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6")
        #expect(login.takeSaid() == "AUTH LOGIN|dQ==|cA==|")
        login.server("235 ok")
        #expect(login.opened == 1)
    }

    @Test("endless challenges are cancelled, then given up")
    func challenges() {
        var dialogue = dialogue(.external(authorizationIdentity: nil), offering: "EXTERNAL")
        _ = dialogue.takeSaid()
        dialogue.server("334 ")
        #expect(dialogue.takeSaid() == "*|")
        dialogue.server("334 ")
        #expect(dialogue.failures.last??.cause == .unexpectedReply(334))
    }

    @Test("credentials are not sent to a server that does not offer their mechanism, nor when there are none")
    func notOffered() {
        for offer in ["PLAIN", nil] {
            var dialogue = dialogue(Self.token, offering: offer)
            #expect(dialogue.failures.last??.cause == .notOffered("AUTH"))
            #expect(dialogue.takeSaid() == "")
        }
        let none = dialogue(nil, offering: "XOAUTH2")
        #expect(none.failures.last??.cause == .credentials)
        #expect(none.failures.last??.isPermanent == false)
    }

    @Test("a token too long for an AUTH command is not sent (RFC 4954 §4)")
    func tooLong() {
        let long = XOAUTH2Credentials(user: "a@b.test", token: String(repeating: "x", count: 12_000))!
        var dialogue = dialogue(.xoauth2(long), offering: "XOAUTH2")
        #expect(dialogue.failures.last??.cause == .credentials)
        #expect(dialogue.takeSaid() == "")
    }
}
