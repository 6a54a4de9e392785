import MSSMessage
import Testing

// The snippets of the article "Read and write messages".

// snippet: read-message
func attachmentNames(_ bytes: [UInt8]) -> [String] {
    let message = Message(bytes)
    return message.views.attachments.compactMap { message.parts[$0].filename }
}
// end snippet

// snippet: read-chunks
func bodyStructure(_ chunks: [[UInt8]]) -> [UInt8] {
    var parser = StructureParser()
    for chunk in chunks { parser.append(chunk) }
    return parser.finish().imapBodyStructure(extended: true)
}
// end snippet

// snippet: write-message
func write(to sink: ([UInt8]) throws -> Void, report: ContentSource) throws {
    let message = OutgoingMessage(
        from: Mailbox(name: "Dr Hélène Müller", address: "helene.muller@chu.mssante.fr"),
        to: [Mailbox(address: "cabinet@parc.mssante.fr")], subject: "Compte rendu d’été",
        content: .mixed(
            .html("<p>Voici le compte rendu.</p>", text: "Voici le compte rendu."),
            attachments: [.attachment("Compte rendu.pdf", type: ContentType("application", "pdf"), report)]))
    var writer = try MessageWriter(message)
    try writer.write(to: sink)
}
// end snippet

@Suite struct SnippetTests {
    @Test("The snippets of the article do what it says")
    func snippets() throws {
        var bytes: [UInt8] = []
        try write(to: { bytes += $0 }, report: ContentSource([1, 2, 3]))
        #expect(attachmentNames(bytes) == ["Compte rendu.pdf"])
        let structure = bodyStructure([bytes])
        #expect(structure == Message(bytes).structure.imapBodyStructure(extended: true))
    }
}
