import MSSCore
import NIOCore
import Testing

@testable import MSSSMTP

@Suite("A client's transaction")
struct SessionTransactionTests {
    @Test("EX_3.2_5070: commands go together where the server allows it, one by one where not (RFC 2920)")
    func pipelining() {
        var together = Dialogue.open()
        together.begin(.to("b@d.test", "c@d.test"), size: 5)
        let commands = "MAIL FROM:<a@client.test> SIZE=5|RCPT TO:<b@d.test>|RCPT TO:<c@d.test>|DATA|"
        #expect(together.takeSaid() == commands)
        var single = Dialogue.open(offering: ["SIZE"])
        single.begin(.to("b@d.test", "c@d.test"), size: 5)
        #expect(single.takeSaid() == "MAIL FROM:<a@client.test> SIZE=5|")
        single.server("250 ok")
        #expect(single.takeSaid() == "RCPT TO:<b@d.test>|")
        single.server("250 ok")
        #expect(single.takeSaid() == "RCPT TO:<c@d.test>|")
        single.server("250 ok")
        #expect(single.takeSaid() == "DATA|")
        for var dialogue in [together, single] {
            if dialogue.session.expected.count > 1 { dialogue.server("250 ok", "250 ok", "250 ok") }
            #expect(dialogue.contentRequests == 0)
            dialogue.server("354 go")
            #expect(dialogue.contentRequests == 1)
            dialogue.give("Hi\r\n.\r\n")
            dialogue.endContent()
            #expect(dialogue.takeSaid() == "Hi|..|.|")
            #expect(dialogue.results.isEmpty)
            dialogue.server("250 2.0.0 queued")
            #expect(dialogue.outcomes == ["ok 250", "ok 250"])
            #expect(dialogue.session.isReady)
            #expect(dialogue.session.deadline == nil)
        }
    }

    @Test("each recipient has an outcome of its own; those that were refused do not stop the others")
    func perRecipient() {
        var dialogue = Dialogue.open()
        dialogue.begin(.to("b@d.test", "c@d.test", "e@d.test"))
        dialogue.server("250 ok", "550 5.1.1 unknown", "250 ok", "452 4.2.2 full", "354 go")
        dialogue.give("x\r\n")
        dialogue.endContent()
        dialogue.server("250 ok")
        #expect(dialogue.outcomes == ["permanent recipient 550 5.1.1", "ok 250", "transient recipient 452 4.2.2"])
    }

    @Test("when every recipient is refused and DATA was already sent, a dot alone takes it back (RFC 2920 §3.1)")
    func allRefused() {
        var dialogue = Dialogue.open()
        dialogue.begin(.to("b@d.test"))
        _ = dialogue.takeSaid()
        dialogue.server("250 ok", "550 5.1.1 unknown", "354 go")
        #expect(dialogue.takeSaid() == ".|")
        #expect(dialogue.results.isEmpty)
        dialogue.server("554 5.5.1 no valid recipients")
        #expect(dialogue.outcomes == ["permanent recipient 550 5.1.1"])
        #expect(dialogue.contentRequests == 0)
        // A server that refuses DATA is reset instead.
        dialogue.begin(.to("b@d.test"))
        _ = dialogue.takeSaid()
        dialogue.server("250 ok", "550 5.1.1 unknown", "554 no valid recipients")
        #expect(dialogue.takeSaid() == "RSET|")
        dialogue.server("250 ok")
        #expect(dialogue.results.count == 2)
        #expect(dialogue.session.isReady)
    }

    @Test("without PIPELINING nothing is sent after everyone is refused but RSET", arguments: ["450 no", "550 no"])
    func allRefusedSingly(_ reply: String) {
        var dialogue = Dialogue.open(offering: [])
        dialogue.begin(.to("b@d.test"))
        dialogue.server("250 ok", reply)
        #expect(dialogue.takeSaid() == "MAIL FROM:<a@client.test>|RCPT TO:<b@d.test>|RSET|")
        dialogue.server("250 ok")
        #expect(dialogue.results.count == 1)
    }

    @Test("a refused sender is the outcome of every recipient, whatever the server says of them")
    func refusedSender() {
        var dialogue = Dialogue.open()
        dialogue.begin(.to("b@d.test", "c@d.test"))
        dialogue.server("553 5.7.1 not your domain", "503 no MAIL", "250 odd", "503 no")
        #expect(dialogue.outcomes == ["permanent mail 553 5.7.1", "permanent mail 553 5.7.1"])
        #expect(dialogue.session.isReady)
        var single = Dialogue.open(offering: [])
        single.begin(.to("b@d.test", "c@d.test"))
        single.server("450 4.7.1 later")
        #expect(single.outcomes == ["transient mail 450 4.7.1", "transient mail 450 4.7.1"])
        #expect(single.takeSaid() == "MAIL FROM:<a@client.test>|")
    }

    @Test("the null sender is written <> (RFC 5321 §4.5.5)")
    func nullSender() {
        var dialogue = Dialogue.open(offering: [])
        dialogue.begin(.to("b@d.test", from: nil))
        #expect(dialogue.takeSaid() == "MAIL FROM:<>|")
    }

    @Test("EX_GBM_4450: the DSN parameters go to a server that offers them, and to no other (RFC 3461)")
    func dsn() {
        var envelope = OutgoingEnvelope.to("b@d.test")
        envelope.returned = .headers
        envelope.envelopeID = "a+b"
        envelope.recipients[0].notify = [.success, .failure]
        envelope.recipients[0].original = OriginalRecipient(address: "x=y@d.test")
        var dialogue = Dialogue.open(offering: ["DSN", "PIPELINING"])
        dialogue.begin(envelope)
        #expect(
            dialogue.takeSaid()
                == "MAIL FROM:<a@client.test> RET=HDRS ENVID=a+2Bb|RCPT TO:<b@d.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x+3Dy@d.test|DATA|"
        )
        dialogue.server("250 ok", "250 ok", "354 go")
        dialogue.endContent()
        dialogue.server("250 ok")
        #expect(dialogue.results.last?.passedNotices == true)
        var plain = Dialogue.open(offering: ["PIPELINING"])
        plain.begin(envelope)
        #expect(plain.takeSaid() == "MAIL FROM:<a@client.test>|RCPT TO:<b@d.test>|DATA|")
    }

    @Test("a message too large by the server's word is refused without asking it (RFC 1870 §6.1)")
    func size() {
        var dialogue = Dialogue.open()
        dialogue.begin(.to("b@d.test", "c@d.test"), size: 1_000_001)
        #expect(dialogue.takeSaid() == "")
        #expect(dialogue.outcomes == ["permanent mail 5.3.4", "permanent mail 5.3.4"])
        #expect(dialogue.session.isReady)
    }

    @Test("8 bits and UTF-8 go only where they are offered; refused before anything is sent")
    func eightBit() {
        var envelope = OutgoingEnvelope.to("b@d.test")
        envelope.isEightBit = true
        var without = Dialogue.open(offering: [])
        without.begin(envelope)
        #expect(without.outcomes == ["permanent mail 5.6.3"])
        #expect(without.takeSaid() == "")
        var with = Dialogue.open(offering: ["8BITMIME"])
        with.begin(envelope)
        #expect(with.takeSaid() == "MAIL FROM:<a@client.test> BODY=8BITMIME|")

        var ascii = Dialogue.open(offering: ["PIPELINING"])
        ascii.begin(.to("b@d.test", "é@d.test", "c@hôpital.test"))
        // A local part has no ASCII form, a domain has one.
        #expect(
            ascii.takeSaid() == "MAIL FROM:<a@client.test>|RCPT TO:<b@d.test>|RCPT TO:<c@xn--hpital-ixa.test>|DATA|")
        ascii.server("250 ok", "250 ok", "250 ok", "354 go")
        ascii.endContent()
        ascii.server("250 ok")
        #expect(ascii.outcomes == ["ok 250", "permanent mail 5.6.7", "ok 250"])
        var utf8 = Dialogue.open(offering: ["SMTPUTF8", "PIPELINING"])
        utf8.begin(.to("é@d.test"))
        #expect(utf8.takeSaid() == "MAIL FROM:<a@client.test> SMTPUTF8|RCPT TO:<é@d.test>|DATA|")
        var header = OutgoingEnvelope.to("b@d.test")
        header.hasInternationalHeader = true
        var refused = Dialogue.open(offering: ["8BITMIME"])
        refused.begin(header)
        #expect(refused.outcomes == ["permanent mail 5.6.7"])
    }

    @Test("more recipients than the server announces are left for another transaction (RFC 9422)")
    func limits() {
        var dialogue = Dialogue.open(offering: ["PIPELINING", "LIMITS RCPTMAX=1 MAILMAX=1"])
        dialogue.begin(.to("b@d.test", "c@d.test"))
        #expect(dialogue.takeSaid() == "MAIL FROM:<a@client.test>|RCPT TO:<b@d.test>|DATA|")
        dialogue.server("250 ok", "250 ok", "354 go")
        dialogue.endContent()
        dialogue.server("250 ok")
        #expect(dialogue.outcomes == ["ok 250", "transient recipient 4.5.3"])
        #expect(!dialogue.session.isReusable)
    }

    // MARK: BDAT

    @Test("with CHUNKING the message goes in chunks, without dots doubled, after the recipients are known (RFC 3030)")
    func chunking() {
        var dialogue = Dialogue.open(offering: ["CHUNKING", "PIPELINING"])
        dialogue.begin(.to("b@d.test"))
        #expect(dialogue.takeSaid() == "MAIL FROM:<a@client.test>|RCPT TO:<b@d.test>|")
        dialogue.server("250 ok", "250 ok")
        #expect(dialogue.contentRequests == 1)
        dialogue.give(".12345\r\n")
        #expect(dialogue.takeSaid() == "")
        dialogue.give("789\r\n")
        #expect(dialogue.takeSaid() == "BDAT 13|.12345|789|")
        dialogue.give("end")
        dialogue.endContent()
        #expect(dialogue.takeSaid() == "BDAT 5 LAST|end|")
        dialogue.server("250 13 octets", "250 2.0.0 queued")
        #expect(dialogue.outcomes == ["ok 250"])
    }

    @Test("chunks are not sent on without end: few without an answer, one without PIPELINING")
    func chunkBackPressure() {
        for (offer, most) in [(["CHUNKING", "PIPELINING"], 4), (["CHUNKING"], 1)] {
            var dialogue = Dialogue.open(offering: offer)
            dialogue.begin(.to("b@d.test"))
            dialogue.server("250 ok", "250 ok")
            var given = 0
            while dialogue.session.wantsContent {
                dialogue.give("0123456789\r\n")
                given += 1
            }
            #expect(given == most)
            dialogue.server("250 ok")
            #expect(dialogue.session.wantsContent)
        }
    }

    @Test("a refused chunk stops the message; the answers still due are read, then RSET")
    func refusedChunk() {
        var dialogue = Dialogue.open(offering: ["CHUNKING", "PIPELINING"])
        dialogue.begin(.to("b@d.test"))
        dialogue.server("250 ok", "250 ok")
        dialogue.give("0123456789\r\n")
        dialogue.give("0123456789\r\n")
        _ = dialogue.takeSaid()
        dialogue.server("552 5.3.4 too big")
        #expect(!dialogue.session.wantsContent)
        dialogue.give("0123456789\r\n")
        #expect(dialogue.takeSaid() == "")
        dialogue.server("503 no")
        #expect(dialogue.takeSaid() == "RSET|")
        dialogue.server("250 ok")
        #expect(dialogue.outcomes == ["permanent content 552 5.3.4"])
        #expect(dialogue.session.isReady)
    }

    @Test("an empty message is one empty last chunk")
    func emptyChunk() {
        var dialogue = Dialogue.open(offering: ["CHUNKING"])
        dialogue.begin(.to("b@d.test"))
        dialogue.server("250 ok", "250 ok")
        _ = dialogue.takeSaid()
        dialogue.endContent()
        #expect(dialogue.takeSaid() == "BDAT 0 LAST|")
    }

    // MARK: Outbound smuggling

    @Test("EX_3.2_5070: a bare LF ends a DATA session before the end of the message, and only resets BDAT")
    func bareLineFeed() {
        var data = Dialogue.open()
        data.begin(.to("b@d.test"))
        data.server("250 ok", "250 ok", "354 go")
        _ = data.takeSaid()
        data.give("a\n.\nMAIL FROM:<x@y.test>\r\n")
        #expect(data.takeSaid() == "")
        #expect(data.outcomes == ["permanent content 5.6.0"])
        #expect(data.session.isClosed)
        #expect(data.results.last?.repeatable == [])
        var chunks = Dialogue.open(offering: ["CHUNKING"])
        chunks.begin(.to("b@d.test"))
        chunks.server("250 ok", "250 ok")
        _ = chunks.takeSaid()
        chunks.give("a\n.\n")
        #expect(chunks.takeSaid() == "RSET|")
        chunks.server("250 ok")
        #expect(chunks.outcomes == ["permanent content 5.6.0"])
        #expect(chunks.session.isReady)
        var mended = Dialogue.open()
        mended.begin(.to("b@d.test"), lineEnds: .mend)
        mended.server("250 ok", "250 ok", "354 go")
        _ = mended.takeSaid()
        mended.give("a\n.\nb\n")
        mended.endContent()
        #expect(mended.takeSaid() == "a|..|b|.|")
    }

    @Test("a message that cannot be read to its end is not ended: the server must not take half of it")
    func brokenContent() {
        var dialogue = Dialogue.open()
        dialogue.begin(.to("b@d.test"))
        dialogue.server("250 ok", "250 ok", "354 go")
        dialogue.give("half")
        _ = dialogue.takeSaid()
        dialogue.act { $0.failContent("IOError", at: $1) }
        #expect(dialogue.takeSaid() == "")
        #expect(dialogue.outcomes == ["transient content 4.3.0"])
        #expect(dialogue.session.isClosed)
    }
}
