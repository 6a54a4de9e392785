import Foundation
import MSSMessage
import Testing

/// One case of the header corpora: a field value and its expected parse.
struct HeaderCase: Sendable, CustomTestStringConvertible {
    let index: Int
    let header: String
    var testDescription: String { "#\(index) \(header.debugDescription.prefix(60))" }

    static func load(_ file: String) -> [HeaderCase] {
        let cases = Corpus.json(file) as? [[String: Any]] ?? []
        return cases.enumerated().map { HeaderCase(index: $0, header: $1["header"] as! String) }
    }

    func expected(_ file: String) -> Any? { (Corpus.json(file) as! [[String: Any]])[index]["expected"] }

    /// The value up to its end: the first line end that no blank follows. A leading line end is a fold.
    var value: String {
        let scalars = Array(header.unicodeScalars)
        var end = scalars.count
        for index in scalars.indices where scalars[index] == "\n" {
            if index + 1 < scalars.count, scalars[index + 1] == " " || scalars[index + 1] == "\t" { continue }
            end = index
            break
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[..<end])
        return String(text)
    }

    /// The value as a field of a message, so that unfolding happens as in one.
    var field: HeaderField { Message(Array("X: \(value)\r\n\r\n".utf8)).header[0] }
}

@Suite(.enabled(if: Corpus.exists)) struct HeaderCaseTests {
    /// Address cases whose difference is meant, by the value's beginning.
    static let meantAddresses: [String: String] = [
        "Pete(A nice": "comments stand apart in Mailbox.comments, not in the name",
        "A Group(Some people)": "comments stand apart; a comment after the list is no address",
        "(Empty list)": "comments stand apart; a comment in an empty group is no address",
        "John Doe <jdoe@machine(comment)": "comments stand apart; blanks around dots are removed (RFC 5322 §4.4)",
        "Nathaniel Borenstein": "comments stand apart, not in the name",
        "Name (comment)": "comments stand apart, not in the name",
        "Mary Smith <@node.test": "blanks around the dots of an address are removed (RFC 5322 §4.4)",
        "=?ISO-8859-1?Q?a?= \"=?ISO-8859-2?Q?_b?=\"": "the encoded blank is kept beside the one between the words",
    ]
    /// Media type cases whose difference is meant.
    static let meantTypes: [String: String] = [
        "application/pdf\n   filename*0*": "a charset stands in the first segment only (RFC 2231 §4.1)",
        "image/jpeg;\n   name=\"=?iso-8859-1?B?4Q==?= ": "blanks between encoded words vanish (RFC 2047 §6.2)",
        "inva/lid; name=\"   \n": "blanks at the end of the value are trimmed before the unclosed quote is seen",
        "malicious/attempt": "names without a word before `*` are no parameters; blanks before `*` end the name",
    ]
    /// Dates whose difference is meant.
    static let meantDates: [String: String] = [
        " 4 8 15 16": "a time has a colon: six bare numbers are no date"
    ]

    @Test("Address lists read as the corpus expects", arguments: HeaderCase.load("address.json"))
    func addresses(item: HeaderCase) {
        let ours = Expected.addresses(item.field.addresses())
        let wanted = Expected.list(item.expected("address.json")!)
        if Self.meantAddresses.keys.contains(where: { item.header.hasPrefix($0) }) {
            #expect(ours != wanted, "no longer a difference")
        } else {
            #expect(ours == wanted)
        }
    }

    @Test("Media types and parameters read as the corpus expects", arguments: HeaderCase.load("content_type.json"))
    func types(item: HeaderCase) {
        var ours: [String] = []
        if let type = item.field.contentType { ours = [type.type, type.subtype] + Expected.pairs(type.parameters) }
        var wanted: [String] = []
        if let expected = item.expected("content_type.json") as? [String: Any] {
            wanted = [
                (expected["c_type"] as! String).lowercased(), ((expected["c_subtype"] as? String) ?? "").lowercased(),
            ]
            wanted += Expected.attributes(expected["attributes"])
        }
        if Self.meantTypes.keys.contains(where: { item.header.hasPrefix($0) }), !item.header.contains("test=test") {
            #expect(ours != wanted, "no longer a difference")
        } else {
            #expect(ours == wanted)
        }
    }

    @Test("Dates read as the corpus expects", arguments: HeaderCase.load("date.json"))
    func dates(item: HeaderCase) {
        let ours = item.field.date?.timestamp
        let wanted = Expected.date(item.expected("date.json") as? [String: Any])
        if Self.meantDates.keys.contains(where: { item.header.hasPrefix($0) }) {
            #expect(ours != wanted, "no longer a difference")
        } else {
            #expect(ours == wanted)
        }
    }
}
