import MSSZIP
import Testing

@Suite("ZIP: what we write")
struct WriterTests {
    @Test("Stored, deflated and streamed entries come back as they were", arguments: [false, true])
    func roundTrip(zip64: Bool) throws {
        var options = ZIPWriter<ZIPMemorySink>.Options()
        options.alwaysZIP64 = zip64
        let writer = ZIPWriter(options: options)
        let contents: [(String, [UInt8])] = [
            ("INDEX.HTM", text(5_000)), ("vide.txt", []), ("bruit.bin", noise(200_000)),
            ("Été/Compte rendu.pdf", text(70_000)),
        ]
        try writer.addDirectory("IHE_XDM")
        for (name, bytes) in contents {
            try writer.add("deflate/" + name, bytes)
            try writer.add("store/" + name, bytes, method: .store)
            try writer.begin("stream/" + name)
            for start in stride(from: 0, to: bytes.count, by: 777) {
                try writer.write(Array(bytes[start..<min(start + 777, bytes.count)]))
            }
            try writer.end()
            try writer.begin("stream-store/" + name, method: .store)
            try writer.write(bytes)
            try writer.end()
        }
        let reader = try ZIPReader(bytes: writer.finish().bytes)
        #expect(reader.entries.count == 17)
        #expect(reader.entries[0].isDirectory && reader.entries[0].name == "IHE_XDM/")
        for (name, bytes) in contents {
            for kind in ["deflate/", "store/", "stream/", "stream-store/"] {
                let entry = try #require(reader.entry(named: kind + name))
                #expect(entry.size == UInt64(bytes.count))
                #expect(try reader.bytes(of: entry) == bytes)
            }
        }
        #expect(try #require(reader.entry(named: "deflate/bruit.bin")).method == .store, "noise is kept as it is")
    }

    @Test("Equal calls give equal bytes")
    func deterministic() throws {
        func make() throws -> [UInt8] {
            let writer = ZIPWriter()
            try writer.add("a", text(10_000))
            try writer.begin("b")
            try writer.write(text(9_999))
            try writer.end()
            return try writer.finish().bytes
        }
        #expect(try make() == make())
    }

    @Test("A time goes in and comes out, to two seconds")
    func time() throws {
        let writer = ZIPWriter()
        try writer.add("a", [1], modified: ZIPTime(year: 2026, month: 11, day: 21, hour: 13, minute: 37, second: 59))
        try writer.add("b", [2], modified: ZIPTime(year: 1970, month: 1, day: 1))
        let entries = try ZIPReader(bytes: writer.finish().bytes).entries
        let time = entries[0].modified
        #expect([time.year, time.month, time.day, time.hour, time.minute, time.second] == [2026, 11, 21, 13, 37, 58])
        #expect(entries[1].modified == .earliest)
    }

    @Test(
        "A name that the reader would refuse is not written",
        arguments: ["", "/etc/passwd", "../x", "a/../b", "a//b", "C:x", "a\\b", "a\u{0}b", "a\nb", ".", "a/./b"])
    func names(_ name: String) {
        let writer = ZIPWriter()
        #expect(throws: ZIPError.self) { try writer.add(name, [1]) }
    }

    @Test("A name is written once, letter case and accents composed or not")
    func duplicates() throws {
        let writer = ZIPWriter()
        try writer.add("r\u{E9}sum\u{E9}.pdf", [1])
        #expect(throws: ZIPError(.duplicateName, entry: 1)) { try writer.add("RE\u{301}SUME\u{301}.PDF", [2]) }
    }

    @Test("Calls out of order are refused")
    func misuse() throws {
        let writer = ZIPWriter()
        #expect(throws: ZIPError(.misuse)) { try writer.end() }
        #expect(throws: ZIPError(.misuse)) { try writer.write([1]) }
        try writer.begin("a")
        #expect(throws: ZIPError(.misuse)) { try writer.add("b", []) }
        #expect(throws: ZIPError(.misuse)) { _ = try writer.finish() }
        try writer.end()
        _ = try writer.finish()
        #expect(throws: ZIPError(.misuse)) { try writer.add("c", []) }
    }

    @Test("An archive of 70,000 entries needs ZIP64 and comes back")
    func manyEntries() throws {
        var options = ZIPWriter<ZIPMemorySink>.Options()
        options.limits.entries = 100_000
        let writer = ZIPWriter(options: options)
        for index in 0..<70_000 { try writer.add("\(index)", [UInt8(index & 255)], method: .store) }
        let bytes = try writer.finish().bytes
        #expect(throws: ZIPError(.tooManyEntries)) { _ = try ZIPReader(bytes: bytes) }
        let reader = try ZIPReader(bytes: bytes, limits: options.limits)
        #expect(reader.entries.count == 70_000)
        #expect(try reader.bytes(of: reader.entries[69_999]) == [UInt8(69_999 & 255)])
    }
}
