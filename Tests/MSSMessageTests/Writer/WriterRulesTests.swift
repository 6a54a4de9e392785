import MSSCore
import MSSMessage
import Testing

private func header(_ bytes: [UInt8]) -> String {
    String(decoding: bytes[Message(bytes).parts[0].headerRange], as: UTF8.self)
}

@Suite struct WriterRulesTests {
    @Test(
        "CR, LF and NUL in any value are refused, so no value adds a header field",
        arguments: ["\r", "\n", "\r\nBcc: x@y.fr", "\0"])
    func injection(attack: String) {
        func refused(_ change: (inout OutgoingMessage) -> Void) {
            var message = letter()
            change(&message)
            #expect(throws: WriterError.self) { _ = try written(message) }
            #expect(throws: WriterError.self) { _ = try written(message, mode: .smtpUTF8) }
        }
        refused { $0.subject = "a\(attack)" }
        refused { $0.from[0].name = "a\(attack)b" }
        refused { $0.from[0].address = "a@b.fr\(attack)" }
        refused { $0.to = [.group(name: "g\(attack)", [])] }
        refused { $0.messageID = "a\(attack)@b" }
        refused { $0.references = ["a\(attack)@b"] }
        refused { $0.fields = [OutgoingField("X-MSS-NIL", .tokens("1\(attack)"))] }
        refused { $0.fields = [OutgoingField("X-A\(attack)", .tokens("1"))] }
        refused { $0.content.contentID = "a\(attack)" }
        refused { $0.content.disposition = ContentDisposition("attachment", ["filename": "a\(attack)"]) }
        refused { $0.content.disposition = ContentDisposition("inline\(attack)") }
        refused { $0.content.contentType = ContentType("text", "plain\(attack)") }
        refused { $0.content.contentType.parameters = ["x": "a\(attack)"] }
        refused { $0.content.contentType.parameters = ["x\(attack)": "a"] }
    }

    @Test(
        "Addresses that would read as something else are refused",
        arguments: ["a b@c.fr", "<a@b.fr>", "a@b.fr,c@d.fr", "", "a:b@c.fr", "a(b)@c.fr", "\"a@b.fr", "a;b@c.fr"])
    func addresses(address: String) {
        var message = letter()
        message.to = [.mailbox(Mailbox(address: address))]
        #expect(throws: WriterError.self) { _ = try written(message) }
    }

    @Test("A UTF-8 address needs SMTPUTF8 (RFC 6532)")
    func utf8Address() throws {
        var message = letter(subject: "café")
        message.to = [.mailbox(Mailbox(name: "Élise", address: "élise@exemple.fr"))]
        #expect(throws: WriterError.needsSMTPUTF8(field: "To")) { _ = try written(message) }
        let bytes = try written(message, mode: .smtpUTF8)
        expectCleanUTF8(bytes)
        #expect(header(bytes).contains("Subject: café\r\n"))
        #expect(Message(bytes).header.to.entries == message.to)
    }

    private func expectCleanUTF8(_ bytes: [UInt8]) {
        #expect(Set(Message(bytes).structure.diagnostics.map(\.kind)).isSubset(of: [.eightBitHeader]))
        #expect(String(validating: bytes, as: UTF8.self) != nil)
    }

    @Test(
        "Subjects come back as they were, whatever they hold",
        arguments: [
            "", " ", "  deux  espaces  ", "=?utf-8?Q?faux?=", "a =? b", "Réunion",
            "mot " + String(repeating: "é", count: 300),
            String(repeating: "x", count: 2000), String(repeating: "mot ", count: 200) + "fin",
            "été \u{1F3E5} \u{1F469}\u{200D}\u{2695}\u{FE0F} suite",
            "tab\tici", "XDM/1.0/DDM+34112-3|1234567890123", "fin é", "é début", "\u{7}cloche", "a\u{7F}b",
            String(repeating: "\u{1F600}", count: 50),
        ])
    func subjects(subject: String) throws {
        for mode in [WriterOptions.Mode.sevenBit, .smtpUTF8] {
            let bytes = try written(letter(subject: subject), mode: mode)
            if mode == .sevenBit { expectCleanLines(bytes) }
            #expect(Message(bytes).header.subject == subject)
            for line in header(bytes).split(separator: "\r\n") { #expect(line.unicodeScalars.count <= 998) }
        }
    }

    @Test("Header lines fold at 78 columns wherever a blank allows it (RFC 5322 §2.1.1)")
    func folding() throws {
        var message = letter(subject: String(repeating: "compte rendu d’été ", count: 30) + "fin")
        message.to = (0..<40).map {
            .mailbox(Mailbox(name: "Praticien \($0)", address: "praticien.\($0)@cabinet.mssante.fr"))
        }
        message.references = (0..<40).map { "identifiant-\($0)@cabinet.mssante.fr" }
        let bytes = try written(message)
        expectCleanLines(bytes)
        for line in header(bytes).split(separator: "\r\n") { #expect(line.utf8.count <= 78, "\(line)") }
        let read = Message(bytes).header
        #expect(read.to.entries == message.to)
        #expect(read.references == message.references)
        #expect(read.subject == message.subject)
    }

    @Test(
        "Names come back as they were",
        arguments: [
            "Dr A. Martin", "Martin, Anne", "\"guillemets\" \\ barre", "Ève", "=?x?=", "a  b", "O'Brien", "(x)",
            "名前 太郎", String(repeating: "nom ", count: 60) + "fin",
        ])
    func names(name: String) throws {
        for mode in [WriterOptions.Mode.sevenBit, .smtpUTF8] {
            var message = letter()
            message.to = [
                .mailbox(Mailbox(name: name, address: "a@b.fr")), .group(name: name, [Mailbox(address: "c@d.fr")]),
            ]
            let bytes = try written(message, mode: mode)
            if mode == .sevenBit { expectCleanLines(bytes) }
            #expect(Message(bytes).header.to == AddressList(message.to))
        }
    }

    @Test(
        "File names come back as they were",
        arguments: [
            "a.pdf", "CR été.pdf", "a b.pdf", "\"x\".pdf", String(repeating: "long", count: 60) + ".pdf",
            String(repeating: "é", count: 120), "50%*'.txt", "=?x?=", "后.pdf",
        ])
    func fileNames(name: String) throws {
        let part = OutgoingPart.attachment(name, ContentSource([1, 2, 3]))
        let bytes = try written(letter(part))
        expectCleanLines(bytes)
        let read = Message(bytes).parts[0]
        #expect(read.header.contentDisposition?.filename == name)
        #expect(read.header.contentType?.parameters["name"] == name)
    }

    @Test("Text takes the encoding that carries it: 7bit, 8bit where allowed, quoted-printable, base64")
    func encodings() throws {
        func encoding(_ text: String, _ mode: WriterOptions.Mode = .sevenBit) throws -> TransferEncoding {
            let bytes = try written(letter(.text(text)), mode: mode)
            expectCleanLines(bytes, ascii: mode == .sevenBit)
            let message = Message(bytes)
            let wanted = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n").replacing("\n", with: "\r\n")
            let read = message.text(of: message.parts[0])
            #expect(read == wanted || read == wanted + "\r\n")
            return message.header.transferEncoding
        }
        #expect(try encoding("Bonjour\n") == .sevenBit)
        #expect(try encoding("Bonjour\ravec\r\ntout\n") == .sevenBit)
        #expect(try encoding("L'été\n") == .quotedPrintable)
        #expect(try encoding("L'été\n", .eightBitMIME) == .eightBit)
        #expect(try encoding(String(repeating: "x", count: 3000)) == .quotedPrintable)
        #expect(try encoding(String(repeating: "日本", count: 300)) == .base64)
        #expect(try encoding("nul \0 ici\u{1}") == .quotedPrintable)
        #expect(try encoding("From moi\n.\n..point \nespace \t\n") == .sevenBit)
    }

    @Test("An embedded message that 7-bit transport cannot carry travels as message/global (RFC 6532 §3.7)")
    func embedded() throws {
        let plain = Array("Subject: x\nA: b\n\ncorps\n".utf8)
        let message = Message(try written(letter(.mixed(.text("voici"), attachments: [.message(plain)]))))
        #expect(message.parts[2].kind == .message)
        #expect(message.parts[3].header.subject == "x")
        let accented = Array("Subject: été\r\n\r\ncorps\r\n".utf8)
        let sent = try written(letter(.mixed(.text("voici"), attachments: [.message(accented)])))
        expectCleanNoEncodedComposite(sent)
        let global = Message(sent)
        #expect(global.parts[2].contentType.essence == "message/global")
        #expect(global.embeddedMessage(of: global.parts[2])?.bytes == accented)
        let eight = Message(try written(letter(.message(accented)), mode: .eightBitMIME))
        #expect(eight.parts[0].kind == .message)
    }

    private func expectCleanNoEncodedComposite(_ bytes: [UInt8]) {
        #expect(Message(bytes).structure.diagnostics.map(\.kind) == [.encodedComposite])
        #expect(bytes.allSatisfy { $0 < 128 })
    }

    @Test("A 25 MB attachment is pulled in chunks and never stands whole in memory")
    func streaming() throws {
        let total = 25 << 20
        let source = ContentSource(open: {
            var left = total
            return {
                guard left > 0 else { return nil }
                let size = min(left, 100_003)
                left -= size
                return [UInt8](repeating: 0xA5, count: size)
            }
        })
        var writer = try MessageWriter(letter(.attachment("gros.bin", source)))
        var size = 0
        var largest = 0
        var parser = StructureParser()
        while let chunk = try writer.nextChunk() {
            size += chunk.count
            largest = max(largest, chunk.count)
            parser.append(chunk)
        }
        #expect(largest < 200_000)
        let structure = parser.finish()
        #expect(structure.size == size)
        #expect(structure.diagnostics.isEmpty)
        #expect(structure.parts[0].bodyLines == (total + 56) / 57)
    }

    @Test("Asynchronous sources give the same message; pulled synchronously they are refused")
    func asynchronous() async throws {
        let stream = ContentSource(ChunkSequence(chunks: [Array("ab".utf8), [], Array("cde".utf8)]))
        var options = WriterOptions()
        options.clock = FixedWallClock(Timestamp(seconds: 0))
        var writer = try MessageWriter(letter(.attachment("a", stream)), options: options, random: SeededRandom())
        #expect(throws: WriterError.asynchronousSource) { while try writer.nextChunk() != nil {} }
        writer = try MessageWriter(letter(.attachment("a", stream)), options: options, random: SeededRandom())
        var bytes: [UInt8] = []
        while let chunk = try await writer.nextChunkAsync() { bytes += chunk }
        #expect(bytes == (try written(letter(.attachment("a", ContentSource(Array("abcde".utf8)))))))
    }

    struct ChunkSequence: AsyncSequence, Sendable {
        let chunks: [[UInt8]]
        struct Iterator: AsyncIteratorProtocol {
            var rest: ArraySlice<[UInt8]>
            mutating func next() async -> [UInt8]? { rest.popFirst() }
        }
        func makeAsyncIterator() -> Iterator { Iterator(rest: chunks[...]) }
    }
}
