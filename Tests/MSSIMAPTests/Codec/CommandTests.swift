import MSSCore
import MSSSASL
import Testing

@testable import MSSIMAP

@Suite("IMAP commands")
struct CommandTests {
    private func parse(_ text: String, utf8: Bool = false) -> Result<IMAPCommand, IMAPSyntaxError> {
        do throws(IMAPCommandError) {
            return .success(try IMAPTaggedCommand(octets: Array(text.utf8), utf8: utf8).command)
        } catch { return .failure(error.reason) }
    }

    @Test("RFC 3501 §6, RFC 9051 §6: commands are read")
    func known() {
        #expect(parse("a CAPABILITY") == .success(.capability))
        #expect(parse("a login joe \"pa\\\"ss\"") == .success(.login(user: "joe", password: SASLSecret("pa\"ss"))))
        #expect(parse("a LOGIN {3}\r\njoe {4+}\r\npass") == .success(.login(user: "joe", password: SASLSecret("pass"))))
        #expect(parse("a AUTHENTICATE EXTERNAL =") == .success(.authenticate(.external, SASLMessage([]))))
        #expect(
            parse("a SELECT inbox (CONDSTORE)")
                == .success(.select(IMAPSelection(.inbox, isReadOnly: false, condstore: true))))
        let known = IMAPSelection.Known(
            validity: 67, changeNumber: 20, uids: IMAPSequenceSet(1...200),
            match: [IMAPSequenceSet(5...5), IMAPSequenceSet(9...9)])
        #expect(
            parse("a EXAMINE INBOX (QRESYNC (67 20 1:200 (5 9)))")
                == .success(.select(IMAPSelection(.inbox, isReadOnly: true, known: known))))
        #expect(
            parse("a STORE 1:* (UNCHANGEDSINCE 7) +FLAGS.SILENT (\\Seen $Forwarded)")
                == .success(
                    .store(
                        IMAPStoreRequest(
                            .all, byUID: false, .add, [.seen, IMAPFlag("$Forwarded")!], isSilent: true,
                            unchangedSince: 7))))
        #expect(
            parse("a UID MOVE 3,5:4 \"Envoy&AOk-s\"")
                == .success(
                    .copy(
                        IMAPCopyRequest(
                            .ranges([.init(3, 3), .init(5, 4)]), byUID: true, to: IMAPMailboxName("Envoyés")!,
                            moves: true))))
        #expect(
            parse("a CREATE Archives/ (USE (\\Archive))")
                == .success(.create(IMAPMailboxName("Archives")!, uses: ["\\Archive"])))
    }

    @Test("RFC 9051 §6.4.5, RFC 3516, RFC 7162: fetch items and modifiers")
    func fetch() {
        #expect(
            parse(
                "a UID FETCH 1:5 (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (From \"to\")]<0.100> BINARY[3]) (CHANGEDSINCE 9 VANISHED)"
            )
                == .success(
                    .fetch(
                        IMAPFetchRequest(
                            IMAPSequenceSet(1...5), byUID: true,
                            [
                                .flags,
                                .section(
                                    IMAPSection(part: [1, 2], .fields(["FROM", "TO"], isNot: false)),
                                    partial: IMAPPartial(offset: 0, count: 100), peek: true),
                                .binary([3], partial: nil, peek: false),
                            ], changedSince: 9, vanished: true))))
        #expect(
            parse("a FETCH 1 FAST")
                == .success(
                    .fetch(IMAPFetchRequest(IMAPSequenceSet(1...1), byUID: false, [.flags, .internalDate, .size]))))
        for bad in [
            "a FETCH 1 BODY[0]", "a FETCH 1 BODY[1.]", "a FETCH 1 BODY[MIME]", "a FETCH 1 BODY[]<0>",
            "a FETCH 1 BODY[]<0.0>", "a FETCH 0 FLAGS", "a FETCH 1: FLAGS", "a FETCH 1 (FLAGS", "a FETCH 1 ()",
            "a FETCH 1 FLAGS (VANISHED)", "a FETCH 4294967296 FLAGS", "a FETCH 1 BODY[HEADER.FIELDS ()]",
        ] {
            if case .success = parse(bad) { Issue.record("accepted: \(bad)") }
        }
    }

    @Test("RFC 9051 §6.4.4, RFC 4731, RFC 5256: search programs")
    func search() {
        let expected = IMAPSearchKey.and([
            .flag(.seen, false), .or(.header("FROM", "rené"), .not(.header("SUBJECT", "x"))),
            .sent(.since, IMAPDay(days: 20_000)), .sequence(.ranges([.init(1, 3), .init(7, nil)])),
        ])
        #expect(
            parse(
                "a SEARCH RETURN (MIN COUNT) CHARSET utf-8 UNSEEN OR FROM \"rené\" NOT SUBJECT x SENTSINCE 4-Oct-2024 1:3,7:*"
            )
                == .success(.search(IMAPSearchRequest(byUID: false, returns: [.min, .count], expected))))
        #expect(parse("a SEARCH CHARSET KOI8-R ALL") == .failure(.unknownCharset))
        #expect(
            parse("a UID SORT (REVERSE DATE SUBJECT) UTF-8 ALL")
                == .success(
                    .sort(
                        IMAPSearchRequest(byUID: true, .all),
                        [IMAPSortCriterion(.date, isReversed: true), IMAPSortCriterion(.subject)])))
        #expect(parse("a SEARCH ON 31-Feb-2026") == .failure(.malformedDate))
    }

    @Test("Nesting ends at a named depth: ten thousand parentheses, NOTs and ORs cost no stack")
    func deep() {
        let many = 30_000
        #expect(parse("a SEARCH " + String(repeating: "(", count: many) + "ALL") == .failure(.tooDeep))
        #expect(parse("a SEARCH " + String(repeating: "NOT ", count: many) + "ALL") == .failure(.tooDeep))
        #expect(parse("a SEARCH " + String(repeating: "OR ALL ", count: many) + "ALL ALL") == .failure(.tooDeep))
        let allowed = IMAPGrammarLimits.depth - 1
        let text = String(repeating: "(", count: allowed) + "ALL" + String(repeating: ")", count: allowed)
        #expect(parse("a SEARCH " + text) == .success(.search(IMAPSearchRequest(byUID: false, .all))))
        let commas = Array(repeating: "1", count: IMAPGrammarLimits.elements + 1).joined(separator: ",")
        #expect(parse("a SEARCH " + commas) == .failure(.tooMany))
    }

    @Test("What is no command says where it goes wrong, under its tag")
    func malformed() {
        #expect(parse("a FROBNICATE") == .failure(.unknownCommand))
        #expect(parse("a NOOP x") == .failure(.trailing))
        #expect(parse("a STORE 1 FLAGS (\\Bogus)") == .failure(.malformedFlag))
        #expect(parse("a SELECT \"&AOk\"") == .failure(.malformedMailboxName))
        #expect(throws: IMAPCommandError(tag: nil, reason: .malformedTag)) {
            try IMAPTaggedCommand(octets: Array("+ NOOP".utf8))
        }
        #expect(throws: IMAPCommandError(tag: "x", reason: .unknownCommand)) {
            try IMAPTaggedCommand(octets: Array("x UID NOOP".utf8))
        }
    }

    @Test("RFC 3501 §5.1.3: modified UTF-7, one name for each mailbox")
    func names() {
        for name in ["INBOX", "Envoyés", "R&D", "台北/日本語", "a~b", "€ & £", "Éléments supprimés", "😀"] {
            let encoded = ModifiedUTF7.encode(name)
            #expect(encoded.utf8.allSatisfy { (0x20...0x7E).contains($0) })
            #expect(ModifiedUTF7.decode(Array(encoded.utf8)) == name)
        }
        #expect(ModifiedUTF7.encode("~peter/mail/台北/日本語") == "~peter/mail/&U,BTFw-/&ZeVnLIqe-")
        for bad in ["&", "&AA", "&AGE-", "&AOkA-", "&AOn-", "&2AA-", "&U,BTFw-&ZeVnLIqe-", "a\u{7F}"] {
            #expect(ModifiedUTF7.decode(Array(bad.utf8)) == nil, "\(bad)")
        }
        #expect(IMAPMailboxName("inBox/Sub")?.text == "INBOX/Sub" && IMAPMailboxName("Inboxes")?.text == "Inboxes")
    }

    @Test("RFC 9051 §6.3.9: LIST patterns, in time that wildcards cannot blow up")
    func patterns() {
        func matches(_ pattern: String, _ name: String) -> Bool {
            IMAPListPattern(pattern).matches(IMAPMailboxName(name)!)
        }
        #expect(matches("*", "a/b") && matches("%", "a") && !matches("%", "a/b") && matches("%/%", "a/b"))
        #expect(matches("inbox", "INBOX") && matches("a*c", "abbc") && !matches("a%c", "ab/c") && matches("a*", "a"))
        let bomb = String(repeating: "*a", count: 400) + "b"
        #expect(!matches(bomb, String(repeating: "a", count: 900)))
    }

    @Test("Numbers join into ranges, whatever their order")
    func sets() {
        #expect(NumberRanges([5, 1, 2, 3, 9, 2] as [UInt32]).wire == "1:3,5,9")
        let ranges = IMAPSequenceSet.ranges([.init(nil, 4), .init(2, 1), .init(12, nil)]).resolved(largest: 10)
        #expect(ranges?.wire == "1:2,4:12")
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let numbers = (0..<30).map { _ in UInt32.random(in: 1...60, using: &generator) }
            let ranges = NumberRanges(numbers)
            #expect((1...60).allSatisfy { ranges.contains($0) == numbers.contains($0) })
            #expect(ranges.count == Set(numbers).count)
        }
    }
}
