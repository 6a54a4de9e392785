import MSSMessage
import MSSTestKit
import Testing

@testable import MSSIMAP

@Suite("Headers under search")
struct SearchedHeaderTests {
    private func search(_ header: String, _ name: String, _ text: String) -> (plain: Bool?, whole: Bool) {
        let searched = SearchedHeader(Array(header.utf8)[...])
        return (
            searched.plain(SearchedFieldName(name), FoldedText(text)),
            searched.contains(SearchedFieldName(name), FoldedText(text))
        )
    }

    @Test("RFC 9051 §6.4.4: fields by name, whatever their case, folds and encoded words")
    func fields() {
        let header = "Subject: Compte Rendu 7\r\nX-Subject: autre\r\nsubject : second\r\n\r\n"
        #expect(search(header, "SUBJECT", "rendu") == (true, true))
        #expect(search(header, "Subject", "SECOND") == (true, true))
        #expect(search(header, "Subject", "autre") == (false, false))
        #expect(search(header, "Subject", " 7\r") == (false, false))
        #expect(search(header, "Subject", "") == (true, true))
        #expect(search(header, "From", "") == (false, false))
        #expect(search("Subject: a\r\n b\r\n\r\n", "Subject", "a b") == (nil, true))
        #expect(search("Subject: =?utf-8?Q?Ren=C3=A9e?=\r\n\r\n", "Subject", "renée") == (nil, true))
        #expect(search("Subject: Renée\r\n\r\n", "Subject", "RENÉE") == (nil, true))
    }

    @Test("RFC 5051: case does not count, in any alphabet; the fast way folds as Unicode does")
    func folding() {
        var random = SeededGenerator(seed: 7)
        let letters = Array("ABCXYZ[@`az09 éÉÀÞ×ÿŸßİıΣΆЖ中ȺK\u{130}😀\u{0}")
        for _ in 0..<3000 {
            let text = String(
                (0..<Int.random(in: 0...40, using: &random)).map { _ in letters.randomElement(using: &random)! })
            #expect(FoldedText(text) == FoldedText(text.lowercased()), "\(text)")
            let whole = FoldedText(text)
            let part = String(text.dropFirst(Int.random(in: 0...3, using: &random)).prefix(5))
            #expect(whole.contains(FoldedText(part)), "\(text) \(part)")
        }
        for octets in [[0xC3], [0xC3, 0x41], [0xE2, 0x82], [0xFF, 0x41], [0xED, 0xA0, 0x80], [0xC0, 0xAF]] as [[UInt8]]
        {
            let repaired = String(decoding: octets, as: UTF8.self).lowercased()
            #expect(FoldedText(octets: octets) == FoldedText(repaired), "\(octets)")
        }
    }

    @Test("What lines alone tell is what the parsed fields tell", arguments: 1...8 as ClosedRange<UInt64>)
    func agreement(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "Subject", "subject", "X", ":", ": ", " ", "\t", "\r\n", "\n", "\r", "ab", "AB", "=?utf-8?Q?ab?=", "=?",
            "é",
            "From ", ">From a", "\r\n\r\n", "\0", "?=", "K",
        ]
        var decided = 0
        for _ in 0..<4000 {
            let header = (0..<Int.random(in: 1...12, using: &random)).map { _ in pieces.randomElement(using: &random)! }
                .joined()
            // A header ends with its first empty line.
            let octets = Array(header.utf8)
            let own = IMAPMessageReader.headerEnd(octets, from: 0).map { Array(octets[..<$0]) } ?? octets
            let text = FoldedText(["ab", "", "b ", "k", "é"].randomElement(using: &random)!)
            let searched = SearchedHeader(own[...])
            if let anywhere = searched.plain(text) {
                let expected = searched.block.contains { FoldedText("\($0.name): \($0.text)").contains(text) }
                #expect(anywhere == expected, "\(String(reflecting: header))")
            }
            var raw: [Range<Int>] = []
            own.withUnsafeBytes { bytes in
                RawHeaderField.forEach(in: bytes) { field in
                    raw.append(field.start..<field.end)
                    return true
                }
            }
            #expect(raw == searched.block.map(\.range), "\(String(reflecting: header))")
            guard let plain = searched.plain(SearchedFieldName("Subject"), text) else { continue }
            decided += 1
            let fields = searched.block.all("Subject")
            let expected = text.isEmpty ? !fields.isEmpty : fields.contains { FoldedText($0.text).contains(text) }
            #expect(plain == expected, "\(String(reflecting: header))")
        }
        #expect(decided > 1000)
    }
}
