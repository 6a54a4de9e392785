import Foundation
import MSSCore
import MSSTestKit
import Testing

@testable import MSSTraces

@Suite struct TraceExportTests {
    private static let query = TraceQuery(correspondent: address("bob@labo.mssante.fr"))

    /// An export of 21 of 30 records out of three segments, one of them anonymised.
    private static func exported() async throws -> (TestStore, String, TraceExport) {
        let test = try TestStore(clock: MSSTracesTests.clock(at: "2016-06-01T10:00:00Z"))
        let store = try await test.open()
        for segment in 0..<3 {
            test.clock.advance(.seconds(segment * 30 * 86_400))
            let events = (1...10).map {
                received(
                    segment * 10 + $0, from: $0 % 3 == 0 ? "zoe@autre.mssante.fr" : "bob@labo.mssante.fr",
                    subject: "L'été, \"=1+1\" \\ \(segment)")
            }
            try await store.record(events)
            if segment < 2 { try await store.seal() }
        }
        let folder = test.folder + "/export"
        let export = try await store.reader.export(query, to: folder, auditor)
        try await store.close()
        return (test, folder, export)
    }

    private func check(_ folder: String, _ arguments: String...) async throws -> ExternalTool.Result {
        try await ExternalTool.run("sh", ["\(folder)/verifier.sh"] + arguments, seconds: 300)
    }

    @Test("EX_GDT_5010: an authority verifies an export with openssl, sed and a shell alone")
    func opensslAlone() async throws {
        let (test, folder, export) = try await TraceExportTests.exported()
        defer { test.remove() }
        #expect(export.records == 21 && export.segments == 3)
        for arguments in [[], ["--chaine"]] {
            let result = try await ExternalTool.run("sh", ["\(folder)/verifier.sh"] + arguments, seconds: 300)
            #expect(result.succeeded && result.text == "conforme : 21 traces, 3 scellés\n", "\(result.everything)")
        }
        // The digest that the trace of the export holds is that of the file.
        let digest = try await ExternalTool.run("openssl", ["dgst", "-sha256", "-r", "\(folder)/traces.jsonl"])
        #expect(digest.text.hasPrefix(export.digest.hex))
        let again = try await test.open()
        let page = try await again.reader.search(TraceQuery(action: .consultTraces), auditor)
        #expect(page.records.contains { $0.event.reply?.text.contains(export.digest.hex) == true })
        try await again.close()
    }

    @Test(
        "Whatever is changed in an export, the openssl verification finds it",
        arguments: [
            ("traces.jsonl", "bob@labo", "bab@labo"), ("traces.jsonl", "success", "failure"),
            ("traces.jsonl", "\"sequence\":4,", "\"sequence\":5,"),
            ("traces.jsonl", "\"written\":\"1", "\"written\":\"2"),
            ("preuves/functional-0000000001.chaine", "functional 2 1", "functional 2 2"),
            ("preuves/functional-0000000001.seal", "last: 10", "last: 11"),
            ("preuves/functional-0000000002.seal", "segment: 2", "segment: 1"),
        ])
    func tampered(name: String, text: String, other: String) async throws {
        let (test, folder, _) = try await TraceExportTests.exported()
        defer { test.remove() }
        let path = "\(folder)/\(name)"
        let before = String(decoding: try TestFiles.read(path), as: UTF8.self)
        let range = try #require(before.range(of: text))
        try TestFiles.write(before.replacingCharacters(in: range, with: other), to: path)
        let result = try await check(folder)
        #expect(!result.succeeded && result.text.contains("ANOMALIE"), "\(result.everything)")
    }

    @Test("A missing chain, seal or signature, and a record added, are found by the openssl verification")
    func missing() async throws {
        let (test, folder, _) = try await TraceExportTests.exported()
        defer { test.remove() }
        for name in ["preuves/functional-0000000001.chaine", "preuves/functional-0000000001.signature"] {
            let path = "\(folder)/\(name)"
            let bytes = try TestFiles.read(path)
            try FileManager.default.removeItem(atPath: path)
            #expect(try await check(folder).status == 1)
            try TestFiles.write(bytes, to: path)
        }
        let path = "\(folder)/traces.jsonl"
        let text = String(decoding: try TestFiles.read(path), as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first)
        try TestFiles.write(text + line.replacing("\"sequence\":1,", with: "\"sequence\":999,") + "\n", to: path)
        #expect(try await check(folder).status == 1)
    }

    @Test("The JSON Lines are JSON, the CSV is CSV, and both say the same")
    func formats() async throws {
        let (test, folder, _) = try await TraceExportTests.exported()
        defer { test.remove() }
        let program = """
            import csv, json, sys
            lines = [json.loads(line) for line in open(sys.argv[1] + "/traces.jsonl", encoding="utf-8")]
            rows = list(csv.DictReader(open(sys.argv[1] + "/traces.csv", encoding="utf-8", newline="")))
            assert len(lines) == len(rows) == 21
            for line, row in zip(lines, rows):
                assert str(line["sequence"]) == row["numero"] and line["facts"]["action"] == row["action"]
                if line["facts"]["action"] != "message.receive": continue
                assert line["personal"]["subject"] == row["objet"] and line["personal"]["mailbox"] == row["bal"]
            print("same")
            """
        let result = try await ExternalTool.run("python3", ["-c", program, folder])
        #expect(result.text == "same\n", "\(result.everything)")
    }

    @Test(
        "A cell that a spreadsheet would run is defused",
        arguments: [
            ("=1+1", "'=1+1"), ("+33", "'+33"), ("@x", "'@x"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("", ""),
            ("-1,2", "\"'-1,2\""), ("été", "été"),
        ])
    func cells(text: String, cell: String) { #expect(CSVTable.cell(text) == cell) }

    @Test("An export goes into an empty folder only")
    func fullFolder() async throws {
        let (test, folder, _) = try await TraceExportTests.exported()
        defer { test.remove() }
        let store = try await test.open()
        await #expect(throws: TraceError.exportFolder(path: folder)) {
            try await store.reader.export(TraceExportTests.query, to: folder, auditor)
        }
        try await store.close()
    }

    @Test("Anonymised traces are exported and verified too; what was erased is said")
    func anonymised() async throws {
        let test = try TestStore(clock: MSSTracesTests.clock(at: "2016-06-01T10:00:00Z"))
        defer { test.remove() }
        let store = try await test.open()
        try await store.record((1...4).map { received($0) })
        try await store.seal()
        test.clock.advance(.seconds(11 * 366 * 86_400))
        try await store.record(received(5))
        _ = try await store.reader.endRetention(
            TraceRetention(functional: .init(.years(10), .anonymisation)), auditor)
        let folder = test.folder + "/export"
        let export = try await store.reader.export(TraceQuery(action: .receiveMessage), to: folder, auditor)
        #expect(export.records == 5)
        let result = try await check(folder, "--chaine")
        #expect(result.succeeded && result.text.contains("partie « personal » effacée"), "\(result.everything)")
        try await store.close()
    }
}
