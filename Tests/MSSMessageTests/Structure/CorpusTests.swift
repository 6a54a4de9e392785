import Foundation
import MSSCore
import MSSMessage
import Testing

/// Where our parse differs from mail-parser's and is meant to, by message name; checked to be a difference still.
/// Differences of a whole kind stand at the comparison that allows for them.
enum MeantDifference {
    /// uuencoded parts: we decode them, mail-parser leaves them as they are.
    static let uuencoded: Set<String> = ["legacy/017", "legacy/026", "legacy/048"]
    /// A part that says base64 and holds prose: we give the octets that it decodes to, mail-parser its raw text, which
    /// `rawBody(of:)` gives here; media parts stay media for us.
    static let proseAsBase64: Set<String> = ["rfc/000"]
    /// A word where an address should be: an address without domain for us, a name without address for mail-parser.
    /// A comment alone is no mailbox for us, a name for mail-parser.
    static let bareWord: Set<String> = ["rfc/000", "rfc/001", "rfc/004"]
    /// Comments stand apart in `Mailbox.comments`.
    static let comments: Set<String> = ["rfc/002"]
}

@Suite(.enabled(if: Corpus.exists)) struct CorpusTests {
    @Test("Messages of the corpora parse as expected beside them", arguments: Corpus.messages)
    func expectedParse(name: String) throws {
        let expected = try #require(Corpus.json("eml/\(name).json") as? [String: Any])
        compare(Message(Corpus.message(name)), root: 0, expected, name)
    }

    @Test("uuencoded images of the corpora decode to whole PNG files")
    func uuencoded() {
        var images = 0
        for name in MeantDifference.uuencoded {
            let message = Message(Corpus.message(name))
            for part in message.parts where part.contentType.essence == "image/png" {
                guard part.header.transferEncoding == .uuencode else { continue }
                let image = message.content(of: part)
                #expect(image.starts(with: [137, 80, 78, 71, 13, 10, 26, 10]))
                #expect(image.suffix(8) == [73, 69, 78, 68, 174, 66, 96, 130])
                images += 1
            }
        }
        #expect(images == 5)
    }

    @Test("Chunks of any size give the structure of the whole", arguments: Corpus.messages)
    func chunks(name: String) { expectSameStructure(Corpus.message(name), sizes: [1, 2, 3, 7, 64, 1000]) }

    /// Parts below `root` that no message in between encloses: mail-parser lists those apart.
    private func parts(_ message: Message, below root: Int) -> [MessagePart] {
        message.parts.filter { part in
            var walker = part.index
            while walker != root {
                guard let parent = message.parts[walker].parent else { return false }
                if message.parts[parent].kind == .message { return false }
                walker = parent
            }
            return true
        }
    }

    private func compare(_ message: Message, root: Int, _ expected: [String: Any], _ name: String) {
        let parts = expected["parts"] as! [[String: Any]]
        let own = self.parts(message, below: root)
        #expect(own.count == parts.count, "\(name): number of parts")
        guard own.count == parts.count else { return }
        for (part, wanted) in zip(own, parts) {
            let place = "\(name) part \(part.index)"
            #expect(part.headerRange.lowerBound == wanted["offset_header"] as! Int, "\(place): header")
            #expect(part.bodyRange.lowerBound == wanted["offset_body"] as! Int, "\(place): body")
            // Our multipart ends before its parent's delimiter, epilogue included, as IMAP counts it; mail-parser's
            // with its own close delimiter.
            if part.kind != .multipart {
                #expect(part.bodyRange.upperBound == wanted["offset_end"] as! Int, "\(place): end")
            }
            headers(part, wanted["headers"] as! [[String: Any]], place)
            body(message, part, wanted["body"] as! [String: Any], place)
        }
        guard root == 0, !meant(place: name, MeantDifference.proseAsBase64) else { return }
        let places = Dictionary(uniqueKeysWithValues: own.enumerated().map { ($1.index, $0) })
        func indices(_ ours: [Int]) -> [Int] { ours.map { places[$0]! } }
        let views = message.views
        let text = expected["text_body"] as! [Int]
        #expect(indices(views.text) == text, "\(name): text")
        #expect(indices(views.html) == (expected["html_body"] as! [Int]), "\(name): html")
        // mail-parser lists media that are shown as attachments too; RFC 8621 §4.1.4 does only when one view lacks them.
        let attachments = (expected["attachments"] as! [Int]).filter {
            !(text.contains($0) && (expected["html_body"] as! [Int]).contains($0)
                && (parts[$0]["body"] as! [String: Any])["InlineBinary"] != nil)
        }
        #expect(indices(views.attachments) == attachments, "\(name): attachments")
    }

    private func meant(place: String, _ names: Set<String>) -> Bool {
        names.contains { place == $0 || place.hasPrefix($0 + ".") || place.hasPrefix($0 + " ") }
    }

    private func body(_ message: Message, _ part: MessagePart, _ wanted: [String: Any], _ place: String) {
        if meant(place: place, MeantDifference.uuencoded), part.header.transferEncoding == .uuencode {
            #expect(!message.content(of: part).isEmpty)
        } else if let text = (wanted["Text"] ?? wanted["Html"]) as? String {
            if meant(place: place, MeantDifference.proseAsBase64), part.header.transferEncoding == .base64 {
                #expect(String(decoding: message.rawBody(of: part), as: UTF8.self) == text)
            } else {
                #expect(Expected.same(message.text(of: part), text), "\(place): text")
            }
        } else if let octets = (wanted["Binary"] ?? wanted["InlineBinary"]) as? [Int] {
            #expect(message.content(of: part).map(Int.init) == octets, "\(place): octets")
        } else if let nested = wanted["Message"] as? [String: Any] {
            if part.kind == .message {
                compare(message, root: part.children[0], nested, "\(place) within")
            } else if let embedded = message.embeddedMessage(of: part) {
                compare(embedded, root: 0, nested, "\(place) within")
            } else {
                Issue.record("\(place): no message")
            }
        } else {
            #expect(part.kind == .multipart, "\(place): multipart")
        }
    }

    private func headers(_ part: MessagePart, _ wanted: [[String: Any]], _ place: String) {
        #expect(part.header.count == wanted.count, "\(place): number of fields")
        guard part.header.count == wanted.count else { return }
        for (field, expected) in zip(part.header, wanted) {
            let name = (expected["name"] as? String) ?? ((expected["name"] as! [String: String])["other"]!)
            let spot = "\(place) \(name)"
            #expect(
                field.name.lowercased().replacingOccurrences(of: "-", with: "_")
                    == name.lowercased().replacingOccurrences(of: "-", with: "_"), "\(spot): name")
            #expect(field.range.lowerBound == expected["offset_field"] as! Int, "\(spot): start")
            guard let value = expected["value"] as? [String: Any] else { continue }  // "Empty"
            switch value.keys.first! {
            case "Text":
                let text = value["Text"] as! String
                let ours =
                    ["message_id", "content_id", "return_path"].contains(name)
                    ? field.messageIDs.first ?? "" : field.text
                #expect(Expected.same(ours, text), "\(spot): text")
            case "Address":
                let ours = Expected.addresses(field.addresses())
                let wanted = Expected.list(value["Address"]!)
                if meant(place: place, MeantDifference.bareWord), wanted.allSatisfy({ $0.hasSuffix("|") }) {
                    // `-|word|` there is `-|-|word` here; several words are a name for both.
                    #expect(ours.count <= wanted.count, "\(spot)")
                } else if meant(place: place, MeantDifference.comments), wanted[0].contains("(") {
                    #expect(ours == ["-|A1 Gore|vice-president@whitehouse.gov"])
                } else {
                    #expect(Expected.same(ours, wanted), "\(spot): \(ours)")
                }
            case "DateTime":
                let date = Expected.date(value["DateTime"] as? [String: Any])
                #expect(field.date?.timestamp == date, "\(spot): date")
            case "ContentType":
                let type = value["ContentType"] as! [String: Any]
                if name == "content_disposition" {
                    let ours = field.contentDisposition
                    #expect(ours?.kind == (type["c_type"] as! String).lowercased(), "\(spot): disposition")
                    #expect(
                        Expected.same(Expected.pairs(ours?.parameters), Expected.attributes(type["attributes"])),
                        "\(spot)")
                } else {
                    let ours = field.contentType
                    #expect(ours?.type == (type["c_type"] as! String).lowercased(), "\(spot): type")
                    #expect(ours?.subtype == ((type["c_subtype"] as? String) ?? "").lowercased(), "\(spot): subtype")
                    #expect(
                        Expected.same(Expected.pairs(ours?.parameters), Expected.attributes(type["attributes"])),
                        "\(spot)")
                }
            default: break
            }
        }
    }
}

/// The expected values of mail-parser's JSON in our words.
enum Expected {
    /// Equal, but for octets above 127 that mail-parser gave up (U+FFFD) and we read as Windows-1252.
    static func same(_ ours: String, _ wanted: String) -> Bool {
        if ours == wanted { return true }
        let (left, right) = (Array(ours.unicodeScalars), Array(wanted.unicodeScalars))
        return left.count == right.count && wanted.unicodeScalars.contains("\u{FFFD}")
            && zip(left, right).allSatisfy { $0 == $1 || ($1 == "\u{FFFD}" && $0.value > 127 && $0 != "\u{FFFD}") }
    }

    static func same(_ ours: [String], _ wanted: [String]) -> Bool {
        ours.count == wanted.count && zip(ours, wanted).allSatisfy { same($0, $1) }
    }

    /// Pairs as `name=value`, sorted by name; a language is a pair `name-language`, as mail-parser writes it.
    static func pairs(_ parameters: Parameters?) -> [String] {
        (parameters?.entries ?? []).flatMap { entry in
            ["\(entry.name)=\(entry.value)"] + (entry.language.map { ["\(entry.name)-language=\($0)"] } ?? [])
        }.sorted()
    }

    static func attributes(_ value: Any?) -> [String] {
        if let pairs = value as? [[String]] { return pairs.map { "\($0[0].lowercased())=\($0[1])" }.sorted() }
        let objects = value as? [[String: String]] ?? []
        return objects.map { "\($0["name"]!.lowercased())=\($0["value"]!)" }.sorted()
    }

    static func date(_ value: [String: Any]?) -> Timestamp? {
        guard let value else { return nil }
        func number(_ key: String) -> Int { value[key] as! Int }
        var parts = DateComponents()
        (parts.year, parts.month, parts.day) = (number("year"), number("month"), number("day"))
        (parts.hour, parts.minute, parts.second) = (number("hour"), number("minute"), number("second"))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0)!
        let zone = (number("tz_hour") * 3600 + number("tz_minute") * 60) * ((value["tz_before_gmt"] as! Bool) ? -1 : 1)
        return Timestamp(seconds: Int64(calendar.date(from: parts)!.timeIntervalSince1970) - Int64(zone))
    }

    private static func line(_ group: String?, _ name: String?, _ address: String?) -> String {
        "\(group ?? "-")|\(name ?? "-")|\(address ?? "")"
    }

    static func addresses(_ list: AddressList) -> [String] {
        list.entries.flatMap { entry -> [String] in
            switch entry {
            case .mailbox(let mailbox):
                [line(nil, mailbox.displayName, (mailbox.route.map { $0 + ":" } ?? "") + mailbox.address)]
            case .group(let name, let members):
                members.isEmpty
                    ? [line(name, nil, nil)]
                    : members.map { line(name, $0.displayName, ($0.route.map { $0 + ":" } ?? "") + $0.address) }
            }
        }
    }

    static func list(_ value: Any) -> [String] {
        let value = value as! [String: Any]
        if let list = value["List"] as? [[String: Any]] {
            return list.map { line(nil, $0["name"] as? String, $0["address"] as? String) }
        }
        return (value["Group"] as! [[String: Any]]).flatMap { group -> [String] in
            let name = group["name"] as? String
            let members = group["addresses"] as! [[String: Any]]
            if members.isEmpty { return [line(name, nil, nil)] }
            return members.map { line(name, $0["name"] as? String, $0["address"] as? String) }
        }
    }
}
