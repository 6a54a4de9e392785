import NIOCore
import Testing

@testable import MSSIMAP

@Suite("IMAP lines and literals")
struct FramerTests {
    /// Feeds octets in pieces and keeps all literals.
    private func events(_ text: String, pieces: Int, limit: Int = 1000) -> [IMAPCommandFramer.Event] {
        var framer = IMAPCommandFramer(lineLimit: limit, commandLimit: 2 * limit)
        var found: [IMAPCommandFramer.Event] = []
        var input = ByteBuffer()
        let octets = Array(text.utf8)
        for start in stride(from: 0, to: octets.count, by: pieces) {
            input.writeBytes(octets[start..<min(start + pieces, octets.count)])
            while let event = framer.next(&input) {
                found.append(event)
                if case .literal = event { framer.accept(.keep) }
            }
        }
        return found
    }

    @Test("However the octets are cut, the same commands come out")
    func chunks() {
        let text =
            "a NOOP\r\nb LOGIN {3}\r\nx\r\n {2+}\r\npp\r\nc BAD\nd \(String(repeating: "x", count: 1500))\r\ne NOOP\r\n"
        let whole = events(text, pieces: text.utf8.count)
        #expect(whole.count == 7)
        #expect(whole.contains(.command(Array("b LOGIN {3}\r\nx\r\n {2+}\r\npp".utf8))))
        #expect(whole.contains(.bareLineFeed(Array("c BAD".utf8))) && whole.last == .command(Array("e NOOP".utf8)))
        for pieces in 1...40 { #expect(events(text, pieces: pieces).count == whole.count, "\(pieces)") }
        for pieces in [1, 2, 3, 7] {
            let cut = events(text, pieces: pieces)
            for (one, other) in zip(whole, cut) {
                if case .tooLong = one { continue }  // how much of it is kept depends on the cut
                #expect(one == other)
            }
        }
    }

    @Test("A literal is held, skipped or streamed as decided; a stream holds nothing")
    func decisions() {
        var framer = IMAPCommandFramer(lineLimit: 100, commandLimit: 200)
        var input = ByteBuffer(string: "a APPEND x {5+}\r\nhello {3+}\r\nabc\r\nb NOOP\r\n")
        guard case .literal(let first, _)? = framer.next(&input) else { return #expect(Bool(false)) }
        #expect(first == .init(size: 5, waits: false))
        framer.accept(.stream)
        #expect(framer.takeStreamed(&input) == ByteBuffer(string: "hello") && framer.held == 0)
        #expect(framer.takeStreamed(&input) == ByteBuffer())
        guard case .literal(_, let text)? = framer.next(&input) else { return #expect(Bool(false)) }
        #expect(text == Array(" {3+}".utf8))
        framer.accept(.skip)
        #expect(framer.next(&input) == .command([]))
        #expect(framer.next(&input) == .command(Array("b NOOP".utf8)))
    }

    @Test("An endless line costs its limit, and one that may announce a literal ends the session")
    func endless() {
        var framer = IMAPCommandFramer(lineLimit: 1000, commandLimit: 2000)
        var input = ByteBuffer()
        var last: IMAPCommandFramer.Event?
        for _ in 0..<2000 where last == nil {
            input.writeString(String(repeating: "(", count: 1000))
            last = framer.next(&input)
            #expect(framer.held + input.readableBytes <= 4000)
        }
        #expect(last == .lost)
        framer = IMAPCommandFramer(lineLimit: 20, commandLimit: 40)
        input = ByteBuffer(string: "a LOGIN \(String(repeating: "x", count: 50)) {10+}\r\n")
        #expect(framer.next(&input) == .lost)
    }
}
