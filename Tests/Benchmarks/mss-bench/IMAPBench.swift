import ArgumentParser
import Foundation
import Glibc
import MSSStore
import MSSTLS
import MSSTestKit
import NIOCore
import NIOPosix

/// An operator's IMAP server beside Dovecot over Maildir: the same messages, TLS, the same client.
struct IMAPBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "imap", abstract: "IMAP: lists, bodies, searches, changes, idle sessions; ours beside Dovecot.")

    @Option(help: "Messages in the mailbox.") var messages = 10_000
    @Option(help: "Idle sessions whose memory is measured.") var idle = 5000
    @Option(help: "Idle sessions that are told of new mail.") var idlers = 1000
    @Flag(help: "The idle sessions have selected the full mailbox, not one that is nearly empty.") var idleFull = false
    @Option(help: "Measures of each kind; the median counts.") var rounds = 3
    @Flag(help: "Leave Dovecot out.") var alone = false
    @Option(
        help: ArgumentHelp(
            "Dovecot's mail_fsync.", discussion: "« always » makes durable what we do before it is answered."))
    var fsync = "always"
    @Option(help: "Only measures whose name holds this; « idle » for the idle sessions.") var only: String?
    @Option(help: "Keep the folder, and take it again.") var folder: String?
    @Option(help: ArgumentHelp("Run as the server to measure, with the files of this folder.", visibility: .private))
    var serve: String?

    func run() async throws {
        if let serve { return try await IMAPBenchOperator.serve(serve, messages: messages) }
        var limit = rlimit(rlim_cur: 20_000, rlim_max: 20_000)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let directory = try folder ?? TestFiles.temporaryDirectory("mss-bench-imap")
        try TestFiles.makeDirectory(directory)
        let credential = try TestPKI.shared.issue(.server(commonName: "imap.hopital.test"))
        try TestFiles.write(credential.chainPEM, to: "\(directory)/server.pem")
        try TestFiles.write(credential.privateKeyPEM, to: "\(directory)/server.key", mode: 0o600)
        if !FileManager.default.fileExists(atPath: "\(directory)/master") {
            _ = try StoreMasterKey.create("\(directory)/master")
        }
        let tls = try SMTPLoad.trustingContext(certificate: nil, key: nil)
        if only != "idle" {
            let ours = try await IMAPBenchServer.start(directory, messages: messages)
            let us = try await IMAPLoadClient.open(ours.port, login: ours.logins[0], tls)
            let dovecot = alone ? nil : try await DovecotPeer.start(credential, settings: ["mail_fsync = \(fsync)"])
            var them: IMAPLoadClient?
            if let dovecot {
                try await fill(dovecot)
                them = try await IMAPLoadClient.open(
                    dovecot.port, login: "LOGIN \(Self.dovecotUser) \(DovecotPeer.password)", tls)
            }
            try await compare(us, them)
            us.close()
            them?.close()
            if let dovecot {
                await dovecot.stop()
                try FileManager.default.removeItem(atPath: dovecot.directory)
            }
            ours.stop()
        }
        if only == nil || only == "idle" { try await idleSessions(directory, tls) }
        if folder == nil { try FileManager.default.removeItem(atPath: directory) }
    }

    private static let dovecotUser = "banc@hopital.test"

    /// The same messages as files of Maildir.
    private func fill(_ dovecot: DovecotPeer) async throws {
        let mail = "\(dovecot.directory)/mail/\(Self.dovecotUser)"
        for folder in ["cur", "new", "tmp"] { try TestFiles.makeDirectory("\(mail)/\(folder)") }
        for number in 0..<messages {
            let message = IMAPBenchMessages.message(number)
            // Sizes on disk and in CRLF lines, as Dovecot names them itself.
            let name = "\(1_700_000_000 + number).M1P1.banc,S=\(message.count),W=\(message.count):2,"
            try TestFiles.write(message, to: "\(mail)/cur/\(name)")
        }
        _ = try await ExternalTool.run("chown", ["-R", "nobody:nogroup", mail], seconds: 300)
    }

    // MARK: Commands

    private struct Measure {
        var name: String
        var unit: String
        /// How many of the unit.
        var amount: Double
        var commands: @Sendable (_ round: Int) -> [(command: String, literal: [UInt8]?)]
    }

    private var measures: [Measure] {
        let all = Double(messages)
        let count = min(1000, messages)
        func one(_ command: String) -> @Sendable (Int) -> [(command: String, literal: [UInt8]?)] {
            { _ in [(command, nil)] }
        }
        return [
            Measure(
                name: "FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE)", unit: "messages/s", amount: all,
                commands: one("FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE)")),
            Measure(
                name: "FETCH 1:* header fields as Thunderbird", unit: "messages/s", amount: all,
                commands: one(
                    "FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (FROM TO CC SUBJECT DATE MESSAGE-ID)])")),
            Measure(
                name: "bodies, one command", unit: "messages/s", amount: all, commands: one("FETCH 1:* (BODY.PEEK[])")),
            Measure(name: "bodies, one by one", unit: "messages/s", amount: Double(count)) { _ in
                (0..<count).map { ("FETCH \($0 + 1) (BODY.PEEK[])", nil) }
            },
            Measure(
                name: "SEARCH HEADER Subject", unit: "messages/s", amount: all,
                commands: one("SEARCH HEADER Subject \"rendu 4999 \"")),
            Measure(
                name: "SEARCH HEADER Message-ID", unit: "messages/s", amount: all,
                commands: one("SEARCH HEADER Message-ID \"<4999.\"")),
            Measure(name: "SEARCH TEXT", unit: "messages/s", amount: all, commands: one("SEARCH TEXT aiguille4500")),
            Measure(name: "APPEND", unit: "messages/s", amount: 200) { round in
                (0..<200).map { ("APPEND Sent (\\Seen)", IMAPBenchMessages.message(100_000 + round * 200 + $0)) }
            },
            Measure(name: "STORE, one by one", unit: "messages/s", amount: 200) { round in
                (0..<200).map { ("STORE \($0 + 1) \(round % 2 == 0 ? "+" : "-")FLAGS.SILENT (\\Answered)", nil) }
            },
            Measure(name: "STORE 1:*", unit: "messages/s", amount: all) { round in
                [("STORE 1:* \(round % 2 == 0 ? "+" : "-")FLAGS.SILENT (\\Flagged)", nil)]
            },
        ].filter { measure in only.map { measure.name.contains($0) } ?? true }
    }

    private func compare(_ us: IMAPLoadClient, _ them: IMAPLoadClient?) async throws {
        let clients = [us] + (them.map { [$0] } ?? [])
        for client in clients {
            try? await client.run("CREATE Sent")
            try await client.run("ENABLE QRESYNC")
            try await client.run("SELECT INBOX")
        }
        for measure in measures {
            var rates = clients.map { _ in [Double]() }
            for round in 0...rounds {  // the first warms both
                for (index, client) in clients.enumerated() {
                    let commands = measure.commands(round)
                    let start = ContinuousClock.now
                    for (command, literal) in commands { try await client.run(command, literal: literal) }
                    if round > 0 { rates[index].append(measure.amount / ((ContinuousClock.now - start) / .seconds(1))) }
                }
            }
            report(measure.name, rates.map(Self.median), measure.unit)
        }
        if only == nil || only == "QRESYNC" { try await resynchronise(clients) }
    }

    /// A client comes back after 100 flags changed and 20 messages went.
    private func resynchronise(_ clients: [IMAPLoadClient]) async throws {
        var times = clients.map { _ in [Double]() }
        for (index, client) in clients.enumerated() {
            for round in 0...(rounds * 3) {
                try await client.run("SELECT INBOX")
                let known = try await client.answer()
                guard let validity = Self.number("UIDVALIDITY ", known),
                    let number = Self.number("HIGHESTMODSEQ ", known)
                else { throw BenchFailure(known) }
                try await client.run("STORE 1:100 \(round % 2 == 0 ? "+" : "-")FLAGS.SILENT (\\Seen)")
                try await client.run("STORE \(200 + round * 20):\(219 + round * 20) +FLAGS.SILENT (\\Deleted)")
                try await client.run("EXPUNGE")
                try await client.run("UNSELECT")
                let start = ContinuousClock.now
                try await client.run("SELECT INBOX (QRESYNC (\(validity) \(number)))")
                if round > 0 { times[index].append(1 / ((ContinuousClock.now - start) / .seconds(1))) }
            }
        }
        report("SELECT INBOX (QRESYNC …), 100 changed", times.map(Self.median), "a second")
    }

    private static func number(_ name: String, _ text: String) -> Int? {
        text.range(of: name).flatMap { Int(text[$0.upperBound...].prefix { $0.isNumber }) }
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    private func report(_ name: String, _ rates: [Double], _ unit: String) {
        func text(_ value: Double) -> String { value < 100 ? String(format: "%.1f", value) : "\(Int(value))" }
        var line = "\(name): ours \(text(rates[0]))"
        if rates.count > 1 {
            line += ", Dovecot \(text(rates[1])) \(unit), ratio \(String(format: "%.2f", rates[0] / rates[1]))"
        } else {
            line += " \(unit)"
        }
        tell(line)
    }

    // MARK: Idle sessions

    private func idleSessions(_ directory: String, _ tls: TLSContext) async throws {
        let server = try await IMAPBenchServer.start(directory, messages: messages)
        let login = server.logins[idleFull ? 0 : 1]
        func open(_ count: Int) async throws -> [IMAPLoadClient] {
            let port = server.port
            return try await withThrowingTaskGroup(of: [IMAPLoadClient].self) { group in
                for part in 0..<10 {
                    group.addTask { () async throws -> [IMAPLoadClient] in
                        var clients: [IMAPLoadClient] = []
                        for _ in stride(from: part, to: count, by: 10) {
                            let client = try await IMAPLoadClient.open(port, login: login, tls)
                            try await client.run("SELECT INBOX")
                            try await client.idle()
                            clients.append(client)
                        }
                        return clients
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        }
        for client in try await open(100) { client.close() }
        try await Task.sleep(for: .seconds(1))
        let empty = server.memory("VmRSS")
        var clients = try await open(idle)
        try await Task.sleep(for: .seconds(1))
        let each = Double(server.memory("VmRSS") - empty) / Double(idle)
        tell("Idle TLS sessions: \(String(format: "%.1f", each)) KB each of \(idle), goal 30")
        for client in clients.dropFirst(idlers) { client.close() }
        clients = Array(clients.prefix(idlers))
        try await Task.sleep(for: .seconds(2))

        let writer = try await IMAPLoadClient.open(server.port, login: login, tls)
        var medians: [(median: Double, last: Double)] = []
        for round in 0...rounds {
            let notices = clients.map { $0.nextNotice() }
            _ = try await IMAPLoadClient.group.next().submit {}.get()
            let start = ContinuousClock.now
            try await writer.run("APPEND INBOX", literal: IMAPBenchMessages.message(round))
            var times: [Double] = []
            for notice in notices { times.append((try await notice.get() - start) / .milliseconds(1)) }
            if round > 0 { medians.append((times.sorted()[times.count / 2], times.max() ?? 0)) }
        }
        let middle = medians.sorted { $0.median < $1.median }[medians.count / 2]
        tell(
            "New mail told to \(idlers) idlers of one mailbox, from APPEND on: median "
                + "\(String(format: "%.0f", middle.median)) ms, last \(String(format: "%.0f", middle.last)) ms, goal 100"
        )
        server.stop()
    }
}
