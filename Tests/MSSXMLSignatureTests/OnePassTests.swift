import Glibc
import MSSCore
import MSSTestKit
import MSSXML
import MSSXMLSignature
import Testing

/// The verification in one pass beside xmlsec's on the same documents (Decision 0022).
@Suite("Verification in one pass")
struct OnePassTests {
    private let signer: TestCredential
    private let key: SigningKey
    private let verifier: SignatureVerifier

    init() throws {
        signer = try Fixtures.signer()
        key = try Fixtures.key(signer)
        verifier = try Fixtures.verifier()
    }

    /// Documents that meet every rule of the canonical form: order, escapes, namespaces, instructions, comments.
    static let documents = [
        Fixtures.list,
        "<a/>", "<a></a>", "<a> <b/>\t</a>\n",
        "<?xml version='1.0'?><?before all?>\n<?nothing?><a/><?after x  y ?><?last?>\n",
        "<a><?p?><?p  data&amp;<>?>t<?q \t?></a>",
        "<!-- x --><a><!-- y -->b<!-- z -->c</a><!-- w -->",
        "<a>&lt;&gt;&amp;&quot;&apos;&#13;&#9;&#10;\r\n\r]]&gt; é €\u{10348}</a>",
        "<a><![CDATA[<b>&amp;]]>&#x26;<![CDATA[]]><![CDATA[\r\n]]></a>",
        "<a z='1' b=\"2\" a='&lt;&gt;&amp;&quot;&apos;&#9;&#10;&#13; \t\n x'/>",
        "<a x='&amp;#38;' y='&amp;amp;' z='&#38;#38;' w='&#38;amp;'/>",
        "<a xml:lang='fr' xml:space='preserve' b='1'><b xml:lang='en'/></a>",
        "<a xmlns='urn:a' xmlns:unused='urn:u'><b xmlns=''><c/><d xmlns='urn:d'/></b><e/></a>",
        "<a xmlns='urn:a'><b xmlns='urn:a'><c xmlns='urn:c'><d xmlns='urn:a'/></c></b></a>",
        "<p:a xmlns:p='urn:1' xmlns:q='urn:2' q:y='1' p:x='2' z='3'><q:b p:y='1'/><p:c xmlns:p='urn:3' p:x=''/></p:a>",
        "<a xmlns:z='urn:1' xmlns:y='urn:2' z:b='1' y:a='2' z:a='3' a='4'/>",
        "<z:a xmlns:z='urn:1'><b xmlns='urn:1' z:c='1'><z:d xmlns:z='urn:1' xmlns:x='urn:1' x:e=''/></b></z:a>",
        "<a xmlns:p='urn:p'><b><p:c/><p:c xmlns:p='urn:q'/><p:c/></b></a>",
        "<a xmlns='http://x/?a&amp;b'><b/></a>", "<a xmlns='relative'/>", "<a xmlns:p='../x'><p:b/></a>",
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:id='i'/>",
        "<été xmlns:ñ='urn:ñ'><ñ:ü ñ:ö='ß'/></été>",
        "\u{FEFF}<a>mark</a>", "<a b='1' c:b='2' xmlns:c='urn:c' C:b='3' xmlns:C='urn:C'/>",
        "<a>" + String(repeating: "<b>", count: 100) + String(repeating: "</b>", count: 100) + "</a>",
    ]

    /// What xmlsec digests is what the one pass writes; where it declines, xmlsec's verdict stands alone.
    @discardableResult
    private func compare(_ signed: [UInt8], _ note: String) -> VerifiedDocument? {
        let whole = try? verifier.verifyWhole(signed, at: Fixtures.now)
        let fast = verifier.verifyInOnePass(signed, at: Fixtures.now)
        if let fast { #expect(fast == whole, "\(note)") }
        return fast
    }

    @Test("the bytes digested are xmlsec's, for every rule of the canonical form", arguments: documents)
    func rules(_ document: String) throws {
        guard let signed = try? SignatureSigner(key: key).sign(document.utf8) else {
            // libxml2 canonicalises no namespace name that is relative or beyond ASCII.
            #expect(document.contains("relative") || document.contains("../x") || document.contains("urn:ñ"))
            return
        }
        let fast = compare(signed, document)
        // Only the namespace name with an ampersand is left to xmlsec.
        #expect((fast == nil) == document.contains("a&amp;b"))
        // The third canonicaliser of this repository, MSSTestKit's, signs what both accept.
        if let theirs = try? TestXMLSigner(signer).sign(Array(document.utf8)) {
            compare(theirs, "test kit: \(document)")
        }
    }

    @Test("a generated list is verified in one pass, and its canonical form read as events is the list")
    func list() throws {
        let list = WhitelistWriter.write(WhitelistGenerator(count: 500).make())
        let signed = try SignatureSigner(key: key).sign(list)
        let form = try #require(compare(signed, "list")).signedBytes
        #expect(OnePassTests.canonicalEvents(form) == (try OnePassTests.events(form)))
    }

    @Test("the events of a canonical form are those of the event reader, but for white space", arguments: documents)
    func events(_ document: String) throws {
        guard let (form, _) = XMLTree.canonical(document.utf8, leavingOut: XMLName("x", in: "urn:x")) else { return }
        let events = OnePassTests.canonicalEvents(form)
        if let events { #expect(events == (try OnePassTests.events(form))) }
        #expect((events == nil) == form.string.contains("<?"), "only instructions are declined")
    }

    @Test("bytes that are not canonical are declined, whatever is wrong, without reading beyond them")
    func notCanonical() {
        let good = Array("<a xmlns=\"urn:a\" b=\"1\"><p:c xmlns:p=\"urn:p\">x&amp;y</p:c></a>".utf8)
        #expect(OnePassTests.canonicalEvents(good) != nil)
        for count in 0..<good.count { #expect(OnePassTests.canonicalEvents(Array(good.prefix(count))) == nil) }
        for text in [
            "<a/>", "<a></b>", "<a></a><b></b>", "<a></a>x", "x<a></a>", "<a><p:b></p:b></a>", "<a>&nbsp;</a>",
            "<a b='1'></a>", "<a b=1></a>", "<a ></a>", "<a><!-- --></a>", "<a><![CDATA[]]></a>", "<a></a ></a>",
            "< ></ >",
            "</a>", "<a xmlns=\"u&amp;\"></a>", "<a>&#13;</a>",
        ] {
            #expect(OnePassTests.canonicalEvents(Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test("what the one pass does not settle is declined, and xmlsec's verdict stands")
    func declined() throws {
        let signed = try Fixtures.signed(by: signer).string
        let inclusive =
            "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"l\"/>"
        let many = (0..<130).map { "<p\($0):e xmlns:p\($0)=\"urn:\($0)\">" }.joined()
        for document in [
            signed.replacingFirst(
                "xml-exc-c14n#\"/>\n</ds:Transforms>",
                "xml-exc-c14n#\">\(inclusive)</ds:Transform></ds:Transforms>"),
            signed.replacingFirst("chu.mssante.fr", "evil.mssante.fr"),
            signed.replacingFirst("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"),
            signed.replacingFirst(
                "<l:domaine ",
                "<l:domaine><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/></l:domaine><l:domaine "),
            signed.replacingFirst("<l:domaine ", "<l:domaine xmlns:r=\"relative\" "),
            signed.replacingFirst("<l:domaine ", "\(many)<l:domaine "),
            "<?xml version=\"1.0\"?><!DOCTYPE a>" + signed, String(signed.dropLast(3)), "",
        ] {
            #expect(document != signed)
            #expect(verifier.verifyInOnePass(document.utf8, at: Fixtures.now) == nil)
        }
        #expect(verifier.verifyInOnePass(signed.utf8, at: Fixtures.now) != nil)
        // Another profile never goes this way.
        #expect(try Fixtures.verifier(.samlAssertion).verifyInOnePass(signed.utf8, at: Fixtures.now) == nil)
    }

    @Test("every byte of a signed document changed in turn: the one pass accepts nothing that xmlsec refuses")
    func everyByte() throws {
        let signed = try Fixtures.signed("<a xmlns:p='urn:p'><p:b c='d'>e&amp;</p:b> <f/></a>", by: signer)
        var accepted = 0
        for index in signed.indices {
            for change: UInt8 in [0x01, 0x20] {
                var bytes = signed
                bytes[index] ^= change
                guard let fast = verifier.verifyInOnePass(bytes, at: Fixtures.now) else { continue }
                accepted += 1
                #expect(fast == (try? verifier.verifyWhole(bytes, at: Fixtures.now)), "byte \(index)")
            }
        }
        // The XML declaration, white space inside tags and the like: not signed.
        #expect(accepted < signed.count / 4)
    }

    @Test("Merlin's vectors under the strict algorithms: one pass and whole agree", .enabled(if: vectorFolder != nil))
    func vectors() throws {
        for (vector, _, _) in VectorTests.verdicts {
            let document = try VectorTests.load(vector)
            compare(document, vector)
            // Their content, signed here: the forms of documents that nobody here wrote.
            let wrapped = Array("<w>".utf8) + OnePassTests.withoutDeclaration(document) + Array("</w>".utf8)
            let renamed = wrapped.string.replacingAll("http://www.w3.org/2000/09/xmldsig#\"", "urn:renamed\"")
            if let signed = try? SignatureSigner(key: key).sign(renamed.utf8) { compare(signed, vector) }
        }
    }

    private static func withoutDeclaration(_ document: [UInt8]) -> [UInt8] {
        let text = document.string
        guard text.hasPrefix("<?xml"), let end = text.range(of: "?>") else { return document }
        return Array(text[end.upperBound...].utf8)
    }

    // MARK: Events as text

    private static let vocabulary: XMLVocabulary = {
        var vocabulary = XMLVocabulary()
        for name in ["a", "b", "c", "Domaine", "Nom"] {
            _ = vocabulary.id(name)
            _ = vocabulary.id(name, in: "urn:a")
            _ = vocabulary.id(name, in: "urn:p")
            _ = vocabulary.id(name, in: WhitelistWriter.namespace)
        }
        return vocabulary
    }()

    static func canonicalEvents(_ form: [UInt8]) -> [String]? {
        form.withUnsafeBufferPointer { bytes in
            var reader = XMLCanonicalReader(bytes, vocabulary: vocabulary)
            var lines: [String] = []
            while reader.next() {
                if reader.kind == .text, reader.isWhitespace { continue }
                let text = reader.kind == .start ? "" : reader.withText { String(decoding: $0, as: UTF8.self) }
                let name = reader.kind == .end ? "" : "\(reader.expandedName)"
                lines.append("\(reader.kind) \(reader.depth) \(name) \(text)")
            }
            return reader.hasDeclined ? nil : lines
        }
    }

    static func events(_ form: [UInt8]) throws -> [String] {
        var lines: [String] = []
        try XMLEventReader.read(form, vocabulary: vocabulary) { event in
            let name = event.kind == .end ? "" : "\(event.expandedName)"
            if event.kind == .text, event.isWhitespace { return }
            lines.append("\(event.kind) \(event.depth) \(name) \(event.text)")
        }
        return lines
    }
}
