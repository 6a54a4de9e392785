import ArgumentParser
import Foundation
import MSSZIP

/// Speed of writing and reading archives, beside Info-ZIP's `zip` and `unzip` on the same bytes.
struct ZIPBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zip", abstract: "ZIP: deflate and inflate, beside zip and unzip.")

    @Option(help: "Size of the content, in MB.") var megabytes = 64

    func run() throws {
        let line = Array(
            "<observation code=\"2345-7\" value=\"4.2\" unit=\"mmol/L\">Glycémie à jeun</observation>\n".utf8)
        var content: [UInt8] = []
        var counter: UInt64 = 1
        while content.count < megabytes << 20 {
            content += line
            counter = counter &* 6_364_136_223_846_793_005 &+ 1
            content += Array("\(counter)\n".utf8)
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mss-bench-zip-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let plain = folder.appendingPathComponent("content.xml")
        try Data(content).write(to: plain)

        var archive: [UInt8] = []
        report(
            "write (deflate 6)", content.count,
            try seconds {
                let writer = ZIPWriter()
                try writer.add("content.xml", content)
                archive = try writer.finish().bytes
            })
        report(
            "zip -6", content.count,
            try seconds { try tool(["zip", "-q", "-6", "their.zip", "content.xml"], in: folder) })
        let reader = try ZIPReader(bytes: archive)
        report(
            "read (inflate, CRC)", content.count,
            try seconds {
                var budget = ZIPBudget(reader.limits)
                try reader.extract(reader.entries[0], budget: &budget) { _ in }
            })
        report("unzip -t", content.count, try seconds { try tool(["unzip", "-qt", "their.zip"], in: folder) })
    }

    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        let time = try clock.measure(body).components
        return Double(time.seconds) + Double(time.attoseconds) / 1e18
    }

    private func report(_ name: String, _ count: Int, _ seconds: Double) {
        print(name.padding(toLength: 24, withPad: " ", startingAt: 0), "\(Int(Double(count) / seconds / 1e6)) MB/s")
    }

    private func tool(_ arguments: [String], in folder: URL) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
    }
}
