import MSSCore
import Testing

@Suite("SMTP replies")
struct SMTPReplyTests {
    @Test("a reply of several lines repeats its codes on each")
    func wire() throws {
        let reply = SMTPReply(code: 550, enhanced: "5.7.1", text: "Refusé\nVoir EX_OPE_5020")
        #expect(reply.wire == "550-5.7.1 Refusé\r\n550 5.7.1 Voir EX_OPE_5020\r\n")
        #expect(SMTPReply(code: 250, text: "").wire == "250 \r\n")
        let lines = reply.wire.split(separator: "\r\n")
        #expect(try SMTPReply.parse(lines: lines) == reply)
    }

    @Test("no text can end the reply or start another")
    func injection() {
        for text in ["x\r\n250 OK", "x\n250 OK", "x\r250 OK", "x\u{0}\u{7F}\u{1B}[2J", "x\u{2028}250", "x\u{85}250"] {
            let wire = SMTPReply(code: 554, enhanced: "5.0.0", text: text).wire
            let lines = wire.components(separatedBy: "\r\n")
            #expect(lines.last == "")
            for line in lines.dropLast() { #expect(line.hasPrefix("554-5.0.0 ") || line.hasPrefix("554 5.0.0 ")) }
            #expect(!wire.unicodeScalars.contains { ($0.value < 32 && $0 != "\r" && $0 != "\n") || $0.value == 127 })
        }
    }

    @Test("RFC 5321 §4.5.3.1.5: no line is longer than 512 octets, and no character is cut")
    func folding() throws {
        for text in [
            String(repeating: "é", count: 700), String(repeating: "mot ", count: 400),
            String(repeating: "x", count: 505) + "é", String(repeating: "😀", count: 301),
            "a " + String(repeating: "b", count: 600),
        ] {
            let reply = SMTPReply(code: 451, enhanced: "4.3.0", text: text)
            for line in reply.wire.components(separatedBy: "\r\n").dropLast() {
                #expect(line.utf8.count <= 510)
                #expect(!line.contains("\u{FFFD}"))
            }
            #expect(reply.lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
        }
        let long = SMTPReply(code: 250, text: String(repeating: "x\n", count: 1000))
        #expect(long.lines.count == SMTPReply.maximumLines)
    }

    @Test(
        "replies of peers are read, with or without enhanced codes",
        arguments: [
            (["250 OK"], 250, nil, ["OK"]), (["250"], 250, nil, [""]),
            (["250-x.fr", "250-SIZE 1", "250 DSN"], 250, nil, ["x.fr", "SIZE 1", "DSN"]),
            (["550-5.1.1 a", "550 5.1.1 b"], 550, "5.1.1", ["a", "b"]), (["550 5.1.1"], 550, "5.1.1", [""]),
            (["550 5.1.1 \u{301}a"], 550, "5.1.1", ["\u{301}a"]),
            (["550-5.1.1 a", "550 5.1.2 b"], 550, nil, ["5.1.1 a", "5.1.2 b"]),
            (["550 4.1.1 a"], 550, nil, ["4.1.1 a"]), (["354 2.0.0 go"], 354, nil, ["2.0.0 go"]),
        ] as [([String], Int, EnhancedStatusCode?, [String])])
    func parse(lines: [String], code: Int, enhanced: EnhancedStatusCode?, texts: [String]) throws {
        let reply = try SMTPReply.parse(lines: lines)
        #expect(reply.code.number == code)
        #expect(reply.enhanced == enhanced)
        #expect(reply.lines == texts)
    }

    @Test(
        "what is no reply is refused for what it is",
        arguments: [
            ([], .noLine), (["25"], .malformedCode), (["abc"], .malformedCode), (["199 x"], .malformedCode),
            (["560 x"], .malformedCode), (["250-x"], .malformedSeparator), (["250 x", "250 y"], .malformedSeparator),
            (["250-x", "251 y"], .differentCodes), (["250_x"], .malformedSeparator), (["250 \u{1}"], .controlCharacter),
            (["250 " + String(repeating: "x", count: 507)], .lineTooLong),
            (Array(repeating: "250-x", count: 101), .tooManyLines),
        ] as [([String], SMTPReplyError)])
    func refused(lines: [String], error: SMTPReplyError) {
        #expect(throws: error) { try SMTPReply.parse(lines: lines) }
    }

    @Test("codes: ranges, leading zeros and agreement of classes (RFC 2034 §4)")
    func codes() throws {
        #expect(
            SMTPReplyCode(number: 199) == nil && SMTPReplyCode(number: 260) == nil && SMTPReplyCode(number: 560) == nil)
        #expect(SMTPReplyCode(number: 421)?.severity == .transientFailure)
        for wrong in ["5.1", "5.01.1", "3.1.1", "5.1.1.1", "5.1000.1", "5..1", "", "5.1.x", "５.1.1"] {
            #expect(EnhancedStatusCode(text: wrong) == nil, "\(wrong)")
        }
        let code: EnhancedStatusCode = "4.7.0"
        #expect(code.agrees(with: 451) && !code.agrees(with: 550))
        #expect(EnhancedStatusCode(class: 5, subject: 7, detail: 1) == "5.7.1")
    }

    @Test("the description of a reply does not repeat the peer's text")
    func description() {
        #expect(SMTPReply(code: 550, enhanced: "5.1.1", text: "<jean@x.fr> unknown").description == "550 5.1.1")
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
