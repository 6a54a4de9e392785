import MSSCore
import NIOCore
import Testing

@testable import MSSSMTP

@Suite("Replies read from a server's bytes")
struct ReplyReaderTests {
    private func read(_ text: String, piece: Int = .max) throws -> [SMTPReply] {
        try read(Array(text.utf8), piece: piece)
    }

    private func read(_ octets: [UInt8], piece: Int = .max) throws -> [SMTPReply] {
        var reader = SMTPReplyReader()
        var replies: [SMTPReply] = []
        var rest = octets[...]
        while !rest.isEmpty {
            var bytes = ByteBuffer(bytes: rest.prefix(piece))
            rest = rest.dropFirst(piece)
            reader.append(&bytes)
            while let reply = try reader.next() { replies.append(reply) }
        }
        return replies
    }

    @Test("replies come out the same however the bytes are cut", arguments: [1, 2, 3, 7, 100])
    func pieces(_ piece: Int) throws {
        let text = "250-mx\r\n250-SIZE 10\r\n250 DSN\r\n550 5.1.1 no\r\n354\r\n"
        let replies = try read(text, piece: piece)
        #expect(replies.map(\.code.number) == [250, 550, 354])
        #expect(replies[0].lines == ["mx", "SIZE 10", "DSN"])
        #expect(replies[1].enhanced == "5.1.1")
        #expect(replies[1].lines == ["no"])
    }

    @Test("a bare LF ends a line, Latin-1 and control characters do no harm, a long text is cut")
    func tolerance() throws {
        let replies = try read([0x35, 0x35, 0x30, 0x20, 0x42, 0x6F, 0xEE, 0x74, 0x65, 0x07, 0x0A])
        #expect(replies.map(\.code.number) == [550])
        #expect(replies[0].lines == ["Bo\u{FFFD}te "])
        let long = try read("250 " + String(repeating: "é", count: 1_000) + "\r\n")
        #expect(long[0].lines[0].utf8.count <= SMTPReply.maximumLineLength)
        #expect(long[0].lines[0].allSatisfy { $0 == "é" })
    }

    @Test("endless lines and endless continuation lines are given up in bounded memory")
    func endless() {
        #expect(throws: SMTPReplyError.lineTooLong) { try read(String(repeating: "2", count: 5_000)) }
        #expect(throws: SMTPReplyError.lineTooLong) {
            try read("250 " + String(repeating: "a", count: 5_000) + "\r\n", piece: 1_000)
        }
        #expect(throws: SMTPReplyError.tooManyLines) { try read(String(repeating: "250-more\r\n", count: 200)) }
    }

    @Test(
        "what is no reply is refused",
        arguments: [
            ("hello\r\n", SMTPReplyError.malformedCode), ("250-a\r\n251 b\r\n", .differentCodes),
            ("\r\n", .malformedCode), ("25\r\n", .malformedCode), ("999 x\r\n", .malformedCode),
            ("250\tx\r\n", .malformedSeparator), ("٢٥٠ x\r\n", .malformedCode),
        ])
    func malformed(_ text: String, _ error: SMTPReplyError) {
        #expect(throws: error) { try read(text) }
    }
}
