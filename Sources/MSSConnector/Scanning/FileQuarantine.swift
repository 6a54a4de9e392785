import Glibc
import MSSCore
public import MSSSMTP
import NIOCore
import NIOPosix

/// A quarantine in a folder: two files an entry, readable by the service's user alone.
///
/// The files are not encrypted: put the folder on an encrypted file system, since the messages hold health data.
public actor FileQuarantine: Quarantine {
    /// Why a file could not be kept or read.
    public struct Failure: Error, Sendable, Hashable {
        /// What was tried.
        public let step: String
        /// `errno`.
        public let code: Int32
    }

    private let folder: String
    private let limit: Int

    /// A quarantine; the folder is made when it is not there.
    ///
    /// - Parameter limit: octets of a message kept; the rest is cut.
    public init(folder: String, limit: Int = 100 << 20) throws {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw Failure(step: "mkdir", code: errno) }
        self.folder = folder
        self.limit = limit
    }

    /// Sets a message aside.
    public func keep(_ content: SMTPContent, _ entry: QuarantineEntry) async throws {
        try check(entry.id)
        var bytes = try await content.prefix(limit)
        let path = "\(folder)/\(entry.id)"
        let facts = Array(QuarantineText.write(entry).utf8)
        // Blocking: not in the cooperative pool. The facts last: an entry is there when it is whole.
        try await NIOThreadPool.singleton.runIfActive { [bytes] in
            try FileQuarantine.write(bytes, to: path + ".eml")
            try FileQuarantine.write(facts, to: path + ".txt")
        }
        bytes = []
    }

    /// What is set aside, oldest first.
    public func entries() async throws -> [QuarantineEntry] {
        let folder = folder
        return try await NIOThreadPool.singleton.runIfActive {
            try FileQuarantine.names(in: folder).filter { $0.hasSuffix(".txt") }.compactMap { name in
                QuarantineText.read(
                    String(decoding: try FileQuarantine.read("\(folder)/\(name)"), as: UTF8.self))
            }
        }
        .sorted { ($0.time, $0.id) < ($1.time, $1.id) }
    }

    /// The content of an entry.
    public func content(of id: String) async throws -> SMTPContent? {
        try check(id)
        let path = "\(folder)/\(id).eml"
        return try await NIOThreadPool.singleton.runIfActive {
            do { return SMTPContent(try FileQuarantine.read(path)) } catch let failure as Failure
                where failure.code == ENOENT
            { return nil }
        }
    }

    /// Destroys an entry.
    public func destroy(_ id: String) async throws {
        try check(id)
        for suffix in [".txt", ".eml"] {
            guard unlink("\(folder)/\(id)\(suffix)") == 0 || errno == ENOENT else {
                throw Failure(step: "unlink", code: errno)
            }
        }
    }

    /// A name never leads out of the folder.
    private func check(_ id: String) throws {
        let isSound =
            (1...100).contains(id.utf8.count)
            && id.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
        guard isSound else { throw Failure(step: "name", code: EINVAL) }
    }

    // MARK: Files

    private static func names(in folder: String) throws -> [String] {
        guard let directory = opendir(folder) else { throw Failure(step: "opendir", code: errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.sorted()
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = path + ".tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure(step: "open", code: errno) }
        defer { close(file) }
        var position = 0
        while position < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + position, bytes.count - position) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure(step: "write", code: errno) }
            position += count
        }
        guard fsync(file) == 0 else { throw Failure(step: "fsync", code: errno) }
        guard rename(temporary, path) == 0 else { throw Failure(step: "rename", code: errno) }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Failure(step: "open", code: errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(step: "read", code: errno) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}

/// The facts of an entry as lines of text.
enum QuarantineText {
    static func write(_ entry: QuarantineEntry) -> String {
        var lines = [
            "id \(entry.id)", "time \(entry.time.seconds)", "message \(entry.message)",
            "sender \(entry.sender?.text ?? "")",
        ]
        lines += entry.recipients.map { "recipient \($0.text)" }
        lines += entry.findings.map { "finding \($0.split(whereSeparator: \.isNewline).joined(separator: " "))" }
        return lines.map { $0 + "\n" }.joined()
    }

    static func read(_ text: String) -> QuarantineEntry? {
        var values: [Substring: [String]] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            values[parts[0], default: []].append(String(parts[1]))
        }
        guard let id = values["id"]?.first, let time = values["time"]?.first.flatMap({ Int64($0) }),
            let message = values["message"]?.first
        else { return nil }
        let address = { (text: String) in try? MailAddress(text, internationalized: true) }
        return QuarantineEntry(
            id: id, time: Timestamp(seconds: time), message: message, sender: values["sender"]?.first.flatMap(address),
            recipients: (values["recipient"] ?? []).compactMap(address), findings: values["finding"] ?? [])
    }
}
