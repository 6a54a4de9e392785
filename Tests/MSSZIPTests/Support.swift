import Foundation
import MSSZIP
import Testing

/// A folder that disappears with the test.
final class ScratchFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("msszip-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: url.appendingPathComponent(name))
        return path(name)
    }
}

/// Runs a program found on PATH; throws when it is missing.
func run(_ arguments: [String], in folder: String? = nil) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    // 127: env did not find the program. A missing tool fails the test.
    #expect(process.terminationStatus != 127, "missing tool: \(arguments[0])")
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

/// Bytes that do not compress, the same on every run.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 32)
    }
}

func text(_ count: Int) -> [UInt8] {
    Array(String(repeating: "Compte rendu d'examens biologiques. ", count: count / 36 + 1).utf8.prefix(count))
}

/// An archive made by our writer, to be damaged on purpose.
struct Forgery {
    var bytes: [UInt8]

    init(_ entries: [(String, [UInt8])], method: ZIPEntry.Method = .store) throws {
        let writer = ZIPWriter()
        for (name, content) in entries { try writer.add(name, content, method: method) }
        bytes = try writer.finish().bytes
    }

    private func offsets(of signature: [UInt8]) -> [Int] {
        (0..<max(0, bytes.count - 3)).filter { bytes[$0..<$0 + 4].elementsEqual(signature) }
    }

    var locals: [Int] { offsets(of: [0x50, 0x4B, 3, 4]) }
    var centrals: [Int] { offsets(of: [0x50, 0x4B, 1, 2]) }
    var end: Int { offsets(of: [0x50, 0x4B, 5, 6]).last! }

    mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
        withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
    }
}

func refusal(_ bytes: [UInt8], limits: ZIPLimits = ZIPLimits()) -> ZIPError.Reason? {
    do throws(ZIPError) {
        _ = try ZIPReader(bytes: bytes, limits: limits)
        return nil
    } catch { return error.reason }
}
