import MSSCore
import MSSMessage
import MSSTestKit
import Testing

@Suite("Article: compose a structured MSSanté message")
struct StructuredMessageSnippet {
    @Test("The article's snippet composes a message with XDM, PDF and all fields")
    func compose() throws {
        let bytes = try composeReport(cda: Fixture.CDA().bytes, pdf: Fixture.pdf)
        let content = try Message(bytes).structuredContent()
        #expect(content.archive.documents.count == 1 && content.hasPDFForEachDocument)
        #expect(MSSanteHeaders(reading: Message(bytes).header).softwareNumber == "S01-2.4")
    }

    // snippet: compose-structured-message
    func composeReport(cda: [UInt8], pdf: [UInt8]) throws -> [UInt8] {
        var message = StructuredMessage(
            from: Mailbox(name: "Dr Marcel Camparini", address: "marcel.camparini@labo.mssante.fr"),
            to: [Mailbox(address: "jeanne.martin@cabinet.mssante.fr")],
            text: "Veuillez trouver le compte rendu de notre patient.",
            producer: StructuredMessage.Producer(
                softwareNumber: "S01-2.4", oid: "1.2.250.1.999.9", name: "Logiciel S01"))
        try message.add(cda: cda, documentClass: .report, pdf: pdf)

        let composed = try message.compose()
        // composed.subject.readable: "CR d'examens biologiques – PAT-TROIS DOMINIQUE (28/03/1979)"
        var writer = try MessageWriter(composed.message)
        return try writer.bytes()
    }
    // end snippet
}
