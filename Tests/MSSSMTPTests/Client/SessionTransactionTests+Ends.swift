import MSSCore
import NIOCore
import Testing

@testable import MSSSMTP

/// Sessions that break, and LMTP.
extension SessionTransactionTests {
    // MARK: Broken sessions

    @Test("a session that ends before the end of the message can be repeated; after it, the outcome is not known")
    func brokenSession() {
        for stage in 0..<4 {
            var dialogue = Dialogue.open()
            dialogue.begin(.to("b@d.test", "c@d.test"))
            if stage > 0 { dialogue.server("250 ok", "550 5.1.1 no", "250 ok") }
            if stage > 1 { dialogue.server("354 go") }
            if stage > 2 {
                dialogue.give("x\r\n")
                dialogue.endContent()
            }
            dialogue.act { session, _ in session.connectionEnded(.closed) }
            let result = dialogue.results.last
            #expect(result?.repeatable == [[0, 1], [1], [1], []][stage])
            #expect(result?.outcomes.map { $0.failure?.mayHaveBeenDelivered } == [false, stage == 3])
            #expect(result?.outcomes[1].failure?.kind == .network)
            #expect(dialogue.failures.count == 1)
        }
    }

    @Test("1.10: 421 in place of any answer ends the session, and the message may be sent again")
    func closing() {
        var dialogue = Dialogue.open()
        dialogue.begin(.to("b@d.test"))
        dialogue.server("421 4.4.2 idle too long")
        #expect(dialogue.results.last?.repeatable == [0])
        #expect(dialogue.outcomes == ["transient mail 421 4.4.2"])
        #expect(dialogue.session.isClosed)
        // After the end of the message, 421 says that it was not taken, but another place may be in a like state.
        var late = Dialogue.open()
        late.begin(.to("b@d.test"))
        late.server("250 ok", "250 ok", "354 go")
        late.endContent()
        late.server("421 4.3.0 no disk")
        #expect(late.results.last?.repeatable == [])
        #expect(late.results.last?.outcomes[0].failure?.mayHaveBeenDelivered == false)
    }

    @Test("a refusal in the middle of the message is the outcome, and ends the session")
    func earlyRefusal() {
        var dialogue = Dialogue.open()
        dialogue.begin(.to("b@d.test"))
        dialogue.server("250 ok", "250 ok", "354 go")
        dialogue.give("x\r\n")
        dialogue.server("552 5.3.4 too big")
        #expect(dialogue.outcomes == ["permanent content 552 5.3.4"])
        #expect(dialogue.results.last?.repeatable == [])
        #expect(dialogue.session.isClosed)
    }

    @Test("replies out of place end the session, none is taken for success")
    func nonsense() {
        for replies in [
            ["354 x"], ["250 ok", "354 x"], ["250 ok", "250 ok", "250 x"], ["250 ok", "250 ok", "354 go", "250 x"],
        ] {
            var dialogue = Dialogue.open()
            dialogue.begin(.to("b@d.test"))
            for reply in replies { dialogue.server(reply) }
            #expect(dialogue.session.isClosed)
            #expect(dialogue.results.last?.delivered == [])
        }
        var end = Dialogue.open()
        end.begin(.to("b@d.test"))
        end.server("250 ok", "250 ok", "354 go")
        end.endContent()
        end.server("354 more?")
        #expect(end.results.last?.outcomes[0].failure?.mayHaveBeenDelivered == true)
    }

    @Test("silence after the message is waited out ten minutes, then the outcome is not known (RFC 1047)")
    func silentEnd() {
        var dialogue = Dialogue.open()
        dialogue.begin(.to("b@d.test"))
        dialogue.server("250 ok", "250 ok", "354 go")
        dialogue.endContent()
        dialogue.passes(.seconds(599))
        #expect(dialogue.results.isEmpty)
        dialogue.passes(.seconds(2))
        #expect(dialogue.results.last?.outcomes[0].failure?.mayHaveBeenDelivered == true)
        #expect(dialogue.results.last?.outcomes[0].failure?.phase == .endOfContent)
    }

    @Test("whatever the server does, a transaction has an end")
    func transactionTimeout() {
        var dialogue = Dialogue.open(offering: [])
        let many = (0..<100).map { OutgoingEnvelope.Recipient(address("r\($0)@d.test")) }
        dialogue.begin(OutgoingEnvelope(sender: nil, recipients: many))
        for _ in 0..<100 where !dialogue.session.isClosed {
            dialogue.passes(.seconds(290))
            dialogue.server("250 ok")
        }
        #expect(dialogue.session.isClosed)
        #expect(dialogue.results.last?.outcomes.count == 100)
    }

    // MARK: LMTP

    @Test("LMTP answers for each recipient after the message (RFC 2033 §4.2)", arguments: [true, false])
    func lmtp(_ chunking: Bool) {
        var dialogue = Dialogue.open(offering: chunking ? ["CHUNKING", "PIPELINING"] : ["PIPELINING"], mode: .lmtp)
        dialogue.begin(.to("b@d.test", "c@d.test", "e@d.test"))
        dialogue.server("250 ok", "250 ok", "550 5.1.1 no", "250 ok")
        if !chunking { dialogue.server("354 go") }
        dialogue.give("x\r\n")
        dialogue.endContent()
        dialogue.server("250 2.1.5 stored")
        #expect(dialogue.results.isEmpty)
        dialogue.server("452 4.2.2 full")
        #expect(dialogue.outcomes == ["ok 250", "permanent recipient 550 5.1.1", "transient endOfContent 452 4.2.2"])
        #expect(dialogue.session.isReady)
    }

    @Test("LMTP sends a chunk once the one before is accepted: a refused one is answered once, not for each recipient")
    func refusedLMTPChunk() {
        var dialogue = Dialogue.open(offering: ["CHUNKING", "PIPELINING"], mode: .lmtp)
        dialogue.begin(.to("b@d.test", "c@d.test"))
        dialogue.server("250 ok", "250 ok", "250 ok")
        dialogue.give("0123456789\r\n")
        #expect(!dialogue.session.wantsContent && dialogue.results.isEmpty)
        dialogue.server("452 4.3.1 full")
        if dialogue.results.isEmpty { dialogue.server("250 reset") }
        #expect(dialogue.results.last?.outcomes.count == 2)
        #expect(dialogue.results.last?.outcomes.allSatisfy { $0.failure != nil } == true)
    }

    @Test("an LMTP session that ends between the answers leaves what was said, and doubt for the rest")
    func brokenLMTP() {
        var dialogue = Dialogue.open(offering: ["PIPELINING"], mode: .lmtp)
        dialogue.begin(.to("b@d.test", "c@d.test"))
        dialogue.server("250 ok", "250 ok", "250 ok", "354 go")
        dialogue.endContent()
        dialogue.server("250 2.1.5 stored")
        dialogue.act { session, _ in session.connectionEnded(.closed) }
        #expect(dialogue.results.last?.outcomes[0].failure == nil)
        #expect(dialogue.results.last?.outcomes[1].failure?.mayHaveBeenDelivered == true)
    }
}
