import Foundation
import MSSZIP
import Testing

@Suite("ZIP: unzip, zip and Python's zipfile")
struct PeerTests {
    static let contents: [(name: String, bytes: [UInt8])] = [
        ("INDEX.HTM", text(5_000)), ("IHE_XDM/SUBSET01/DOC00001.XML", text(300_000)), ("vide.txt", []),
        ("bruit.bin", noise(100_000)), ("Été à Nîmes/reçu.pdf", text(1_000)),
    ]

    @Test(
        "Info-ZIP and Python open what we write",
        arguments: [(false, false), (false, true), (true, false), (true, true)])
    func ours(zip64: Bool, streamed: Bool) throws {
        var options = ZIPWriter<ZIPMemorySink>.Options()
        options.alwaysZIP64 = zip64
        let writer = ZIPWriter(options: options)
        for (name, bytes) in Self.contents {
            if streamed {
                try writer.begin(name)
                try writer.write(bytes)
                try writer.end()
            } else {
                try writer.add(name, bytes)
            }
        }
        let folder = try ScratchFolder()
        let path = try folder.write("ours.zip", try writer.finish().bytes)
        let unzip = try run(["unzip", "-t", path])
        #expect(unzip.status == 0, "\(unzip.output)")
        #expect(unzip.output.contains("No errors detected"))

        let script = """
            import zipfile, sys, hashlib
            z = zipfile.ZipFile(sys.argv[1])
            assert z.testzip() is None
            for i in z.infolist(): print(i.filename, i.file_size, hashlib.sha1(z.read(i)).hexdigest())
            """
        let python = try run(["python3", "-c", script, path])
        #expect(python.status == 0, "\(python.output)")
        for (name, bytes) in Self.contents { #expect(python.output.contains("\(name) \(bytes.count) ")) }

        #expect(try run(["unzip", "-q", path, "-d", folder.path("out")]).status == 0)
        for (name, bytes) in Self.contents {
            #expect([UInt8](try Data(contentsOf: folder.url.appendingPathComponent("out/" + name))) == bytes)
        }
    }

    @Test(
        "We open what Info-ZIP's zip writes, from files and streamed",
        arguments: [["-r"], ["-r", "-0"], ["-r", "-fz"]])
    func infoZIP(arguments: [String]) throws {
        let folder = try ScratchFolder()
        for (name, bytes) in Self.contents {
            let url = folder.url.appendingPathComponent("in/" + name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
        }
        let path = folder.path("theirs.zip")
        let zip = try run(["zip", "-q"] + arguments + [path, "."], in: folder.path("in"))
        #expect(zip.status == 0, "\(zip.output)")
        try expectContents(ZIPReader(try ZIPFileSource(path: path)))

        // zip 3.0 leaves the ZIP64 end record out when it forces ZIP64 into a pipe: unzip and Python refuse that too.
        guard !arguments.contains("-fz") else { return }
        let streamed = folder.path("streamed.zip")
        let pipe = try run(
            ["sh", "-c", "zip -q \(arguments.joined(separator: " ")) - . | cat > '\(streamed)'"], in: folder.path("in"))
        #expect(pipe.status == 0, "\(pipe.output)")
        try expectContents(ZIPReader(try ZIPFileSource(path: streamed)))
    }

    @Test("We open what Python writes: plain, deflated, streamed, ZIP64 forced")
    func python() throws {
        let folder = try ScratchFolder()
        for (name, bytes) in Self.contents {
            let url = folder.url.appendingPathComponent("in/" + name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
        }
        let script = """
            import zipfile, sys, os
            class Pipe:
                def __init__(self, f): self.f = f
                def write(self, b): return self.f.write(b)
                def flush(self): self.f.flush()
            n = 0
            for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                for streamed in (False, True):
                    for force in (False, True):
                        out = open('py%d.zip' % n, 'wb'); n += 1
                        with zipfile.ZipFile(Pipe(out) if streamed else out, 'w', method) as z:
                            for d, _, fs in os.walk('in'):
                                for f in fs:
                                    p = os.path.join(d, f)
                                    with z.open(os.path.relpath(p, 'in'), 'w', force_zip64=force) as e:
                                        e.write(open(p, 'rb').read())
                        out.close()
            """
        let made = try run(["python3", "-c", script], in: folder.url.path)
        #expect(made.status == 0, "\(made.output)")
        for index in 0..<8 {
            try expectContents(ZIPReader(try ZIPFileSource(path: folder.path("py\(index).zip"))))
        }
    }

    @Test("A name in code page 437 is read as Windows meant it")
    func codePage() throws {
        let folder = try ScratchFolder()
        let script = """
            import zipfile
            i = zipfile.ZipInfo('X'); i.filename = 'reXu.txt'
            z = zipfile.ZipFile('cp.zip', 'w'); z.writestr(i, b'x'); z.close()
            b = open('cp.zip', 'rb').read().replace(b'reXu', b're\\x87u'); open('cp.zip', 'wb').write(b)
            """
        let made = try run(["python3", "-c", script], in: folder.url.path)
        #expect(made.status == 0, "\(made.output)")
        #expect(try ZIPReader(ZIPFileSource(path: folder.path("cp.zip"))).entries.map(\.name) == ["reçu.txt"])
    }

    @Test("An entry beyond 4 GiB goes through our writer and reader and through Python", .timeLimit(.minutes(10)))
    func beyond32Bits() throws {
        let folder = try ScratchFolder()
        let path = folder.path("grand.zip")
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let handle = try #require(FileHandle(forWritingAtPath: path))
        var options = ZIPWriter<ZIPDescriptorSink>.Options()
        options.compressionLevel = 1
        let writer = ZIPWriter(to: ZIPDescriptorSink(descriptor: handle.fileDescriptor), options: options)
        let piece = [UInt8](repeating: 0x20, count: 8 << 20)
        try writer.begin("grand.txt", zip64: true)
        for _ in 0..<513 { try writer.write(piece) }
        try writer.end()
        try writer.add("après.txt", text(10))
        _ = try writer.finish()
        try handle.close()

        #expect(throws: ZIPError(.entryTooLarge, entry: 0)) { _ = try ZIPReader(ZIPFileSource(path: path)) }
        var limits = ZIPLimits()
        (limits.entryBytes, limits.totalBytes, limits.expansion) = (8 << 30, 8 << 30, 2_000)
        let reader = try ZIPReader(ZIPFileSource(path: path), limits: limits)
        var budget = ZIPBudget(limits)
        var count: UInt64 = 0
        try reader.extract(reader.entries[0], budget: &budget) { count += UInt64($0.count) }
        #expect(count == 513 << 23)
        let python = try run([
            "python3", "-c",
            "import zipfile,sys; z=zipfile.ZipFile(sys.argv[1]); print([i.file_size for i in z.infolist()])",
            path,
        ])
        #expect(python.output == "[4303355904, 10]\n")
    }

    private func expectContents(_ reader: ZIPReader) throws {
        #expect(reader.entries.filter { !$0.isDirectory }.count == Self.contents.count)
        for (name, bytes) in Self.contents {
            let entry = try #require(reader.entry(named: name), "\(name) in \(reader.entries.map(\.name))")
            #expect(try reader.bytes(of: entry) == bytes)
        }
    }
}
