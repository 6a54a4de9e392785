import MSSCore
import MSSMessage
import Testing

/// Repeats a sequence of numbers: boundaries and identifiers of tests are always the same.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    init(_ seed: UInt64 = 1) { state &+= seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A message to a colleague, with what most tests vary.
func letter(_ content: OutgoingPart = .text("Bonjour"), subject: String? = "Compte rendu") -> OutgoingMessage {
    var message = OutgoingMessage(
        from: Mailbox(name: "Dr Hélène Müller", address: "helene.muller@chu.mssante.fr"),
        to: [Mailbox(name: "Cabinet du Parc, Lyon", address: "cabinet@parc.mssante.fr")], subject: subject,
        content: content)
    message.date = MessageDate(Timestamp(seconds: 1_057_049_557), zoneMinutes: 120)
    return message
}

func written(_ message: OutgoingMessage, mode: WriterOptions.Mode = .sevenBit) throws -> [UInt8] {
    var options = WriterOptions()
    options.mode = mode
    var writer = try MessageWriter(message, options: options, random: SeededRandom())
    return try writer.bytes()
}

/// Line ends are CRLF only and lines short enough (RFC 5322 §2.1.1, §2.3).
func expectCleanLines(_ bytes: [UInt8], ascii: Bool = true, sourceLocation: SourceLocation = #_sourceLocation) {
    let diagnostics = Message(bytes).structure.diagnostics
    #expect(diagnostics.isEmpty, "\(diagnostics)", sourceLocation: sourceLocation)
    if ascii { #expect(bytes.allSatisfy { $0 < 128 && $0 != 0 }, sourceLocation: sourceLocation) }
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        #expect(line.count <= 999, sourceLocation: sourceLocation)
    }
}

@Suite struct MessageWriterTests {
    @Test("A written message reads back: names, subject, date, text")
    func roundTrip() throws {
        let text = "Cher confrère,\nvoici le compte rendu.\n\n= fin =\n"
        let bytes = try written(letter(.text(text), subject: "Compte rendu d’hospitalisation — été"))
        expectCleanLines(bytes)
        let message = Message(bytes)
        #expect(message.header.from.mailboxes == letter().from)
        #expect(message.header.to.entries == letter().to)
        #expect(message.header.subject == "Compte rendu d’hospitalisation — été")
        #expect(message.header.date == letter().date)
        #expect(message.header.messageID?.hasSuffix("@chu.mssante.fr") == true)
        #expect(
            message.bodyText == text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n"))
    }

    @Test("HTML with its text alternative, inline image and attachments nests as RFC 2046 and RFC 2387 say")
    func composite() throws {
        let pdf = [UInt8]((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let body = OutgoingPart.multipart(
            "related",
            [
                .html("<p>été <img src='cid:logo'></p>", text: "été"),
                .inline(contentID: "logo@chu", type: ContentType("image", "png"), ContentSource([1, 2, 3])),
            ])
        let content = OutgoingPart.mixed(
            body,
            attachments: [
                .attachment("Lettre de liaison é.pdf", type: ContentType("application", "pdf"), ContentSource(pdf))
            ])
        let bytes = try written(letter(content))
        expectCleanLines(bytes)
        let message = Message(bytes)
        #expect(
            message.parts.map(\.contentType.essence) == [
                "multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png",
                "application/pdf",
            ])
        #expect(message.views.attachments == [5, 6])
        #expect(message.content(of: message.parts[6]) == pdf)
        #expect(message.parts[6].filename == "Lettre de liaison é.pdf")
        #expect(message.parts[6].header.contentType?.parameters["name"] == "Lettre de liaison é.pdf")
        #expect(message.parts[5].header.contentID == "logo@chu")
        #expect(message.text(of: message.parts[3]) == "été")
    }
}
