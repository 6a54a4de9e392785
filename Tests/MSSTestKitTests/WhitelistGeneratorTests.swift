import Foundation
import MSSCore
import MSSTestKit
import Testing

/// The generated list has the published list's shape.
@Suite struct WhitelistGeneratorTests {
    @Test("the default list has the published size, multiplicities and repetitions")
    func shape() {
        let entries = WhitelistGenerator().make().entries
        #expect(entries.count == 6554)
        let byName = Dictionary(grouping: entries, by: \.name)
        // Published: 5,002 names and 392 DNs.
        #expect((4950...5050).contains(byName.count), "\(byName.count) names")
        let certificates = Dictionary(grouping: entries, by: \.certificateName)
        #expect((380...405).contains(certificates.count), "\(certificates.count) DNs")
        let largest = certificates.values.map(\.count).max() ?? 0
        #expect((2600...2950).contains(largest), "\(largest)")
        let pairs = Dictionary(grouping: entries) { [$0.name, $0.certificateName] }
        #expect(entries.count - pairs.count == 21)
        #expect(entries.count - Set(entries).count == 7)
        #expect(byName.values.contains { Set($0.map(\.certificateName)).count == 5 })
    }

    @Test("the oddities of the published list are there")
    func oddities() {
        let entries = WhitelistGenerator().make().entries
        let names = Set(entries.map(\.name))
        let certificates = Set(entries.map(\.certificateName))
        #expect(names.filter { $0.contains("@") }.count == 1)
        #expect(names.filter { $0 != $0.lowercased() }.count == 1)
        #expect(names.filter { $0.hasSuffix("apicrypt.org") }.count == 2)
        #expect(certificates.filter { $0.contains(", ") }.count == 1)
        #expect(certificates.filter { $0.contains(",L=") }.count == 1)
        #expect(certificates.filter { $0.contains("O=\"") }.count == 5)
        #expect(certificates.contains { !$0.utf8.allSatisfy { $0 < 0x80 } })
        for mark in ["  ", "\n", "&"] { #expect(entries.contains { $0.description.contains(mark) }, "\(mark)") }
        #expect(entries.contains { $0.description.hasSuffix(" ") })
    }

    @Test("the same seed gives the same bytes, another seed others")
    func deterministic() {
        let first = WhitelistWriter.write(WhitelistGenerator(seed: 7, count: 500).make())
        #expect(first == WhitelistWriter.write(WhitelistGenerator(seed: 7, count: 500).make()))
        #expect(first != WhitelistWriter.write(WhitelistGenerator(seed: 8, count: 500).make()))
    }

    @Test("any size is made exactly, names growing in proportion", arguments: [60, 61, 500, 6554, 20_000])
    func sizes(count: Int) {
        let entries = WhitelistGenerator(count: count).make().entries
        #expect(entries.count == count)
        let names = Set(entries.map(\.name)).count
        #expect(Double(names) / Double(count) > 0.6)
    }

    @Test("the written file is well-formed XML in the published layout")
    func written() async throws {
        let bytes = WhitelistWriter.write(WhitelistGenerator(count: 300).make())
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(
            text.hasPrefix(
                """
                <?xml version="1.0" encoding="UTF-8"?><ListeBlancheMSSante xmlns="https://listeblanche.mssante.fr/schema">
                    <DateDeGeneration>2025-03-13T14:54:10Z</DateDeGeneration>
                    <ListeDomaines>
                        <Domaine>
                            <Nom>interop-mssante.apicrypt.org</Nom>

                """))
        #expect(text.hasSuffix("        </Domaine>\n    </ListeDomaines>\n</ListeBlancheMSSante>\n"))
        let count = try await ExternalTool.run(
            "xmllint", ["--xpath", "count(//*[local-name()='Domaine'])", "-"], input: bytes)
        #expect(count.text == "300\n" || count.text == "300", "\(count.everything)")
    }

    @Test(
        "the generated layout is the published one, line shape by line shape",
        .enabled(if: SharedData.publishedWhitelist != nil))
    func layout() throws {
        let published = try #require(SharedData.publishedWhitelist)
        /// Indentation and tags of every line, the text between tags dropped.
        func shapes(_ bytes: [UInt8]) -> Set<[UInt8]> {
            var shapes: Set<[UInt8]> = []
            for line in bytes.split(separator: UInt8(ascii: "\n")) where line.contains(UInt8(ascii: "<")) {
                var shape = Array(line.prefix { $0 == UInt8(ascii: " ") })
                var isTag = false
                for byte in line {
                    if byte == UInt8(ascii: "<") { isTag = true }
                    if isTag { shape.append(byte) }
                    if byte == UInt8(ascii: ">") { isTag = false }
                }
                shapes.insert(shape)
            }
            return shapes
        }
        // A closing tag after a line break inside a description has whatever indentation its text has.
        func isRegular(_ shape: [UInt8]) -> Bool { !String(decoding: shape, as: UTF8.self).contains("</Description>") }
        let ours = shapes(WhitelistWriter.write(WhitelistGenerator().make()))
        #expect(ours.filter(isRegular) == shapes(published).filter(isRegular))
    }
}

/// Files that only the project's own machines have (HELPERS: `../shared/data` or `MSS_SHARED_DATA`).
enum SharedData {
    static let publishedWhitelist: [UInt8]? = {
        let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let folder = ProcessInfo.processInfo.environment["MSS_SHARED_DATA"] ?? "/\(package)/../shared/data"
        return try? TestFiles.read("\(folder)/whitelist/listeblanchemssante-2025-03-13-unsigned.xml")
    }()
}
