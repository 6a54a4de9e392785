import MSSCore
import MSSSASL
import NIOCore
import Testing

@testable import MSSIMAP

@Suite("IMAP session: greeting, TLS, authentication, limits")
struct SessionTests {
    @Test("EX_LPS_0500, EX_LPS_0700: before TLS, STARTTLS and LOGINDISABLED; no mechanism, no login, no token in clear")
    func inClear() async {
        let dialogue = await IMAPDialogue(.psc(serverName: "imap.test"))
        let greeting = dialogue.read()
        #expect(greeting.hasPrefix("* OK [CAPABILITY IMAP4rev1 IMAP4rev2 SASL-IR"))
        #expect(greeting.contains("STARTTLS") && greeting.contains("LOGINDISABLED") && !greeting.contains("AUTH="))
        #expect(await dialogue.say("a LOGIN joe secret").hasPrefix("a NO [PRIVACYREQUIRED]"))
        #expect(await dialogue.say("b AUTHENTICATE XOAUTH2").hasPrefix("b NO [PRIVACYREQUIRED]"))
        #expect(await dialogue.say("c SELECT INBOX").hasPrefix("c BAD"))
        #expect(await dialogue.say("d STARTTLS").hasPrefix("d OK") && dialogue.wantsTLS)
    }

    @Test("CVE-2011-0411: what follows STARTTLS in clear ends the session")
    func injected() async {
        let dialogue = await IMAPDialogue(.psc(serverName: "imap.test"))
        _ = dialogue.read()
        let answer = await dialogue.say("a STARTTLS\r\nb NOOP")
        #expect(answer.hasPrefix("* BYE") && dialogue.isClosed && !dialogue.wantsTLS)
    }

    @Test("EX_LPS_0700: XOAUTH2 in one command with SASL-IR, and in two")
    func token() async {
        let token = XOAUTH2Credentials(user: "marie@h.fr", token: "good")!.message.base64
        let dialogue = await IMAPDialogue()
        #expect(dialogue.read().contains("AUTH=XOAUTH2"))
        #expect(await dialogue.say("A01 AUTHENTICATE XOAUTH2 \(token)").hasPrefix("A01 OK"))
        #expect(dialogue.session.facts.identity?.mailbox == "marie@h.fr")
        let other = await IMAPDialogue()
        _ = other.read()
        #expect(await other.say("A01 AUTHENTICATE XOAUTH2") == "+ \r\n")
        #expect(await other.say(token).hasPrefix("A01 OK [CAPABILITY"))
        #expect(await other.say("A02 AUTHENTICATE XOAUTH2 \(token)").hasPrefix("A02 BAD"))
    }

    @Test(
        "EX_LPS_0710: a refused token is NO [AUTHENTICATIONFAILED] Authentication failed; a provider that is down is not"
    )
    func refused() async {
        let dialogue = await IMAPDialogue()
        _ = dialogue.read()
        let bad = XOAUTH2Credentials(user: "marie@h.fr", token: "bad")!.message.base64
        let failed = "NO [AUTHENTICATIONFAILED] Authentication failed\r\n"
        #expect(await dialogue.say("A01 AUTHENTICATE XOAUTH2 \(bad)") == "A01 " + failed)
        #expect(await dialogue.say("A02 AUTHENTICATE XOAUTH2 AAAA") == "A02 " + failed)
        #expect(await dialogue.say("A03 LOGIN marie wrong") == "A03 " + failed)
        let later = XOAUTH2Credentials(user: "marie@h.fr", token: "later")!.message.base64
        #expect(await dialogue.say("A04 AUTHENTICATE XOAUTH2 \(later)").hasPrefix("A04 NO [UNAVAILABLE]"))
        let last = await dialogue.say("A05 LOGIN marie wrong")
        #expect(last.hasPrefix("A05 NO") && last.contains("* BYE") && dialogue.isClosed)
    }

    @Test("RFC 7628 §3.2.3: OAUTHBEARER explains a refusal in a challenge first")
    func challenge() async {
        let dialogue = await IMAPDialogue()
        _ = dialogue.read()
        let bad = OAuthBearerCredentials(user: "marie@h.fr", token: "bad")!.message.base64
        #expect(await dialogue.say("a AUTHENTICATE OAUTHBEARER \(bad)").hasPrefix("+ "))
        #expect(await dialogue.say("AQ==").hasPrefix("a NO [AUTHENTICATIONFAILED]"))
        #expect(await dialogue.say("b AUTHENTICATE OAUTHBEARER").hasPrefix("+ "))
        #expect(await dialogue.say("*").hasPrefix("b BAD"))
    }

    @Test("EX_LPS_1000: 15 minutes without a command end the session with BYE; a command starts them anew")
    func idleTime() async {
        let dialogue = await IMAPDialogue.loggedIn()
        #expect(await dialogue.wait(.minutes(14)) == "")
        _ = await dialogue.say("a NOOP")
        #expect(await dialogue.wait(.minutes(14)) == "")
        #expect(
            await dialogue.wait(.minutes(1)) == "* BYE No command for 15 minutes, please log in again (EX_LPS_1000)\r\n"
        )
        #expect(dialogue.isClosed)
    }

    @Test("EX_LPS_1000: IDLE is one command: signs of life meanwhile, the end after 15 minutes")
    func idling() async {
        let dialogue = await IMAPDialogue.loggedIn()
        #expect(await dialogue.say("a IDLE") == "+ idling\r\n")
        for _ in 0..<7 { #expect(await dialogue.wait(.minutes(2)) == "* OK Still here\r\n") }
        #expect(await dialogue.wait(.minutes(1)).hasPrefix("* BYE No command for 15 minutes"))
    }

    @Test("EX_LPS_1000: 4 hours end any session")
    func wholeTime() async {
        let dialogue = await IMAPDialogue.loggedIn()
        var last = ""
        for _ in 0..<24 {
            _ = await dialogue.say("a NOOP")
            last = await dialogue.wait(.minutes(10))
        }
        #expect(last == "* BYE Session has lasted 4 hours, please log in again (EX_LPS_1000)\r\n")
    }

    @Test("A literal announced and never sent, a login that never comes: the session ends by itself")
    func stalled() async {
        let dialogue = await IMAPDialogue.loggedIn()
        #expect(await dialogue.say("a APPEND INBOX {1000}") == "+ OK\r\n")
        #expect(await dialogue.feed(Array("From:".utf8)) == "")
        #expect(await dialogue.wait(.minutes(2)).hasPrefix("* BYE What was announced did not come"))
        let silent = await IMAPDialogue()
        _ = silent.read()
        #expect(await silent.wait(.minutes(3)).hasPrefix("* BYE No authentication"))
    }

    @Test("Literals before and after login have limits of their own; the session goes on after one that is too large")
    func literals() async {
        let dialogue = await IMAPDialogue()
        _ = dialogue.read()
        #expect(await dialogue.say("a LOGIN {1025}").hasPrefix("a BAD [TOOBIG]"))
        #expect(await dialogue.say("b LOGIN {1025+}") == "")
        let text = String(repeating: "x", count: 1025) + " secret"
        #expect(await dialogue.say(text).hasPrefix("b BAD [TOOBIG]"))
        #expect(await dialogue.say("c LOGIN {3+}\r\njoe {6+}\r\nsecret").hasPrefix("c OK"))
        #expect(await dialogue.say("d APPEND INBOX {26214401}").hasPrefix("d NO [TOOBIG]"))
        #expect(await dialogue.say("e SEARCH BODY {16385}").hasPrefix("e BAD [TOOBIG]"))
        #expect(await dialogue.say("f APPEND INBOX {99999999999+}").hasPrefix("* BYE [TOOBIG]"))
    }

    @Test("Twenty commands that are none end the session; before login fifty of any kind do")
    func errors() async {
        let dialogue = await IMAPDialogue.loggedIn()
        for _ in 0..<20 { #expect(await dialogue.say("a NONSENSE").hasPrefix("a BAD")) }
        #expect(await dialogue.say("a NONSENSE").contains("* BYE [CLIENTBUG] Too many errors"))
        let early = await IMAPDialogue()
        _ = early.read()
        for _ in 0..<50 { _ = await early.say("a NOOP") }
        #expect(await early.say("a NOOP").hasPrefix("* BYE [LIMIT]"))
    }

    @Test("Commands sent ahead are answered in order, each once")
    func pipelining() async {
        let dialogue = await IMAPDialogue.loggedIn()
        let answers = await dialogue.say("a SELECT INBOX\r\nb NOOP\r\nc CAPABILITY\r\nd NONSENSE\r\ne LOGOUT\r\nf NOOP")
        let tagged = answers.split(separator: "\r\n").filter { !$0.hasPrefix("*") }.map { $0.prefix(4) }
        #expect(tagged == ["a OK", "b OK", "c OK", "d BA", "e OK"])
        #expect(dialogue.isClosed)
    }

    @Test("RFC 2971: ID tells what the client is; names stay one line each")
    func identification() async {
        let dialogue = await IMAPDialogue.loggedIn()
        #expect(
            await dialogue.say("a ID (\"name\" \"LPS\" \"version\" NIL)")
                == "* ID (\"name\" \"swift-mssante\")\r\na OK Completed\r\n")
        #expect(dialogue.session.facts.client == ["name": "LPS"])
    }
}
