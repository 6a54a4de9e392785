import Glibc
import Testing

@testable import MSSXML

@Suite("Hostile documents")
struct HostileDocumentTests {
    /// Both parsers must refuse for the same reason.
    func refused(_ document: some Sequence<UInt8>, _ limits: XMLLimits = XMLLimits()) -> XMLFailure.Reason? {
        let bytes = Array(document)
        let streamed = reason(bytes, limits: limits)
        do {
            _ = try XMLTree(bytes, limits: limits)
            #expect(streamed == nil)
            return nil
        } catch {
            #expect(error.reason == streamed)
            return error.reason
        }
    }

    @Test(
        "A document type declaration is refused whatever it holds",
        arguments: [
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a []><a/>",
            "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
            "<!DOCTYPE a PUBLIC '-//X' 'http://127.0.0.1/x.dtd'><a/>",
            "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>",
            "<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><a/>",
            "<!DOCTYPE a [<!ATTLIST a id ID #IMPLIED x CDATA 'default'>]><a id='1'/>",
            """
            <!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">\
            <!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;">]><l>&e;&e;&e;&e;&e;&e;</l>
            """,
        ])
    func documentType(_ document: String) {
        #expect(refused(document.utf8) == .documentTypeDeclaration)
        #expect(refused(("<?xml version='1.0'?>\n<!-- c -->" + document).utf8) == .documentTypeDeclaration)
    }

    @Test("An external entity or subset makes no connection and opens no file")
    func noExternalAccess() throws {
        // A listener that nobody may call, and a file whose access time may not move: a FIFO, on which a reader would
        // be seen by open(O_WRONLY | O_NONBLOCK).
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> UInt16 in
                #expect(bind(listener, pointer, length) == 0)
                #expect(listen(listener, 4) == 0)
                #expect(getsockname(listener, pointer, &length) == 0)
                return 0
            }
            return UInt16(bigEndian: $0.pointee.sin_port)
        }
        #expect(fcntl(listener, F_SETFL, O_NONBLOCK) == 0)
        let fifo = "/tmp/mssxml-fifo-\(getpid())"
        unlink(fifo)
        #expect(mkfifo(fifo, 0o600) == 0)
        defer { unlink(fifo) }
        // If anything opened the FIFO for reading, the parse would block for ever: run-tests' time limit would tell.
        for target in ["http://127.0.0.1:\(port)/x", "ftp://127.0.0.1:\(port)/x", "file://\(fifo)", fifo] {
            for document in [
                "<!DOCTYPE a SYSTEM '\(target)'><a/>",
                "<!DOCTYPE a [<!ENTITY e SYSTEM '\(target)'>]><a>&e;</a>",
                "<!DOCTYPE a [<!ENTITY % e SYSTEM '\(target)'> %e;]><a/>",
                "<!DOCTYPE a [<!ENTITY % e PUBLIC 'p' '\(target)'> %e; %e;]><a x='&e;'/>",
            ] { #expect(refused(document.utf8) == .documentTypeDeclaration) }
            // Not DTDs, but ways to name a document: left unread, the document itself is fine.
            for document in [
                "<a xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='\(target)'/></a>",
                "<?xml-stylesheet href='\(target)'?><a/>",
                "<?oasis-xml-catalog catalog='\(target)'?><a/>",
                "<a xmlns:x='http://www.w3.org/2001/XMLSchema-instance' x:schemaLocation='u \(target)'/>",
            ] { #expect(refused(document.utf8) == nil) }
        }
        #expect(accept(listener, nil, nil) == -1 && errno == EAGAIN)
    }

    @Test("Ten million nested elements are refused at the depth limit")
    func depth() {
        var nested: [UInt8] = []
        nested.reserveCapacity(30_000_000)
        for _ in 0..<10_000_000 { nested += [0x3C, 0x61, 0x3E] }
        #expect(refused(nested) == .limit(.depth))
        let fits = String(repeating: "<a>", count: 128) + String(repeating: "</a>", count: 128)
        #expect(refused(fits.utf8) == nil)
        #expect(refused(("<a>" + fits + "</a>").utf8) == .limit(.depth))
    }

    @Test("A million attributes on one element are refused, and quickly")
    func attributes() {
        var many = "<a"
        for index in 0..<1_000_000 { many += " a\(index)='\(index)'" }
        #expect(refused((many + "/>").utf8) == .limit(.markupLength))
        var some = "<a"
        for index in 0..<257 { some += " a\(index)=''" }
        #expect(refused((some + "/>").utf8) == .limit(.attributesPerElement))
        var namespaces = "<a"
        for index in 0..<65 { namespaces += " xmlns:a\(index)='urn:\(index)'" }
        #expect(refused((namespaces + "/>").utf8) == .limit(.namespacesPerElement))
    }

    @Test("Every limit is enforced at its exact value", arguments: XMLLimits.Kind.allCases)
    func limits(_ kind: XMLLimits.Kind) {
        var limits = XMLLimits()
        let fits: String
        let exceeds: String
        switch kind {
        case .totalBytes:
            limits.totalBytes = 20
            (fits, exceeds) = ("<a>0123456789abc</a>", "<a>0123456789abcd</a>")
        case .nodeCount:
            limits.nodeCount = 5
            (fits, exceeds) = ("<a x=''><b/>t<!--c--></a>", "<a x=''><b/>t<!--c--><c/></a>")
        case .depth:
            limits.depth = 2
            (fits, exceeds) = ("<a><b/><b/></a>", "<a><b><c/></b></a>")
        case .nameLength:
            limits.nameLength = 3
            (fits, exceeds) = ("<abc/>", "<abcd/>")
        case .attributesPerElement:
            limits.attributesPerElement = 1
            (fits, exceeds) = ("<a x=''/>", "<a x='' y=''/>")
        case .namespacesPerElement:
            limits.namespacesPerElement = 1
            (fits, exceeds) = ("<a xmlns='urn:1'/>", "<a xmlns='urn:1' xmlns:b='urn:2'/>")
        case .distinctNames:
            limits.distinctNames = 2
            (fits, exceeds) = ("<a x=''><a/></a>", "<a x=''><b/></a>")
        case .textLength:
            limits.textLength = 4
            (fits, exceeds) = ("<a>12<!-- -->34<b>1234</b></a>", "<a>12<!-- -->345</a>")
        case .markupLength:
            limits.markupLength = 10
            let filler = String(repeating: "x", count: 40_000)
            (fits, exceeds) = ("<a>\(filler)</a>", "<a><!--\(filler)\(filler)--></a>")
        }
        #expect(refused(fits.utf8, limits) == nil)
        #expect(refused(exceeds.utf8, limits) == .limit(kind))
    }

    @Test(
        "Endless markup is refused without being gathered",
        arguments: ["<!--", "<?p ", "<a x='", "<", "<a ", "<![CDATA["])
    func endless(_ opening: String) throws {
        let reader = XMLEventReader(limits: .streaming)
        try reader.feed("<r>".utf8) { _ in }
        try reader.feed(opening.utf8) { _ in }
        let filler = [UInt8](repeating: 0x61, count: 1 << 16)
        var failure: XMLFailure?
        var fed = 0
        while failure == nil && fed < 8 << 20 {
            do { try reader.feed(filler) { _ in } } catch { failure = error as? XMLFailure }
            fed += filler.count
        }
        #expect(failure != nil)
        #expect(fed <= 2 << 20)
    }

    @Test(
        "Malformed documents are refused, with their line",
        arguments: [
            ("<a>\n<b>\n</a>", 3), ("<a", 1), ("<a></a><b/>", 1), ("<a/>text", 1), ("text", 1), ("<a>&e;</a>", 1),
            ("<a>&lt</a>", 1), ("<a x='1' x='2'/>", 1), ("<a x=1/>", 1), ("<a x='<'/>", 1), ("<a>]]></a>", 1),
            ("<p:a/>", 1), ("<a p:x=''/>", 1), ("<a xmlns:p='u' xmlns:q='u' p:x='' q:x=''/>", 1),
            ("<a xmlns:xml='urn:x'/>", 1), ("<a xmlns:p=''/>", 1), ("<a:b:c xmlns:a='u'/>", 1),
            ("<a>&#0;</a>", 1), ("<a>&#xFFFE;</a>", 1), ("<a>&#xD800;</a>", 1), ("<a>&#x110000;</a>", 1),
            ("<a>\u{1}</a>", 1),
            ("<a><!-- -- --></a>", 1), ("<?xml version='1.0'?", 1), ("\n<?xml version='1.0'?><a/>", 2),
        ])
    func malformed(_ document: String, _ line: Int) {
        do {
            _ = try XMLTree(document.utf8)
            Issue.record("accepted")
        } catch {
            guard case .malformed = error.reason else {
                Issue.record("\(error)")
                return
            }
            #expect(error.line == line)
        }
        guard case .malformed = reason(document.utf8) else {
            Issue.record("the streaming reader accepts it")
            return
        }
    }

    @Test("A failure holds no content of the document")
    func discretion() {
        do {
            _ = try XMLTree("<a><secret-185057800000100>x</other></a>".utf8)
            Issue.record("accepted")
        } catch {
            #expect(!error.description.contains("secret"))
            #expect(error.explanation.hasSuffix("."))
            #expect(error.requirement == nil)
        }
    }

    @Test("Parsing on many threads at once gives each its own result and its own error")
    func threads() async {
        let good = Samples.list(domains: 20)
        let wrong = await withTaskGroup(of: Int.self) { group in
            for worker in 0..<16 {
                group.addTask {
                    var wrong = 0
                    for turn in 0..<40 {
                        let line = worker + turn + 2
                        let bad = Array(
                            (String(repeating: "\n", count: 0) + "<a>" + String(repeating: "\n", count: line - 1)
                                + "</b>").utf8)
                        do {
                            _ = try XMLTree(bad)
                            wrong += 1
                        } catch { if (error as? XMLFailure)?.line != line { wrong += 1 } }
                        if (try? XMLTree(good).root.child(named: "ListeDomaines", in: Samples.namespace)?.children
                            .reduce(0) { count, _ in count + 1 }) != 20
                        {
                            wrong += 1
                        }
                    }
                    return wrong
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }
}
