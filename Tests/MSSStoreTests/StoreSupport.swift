import Glibc
import MSSCore
import MSSSMTP
import MSSTestKit
import NIOCore

@testable import MSSStore

/// A folder for one test.
struct TestFolder: Sendable {
    let path: String

    init() throws { path = try TestFiles.temporaryDirectory("mss-store") }

    func remove() { TestFolder.remove(path) }

    static func remove(_ path: String) {
        for name in (try? Folder.names(path)) ?? [] {
            let entry = path + "/" + name
            if unlink(entry) != 0 { remove(entry) }
        }
        rmdir(path)
    }

    var spool: String { path + "/spool" }
    var mail: String { path + "/mail" }

    static let master = try! StoreMasterKey([UInt8](repeating: 7, count: 32))  // a literal

    /// Small files, so that little traffic shows what much does.
    static func small(_ recovery: SpoolRecoveryChoice = .refuse, notices: Notices<SpoolNotice> = Notices())
        -> SpoolConfiguration
    {
        SpoolConfiguration(
            segmentSize: 64 << 10, chunkSize: 4 << 10, spares: 1, recovery: recovery, onNotice: { notices.add($0) })
    }

    func open(_ configuration: SpoolConfiguration = TestFolder.small()) async throws -> Spool {
        try await Spool.open(spool, master: TestFolder.master, configuration: configuration)
    }
}

/// Collects notices.
final class Notices<Notice: Sendable>: Sendable {
    private let list = Guarded<[Notice]>([])
    var all: [Notice] { list.withLock { $0 } }
    func add(_ notice: Notice) { list.withLock { $0.append(notice) } }
}

/// Bytes that cannot be compressed, the same for the same seed.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}

func address(_ text: String) -> MailAddress { try! MailAddress(text, internationalized: true) }  // a literal

let start = Timestamp(seconds: 1_800_000_000)

func request(
    at time: Timestamp = start, limit: Int = 100, perDestination: Int = 100, allowances: [Domain: Int] = [:],
    seconds: Int = 600
) -> DeliveryLeaseRequest {
    DeliveryLeaseRequest(
        limit: limit, perDestination: perDestination, allowances: allowances, now: time,
        until: time + .seconds(seconds))
}

extension NewDelivery {
    static func to(
        _ recipients: String..., from sender: String? = "a@client.test", body content: [UInt8] = Array("x\r\n".utf8),
        id: String? = nil
    ) -> NewDelivery {
        let envelope = OutgoingEnvelope(
            sender: sender.map { address($0) }, recipients: recipients.map { address($0) })
        return NewDelivery(
            SMTPOutgoingMessage(envelope, SMTPContent(content)), id: id.map { DeliveryID($0) })
    }
}

extension SMTPContent {
    func bytes() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await forEachChunk { bytes += $0.readableBytesView }
        return bytes
    }
}

/// What a child process does when it meets what it should not have: its parent reads why.
enum Child {
    static func fail(_ error: any Error, _ folder: String) -> Never {
        try? TestFiles.write("\(error)", to: folder + "/cause")
        exit(70)
    }

    struct Unexpected: Error { var what: String }

    static func require(_ condition: Bool, _ what: String) throws { if !condition { throw Unexpected(what: what) } }

    static func cause(_ folder: String) -> String {
        (try? TestFiles.read(folder + "/cause")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// What the limit on file sizes does to a child process: a write beyond it fails, as on a full disk.
func limitFiles(to bytes: Int?) {
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit(rlim_cur: bytes.map { rlim_t($0) } ?? rlim_t.max, rlim_max: rlim_t.max)
    precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
}

/// The lines of a file that a child process wrote.
func lines(_ path: String) throws -> [Substring] {
    String(decoding: try TestFiles.read(path), as: UTF8.self).split(separator: "\n")
}
