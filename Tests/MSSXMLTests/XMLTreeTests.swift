import Testing

import MSSXML

@Suite("Tree")
struct XMLTreeTests {
    private let tree = try! XMLTree(  // fixed text, tested by its use
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <r xmlns="urn:r" xmlns:p="urn:p" p:x="1" y="a &amp; b">
          <c n="1">un</c><p:c n="2"><c xmlns=""/></p:c><c n="3">deux<!-- c --> trois<![CDATA[<&>]]><d>q</d>!</c>
        </r>
        """.utf8)

    @Test("Names carry their namespace; attributes without prefix have none")
    func names() {
        let root = tree.root
        #expect(root.name == XMLName("r", in: "urn:r"))
        #expect(root.prefix == nil)
        #expect(root.attribute("x", in: "urn:p") == "1")
        #expect(root.attribute("x") == nil)
        #expect(root.attribute("y") == "a & b")
        #expect(root.attributes.map { "\($0.name)=\($0.value)" } == ["{urn:p}x=1", "y=a & b"])
    }

    @Test("Children are found by name and namespace, parents and lines are known")
    func children() throws {
        let root = tree.root
        #expect(root.children(named: "c", in: "urn:r").compactMap { $0.attribute("n") } == ["1", "3"])
        let other = try #require(root.child(named: "c", in: "urn:p"))
        #expect(other.prefix == "p")
        #expect(other.line == 3)
        #expect(other.parent == root)
        #expect(root.parent == nil)
        let bare = try #require(other.child(named: "c"))
        #expect(bare.namespace == nil)
        #expect(bare.namespace(forPrefix: "") == nil)
        #expect(bare.namespace(forPrefix: "p") == "urn:p")
        #expect(other.namespace(forPrefix: "") == "urn:r")
        #expect(bare.namespace(forPrefix: "q") == nil)
        #expect(root.selfAndDescendants.map(\.localName) == ["r", "c", "c", "c", "c", "d"])
        #expect(other.selfAndDescendants.map(\.localName) == ["c", "c"])
        #expect(bare.selfAndDescendants.map(\.localName) == ["c"])
    }

    @Test("Text leaves out comments and child elements, and joins what they separate")
    func text() throws {
        let last = try #require(tree.root.children(named: "c", in: "urn:r").last)
        #expect(last.text == "deux trois<&>!")
        #expect(last.deepText == "deux trois<&>q!")
        let content = last.content
        #expect(content.count == 3)
        #expect(content.first == .text("deux trois<&>"))
        #expect(content.last == .text("!"))
    }

    @Test("An element keeps its tree alive, on any task")
    func lifetime() async throws {
        let element = try XMLTree("<a><b>t</b></a>".utf8).root.child(named: "b")
        let text = await Task.detached { element?.text }.value
        #expect(text == "t")
    }

    @Test("Tree and streaming reader agree")
    func agreement() throws {
        let document = Samples.list(domains: 50)
        var streamed: [String] = []
        try XMLEventReader.read(document) {
            if $0.kind == .start { streamed.append("\($0.expandedName)") }
        }
        #expect(try XMLTree(document).root.selfAndDescendants.map { "\($0.name)" } == streamed)
    }
}
