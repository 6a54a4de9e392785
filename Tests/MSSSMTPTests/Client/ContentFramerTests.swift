import NIOCore
import Testing

@testable import MSSSMTP

@Suite("Messages on their way to the wire")
struct ContentFramerTests {
    private func frame(
        _ text: String, dots: Bool = true, _ lineEnds: SMTPLineEnds = .refuse, piece: Int = .max
    ) throws -> String {
        var framer = SMTPContentFramer(doublesDots: dots, lineEnds: lineEnds)
        var output = ByteBuffer()
        var input = ByteBuffer(string: text)
        while let part = input.readSlice(length: min(piece, input.readableBytes)), part.readableBytes > 0 {
            output.writeImmutableBuffer(try framer.frame(part))
        }
        output.writeImmutableBuffer(try framer.end())
        return String(buffer: output)
    }

    @Test("leading dots are doubled, for DATA only (RFC 5321 §4.5.2)", arguments: [1, 2, 3, 4, 5, 1_000])
    func dots(_ piece: Int) throws {
        let text = ".a\r\n..b\r\nc.\r\n.\r\n.d"
        #expect(try frame(text, piece: piece) == "..a\r\n...b\r\nc.\r\n..\r\n..d\r\n")
        #expect(try frame(text, dots: false, piece: piece) == text + "\r\n")
    }

    @Test("the last line ends with CRLF, an empty message stays empty")
    func lastLine() throws {
        #expect(try frame("") == "")
        #expect(try frame("a") == "a\r\n")
        #expect(try frame("a\r\n") == "a\r\n")
    }

    @Test(
        "EX_3.2_5070: no published smuggling sequence leaves, however it is cut into pieces",
        arguments: SmugglingSequences.all,
        [1, 2, 3, 1_000])
    func smuggling(_ sequence: String, _ piece: Int) {
        let text = "Subject: a\r\n\r\nb\(sequence)MAIL FROM:<x@y>\r\n"
        for dots in [true, false] {
            #expect(throws: SMTPContentFramer.Unfit.self) { try frame(text, dots: dots, piece: piece) }
        }
    }

    @Test(
        "mended, each of them is lines that end with CRLF, and no line is a dot alone",
        arguments: SmugglingSequences.all)
    func mended(_ sequence: String) throws {
        let text = "a\(sequence)b"
        guard !sequence.contains("\0") else {
            #expect(throws: SMTPContentFramer.Unfit.self) { try frame(text, .mend) }
            return
        }
        for piece in [1, 2, 3, 1_000] {
            let output = Array(try frame(text, .mend, piece: piece).utf8)
            for index in output.indices {
                if output[index] == 0x0A { #expect(index > 0 && output[index - 1] == 0x0D) }
                if output[index] == 0x0D { #expect(index + 1 < output.count && output[index + 1] == 0x0A) }
            }
            let lines = String(decoding: output, as: UTF8.self).split(
                separator: "\r\n", omittingEmptySubsequences: false)
            #expect(!lines.contains("."))
            #expect(lines.last == "")
        }
    }

    @Test("any text over CR, LF, dot and a letter comes out as a plain reading of the rules says")
    func exhaustive() throws {
        let letters: [Character] = ["\r", "\n", ".", "a"]
        for length in 0...6 {
            for number in 0..<(1 << (2 * length)) {
                let octets = (0..<length).map { letters[number >> (2 * $0) & 3].asciiValue! }
                // Not through Character: Swift joins CR and LF into one.
                let text = String(decoding: octets, as: UTF8.self)
                let (reference, isClean) = Self.reference(octets)
                let mended = try frame(text, .mend, piece: 1 + number % 3)
                #expect(mended == reference)
                let refused = try? frame(text, .refuse, piece: 1 + number % 3)
                #expect(refused == (isClean ? reference : nil))
            }
        }
    }

    /// Line by line, without any cleverness.
    private static func reference(_ octets: [UInt8]) -> (String, isClean: Bool) {
        var lines: [[UInt8]] = [[]]
        var isClean = true
        var index = 0
        while index < octets.count {
            switch (octets[index], index + 1 < octets.count ? octets[index + 1] : 0) {
            case (0x0D, 0x0A):
                lines.append([])
                index += 1
            case (0x0D, _), (0x0A, _):
                lines.append([])
                isClean = false
            default: lines[lines.count - 1].append(octets[index])
            }
            index += 1
        }
        if lines.last!.isEmpty { lines.removeLast() }
        let wire = lines.flatMap { ($0.first == 0x2E ? [0x2E] : []) + $0 + [0x0D, 0x0A] }
        return (String(decoding: wire, as: UTF8.self), isClean)
    }

    @Test("a chunk without anything to change is passed on as it is, not copied")
    func noCopy() throws {
        var framer = SMTPContentFramer(doublesDots: true, lineEnds: .refuse)
        let chunk = ByteBuffer(string: String(repeating: "line of text\r\n", count: 1_000))
        let before = chunk.withUnsafeReadableBytes { $0.baseAddress }
        let after = try framer.frame(chunk).withUnsafeReadableBytes { $0.baseAddress }
        #expect(before == after)
    }
}
