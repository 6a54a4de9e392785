import MSSCore
import NIOCore
import Testing

@testable import MSSIMAP

@Suite("IMAP client: responses")
struct ResponseTests {
    private func read(_ text: String) throws -> IMAPResponse { try IMAPResponse(octets: Array(text.utf8)) }

    @Test("RFC 9051 §7: status, code and text; capabilities; numbers")
    func simple() throws {
        #expect(
            try read("C1 NO [AUTHENTICATIONFAILED] Authentication failed")
                == .status(IMAPStatusResponse(tag: "C1", .no, .authenticationFailed, "Authentication failed")))
        #expect(
            try read(#"* OK [BADCHARSET ("a]b")] x"#)
                == .status(IMAPStatusResponse(.ok, IMAPResponseCode("BADCHARSET", #"("a]b")"#), "x")))
        #expect(try read("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 ") == .capabilities([.rev1, .auth("XOAUTH2")]))
        #expect(try read("* 23 EXISTS") == .exists(23))
        #expect(try read("* VANISHED (EARLIER) 3:4,9") == .vanished(NumberRanges([3, 4, 9]), isEarlier: true))
        #expect(try read("* XSOMETHING (odd {") == .other("XSOMETHING"))
        for wrong in ["", "*", "* ", "* 5", "* 0 EXPUNGE ", "C1 MAYBE x", "* 4294967296 EXISTS", "* VANISHED x"] {
            #expect(throws: IMAPSyntaxError.self, "\(wrong)") {
                let response = try read(wrong)
                if case .other = response { throw IMAPSyntaxError.trailing }
            }
        }
    }

    @Test("RFC 4731, RFC 5256: SEARCH, SORT, ESEARCH and THREAD")
    func found() throws {
        #expect(try read("* SEARCH") == .found(IMAPFoundMessages()))
        #expect(
            try read("* SEARCH 2 84 882 (MODSEQ 917162500)")
                == .found(IMAPFoundMessages(numbers: [2, 84, 882], changeNumber: 917_162_500)))
        #expect(
            try read(#"* ESEARCH (TAG "a") UID MIN 2 MAX 9 COUNT 3 ALL 2,5:4"#)
                == .found(IMAPFoundMessages(numbers: [2, 4, 5], count: 3, ends: 2...9)))
        #expect(
            try read("* THREAD (2)(3 6 (4 23)(44 7 96))")
                == .threads([
                    IMAPThread(messages: [2], branches: []),
                    IMAPThread(
                        messages: [3, 6],
                        branches: [
                            IMAPThread(messages: [4, 23], branches: []),
                            IMAPThread(messages: [44, 7, 96], branches: []),
                        ]),
                ]))
        #expect(throws: IMAPSyntaxError.tooDeep) {
            try read("* THREAD " + String(repeating: "(", count: 100_000))
        }
    }

    @Test("RFC 3501 §5.1.3, §7.2.2: mailboxes with other separators and names of all alphabets")
    func mailboxes() throws {
        guard case .mailbox(let mailbox) = try read(#"* LIST (\HasNoChildren \Sent) "." "Envoy&AOk-s.2026""#) else {
            throw IMAPSyntaxError.trailing
        }
        #expect(mailbox.name.text == "Envoyés/2026" && mailbox.use == .sent && mailbox.isSelectable)
        #expect(
            try read("* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292 X-NEW (1 2))")
                == .mailboxStatus(IMAPMailboxName("blurdybloop")!, [.messages: 231, .uidNext: 44_292]))
        #expect(
            try read(#"* QUOTA "" (MESSAGE 2 9 STORAGE 10 512)"#)
                == .quota(root: "", IMAPQuota(used: 10_240, limit: 524_288)))
    }

    @Test("RFC 9051 §7.5.2: FETCH with envelope, structure, sections and what nobody knows")
    func fetch() throws {
        let text = """
            * 12 FETCH (FLAGS (\\Seen $Label) UID 7 MODSEQ (5) X-NEW (a (b "c")) INTERNALDATE "17-Jul-2026 02:44:25 +0200" \
            RFC822.SIZE 4286 ENVELOPE ("Wed, 17 Jul 2026" "=?utf-8?Q?R=C3=A9?=" (("Terry" NIL "gray" "cac.test")) NIL NIL \
            ((NIL NIL "groupe" NIL)(NIL NIL "imap" "cac.test")(NIL NIL NIL NIL)) NIL NIL NIL "<B@cac>") \
            BODYSTRUCTURE (("text" "plain" ("charset" "utf-8") NIL NIL "8bit" 20 1 NIL NIL NIL)\
            ("application" "zip" ("name" "a.zip") "<id>" NIL "base64" 400 NIL ("attachment" ("filename" "b.zip")) NIL NIL)\
            ("message" "rfc822" NIL NIL NIL "7bit" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) \
            ("text" "html" NIL NIL NIL "7bit" 3 1) 2) "mixed" ("boundary" "x")) \
            BODY[HEADER.FIELDS (subject)] {5}\r\na\r\nbc BODY[1]<0> NIL BINARY[2] ~{2}\r\n\0z)
            """
        guard case .message(let message) = try read(text) else { throw IMAPSyntaxError.trailing }
        #expect(message.number == 12 && message.uid == 7 && message.changeNumber == 5 && message.size == 4286)
        #expect(message.flags == [.seen, IMAPFlag("$Label")!])
        #expect(message.received == (try Timestamp(year: 2026, month: 7, day: 17, hour: 0, minute: 44, second: 25)))
        #expect(message.envelope?.from.map(\.text) == ["gray@cac.test"])
        #expect(message.envelope?.to.map(\.text) == [nil, "imap@cac.test", nil])
        #expect(message.envelope?.messageID == "<B@cac>")
        let parts = try #require(message.structure).all
        #expect(parts.map(\.number) == [[], [1], [2], [3], [3, 1]])
        #expect(parts[2].fileName == "b.zip" && parts[2].size == 400 && parts[2].disposition == "attachment")
        #expect(message.sections == [IMAPSection(.fields(["SUBJECT"], isNot: false)): Array("a\r\nbc".utf8)])
        #expect(message.decodedParts == [[2]: [0, 0x7A]])
        #expect(throws: IMAPSyntaxError.tooDeep) {
            try read("* 1 FETCH (BODY " + String(repeating: "(", count: 1_000_000))
        }
    }

    @Test("However a stream is cut, the same responses come out; a literal streams without being held")
    func framing() {
        let text = "* 1 FETCH (BODY[] {10}\r\n0123456789 UID 1)\r\nC1 OK x\r\n"
        for streams in [false, true] {
            var outcomes: Set<[String]> = []
            for size in 1...text.utf8.count {
                var framer = IMAPResponseFramer(limit: 100)
                framer.streamsLiterals = streams
                var (input, rest, told, streamed) = (ByteBuffer(), ByteBuffer(string: text), [String](), "")
                while rest.readableBytes > 0 {
                    var piece = rest.readSlice(length: min(size, rest.readableBytes))!
                    input.writeBuffer(&piece)
                    while let event = framer.next(&input) {
                        switch event {
                        case .response(let octets): told.append(String(decoding: octets, as: UTF8.self))
                        case .streamed(let octets): streamed += String(buffer: octets)
                        case .lost(let error): told.append("\(error)")
                        }
                    }
                }
                outcomes.insert(told + [streamed])
            }
            #expect(
                outcomes == [
                    streams
                        ? ["* 1 FETCH (BODY[] {0}\r\n UID 1)", "C1 OK x", "0123456789"]
                        : ["* 1 FETCH (BODY[] {10}\r\n0123456789 UID 1)", "C1 OK x", ""]
                ])
        }
        var framer = IMAPResponseFramer(limit: 100)
        var endless = ByteBuffer(string: "* OK " + String(repeating: "x", count: 200))
        #expect(framer.next(&endless) == .lost(.tooMany) && framer.next(&endless) == nil)
    }
}
