import Foundation
import Glibc
import MSSCore
import MSSMessage
import Testing

/// Dovecot's IMAP over a Maildir made of messages, as an independent judge of ENVELOPE, BODYSTRUCTURE and THREAD.
private func dovecot(_ messages: [[UInt8]], _ commands: [String]) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: "/tmp/mss-dovecot-\(UUID().uuidString.prefix(8))")
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["cur", "new", "tmp"] {
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("mail/\(name)"), withIntermediateDirectories: true)
    }
    for (index, message) in messages.enumerated() {
        try Data(message).write(to: folder.appendingPathComponent("mail/cur/\(1_000_000 + index).m:2,"))
    }
    let configuration = """
        mail_location = maildir:\(folder.path)/mail
        base_dir = \(folder.path)/run
        log_path = \(folder.path)/log
        ssl = no
        protocols =
        """
    try Data(configuration.utf8).write(to: folder.appendingPathComponent("dovecot.conf"))
    var arguments = [
        "USER=nobody", "HOME=\(folder.path)", "doveadm", "-c", "\(folder.path)/dovecot.conf", "exec", "imap",
    ]
    if getuid() == 0 {
        // Dovecot refuses to read mail as root.
        _ = try Peer.run(["chown", "-R", "65534:65534", folder.path])
        arguments.insert(contentsOf: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"], at: 2)
    }
    let script = (["a SELECT INBOX"] + commands + ["z LOGOUT"]).joined(separator: "\r\n") + "\r\n"
    // Dovecot waits with epoll, which wants pipes; no argument holds a blank or a quote.
    let pipeline = ["sh", "-c", "cat | env \(arguments.joined(separator: " ")) | cat"]
    return try Peer.run(pipeline, input: Array(script.utf8))
}

/// A parenthesised list of IMAP.
private indirect enum Item: Equatable, CustomStringConvertible {
    case text(String?)
    case list([Item])

    /// Parses one item; quoted strings and literals are text, `NIL` is none.
    static func parse(_ bytes: [UInt8], _ position: inout Int) -> Item {
        while position < bytes.count, bytes[position] == 32 { position += 1 }
        guard position < bytes.count else { return .text(nil) }
        switch bytes[position] {
        case UInt8(ascii: "("):
            position += 1
            var items: [Item] = []
            while position < bytes.count, bytes[position] != UInt8(ascii: ")") {
                items.append(parse(bytes, &position))
                while position < bytes.count, bytes[position] == 32 { position += 1 }
            }
            position += 1
            return .list(items)
        case UInt8(ascii: "\""):
            position += 1
            var text: [UInt8] = []
            while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
                if bytes[position] == UInt8(ascii: "\\") { position += 1 }
                text.append(bytes[position])
                position += 1
            }
            position += 1
            return .text(string(text))
        case UInt8(ascii: "{"):
            let close = bytes[position...].firstIndex(of: UInt8(ascii: "}"))!
            let count = Int(String(decoding: bytes[(position + 1)..<close], as: UTF8.self))!
            position = close + 3 + count
            return .text(string(bytes[(close + 3)..<(close + 3 + count)]))
        default:
            let start = position
            while position < bytes.count, bytes[position] != 32, bytes[position] != UInt8(ascii: ")") { position += 1 }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            return .text(word == "NIL" ? nil : word)
        }
    }

    /// Octets that are no UTF-8 are read as we read them.
    private static func string(_ bytes: some Collection<UInt8>) -> String {
        String(validating: bytes, as: UTF8.self) ?? Charset.windows1252.decode(Array(bytes)[...])
    }

    static func parse(_ bytes: [UInt8]) -> Item {
        var position = 0
        return parse(bytes, &position)
    }

    var description: String {
        switch self {
        case .text(let text): text.map { "\"\($0)\"" } ?? "-"
        case .list(let items): "(" + items.map(\.description).joined(separator: " ") + ")"
        }
    }

    /// What is said in different words: letter case, a domain that is missing, parameters' order of continuation.
    var normal: Item {
        switch self {
        case .text(let text?):
            let word = text.lowercased()
            return .text(word == "missing_domain" || word == "missing_mailbox" ? "" : word)
        case .text(nil): return self
        case .list(let items): return .list(items.map(\.normal))
        }
    }
}

@Suite struct DovecotTests {
    /// Messages and structures that Dovecot describes otherwise, each with the reason why we differ.
    static let meant: [String: String] = [
        "sample 13 ENVELOPE": "unfolding keeps the tab after the line end (RFC 5322 §2.2.3); Dovecot makes it a space",
        "rfc/001.crlf BODYSTRUCTURE": "a parameter after a forgotten semicolon is read; Dovecot stops there",
        "rfc/008.crlf BODYSTRUCTURE":
            "the line end before a close delimiter belongs to it even when the message ends there (RFC 2046 §5.1.1)",
    ]

    private func messages() -> [(String, [UInt8])] {
        let corpus = Corpus.messages.filter { $0.hasSuffix(".crlf") }.map { ($0, Corpus.message($0)) }
        let samples = Samples.messages.enumerated().map { ("sample \($0)", Array($1.utf8)) }
        return corpus + samples.filter { !$0.1.isEmpty }
    }

    @Test("ENVELOPE and BODYSTRUCTURE are those of Dovecot")
    func structures() throws {
        let messages = messages()
        let output = try dovecot(messages.map(\.1), ["b FETCH 1:* (ENVELOPE)", "c FETCH 1:* (BODYSTRUCTURE)"])
        var bytes = output[...]
        var compared = 0
        var found: [String: Set<Int>] = [:]
        while let start = bytes.firstRange(of: Array("FETCH (".utf8)) {
            let number = bytes[..<start.lowerBound].reversed().drop { $0 == 32 }.prefix { $0 >= 48 && $0 < 58 }
            let index = Int(String(decoding: number.reversed(), as: UTF8.self))! - 1
            // Positions of the copy are those of the slice from its start.
            var local = start.upperBound - 1 - bytes.startIndex
            guard case .list(let pair) = Item.parse(Array(bytes), &local), pair.count == 2,
                case .text(let key?) = pair[0]
            else {
                bytes = bytes[start.upperBound...]
                continue
            }
            bytes = bytes.dropFirst(local)
            let (name, message) = messages[index]
            let parsed = Message(message)
            let ours = Item.parse(
                key == "ENVELOPE"
                    ? Envelope(parsed.header).imapBytes : parsed.structure.imapBodyStructure(extended: true))
            found[key, default: []].insert(index)
            compared += 1
            if Self.meant["\(name) \(key)"] != nil {
                #expect(ours.normal != pair[1].normal, "\(name) \(key): no longer a difference")
            } else {
                let same = ours.normal == pair[1].normal
                #expect(same, "\(name) \(key)\nours   \(ours.normal)\ntheirs \(pair[1].normal)")
            }
        }
        #expect(compared == 2 * messages.count)
        #expect(found["ENVELOPE"]?.count == messages.count)
    }

    @Test("Conversations are those of Dovecot's THREAD=REFERENCES (RFC 5256)")
    func threads() throws {
        for seed in 0..<6 {
            var random = SeededRandom(UInt64(seed))
            let messages: [[UInt8]] = (0..<60).map { index in
                var references: [String] = []
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    references.append("<m\(Int.random(in: 0..<80, using: &random))@x>")
                }
                let prefix = ["", "Re: ", "Fwd: ", "[liste] Re: "].randomElement(using: &random)!
                let subject = "\(prefix)sujet \(Int.random(in: 0..<12, using: &random))"
                let minute = Int.random(in: 0..<60, using: &random)
                return Array(
                    ("Message-ID: <m\(index)@x>\r\nDate: Tue, 1 Jul 2003 10:\(minute < 10 ? "0" : "")\(minute):00 +0000\r\n"
                        + "Subject: \(subject)\r\n"
                        + (references.isEmpty ? "" : "References: \(references.joined(separator: "\r\n "))\r\n")
                        + "\r\nx\r\n").utf8)
            }
            let output = try dovecot(messages, ["b THREAD REFERENCES UTF-8 ALL"])
            let line = try #require(
                String(decoding: output, as: UTF8.self).split(separator: "\r\n").first { $0.hasPrefix("* THREAD") })
            var position = 0
            let theirs = Item.parse(Array("(\(line.dropFirst(9)))".utf8), &position)
            let forest = ThreadForest(
                messages.map { ThreadMessage(Message($0).header, received: Timestamp(seconds: 0)) })
            let ours = "(" + forest.roots.map { "(" + written(forest, $0) + ")" }.joined() + ")"
            let same = Item.parse(Array(ours.utf8)) == theirs
            #expect(same, "seed \(seed)\nours   \(ours)\ntheirs \(line)")
        }
    }

    /// A conversation as THREAD responses write it.
    private func written(_ forest: ThreadForest, _ node: Int) -> String {
        let children = forest.nodes[node].children
        let own = forest.nodes[node].message.map { "\($0 + 1)" } ?? ""
        if children.count == 1, !own.isEmpty { return own + " " + written(forest, children[0]) }
        let below = children.map { "(" + written(forest, $0) + ")" }.joined()
        return own + (own.isEmpty || below.isEmpty ? "" : " ") + below
    }
}
