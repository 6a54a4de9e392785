import MSSSMTP
import Testing

@Suite("Dots and lines of a message")
struct DotStuffingTests {
    private func decode(_ text: String, step: Int = .max) -> (
        message: String, rest: String, decoder: DotStuffingDecoder
    ) {
        var decoder = DotStuffingDecoder()
        var message: [UInt8] = []
        var rest: [UInt8] = []
        var input = Array(text.utf8)[...]
        while !input.isEmpty {
            let piece = Array(input.prefix(step))
            input = input.dropFirst(step)
            let (more, left) = decoder.decode(piece)
            message += more
            rest += left
        }
        return (String(decoding: message, as: UTF8.self), String(decoding: rest, as: UTF8.self), decoder)
    }

    @Test(
        "RFC 5321 §4.5.2: dots are removed, the end is CRLF.CRLF, what follows is not the message's",
        arguments: [1, 2, 3, 1000])
    func decoding(step: Int) {
        let (message, rest, decoder) = decode("a\r\n..b\r\n.c\r\n.\r\nQUIT\r\n", step: step)
        #expect(message == "a\r\n.b\r\nc\r\n" && rest == "QUIT\r\n" && decoder.isFinished && decoder.faults.isEmpty)
        let empty = decode(".\r\nX", step: step)
        #expect(empty.message == "" && empty.rest == "X" && empty.decoder.isFinished)
    }

    @Test(
        "Nothing but CRLF.CRLF ends a message: published smuggling sequences",
        arguments: [
            "\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r", "\r\n.\n", "\r.\r\n", "\n.\r", "\r.\n", "\r\n\0.\r\n",
            "\r\n.\0\r\n",
            "\r\n.\r\r\n", "\n\n.\n\n", "\r\n. \r\n", "\r\n.\t\r\n", "\r\u{85}.\r\n", "\u{2028}.\r\n", "\r\0\n.\r\n",
            "\r\n.\r\0\n",
        ], [1, 1000])
    func smuggling(end: String, step: Int) {
        let (message, rest, decoder) = decode("Subject: a\r\n\r\nx\(end)MAIL FROM:<evil@a.fr>\r\n", step: step)
        #expect(!decoder.isFinished && rest == "" && message.contains("MAIL FROM"))
        // And the true end is still found.
        let whole = decode("x\(end)MAIL FROM:<evil@a.fr>\r\n.\r\nQUIT\r\n", step: step)
        #expect(whole.decoder.isFinished && whole.rest == "QUIT\r\n")
        // Whoever writes it out again through our encoder writes no end either, or knows of the fault.
        #expect(!whole.decoder.faults.isEmpty || !end.contains { $0 == "\n" || $0 == "\r" || $0 == "\0" })
    }

    @Test("Bare CR, bare LF and NUL are noted, CRLF is not", arguments: [1, 2, 1000])
    func faults(step: Int) {
        #expect(decode("a\rb\r\n.\r\n", step: step).decoder.faults == .bareCarriageReturn)
        #expect(decode("a\r\r\n.\r\n", step: step).decoder.faults == .bareCarriageReturn)
        #expect(decode("a\nb\r\n.\r\n", step: step).decoder.faults == .bareLineFeed)
        #expect(decode("\n\r\n.\r\n", step: step).decoder.faults == .bareLineFeed)
        #expect(decode("a\0b\r\n.\r\n", step: step).decoder.faults == .nul)
        #expect(decode("a\r\n\r\n.\r\n", step: step).decoder.faults == [])
        #expect(decode("abcd\r\nef\r\n.\r\n", step: step).decoder.longestLine == 4)
    }

    @Test("What the encoder writes, the decoder reads back, however both are fed")
    func roundTrip() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let lines = (0..<Int.random(in: 0..<8, using: &generator)).map { _ in
                ["", ".", "..", "a", ".a", "a.b", "  ."].randomElement(using: &generator)!
            }
            let text = lines.map { $0 + "\r\n" }.joined()
            var encoder = DotStuffingEncoder()
            var wire: [UInt8] = []
            var input = Array(text.utf8)[...]
            while !input.isEmpty {
                let step = Int.random(in: 1...4, using: &generator)
                wire += encoder.encode(Array(input.prefix(step)))
                input = input.dropFirst(step)
            }
            wire += encoder.finish()
            let read = decode(String(decoding: wire, as: UTF8.self), step: Int.random(in: 1...5, using: &generator))
            #expect(read.message == text && read.decoder.isFinished && read.rest == "")
            #expect(encoder.faults.isEmpty)
        }
    }

    @Test("A last line without CRLF gets one; a bare CR at the very end is noted")
    func lastLine() {
        var encoder = DotStuffingEncoder()
        #expect(encoder.encode(Array(".a".utf8)) + encoder.finish() == Array("..a\r\n.\r\n".utf8))
        var bare = DotStuffingEncoder()
        #expect(bare.encode(Array("a\r".utf8)) + bare.finish() == Array("a\r\r\n.\r\n".utf8))
        #expect(bare.faults == .bareCarriageReturn)
        var none = DotStuffingEncoder()
        #expect(none.finish() == Array(".\r\n".utf8))
    }

    @Test("RFC 3461 §4: xtext")
    func xtext() {
        #expect(XText.encode("a+b=c é") == "a+2Bb+3Dc+20+C3+A9")
        #expect(XText.decode("a+2Bb+3Dc+20+C3+A9".utf8) == "a+b=c é")
        for text in ["+", "+2", "+G0", "a=b", "a b", "é", "+FF"] { #expect(XText.decode(text.utf8) == nil, "\(text)") }
    }
}
