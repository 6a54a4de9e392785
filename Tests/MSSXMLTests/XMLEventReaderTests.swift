import Glibc
import Testing

@testable import MSSXML

/// Events written down as text: one line each.
func events(
    _ document: some Sequence<UInt8>, block: Int = 0, chunks: [Int] = [], limits: XMLLimits = .streaming
) throws -> [String] {
    var lines: [String] = []
    let reader = XMLEventReader(limits: limits, block: block)
    let note: XMLEventReader.Handler = { lines.append(line(of: $0)) }
    let bytes = Array(document)
    var at = 0
    var turn = 0
    while at < bytes.count {
        let size = chunks.isEmpty ? bytes.count : chunks[turn % chunks.count]
        let end = min(bytes.count, at + max(1, size))
        try reader.feed(bytes[at..<end], note)
        at = end
        turn += 1
    }
    try reader.finish(note)
    return lines
}

func line(of event: borrowing XMLEvent) -> String {
    switch event.kind {
    case .start:
        let namespaces = event.namespaceDeclarations.map { " xmlns:\($0.prefix)=\($0.namespace)" }.joined()
        let attributes = event.attributes.map { " \($0.name)=\($0.value)" }.joined()
        return "<\(event.expandedName)\(namespaces)\(attributes)> \(event.depth)"
    case .end: return "</\(event.expandedName)> \(event.depth) [\(event.text)]"
    case .text: return "\(event.isWhitespace ? "blank" : "text") [\(event.text)] in \(event.expandedName)"
    }
}

func reason(_ document: some Sequence<UInt8>, limits: XMLLimits = .streaming) -> XMLFailure.Reason? {
    do {
        _ = try events(document, limits: limits)
        return nil
    } catch { return (error as? XMLFailure)?.reason }
}

@Suite("Streaming reader")
struct XMLEventReaderTests {
    @Test("Elements, attributes, namespaces and text come in document order")
    func order() throws {
        let document = """
            <?xml version="1.0"?>
            <!-- before --><a xmlns="urn:a" xmlns:b="urn:b" x="1 &amp; &lt;&#38;#38; &quot;" b:y="2"><b:c/>t<![CDATA[<&>]]>&gt;<!-- cut -->u<d> </d></a>
            """
        #expect(
            try events(document.utf8) == [
                "<{urn:a}a xmlns:=urn:a xmlns:b=urn:b x=1 & <&#38; \" {urn:b}y=2> 1",
                "<{urn:b}c> 2", "</{urn:b}c> 2 []",
                "text [t<&>>u] in {urn:a}a",
                "<{urn:a}d> 2", "blank [ ] in {urn:a}d", "</{urn:a}d> 2 [ ]",
                "</{urn:a}a> 1 []",
            ])
    }

    @Test("The end of an element without children carries its whole text, cut by comment, CDATA or reference")
    func wholeText() throws {
        // Comment injection: what stands on both sides of a comment is one text, as in the signed (canonical) form.
        let lines = try events("<a><n>bon<!-- x -->.mssante<?p?>.fr&#33;</n></a>".utf8)
        #expect(lines.contains("</n> 2 [bon.mssante.fr!]"))
    }

    @Test("A vocabulary tells elements and attributes apart by id, without strings")
    func vocabulary() throws {
        var vocabulary = XMLVocabulary()
        let name = vocabulary.id("Nom", in: "urn:l")
        let other = vocabulary.id("Nom")
        let id = vocabulary.id("id")
        #expect(vocabulary.id("Nom", in: "urn:l") == name)
        var found: [String] = []
        try XMLEventReader.read(
            "<l:L xmlns:l='urn:l'><l:Nom id='7'>a</l:Nom><Nom>b</Nom></l:L>".utf8, vocabulary: vocabulary
        ) { event in
            if event.kind == .end && event.name == name { found.append("l:" + event.text) }
            if event.kind == .end && event.name == other && event.textEquals("b") { found.append("none") }
            if event.kind == .start, let value = event.attribute(id) { found.append("id=" + value) }
        }
        #expect(found == ["id=7", "l:a", "none"])
    }

    @Test(
        "The events do not depend on how the document is cut, neither by the caller nor into blocks",
        arguments: [1, 2, 3, 5, 7, 64, 1000])
    func chunks(_ size: Int) throws {
        let document = Samples.list(domains: 60)
        let whole = try events(document)
        #expect(whole.count > 1000)
        #expect(try events(document, chunks: [size, 1, 13]) == whole)
        #expect(try events(document, block: max(4, size)) == whole)
    }

    @Test("Lines are those of the document")
    func lines() throws {
        var lines: [Int] = []
        try XMLEventReader.read("<a>\n<b>\n\n</b><c/></a>".utf8) { if $0.kind == .start { lines.append($0.line) } }
        #expect(lines == [1, 2, 4])
    }

    @Test("What the handler throws ends the reading, reaches the caller and comes back on the next call")
    func handlerThrows() throws {
        struct Enough: Error {}
        let reader = XMLEventReader()
        #expect(throws: Enough.self) {
            try reader.feed(Samples.list(domains: 1000)) { event in if event.depth == 3 { throw Enough() } }
        }
        #expect(throws: Enough.self) { try reader.finish { _ in } }
    }

    @Test("A file descriptor and an asynchronous sequence give the same events as the bytes")
    func sources() async throws {
        let document = Samples.list(domains: 3000)
        var expected = 0
        try XMLEventReader.read(document) { expected += $0.textLength + 1 }

        let path = "/tmp/mssxml-\(getpid())-\(UInt64.random(in: 0 ... .max)).xml"
        let file = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        defer {
            close(file)
            unlink(path)
        }
        #expect(document.withUnsafeBytes { write(file, $0.baseAddress, $0.count) } == document.count)
        lseek(file, 0, SEEK_SET)
        var fromFile = 0
        try XMLEventReader.read(fileDescriptor: file) { fromFile += $0.textLength + 1 }
        #expect(fromFile == expected)

        let chunks = AsyncStream<ArraySlice<UInt8>> { continuation in
            for start in stride(from: 0, to: document.count, by: 977) {
                continuation.yield(document[start..<min(start + 977, document.count)])
            }
            continuation.finish()
        }
        var fromChunks = 0
        try await XMLEventReader.read(chunks: chunks) { fromChunks += $0.textLength + 1 }
        #expect(fromChunks == expected)
        #expect(throws: XMLFailure.self) { try XMLEventReader.read(fileDescriptor: -1) { _ in } }
    }

    #if compiler(>=6.2)
        // In a process of its own: what other tests allocate meanwhile would count as well.
        @Test("A long document of elements and text leaves memory where it was")
        func constantMemory() async {
            await #expect(processExitsWith: .success) {
                let reader = XMLEventReader()
                var ends = 0
                let count: XMLEventReader.Handler = { if $0.kind == .end { ends += 1 } }
                let part = Samples.domains(200)
                try reader.feed(Array(Samples.head), count)
                for _ in 0..<20 { try reader.feed(part, count) }
                let before = residentBytes()
                let rounds = 20_000_000 / part.count  // 20 MB in a debug build; mss-bench feeds 1 GB
                for _ in 0..<rounds { try reader.feed(part, count) }
                let grown = residentBytes() - before
                guard grown < 4 << 20 else { fatalError("grown by \(grown) bytes") }
                try reader.feed(Array(Samples.tail), count)
                try reader.finish(count)
                guard ends == (rounds + 20) * 200 * 7 + 3 else { fatalError("\(ends) elements") }
            }
        }
    #endif
}

/// Resident memory of the process (`/proc/self/statm`, second field, in pages).
private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    fgets(&line, 128, file)
    let fields = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
        separator: " ")
    return Int(fields[1])! * sysconf(CInt(_SC_PAGESIZE))
}
