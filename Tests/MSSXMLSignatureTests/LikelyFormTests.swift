import Glibc
import MSSCore
import MSSTestKit
import MSSXML
import MSSXMLSignature
import Testing

/// The verification by bytes beside xmlsec's on the same documents (Decision 0025).
@Suite("Verification by bytes")
struct LikelyFormTests {
    private let signer: TestCredential
    private let key: SigningKey
    private let verifier: SignatureVerifier

    init() throws {
        signer = try Fixtures.signer()
        key = try Fixtures.key(signer)
        verifier = try Fixtures.verifier()
    }

    /// Documents whose canonical form is found by bytes.
    static let usual = [
        Fixtures.list,
        "<a/>", "<a></a>", "<a> <b/>\t</a>\n",
        "<a xmlns='http://x/?a&amp;b'><b/></a>",
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:id='i'/>",
        "\u{FEFF}<a>mark</a>",
        "<a>" + String(repeating: "<b>", count: 100) + String(repeating: "</b>", count: 100) + "</a>",
    ]

    /// Documents that meet every other rule of the canonical form: order, escapes, namespaces, instructions, comments.
    static let others = [
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
        "<a xmlns='relative'/>", "<a xmlns:p='../x'><p:b/></a>",
        "<été xmlns:ñ='urn:ñ'><ñ:ü ñ:ö='ß'/></été>",
        "<a b='1' c:b='2' xmlns:c='urn:c' C:b='3' xmlns:C='urn:C'/>",
    ]

    /// What xmlsec digests is what was guessed; where the guess declines, xmlsec's verdict stands alone.
    @discardableResult
    private func compare(_ signed: [UInt8], _ note: String) -> VerifiedDocument? {
        let whole = try? verifier.verifyWhole(signed, at: Fixtures.now)
        let fast = verifier.verifyByBytes(signed, at: Fixtures.now)
        if let fast { #expect(fast == whole, "\(note)") }
        return fast
    }

    @Test("the bytes digested are xmlsec's, for every rule of the canonical form", arguments: usual + others)
    func rules(_ document: String) throws {
        guard let signed = try? SignatureSigner(key: key).sign(document.utf8) else {
            // libxml2 canonicalises no namespace name that is relative or beyond ASCII.
            #expect(document.contains("relative") || document.contains("../x") || document.contains("urn:ñ"))
            return
        }
        let fast = compare(signed, document)
        #expect((fast != nil) == Self.usual.contains(document))
        // The third canonicaliser of this repository, MSSTestKit's, signs what both accept.
        if let theirs = try? TestXMLSigner(signer).sign(Array(document.utf8)) {
            compare(theirs, "test kit: \(document)")
        }
    }

    @Test("a generated list is verified by bytes, and its canonical form read as events is the list")
    func list() throws {
        let list = WhitelistWriter.write(WhitelistGenerator(count: 500).make())
        let signed = try SignatureSigner(key: key).sign(list)
        let form = try #require(compare(signed, "list")).signedBytes
        #expect(LikelyFormTests.canonicalEvents(form) == (try LikelyFormTests.events(form)))
    }

    @Test(
        "the events of a canonical form are those of the event reader, but for white space", arguments: usual + others)
    func events(_ document: String) throws {
        guard let tree = try? XMLTree(document.utf8), let form = SignatureVerifier.exclusiveForm(of: tree) else {
            return
        }
        let events = LikelyFormTests.canonicalEvents(form)
        if let events { #expect(events == (try LikelyFormTests.events(form))) }
        // Only instructions, and references in names of namespaces, are declined.
        #expect((events == nil) == (form.string.contains("<?") || document.contains("a&amp;b")))
    }

    @Test("bytes that are not canonical are declined, whatever is wrong, without reading beyond them")
    func notCanonical() {
        let good = Array("<a xmlns=\"urn:a\" b=\"1\"><p:c xmlns:p=\"urn:p\">x&amp;y</p:c></a>".utf8)
        #expect(LikelyFormTests.canonicalEvents(good) != nil)
        for count in 0..<good.count { #expect(LikelyFormTests.canonicalEvents(Array(good.prefix(count))) == nil) }
        for text in [
            "<a/>", "<a></b>", "<a></a><b></b>", "<a></a>x", "x<a></a>", "<a><p:b></p:b></a>", "<a>&nbsp;</a>",
            "<a b='1'></a>", "<a b=1></a>", "<a ></a>", "<a><!-- --></a>", "<a><![CDATA[]]></a>", "<a></a ></a>",
            "< ></ >",
            "</a>", "<a xmlns=\"u&amp;\"></a>", "<a>&#13;</a>",
        ] {
            #expect(LikelyFormTests.canonicalEvents(Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test("what is not settled by bytes is declined, and xmlsec's verdict stands")
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
            #expect(verifier.verifyByBytes(document.utf8, at: Fixtures.now) == nil)
        }
        #expect(verifier.verifyByBytes(signed.utf8, at: Fixtures.now) != nil)
        // Another profile never goes this way.
        #expect(try Fixtures.verifier(.samlAssertion).verifyByBytes(signed.utf8, at: Fixtures.now) == nil)
    }

    @Test("every byte of a signed document changed in turn: nothing is accepted that xmlsec refuses")
    func everyByte() throws {
        let signed = try Fixtures.signed("<a xmlns:p='urn:p'><p:b c='d'>e&amp;</p:b> <f/></a>", by: signer)
        var accepted = 0
        for index in signed.indices {
            for change: UInt8 in [0x01, 0x20] {
                var bytes = signed
                bytes[index] ^= change
                guard let fast = verifier.verifyByBytes(bytes, at: Fixtures.now) else { continue }
                accepted += 1
                #expect(fast == (try? verifier.verifyWhole(bytes, at: Fixtures.now)), "byte \(index)")
            }
        }
        // The XML declaration, white space inside tags and the like: not signed.
        #expect(accepted < signed.count / 4)
    }

    @Test("Merlin's vectors under the strict algorithms: by bytes and whole agree", .enabled(if: vectorFolder != nil))
    func vectors() throws {
        for (vector, _, _) in VectorTests.verdicts {
            let document = try VectorTests.load(vector)
            compare(document, vector)
            // Their content, signed here: the forms of documents that nobody here wrote.
            let wrapped = Array("<w>".utf8) + LikelyFormTests.withoutDeclaration(document) + Array("</w>".utf8)
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
