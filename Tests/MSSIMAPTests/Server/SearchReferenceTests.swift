import Foundation
import MSSTestKit
import NIOCore
import Testing

@testable import MSSIMAP

/// Searches in messages of which it is known what they say, in whatever form they say it.
@Suite("SEARCH against what messages say")
struct SearchReferenceTests {
    private static let user = "marie@hopital.mssante.fr"
    private static let words = [
        "bilan", "Renée", "ÉTÉ", "rendu", "sanguin", "zèbre", "Ωμέγα", "œdème", "POULS", "naïf",
    ]

    /// What one message says.
    private struct Said {
        var subject: String
        var body: String
        var isFlagged: Bool
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...6, using: &random)).map { _ in words.randomElement(using: &random)! }
            .joined(separator: " ")
    }

    private static func isASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }

    private static func base64(_ octets: some Sequence<UInt8>) -> String {
        Data(octets).base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn])
            .replacing("\r\n", with: "\r").replacing("\r", with: "\r\n")
    }

    /// A subject in one of its forms.
    private static func field(_ text: String, _ random: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return text  // as it is, in UTF-8 too (RFC 6532)
        case 1: return text.replacing(" ", with: "\r\n ", maxReplacements: 2)
        case 2: return "=?utf-8?B?\(Data(text.utf8).base64EncodedString())?="
        default:
            let octets = text.utf8.map { $0 == 0x20 ? "_" : String(format: "=%02X", $0) }.joined()
            return "=?UTF-8?q?\(octets)?="
        }
    }

    /// A body in one of its forms, its header fields before it.
    private static func body(_ text: String, _ random: inout SeededGenerator) -> String {
        let isLatin = text.unicodeScalars.allSatisfy { $0.value < 0x100 } && Bool.random(using: &random)
        let octets = isLatin ? text.unicodeScalars.map { UInt8($0.value) } : Array(text.utf8)
        let type = "Content-Type: text/plain; charset=\(isLatin ? "iso-8859-1" : "utf-8")\r\n"
        switch Int.random(in: 0..<3, using: &random) {
        case 0 where !isLatin: return type + "Content-Transfer-Encoding: 8bit\r\n\r\n\(text)\r\n"
        case 1:
            let quoted = octets.map { octet in
                let soft = Int.random(in: 0..<9, using: &random) == 0 ? "=\r\n" : ""
                return (octet >= 0x80 || octet == 0x3D ? String(format: "=%02X", octet) : String(UnicodeScalar(octet)))
                    + soft
            }
            return type + "Content-Transfer-Encoding: quoted-printable\r\n\r\n\(quoted.joined())\r\n"
        default: return type + "Content-Transfer-Encoding: base64\r\n\r\n\(base64(octets))\r\n"
        }
    }

    private static func message(_ said: Said, _ random: inout SeededGenerator) -> String {
        let head = "Date: 1 Nov 2026 10:00:00 +0100\r\nSubject: \(field(said.subject, &random))\r\n"
        let body = body(said.body, &random)
        guard Bool.random(using: &random) else { return head + body }
        // What is attached is no text, though its octets spell words.
        let attached = words.map(\.utf8).joined()
        return head + "Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\(body)\r\n--q\r\n"
            + "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n\(base64(attached))\r\n"
            + "--q--\r\n"
    }

    private indirect enum Key {
        case subject(String)
        case body(String)
        case text(String)
        case flagged
        case not(Key)
        case or(Key, Key)
        case and(Key, Key)

        static func random(_ random: inout SeededGenerator, _ depth: Int = 0) -> Key {
            switch Int.random(in: 0..<(depth < 2 ? 8 : 5), using: &random) {
            case 0: return .flagged
            case 1: return .subject(needle(&random))
            case 2: return .body(needle(&random))
            case 3, 4: return .text(needle(&random))
            case 5: return .not(.random(&random, depth + 1))
            case 6: return .or(.random(&random, depth + 1), .random(&random, depth + 1))
            default: return .and(.random(&random, depth + 1), .random(&random, depth + 1))
            }
        }

        /// A part of a text, in any case.
        private static func needle(_ random: inout SeededGenerator) -> String {
            let whole = Array(SearchReferenceTests.text(&random))
            let start = Int.random(in: 0..<(whole.count - 2), using: &random)
            let part = String(whole[start..<min(whole.count, start + Int.random(in: 3...9, using: &random))])
            return Bool.random(using: &random) ? part.uppercased().lowercased() : part
        }

        var wire: String {
            switch self {
            case .subject(let text): "SUBJECT \"\(text)\""
            case .body(let text): "BODY \"\(text)\""
            case .text(let text): "TEXT \"\(text)\""
            case .flagged: "FLAGGED"
            case .not(let key): "NOT \(key.wire)"
            case .or(let one, let other): "OR \(one.wire) \(other.wire)"
            case .and(let one, let other): "(\(one.wire) \(other.wire))"
            }
        }

        func holds(_ said: Said) -> Bool {
            func has(_ text: String, _ part: String) -> Bool { text.lowercased().contains(part.lowercased()) }
            return switch self {
            case .subject(let text): has(said.subject, text)
            case .body(let text): has(said.body, text)
            case .text(let text): has("Subject: " + said.subject, text) || has(said.body, text)
            case .flagged: said.isFlagged
            case .not(let key): !key.holds(said)
            case .or(let one, let other): one.holds(said) || other.holds(said)
            case .and(let one, let other): one.holds(said) && other.holds(said)
            }
        }
    }

    @Test("RFC 9051 §6.4.4: exactly the messages that say it, in any encoding, charset and structure", arguments: 1...4)
    func reference(_ seed: Int) async {
        var random = SeededGenerator(seed: UInt64(seed))
        let accounts = InMemoryMailboxes()
        var all: [Said] = []
        for _ in 0..<60 {
            let said = Said(
                subject: Self.text(&random), body: Self.text(&random), isFlagged: Bool.random(using: &random))
            all.append(said)
            accounts.account(Self.user).deliver(
                ByteBuffer(string: Self.message(said, &random)), flags: said.isFlagged ? [.flagged] : [])
        }
        let dialogue = await IMAPDialogue.loggedIn(Self.user, accounts: accounts)
        _ = await dialogue.say("a SELECT INBOX")
        var found = 0
        for _ in 0..<150 {
            let key = Key.random(&random)
            let numbers = all.indices.filter { key.holds(all[$0]) }.map { " \($0 + 1)" }.joined()
            #expect(
                await dialogue.say("b SEARCH \(key.wire)") == "* SEARCH\(numbers)\r\nb OK Completed\r\n", "\(key.wire)")
            found += numbers.isEmpty ? 0 : 1
            let first = Int.random(in: 1...60, using: &random)
            let some = all.indices.filter { $0 + 1 >= first && key.holds(all[$0]) }.map { " \($0 + 1)" }.joined()
            #expect(await dialogue.say("c SEARCH \(first):60 \(key.wire)") == "* SEARCH\(some)\r\nc OK Completed\r\n")
        }
        #expect(found > 50)
    }
}
