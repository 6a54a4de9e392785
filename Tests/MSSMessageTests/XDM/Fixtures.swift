import Foundation
import MSSCore
import MSSMessage
import MSSTestKit
import Testing

/// Documents of the shape that French software writes (CI-SIS structuration minimale), about invented people. The INS
/// are numbers for tests, with right keys.
enum Fixture {
    static let ins = "279035121518989"
    static let otherINS = "185057512345673"
    static let time = try! Timestamp(year: 2026, month: 11, day: 21, hour: 9, minute: 30)  // a real date

    typealias CDA = SampleCDA
    static var pdf: [UInt8] { SamplePDF.onePage }

    static func archive(_ documents: [CDA] = [CDA()]) throws -> [UInt8] {
        var builder = try XDMBuilder(sourceID: "1.2.250.1.999.9", producer: "Éditeur d'essai", submissionTime: time)
        for document in documents { try builder.add(cda: document.bytes) }
        var random = SteadyRandom()
        return try builder.build(random: random.copy())
    }

    static var options: WriterOptions {
        var options = WriterOptions()
        options.clock = FixedWallClock(time)
        return options
    }
}

/// The same numbers on every run.
struct SteadyRandom: RandomNumberGenerator {
    var state: UInt64 = 42
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
    mutating func copy() -> SteadyRandom { self }
}

/// Runs Python on bytes given as a file; fails the test when it fails.
func python(_ script: String, _ bytes: [UInt8]) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("mssmessage-\(UUID().uuidString)").path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, path]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(output)")
    return output
}
