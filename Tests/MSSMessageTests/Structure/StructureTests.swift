import MSSMessage
import Testing

private func parse(_ text: String, limits: MessageLimits = .standard) -> Message {
    Message(Array(text.utf8), limits: limits)
}
private func body(_ message: Message, _ index: Int) -> String {
    String(decoding: message.rawBody(of: message.parts[index]), as: UTF8.self)
}
private func kinds(_ message: Message) -> Set<Diagnostic.Kind> { Set(message.structure.diagnostics.map(\.kind)) }

@Suite struct StructureTests {
    @Test("Chunks of any size give the structure of the whole", arguments: Samples.messages)
    func chunks(text: String) { expectSameStructure(Array(text.utf8), sizes: Array(1...40) + [1000]) }

    @Test("The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1)")
    func lineEndOfDelimiter() {
        let message = parse(Samples.messages[6])
        #expect(body(message, 1) == "un")
        #expect(body(message, 2) == "<p>")
        #expect(message.parts[1].bodyLines == 0)
        #expect(message.parts[0].bodyRange.upperBound == message.bytes.count)
        #expect(kinds(message) == [])
    }

    @Test("A missing end boundary ends the part with the message, or with its parent, and is diagnosed")
    func missingEnd() {
        let message = parse(Samples.messages[10])
        #expect(message.parts.map(\.depth) == [0, 1, 2, 1, 1])
        #expect(body(message, 2) == "un")
        #expect(body(message, 3) == "deux")
        #expect(kinds(message) == [.missingEndBoundary, .delimiterWithTrailer])
    }

    @Test("Of two boundaries of which one begins the other, the whole line decides")
    func prefixBoundaries() {
        let message = parse(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b-\r\n\r\n"
                + "--b-\r\n\r\nun\r\n--b---\r\n--b--\r\n")
        #expect(message.parts.map(\.depth) == [0, 1, 2])
        #expect(body(message, 2) == "un")
        #expect(kinds(message) == [])
    }

    @Test("After the close delimiter the same boundary opens nothing")
    func closedForGood() {
        let message = parse(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n")
        #expect(message.parts.count == 2)
    }

    @Test("Parts of a digest are messages by default (RFC 2046 §5.1.5)")
    func digest() {
        let message = parse(Samples.messages[9])
        #expect(message.parts.map(\.kind) == [.multipart, .message, .leaf, .message, .leaf])
        #expect(message.parts[4].header.subject == "deux")
    }

    @Test("An encoded message/rfc822 is diagnosed and decoded on demand")
    func encodedMessage() throws {
        let message = parse(Samples.messages[14])
        #expect(kinds(message) == [.encodedComposite])
        #expect(try #require(message.embeddedMessage(of: message.parts[0])).header.subject == "encodé")
    }

    @Test("Line ends, NUL, stray CR and the mbox line are diagnosed where they stand, and nothing is lost")
    func diagnostics() {
        let message = parse(Samples.messages[13])
        #expect(message.header.subject == "mbox continued\tagain")
        #expect(kinds(message) == [.mboxFromLine, .bareLineFeed, .bareCarriageReturn, .nulByte])
        #expect(body(message, 0) == "x\r\ry\r\n\0z")
        #expect(message.parts[0].traits == [.nul, .bareLineEnd])
    }

    @Test("IMAP section numbers find their parts (RFC 3501 §6.4.5)")
    func sections() {
        let message = parse(Samples.messages[8])
        #expect(message.structure.part(section: [1])?.kind == .message)
        #expect(message.structure.part(section: [1, 1])?.contentType.essence == "text/plain")
        #expect(message.structure.part(section: [2]) == nil)
        #expect(message.structure.part(section: [1, 2]) == nil)
        #expect(parse("A: b\r\n\r\nx").structure.part(section: [1])?.index == 0)
        #expect(parse("A: b\r\n\r\nx").structure.part(section: [2]) == nil)
    }
}

/// Messages made to hurt: each is read in time and memory that its size and the limits bound.
@Suite struct HostileMessageTests {
    private func check(_ bytes: [UInt8], _ expected: Diagnostic.Kind...) -> Message {
        let message = Message(bytes)
        #expect(message.bytes == bytes)
        #expect(Set(message.structure.diagnostics.map(\.kind)).isSuperset(of: expected))
        #expect(message.parts.count <= MessageLimits.standard.parts)
        expectSameStructure(bytes, sizes: [65_537])
        // Every range lies in the message, children in their parents.
        for part in message.parts {
            #expect(part.range.upperBound <= bytes.count)
            if let parent = part.parent { #expect(message.parts[parent].bodyRange.upperBound >= part.range.upperBound) }
        }
        _ = message.structure.imapBodyStructure(extended: true)
        _ = message.views
        return message
    }

    @Test("10,000 levels of multipart stop at the limit of depth")
    func deepMultipart() {
        var text = ""
        for level in 10_000..<20_000 {
            text += "Content-Type: multipart/mixed; boundary=b\(level)\r\n\r\n--b\(level)\r\n"
        }
        let message = check(Array(text.utf8), .nestedTooDeep, .missingEndBoundary)
        #expect(message.parts.count == MessageLimits.standard.depth + 1)
    }

    @Test("10,000 levels of message/rfc822 stop at the limit of depth")
    func deepMessages() {
        let message = check(
            Array(String(repeating: "Content-Type: message/rfc822\r\n\r\n", count: 10_000).utf8), .nestedTooDeep)
        #expect(message.parts.count == MessageLimits.standard.depth + 1)
    }

    @Test("A million header fields are bounded, and found up to the limit")
    func manyFields() {
        let message = check(
            Array(String(repeating: "A: b\r\n", count: 1_000_000).utf8), .tooManyFields, .headerTooLarge)
        #expect(message.header.count == MessageLimits.standard.fields)
        #expect(message.header.first("a")?.text == "b")
    }

    @Test(
        "A header of 1 MB is read when it fits the limit, passed over when not; later fields of a small one are found")
    func largeField() {
        let fits = [UInt8]("Subject: ".utf8) + [UInt8](repeating: 0x61, count: 1_000_000) + "\r\n\r\nx".utf8
        #expect(check(fits, .longLine).header.subject?.utf8.count == 1_000_000)
        let passes = [UInt8]("A: b\r\nSubject: ".utf8) + [UInt8](repeating: 0x61, count: 2_000_000) + "\r\n\r\nx".utf8
        let message = check(passes, .headerTooLarge)
        #expect(message.header.count == 1)
        #expect(message.rawBody(of: message.parts[0]) == [0x78])
    }

    @Test("200,000 delimiters make no more parts than the limit")
    func manyParts() {
        let text = "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + String(repeating: "--b\r\n", count: 200_000)
        _ = check(Array(text.utf8), .tooManyParts, .missingEndBoundary)
    }

    @Test("Lines that nearly match a hundred nested boundaries take no more than their share")
    func nearBoundaries() {
        var text = ""
        let stem = String(repeating: "x", count: 150)
        for level in 0..<99 {
            text += "Content-Type: multipart/mixed; boundary=\(stem)\(level)\r\n\r\n--\(stem)\(level)\r\n"
        }
        text += "\r\n" + String(repeating: "--\(stem)\r\n", count: 20_000)
        _ = check(Array(text.utf8), .missingEndBoundary, .longBoundary)
    }

    @Test(
        "Pathological header values are read in linear time",
        arguments: ["=?", "=?a?q?", "=?utf-8?b?", "(", "\"", "<", ",", "a@b,", ":", "a:;", "\\", "<a@b> "])
    func values(unit: String) {
        let value = String(repeating: unit, count: 900_000 / unit.utf8.count)
        let field = Message(Array("X: \(value)\r\n\r\n".utf8)).header[0]
        #expect(field.rawValue.count == value.utf8.count + 1)
        #expect(field.addresses().entries.count <= MessageLimits.standard.addresses)
        #expect(field.text.utf8.count <= value.utf8.count)
        _ = field.contentType
        _ = field.contentDisposition
        #expect(field.messageIDs.count <= 900_000)
        #expect(field.date == nil)
    }

    @Test("Truncated and polluted base64 and quoted-printable decode as far as they go")
    func encodings() {
        #expect(Base64.decode(Array("Qm9uam91cg".utf8)[...]) == Array("Bonjour".utf8))
        #expect(Base64.decode(Array("Qm9u\0*am91cg=\r\n=QQ==".utf8)[...]) == Array("BonjourA".utf8))
        #expect(Base64.decode(Array("Q".utf8)[...]) == [])
        #expect(QuotedPrintable.decode(Array("caf=C3=A9=ZZ=4".utf8)[...]) == Array("café=ZZ=4".utf8))
        #expect(QuotedPrintable.decode(Array("fin \t\r\nsuite=  \r\nici=".utf8)[...]) == Array("fin\r\nsuiteici".utf8))
        #expect(UUEncoding.decode(Array("x\nbegin 644 a\n#0V%T\n`\nend\n".utf8)[...]) == Array("Cat".utf8))
    }

    @Test("Decoders give the same octets whatever the chunks")
    func chunkedDecoders() {
        let quoted = Array("caf=C3=A9 =\r\n=3D \t \r\nx = \r\n=Z=\r".utf8)
        let base = Array("Qm9uam91ciBs\r\nZSBt b25kZQ=\r\n=AA".utf8)
        for size in 1...quoted.count {
            var decoder = QuotedPrintableDecoder()
            var output: [UInt8] = []
            for start in stride(from: 0, to: quoted.count, by: size) {
                quoted[start..<min(start + size, quoted.count)].withUnsafeBytes { decoder.decode($0, into: &output) }
            }
            decoder.finish(into: &output)
            #expect(output == QuotedPrintable.decode(quoted[...]), "chunks of \(size)")
            var decoder64 = Base64Decoder()
            output = []
            for start in stride(from: 0, to: base.count, by: size) {
                base[start..<min(start + size, base.count)].withUnsafeBytes { decoder64.decode($0, into: &output) }
            }
            decoder64.finish(into: &output)
            #expect(output == Base64.decode(base[...]), "chunks of \(size)")
        }
    }
}
