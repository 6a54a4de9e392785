import Testing

@testable import MSSXML

@Suite("Writer")
struct XMLWriterTests {
    private func written(
        _ prefixes: [String: String] = [:], _ body: (inout XMLWriter) throws -> Void
    ) throws -> String {
        var writer = XMLWriter(prefixes: prefixes)
        try body(&writer)
        let text = String(decoding: try writer.finish(), as: UTF8.self)
        let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        #expect(text.hasPrefix(declaration))
        return String(text.dropFirst(declaration.count))
    }

    @Test("Text and attributes are escaped and read back as they were")
    func escaping() throws {
        let hard = "<a> & \"b\" ' ]]> \t\n\r é \u{85} \u{2028} \u{FFFD} 😀"
        let document = try written { try $0.element("r", [XMLAttribute("v", hard)], text: hard) }
        #expect(
            document == "<r v=\"&lt;a&gt; &amp; &quot;b&quot; ' ]]&gt; &#9;&#10;&#13; é \u{85} \u{2028} \u{FFFD} 😀\">"
                + "&lt;a&gt; &amp; \"b\" ' ]]&gt; \t\n&#13; é \u{85} \u{2028} \u{FFFD} 😀</r>")
        let root = try XMLTree(document.utf8).root
        #expect(root.text == hard)
        #expect(root.attribute("v") == hard)
    }

    @Test("Namespaces are declared where first used, with the preferred prefixes or numbered ones")
    func namespaces() throws {
        let document = try written(["": "urn:a", "b": "urn:b"]) { writer in
            try writer.element(
                "r", in: "urn:a", [XMLAttribute("x", in: "urn:b", "1"), XMLAttribute("y", in: "urn:a", "2")]
            ) {
                try $0.element("c", in: "urn:b") { try $0.element("d", in: "urn:c") }
                try $0.element("e") { try $0.element("f", in: "urn:a") }
                try $0.element("g", [XMLAttribute("lang", in: "http://www.w3.org/XML/1998/namespace", "fr")])
            }
        }
        #expect(
            document == """
                <r xmlns="urn:a" xmlns:b="urn:b" xmlns:ns1="urn:a" b:x="1" ns1:y="2"><b:c><ns2:d xmlns:ns2="urn:c"/></b:c>\
                <e xmlns=""><ns1:f/></e><g xmlns="" xml:lang="fr"/></r>
                """)
        let names = try XMLTree(document.utf8).root.selfAndDescendants.map { "\($0.name)" }
        #expect(names == ["{urn:a}r", "{urn:b}c", "{urn:c}d", "e", "{urn:a}f", "g"])
    }

    @Test(
        "Characters that XML 1.0 does not allow are refused",
        arguments: ["\u{0}", "\u{1}", "\u{8}", "\u{B}", "\u{1F}", "\u{FFFE}", "\u{FFFF}"])
    func forbidden(_ character: String) {
        let failure = XMLWriterFailure.forbiddenCharacter(scalar: character.unicodeScalars.first!.value)
        #expect(throws: failure) { try written { try $0.element("a", text: "x" + character) } }
        #expect(throws: failure) { try written { try $0.element("a", [XMLAttribute("b", character)]) } }
    }

    @Test(
        "Names that are not NCNames are refused",
        arguments: ["", "1a", "a:b", "a b", "a>", "-a", "é\u{D7}", "a\u{0}", "a\"", "<"])
    func names(_ name: String) {
        #expect(throws: XMLWriterFailure.invalidName) { try written { try $0.element(name) } }
        #expect(throws: XMLWriterFailure.invalidName) { try written { try $0.element("a", [XMLAttribute(name, "")]) } }
    }

    @Test("What would not be well-formed is refused, and the writer stays refused")
    func structure() throws {
        var writer = XMLWriter()
        #expect(throws: XMLWriterFailure.outsideRoot) { try writer.text("a") }
        #expect(throws: XMLWriterFailure.outsideRoot) { try writer.start("a") }
        writer = XMLWriter()
        #expect(throws: XMLWriterFailure.nothingOpen) { try writer.end() }
        writer = XMLWriter()
        #expect(throws: XMLWriterFailure.incomplete) { try writer.finish() }
        writer = XMLWriter()
        try writer.start("a")
        #expect(throws: XMLWriterFailure.incomplete) { try writer.finish() }
        writer = XMLWriter()
        try writer.element("a")
        #expect(throws: XMLWriterFailure.outsideRoot) { try writer.element("b") }
        #expect(throws: XMLWriterFailure.duplicateAttribute) {
            try written { try $0.element("a", [XMLAttribute("x", "1"), XMLAttribute("x", "2")]) }
        }
        #expect(throws: XMLWriterFailure.invalidName) {
            try written { try $0.element("a", [XMLAttribute("xmlns", "u")]) }
        }
        for prefixes in [
            ["xml": "urn:a"], ["xmlns": "urn:a"], ["1": "urn:a"], ["a": ""], ["a": "urn:a", "b": "urn:a"],
        ] {
            #expect(throws: XMLWriterFailure.invalidPrefix) { try written(prefixes) { try $0.element("a") } }
        }
        #expect(throws: XMLWriterFailure.nothingOpen) {
            try written {
                try $0.element("a") {
                    try $0.element("b") {
                        try $0.end(); try $0.end()
                    }
                }
            }
        }
    }

    @Test("A sink receives the same bytes in pieces, and memory stays bounded")
    func sink() throws {
        func write(_ writer: inout XMLWriter) throws {
            try writer.element("r") { writer in
                for index in 0..<20_000 { try writer.element("e", [XMLAttribute("i", "\(index)")], text: "é\(index)") }
            }
        }
        var whole = XMLWriter()
        try write(&whole)
        let expected = try whole.finish()
        var received: [UInt8] = []
        var largest = 0
        var writer = XMLWriter {
            received += $0
            largest = max(largest, $0.count)
        }
        try write(&writer)
        #expect(try writer.finish() == [])
        #expect(received == expected)
        #expect(largest < 40 << 10)
    }

    @Test("DocC snippet: writing")
    func snippet() throws {
        // snippet: writing
        var writer = XMLWriter(prefixes: ["": "urn:example"])
        try writer.element("a", in: "urn:example", [XMLAttribute("id", "1 & 2")]) { try $0.text("<b>") }
        let bytes = try writer.finish()
        // end snippet
        #expect(
            String(decoding: bytes, as: UTF8.self).hasSuffix("<a xmlns=\"urn:example\" id=\"1 &amp; 2\">&lt;b&gt;</a>"))
    }
}
