import Foundation
import MSSTestKit

/// Our operator in a process of its own, which serves mailboxes to client software.
final class IMAPBenchServer {
    let port: Int
    /// What logs in: to the mailbox of measures, and to that of idle sessions.
    let logins: [String]
    private let process: Process
    private let input: Pipe

    private init(port: Int, logins: [String], process: Process, input: Pipe) {
        (self.port, self.logins, self.process, self.input) = (port, logins, process, input)
    }

    /// - Parameter messages: how many the first mailbox holds.
    static func start(_ directory: String, messages: Int) async throws -> IMAPBenchServer {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["imap", "--serve", directory, "--messages", "\(messages)"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var text = ""
        while !text.hasSuffix("\n") {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw BenchFailure("the server ended") }
            text += String(decoding: more, as: UTF8.self)
        }
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 3, let port = Int(words[0]) else { throw BenchFailure(text) }
        return IMAPBenchServer(
            port: port, logins: words[1...].map { "AUTHENTICATE XOAUTH2 \($0)" }, process: process, input: input)
    }

    /// A line of `/proc/PID/status`, in KB.
    func memory(_ name: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
    }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
