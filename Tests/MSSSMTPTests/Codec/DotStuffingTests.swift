import MSSTestKit
import NIOCore
import Testing

@testable import MSSSMTP

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
        arguments: SmugglingSequences.all + ["\r\n. \r\n", "\r\n.\t\r\n", "\r\u{85}.\r\n", "\u{2028}.\r\n"], [1, 1000])
    func smuggling(end: String, step: Int) {
        let (message, rest, decoder) = decode("Subject: a\r\n\r\nx\(end)MAIL FROM:<evil@a.fr>\r\n", step: step)
        #expect(!decoder.isFinished && rest == "" && message.contains("MAIL FROM"))
        // And the true end is still found.
        let whole = decode("x\(end)MAIL FROM:<evil@a.fr>\r\n.\r\nQUIT\r\n", step: step)
        #expect(whole.decoder.isFinished && whole.rest == "QUIT\r\n")
        // And the fault is known.
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

    /// What ``DotStuffingDecoder`` does, an octet at a time and from the standard's words.
    private func simple(_ input: [UInt8]) -> (message: [UInt8], count: Int?, faults: LineFaults, longest: Int) {
        var message: [UInt8] = []
        var (faults, longest, line): (LineFaults, Int, [UInt8]) = ([], 0, [])
        for (index, octet) in input.enumerated() {
            line.append(octet)
            guard line.suffix(2) == [13, 10] else { continue }
            if line == [46, 13, 10] { return (message, index + 1, faults, longest) }
            let text = line.first == 46 ? line.dropFirst() : line[...]
            message += text
            let inner = text.dropLast(2)
            longest = max(longest, inner.count)
            if inner.contains(13) { faults.insert(.bareCarriageReturn) }
            if inner.contains(10) { faults.insert(.bareLineFeed) }
            if inner.contains(0) { faults.insert(.nul) }
            line = []
        }
        return (message, nil, faults, longest)
    }

    @Test("Whatever the text and the pieces it comes in: what an octet at a time gives", arguments: 0..<8)
    func agreement(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let parts = ["\r\n", "\r\n", "\r\n.", "\r", "\n", "\0", ".", "\t", "a", "é", "\u{8D}"]
        for _ in 0..<400 {
            var text = ""
            let isClean = Bool.random(using: &random)
            for _ in 0..<Int.random(in: 0..<30, using: &random) {
                let part = parts.randomElement(using: &random)!
                if !isClean || !["\r", "\n", "\0"].contains(part) { text += part }
                text += String(repeating: "x", count: Int.random(in: 0..<20, using: &random))
            }
            text += "\r\n"
            if Bool.random(using: &random) { text += ".\r\nQUIT\r\n" }
            let expected = simple(Array(text.utf8))
            let step = [1, 2, 3, 7, 8, 9, 64, .max].randomElement(using: &random)!
            let (message, rest, decoder) = decode(text, step: step)
            #expect(Array(message.utf8) == expected.message, "\(text.debugDescription) by \(step)")
            #expect(decoder.isFinished == (expected.count != nil) && decoder.faults == expected.faults)
            #expect(rest.utf8.count == text.utf8.count - (expected.count ?? text.utf8.count))
            guard expected.faults.isEmpty else { continue }
            #expect(decoder.longestLine == expected.longest, "\(text.debugDescription) by \(step)")
        }
    }

    @Test("What the client writes, the server reads back, however both are fed")
    func roundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let lines = (0..<Int.random(in: 0..<8, using: &generator)).map { _ in
                ["", ".", "..", "a", ".a", "a.b", "  ."].randomElement(using: &generator)!
            }
            let text = lines.map { $0 + "\r\n" }.joined()
            var framer = SMTPContentFramer(doublesDots: true, lineEnds: .refuse)
            var wire = ByteBuffer()
            var input = ByteBuffer(string: text)
            while input.readableBytes > 0 {
                let step = min(Int.random(in: 1...4, using: &generator), input.readableBytes)
                wire.writeImmutableBuffer(try framer.frame(input.readSlice(length: step)!))
            }
            wire.writeImmutableBuffer(try framer.end())
            wire.writeString(".\r\n")
            let read = decode(String(buffer: wire), step: Int.random(in: 1...5, using: &generator))
            #expect(read.message == text && read.decoder.isFinished && read.rest == "")
            #expect(read.decoder.faults.isEmpty)
        }
    }

    @Test("RFC 3461 §4: xtext")
    func xtext() {
        #expect(XText.encode("a+b=c é") == "a+2Bb+3Dc+20+C3+A9")
        #expect(XText.decode("a+2Bb+3Dc+20+C3+A9".utf8) == "a+b=c é")
        for text in ["+", "+2", "+G0", "a=b", "a b", "é", "+FF"] { #expect(XText.decode(text.utf8) == nil, "\(text)") }
    }
}
