import Foundation
import MSSMessage
import Testing

/// Real programs that read and write mail, called for real: a missing one fails the test.
enum Peer {
    struct Failure: Error { let text: String }

    /// Runs a program with its input on a file, so that no pipe can block; returns its standard output.
    static func run(_ arguments: [String], input: [UInt8] = [], folder: URL? = nil) throws -> [UInt8] {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("mss-peer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let (stdin, stdout, stderr) = (
            scratch.appendingPathComponent("0"), scratch.appendingPathComponent("1"),
            scratch.appendingPathComponent("2")
        )
        try Data(input).write(to: stdin)
        try Data().write(to: stdout)
        try Data().write(to: stderr)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = folder ?? scratch
        process.standardInput = try FileHandle(forReadingFrom: stdin)
        process.standardOutput = try FileHandle(forWritingTo: stdout)
        process.standardError = try FileHandle(forWritingTo: stderr)
        try process.run()
        process.waitUntilExit()
        let output = [UInt8](try Data(contentsOf: stdout))
        guard process.terminationStatus == 0 else {
            let text = String(decoding: try Data(contentsOf: stderr), as: UTF8.self)
            throw Failure(text: "\(arguments[0]): \(process.terminationStatus): \(text)")
        }
        return output
    }

    /// What Python's `email` reads: subject, addresses, and every part's type, name and content.
    static func python(_ message: [UInt8]) throws -> [String: Any] {
        let script = """
            import sys, json, email, email.policy, base64
            m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
            def addresses(name):
                return [[a.display_name, a.addr_spec] for a in m[name].addresses] if m[name] else []
            parts = []
            for p in m.walk():
                content = None if p.is_multipart() else base64.b64encode(p.get_payload(decode=True)).decode()
                parts.append({"type": p.get_content_type(), "name": p.get_filename(), "content": content,
                              "charset": p.get_content_charset(), "defects": [type(d).__name__ for d in p.defects]})
            print(json.dumps({"subject": m["subject"], "from": addresses("from"), "to": addresses("to"),
                              "date": m["date"].datetime.timestamp() if m["date"] else None,
                              "id": m["message-id"], "parts": parts}))
            """
        let output = try run(["python3", "-c", script], input: message)
        return try JSONSerialization.jsonObject(with: Data(output)) as! [String: Any]
    }
}
