import ArgumentParser
import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import MSSTraces

/// Writing, searching and verifying a journal of traces.
struct TracesBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "traces", abstract: "Traces: durable writes, searches, verification.")

    @Option(help: "How many traces.") var traces = 1_000_000
    @Option(help: "How many tasks record at once.") var tasks = 16
    @Option(help: "How many traces each task hands over at a time.") var batch = 256
    @Option(help: "Size of a segment, in MB.") var segment = 64
    @Option(help: "Folder on the disk to measure; it is removed at the end.") var folder: String?
    @Flag(help: "Leave the folder there.") var keep = false

    func run() async throws {
        let credential = try TestPKI.shared.issue(.seal(commonName: "Journal"))
        guard let key = PrivateKey(unencryptedPEM: Array(credential.privateKeyPEM.utf8)) else { throw ExitCode.failure }
        let signer = try KeySealSigner(key: key, certificate: Certificate(der: credential.certificateDER))
        let folder = folder ?? NSTemporaryDirectory() + "mss-bench-traces-\(getpid())"
        defer { if !keep { try? FileManager.default.removeItem(atPath: folder) } }
        let measure = TracesMeasure(folder: folder, signer: signer)
        try await measure.run(traces: traces, tasks: tasks, batch: batch, segment: segment << 20)
    }
}

/// The measures themselves, apart from how they are called.
struct TracesMeasure: Sendable {
    let folder: String
    let signer: KeySealSigner

    static let mailboxes = 200_000

    func run(traces: Int, tasks: Int, batch: Int, segment: Int) async throws {
        let store = try await TraceStore.open(
            folder, signer: signer, configuration: TraceConfiguration(segmentSize: segment))
        let writing = try await seconds { try await write(store, traces, tasks, batch) }
        report("durable writes, \(tasks) tasks × \(batch)", "\(Int(Double(traces) / writing)) traces/s")
        let single = try await seconds { try await write(store, 20_000, 1024, 1) }
        report("durable writes, 1024 tasks × 1", "\(Int(20_000 / single)) traces/s")
        let resident = residentBytes() >> 20
        let indexing = await secondsOf { await store.finishIndexing() }
        report("indexes finished after", "\(Int(indexing * 1000)) ms; resident \(resident) MB")

        let reader = TraceReader(store, policy: TraceAccessList(["bench": Set(TraceAccess.Kind.allCases)]))
        let access = TraceAccess(by: TracePerson(identifier: "bench"), for: .operation("benchmark"))
        let start = Timestamp(seconds: 1_780_000_000)
        let queries: [(String, TraceQuery)] = [
            ("message id", TraceQuery(message: "4bXyz\(traces / 3)")),
            ("mailbox", TraceQuery(mailbox: Self.mailbox(7))),
            ("mailbox and period", TraceQuery(mailbox: Self.mailbox(8), from: start, until: start + .seconds(600))),
            ("correspondent", TraceQuery(correspondent: Self.peer(12))),
            ("person", TraceQuery(person: "8100\(10_000 + 55)")),
            ("person and action", TraceQuery(person: "8100\(10_000 + 56)", action: .readMessage)),
            ("action and period", TraceQuery(action: .receiveMessage, from: start, until: start + .seconds(5))),
            ("two common terms, none", TraceQuery(person: "CN=peer3.mssante.fr", action: .readMessage)),
            ("absent message id", TraceQuery(message: "nowhere")),
        ]
        for (name, query) in queries {
            var found = 0
            let cold = try await seconds { found = try await reader.search(query, access).records.count }
            let warm = try await seconds { _ = try await reader.search(query, access) }
            report("search: \(name)", "\(milliseconds(cold)) then \(milliseconds(warm)), \(found) found")
        }
        try await store.close()
        let opening = try await seconds {
            try await TraceStore.open(folder, signer: signer, configuration: TraceConfiguration()).close()
        }
        report("open, unsealed segment read", milliseconds(opening))
        let verifier = TraceVerifier(folder: folder, certificates: [signer.certificate])
        let begin = ContinuousClock.now
        let result = await verifier.verify()
        let verifying = value(ContinuousClock.now - begin)
        report(
            "verify",
            "\(Int(Double(result.bytes) / verifying / 1e6)) MB/s, \(Int(Double(result.records) / verifying)) records/s, "
                + "\(result.bytes >> 20) MB, \(result.isSound ? "sound" : "NOT SOUND: \(result.findings.prefix(3))")")
    }

    private func write(_ store: TraceStore, _ traces: Int, _ tasks: Int, _ batch: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let share = traces / tasks
            for task in 0..<tasks {
                group.addTask {
                    var number = task * share
                    let end = number + share
                    while number < end {
                        let next = min(number + batch, end)
                        try await store.record((number..<next).map(Self.event))
                        number = next
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    // Parsed once: a server has its addresses at hand too.
    private static let boxes = (0..<mailboxes).map { try! MailAddress("prenom.nom\($0)@hopital.mssante.fr") }
    // a literal
    private static let peers = (0..<50_000).map { try! MailAddress("contact\($0)@domaine\($0 % 900).mssante.fr") }
    static func mailbox(_ number: Int) -> MailAddress { boxes[number % boxes.count] }
    static func peer(_ number: Int) -> MailAddress { peers[number % peers.count] }

    /// Three messages received, one sent, one read, in turn.
    private static func event(_ number: Int) -> TraceEvent {
        let spread = number &* 2_654_435_761 & 0xFFFF_FFFF
        let mailbox = mailbox(spread)
        let peer = peer(spread >> 7)
        let person = TracePerson(identifier: "8100\(10_000 + spread % mailboxes)")
        let time = Timestamp(
            seconds: 1_780_000_000 + Int64(number / 1000), nanoseconds: Int32(number % 1000) * 1_000_000)
        switch number % 5 {
        case 0...2:
            return TraceEvent(
                .receiveMessage, by: .peer("CN=peer\(spread % 900).mssante.fr"), at: time, mailbox: mailbox,
                means: TraceMeans(software: "mx.domaine.mssante.fr", channel: "smtp", address: "192.0.2.17:43120"),
                authentication: .mutualTLS, request: "RCPT TO:<prenom.nom@hopital.mssante.fr>", reply: "250 2.0.0 OK",
                message: TraceMessage(
                    identifier: "4bXyz\(number)", sender: peer, recipients: [mailbox],
                    subject: "XDM/1.0/DDM+CR de consultation", size: 48_000))
        case 3:
            return TraceEvent(
                .sendMessage, by: .person(person), at: time, mailbox: mailbox,
                means: TraceMeans(
                    software: "LPS 4.2", system: "Windows 11", channel: "submission", address: "10.1.2.3"),
                authentication: .proSanteConnect, request: "DATA", reply: "250 2.0.0 OK",
                message: TraceMessage(
                    identifier: "4bXyz\(number)", sender: mailbox, recipients: [peer], subject: "Demande d'avis",
                    size: 9_000))
        default:
            return TraceEvent(
                .readMessage, by: .person(person), at: time, mailbox: mailbox,
                means: TraceMeans(software: "LPS 4.2", channel: "imap", address: "10.1.2.3"),
                authentication: .proSanteConnect, request: "a7 UID FETCH 12 BODY.PEEK[]", reply: "a7 OK")
        }
    }

    private func seconds(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return value(ContinuousClock.now - start)
    }

    private func secondsOf(_ body: () async -> Void) async -> Double {
        let start = ContinuousClock.now
        await body()
        return value(ContinuousClock.now - start)
    }

    private func value(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    private func milliseconds(_ seconds: Double) -> String { String(format: "%.1f ms", seconds * 1000) }

    private func report(_ name: String, _ text: String) {
        print(name.padding(toLength: 36, withPad: " ", startingAt: 0), text)
    }
}
