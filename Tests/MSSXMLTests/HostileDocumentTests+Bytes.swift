import Glibc
import Testing

@testable import MSSXML

/// Bytes that are no characters of their encoding.
extension HostileDocumentTests {
    @Test(
        "Invalid UTF-8 and NUL are refused",
        arguments: [
            [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFF], [0xFE], [0x80], [0xC3], [0xE2, 0x82],
            [0x00],
            [0xEF, 0xBF, 0xBE],
        ] as [[UInt8]])
    func invalidBytes(_ bytes: [UInt8]) {
        let frames: [([UInt8], [UInt8])] = [
            (Array("<a>".utf8), Array("</a>".utf8)), (Array("<a x='".utf8), Array("'/>".utf8)),
            (Array("<a".utf8), Array("/>".utf8)),
            (Array("<a><!--".utf8), Array("--></a>".utf8)), (Array("<a><![CDATA[".utf8), Array("]]></a>".utf8)),
        ]
        for (before, after) in frames {
            let found = refused(before + bytes + after)
            #expect(found != nil, "\(String(decoding: before, as: UTF8.self))")
            // Cut between two blocks as well.
            for block in 4...12 {
                #expect(throws: XMLFailure.self) { try events(before + bytes + after, block: block) }
            }
        }
    }

    @Test("Encodings: UTF-8, UTF-16 with its mark, ISO-8859-1 and US-ASCII; no other")
    func encodings() throws {
        let text = "<a>é€</a>"
        func utf16(_ text: String, big: Bool, mark: Bool = true) -> [UInt8] {
            ((mark ? [0xFEFF] : []) + Array(text.utf16)).flatMap { unit -> [UInt8] in
                let bytes = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
                return big ? bytes : bytes.reversed()
            }
        }
        for document in [
            Array(text.utf8), [0xEF, 0xBB, 0xBF] + Array(text.utf8), utf16(text, big: true), utf16(text, big: false),
            utf16("<?xml version='1.0' encoding='UTF-16'?>" + text, big: false),
            Array(("<?xml version='1.0' encoding='utf-8'?>" + text).utf8),
        ] {
            #expect(try XMLTree(document).root.text == "é€")
            #expect(try events(document).contains("</a> 1 [é€]"))
            #expect(try events(document, block: 5).contains("</a> 1 [é€]"))
        }
        let latin = Array("<?xml version='1.0' encoding='ISO-8859-1'?><a>".utf8) + [0xE9] + Array("</a>".utf8)
        #expect(try XMLTree(latin).root.text == "é")
        #expect(try events(latin, block: 7).contains("</a> 1 [é]"))
        #expect(
            refused(Array("<?xml version='1.0' encoding='US-ASCII'?><a>".utf8) + [0xE9] + Array("</a>".utf8)) != nil)

        for name in [
            "UTF-7", "windows-1252", "ISO-8859-15", "EBCDIC-CP-FR", "UTF-32", "UTF-16", "HTML", "nonsense", "UCS-2",
        ] {
            let found = refused("<?xml version='1.0' encoding='\(name)'?><a>x</a>".utf8)
            #expect(found == .encoding, "\(name): \(String(describing: found))")
        }
        #expect(refused(utf16("<?xml version='1.0' encoding='UTF-8'?><a/>", big: true)) == .encoding)
        #expect(refused(utf16("<a/>", big: true, mark: false)) == .encoding)
        #expect(refused(utf16("<a/>", big: false, mark: false)) == .encoding)
        #expect(refused([0x00, 0x00, 0xFE, 0xFF, 0, 0, 0, 0x3C]) == .encoding)
        #expect(refused([0xFF, 0xFE, 0x00, 0x00, 0x3C, 0, 0, 0]) == .encoding)
        #expect(refused([0x4C, 0x6F, 0xA7, 0x94]) != nil)
        #expect(refused("<?xml version='1.1'?><a/>".utf8) == .version)
        #expect(refused([]) == .empty)
    }

    @Test(
        "UTF-16 with an unpaired surrogate or half a unit is refused, never cut short (found by fuzzing: libxml2 stops without a word)",
        arguments: [[0xDC00], [0xD800], [0xD800, 0xD800, 0xDC00], [0xDBF4, 0x9BDA, 0xFF83]] as [[UInt16]])
    func surrogates(_ units: [UInt16]) throws {
        func document(_ units: [UInt16], big: Bool) -> [UInt8] {
            ([0xFEFF] + Array("<a>b".utf16) + units + Array("</a>".utf16)).flatMap { unit -> [UInt8] in
                let bytes = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
                return big ? bytes : bytes.reversed()
            }
        }
        for big in [true, false] {
            guard case .malformed = refused(document(units, big: big)) else {
                Issue.record("accepted")
                continue
            }
            #expect(refused(document(units, big: big).dropLast(1)) != nil)
            #expect(refused(document([0xD83D, 0xDE00], big: big).dropLast(1)) != nil)
            #expect(refused(document([0xD83D, 0xDE00], big: big) + [0x20]) != nil)
            for piece in [1, 2, 3, 7] {
                #expect(
                    try events(document([0xD83D, 0xDE00], big: big), block: piece, chunks: [1]).last == "</a> 1 [b😀]")
            }
        }
    }
}
