import Foundation
import Logging
import MSSCore
import MSSIMAP
import MSSSASL
import MSSStore
import MSSTLS
import MSSTestKit
import NIOCore
import NIOPosix

/// The messages of the IMAP benchmark: about 10 KB each, a text and an attachment, all different.
enum IMAPBenchMessages {
    static func message(_ number: Int) -> [UInt8] {
        var text = """
            Return-Path: <medecin\(number % 97)@cabinet.test>\r
            Received: from mx.cabinet.test (mx.cabinet.test [192.0.2.\(number % 250)]) by mx.hopital.test with ESMTPS\r
             id q\(number); Sat, 21 Nov 2026 10:00:00 +0100\r
            Date: Sat, 21 Nov 2026 \(10 + number % 10):\(10 + number % 50):00 +0100\r
            From: =?utf-8?Q?Ren=C3=A9e_Martin?= <medecin\(number % 97)@cabinet.test>\r
            To: "Secretariat, service \(number % 31)" <service\(number % 31)@hopital.test>\r
            Cc: archives@hopital.test\r
            Subject: Compte rendu \(number) du dossier \(number * 7919 % 100_003)\r
            Message-ID: <\(number).\(number * 31)@cabinet.test>\r
            \(number % 3 == 0 ? "In-Reply-To: <\(number / 3).\(number / 3 * 31)@cabinet.test>\r\n" : "")MIME-Version: 1.0\r
            Content-Type: multipart/mixed; boundary="limite\(number)"\r
            \r
            --limite\(number)\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Transfer-Encoding: quoted-printable\r
            \r

            """
        for line in 0..<40 {
            text += "Ligne \(line) du compte rendu \(number) : le patient va bien, =C3=A0 revoir.\r\n"
        }
        if number % 1000 == 500 { text += "Mot rare : aiguille\(number)\r\n" }
        text += """
            --limite\(number)\r
            Content-Type: application/octet-stream; name="resultat.bin"\r
            Content-Disposition: attachment; filename="resultat.bin"\r
            Content-Transfer-Encoding: base64\r
            \r

            """
        var state = UInt64(number &+ 1) &* 0x9E37_79B9_7F4A_7C15
        for _ in 0..<78 {
            var line: [UInt8] = []
            for _ in 0..<57 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                line.append(UInt8(truncatingIfNeeded: state >> 33))
            }
            text += Data(line).base64EncodedString() + "\r\n"
        }
        return Array((text + "--limite\(number)--\r\n").utf8)
    }
}

/// Our server over a mail store, in a process of its own.
final class IMAPBenchServer {
    static let user = "banc@hopital.test"
    let port: Int
    private let process: Process
    private let input: Pipe

    private init(port: Int, process: Process, input: Pipe) {
        (self.port, self.process, self.input) = (port, process, input)
    }

    /// - Parameter messages: how many INBOX holds.
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
        guard let port = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else { throw BenchFailure(text) }
        return IMAPBenchServer(port: port, process: process, input: input)
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

    private struct Anyone: IMAPAuthenticator {
        func authenticate(_ credentials: SASLCredentials, _ facts: IMAPSessionFacts) async throws -> IMAPIdentity {
            IMAPIdentity(mailbox: credentials.claimedIdentity ?? "")
        }
    }

    /// The process's own part: fills the mailbox, prints its port, and serves until its input ends.
    static func serve(_ directory: String, messages: Int) async throws {
        let store = try await MailStore.open("\(directory)/store", master: .file("\(directory)/master"))
        try await fill(store, messages)
        let tls = try TLSContext(
            .server(
                policy: .operator(.v1_6),
                identity: TLSIdentity(
                    certificateFile: "\(directory)/server.pem", keyFile: "\(directory)/server.key"),
                clientAuthentication: .none))
        var session = IMAPSessionConfiguration(serverName: "imap.hopital.test", mechanisms: [.plain])
        session.security = .immediate
        var limits = IMAPServerLimits()
        (limits.connections, limits.connectionsPerPeer, limits.sessionsPerMailbox) = (20_000, 20_000, 20_000)
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let server = try await IMAPServer.start(
            [
                IMAPEntryPoint(
                    name: "bench", address: .tcp(host: "127.0.0.1", port: 0), session: session,
                    tls: ReloadableTLSContext(tls), authenticator: Anyone(), backend: MailStoreBackend(store))
            ], limits: limits, logger: logger)
        print(server.address(of: "bench")!.port!)
        fflush(nil)
        while let line = readLine() { _ = line }
    }

    private static func fill(_ store: MailStore, _ count: Int) async throws {
        for name in [user, "repos@hopital.test"] where try await store.status(MailboxName(name)) == nil {
            try await store.create(MailboxName(name), at: SystemWallClock().now())
        }
        let present = try await store.status(MailboxName(user))?.messages ?? 0
        guard present < count else { return }
        // In order, some at once so that they share syncs.
        for start in stride(from: present, to: count, by: 100) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in start..<min(start + 100, count) {
                    group.addTask {
                        let draft = try store.draft()
                        try await draft.append(ByteBuffer(bytes: IMAPBenchMessages.message(number)))
                        let target = MailTarget(MailboxName(user), received: SystemWallClock().now())
                        _ = try await draft.deliver(to: [target])[0].get()
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
