import MSSXML
import Testing

@Suite("Snippets of the documentation")
struct SnippetTests {
    @Test("Reading as events and as a tree")
    func reading() throws {
        let document = Samples.list(domains: 2)
        let expected = ["hopital-0.mssante.fr", "hopital-1.mssante.fr"]
        do {
            // snippet: streaming
            var vocabulary = XMLVocabulary()
            let name = vocabulary.id("Nom", in: "https://listeblanche.mssante.fr/schema")
            var domains: [String] = []
            try XMLEventReader.read(document, vocabulary: vocabulary) { event in
                if event.kind == .end && event.name == name { domains.append(event.text) }
            }
            // end snippet
            #expect(domains == expected)
        }
        // snippet: tree
        let root = try XMLTree(document).root
        let domains = root.selfAndDescendants.filter { $0.localName == "Nom" }.map(\.text)
        // end snippet
        #expect(domains == expected)
    }
}
