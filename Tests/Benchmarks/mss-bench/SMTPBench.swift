import ArgumentParser
import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import NIOCore
import NIOPosix

/// Drives an SMTP server; without `--to`, ours with a discarding backend and Postfix's smtpd with its discard transport,
/// each in a process of its own, one after the other under the same load.
struct SMTPBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smtp", abstract: "SMTP: messages a second, bulk, memory; ours beside Postfix, or any server.")

    @Option(help: "Server to drive, HOST:PORT; none starts ours and Postfix.") var to: String?
    @Option(help: "Sessions at once.") var sessions = 100
    @Option(help: "Messages of each session.") var messages = 20
    @Option(help: "Octets of a message.") var size = 10_240
    @Option(help: "Seconds for each measure of handshakes.") var seconds = 3.0
    @Option(help: "Handshakes at once in their measure.") var inFlight = 32
    @Option(help: "Sender.") var from = "a@clinique.test"
    @Option(help: "Recipient.") var recipient = "b@hopital.test"
    @Flag(help: "Only the messages of 10 MB, beside bare TLS.") var bulkOnly = false
    @Option(help: "How often each is measured, in turns.") var bulkRounds = 5
    @Flag(help: "Stay in clear.") var clear = false
    @Option(help: "Client certificate, PEM.") var certificate: String?
    @Option(help: "Its key, PEM.") var key: String?
    @Option(help: "User of XOAUTH2.") var user: String?
    @Option(help: "Token of XOAUTH2.") var token: String?
    @Option(help: ArgumentHelp("Run as the server to measure, with certificates of this folder.", visibility: .private))
    var serve: String?

    func run() async throws {
        if let serve { return try await SMTPBenchServer.serve(serve) }
        guard let to else { return try await compare() }
        let parts = to.split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1]) else { throw ValidationError("--to HOST:PORT") }
        var plan = SMTPLoad.Plan(from: from, to: recipient, messages: messages, size: size)
        if let user, let token { plan.token = (user, token) }
        let tls = clear ? nil : try SMTPLoad.trustingContext(certificate: certificate, key: key)
        let load = SMTPLoad(host: String(parts[0]), port: port, tls: tls)
        try await report("  \(to)", load, plan)
    }

    @discardableResult
    private func report(_ name: String, _ load: SMTPLoad, _ plan: SMTPLoad.Plan, sessions: Int? = nil) async throws
        -> Double
    {
        let count = sessions ?? self.sessions
        let seconds = try await load.run(sessions: count, plan)
        let total = Double(count * plan.messages)
        tell(
            "\(name): \(Int(total / seconds)) messages/s, \(Int(total * Double(plan.size) / 1e6 / seconds)) MB/s, "
                + "\(String(format: "%.2f", seconds)) s")
        return total / seconds
    }

    /// Everything that the goals name, each figure beside what it is compared with, under one load.
    private func compare() async throws {
        let files = try SMTPBenchFiles()
        let tls = try SMTPLoad.trustingContext(
            certificate: "\(files.directory)/client.pem", key: "\(files.directory)/client.key")
        var plan = SMTPLoad.Plan(from: from, to: recipient, messages: messages, size: size)

        let ours = try await SMTPBenchServer.start(files)
        let load = SMTPLoad(host: "127.0.0.1", port: ours.port, tls: tls)
        let bare = SMTPLoad(host: "127.0.0.1", port: ours.barePort, tls: tls)
        if bulkOnly {
            plan.size = 10 << 20
            try await bulk(load, bare, plan)
            return ours.stop()
        }
        let postfix = try await PostfixPeer.bench(files)
        let theirs = SMTPLoad(host: "127.0.0.1", port: postfix.port, tls: tls)

        tell("Mutual TLS, \(sessions) sessions of \(messages) messages of \(size) octets")
        _ = try await load.run(sessions: 10, plan)  // both warm
        let us = try await report("  ours", load, plan)
        _ = try await theirs.run(sessions: 10, plan)
        let them = try await report("  Postfix smtpd, discard", theirs, plan)
        tell("  ratio \(String(format: "%.1f", us / them)), goal 3")

        try await handshakes(load, bare)

        tell("Messages of 10 MB")
        plan.size = 10 << 20
        try await bulk(load, bare, plan)
        plan.messages = 20
        try await report("  ours, 4 sessions of 20", load, plan, sessions: 4)
        plan.messages = 5
        try await report("  Postfix smtpd, 1 session of 5", theirs, plan, sessions: 1)
        try await postfix.stop()
        ours.stop()

        let large = try await SMTPBenchServer.start(files)
        let before = large.memory("VmRSS")
        plan.size = 25 << 20
        plan.messages = 1
        try await report(
            "100 concurrent messages of 25 MB", SMTPLoad(host: "127.0.0.1", port: large.port, tls: tls), plan,
            sessions: 100)
        tell(
            "  server resident: \(before >> 10) MB before, highest ever \(large.memory("VmHWM") >> 10) MB, goal 80 MB")
        large.stop()

        try await idle(files, tls)
    }

    /// Each measure three times, in turns, so that a slow moment of the machine falls on both; the median counts.
    private func handshakes(_ load: SMTPLoad, _ bare: SMTPLoad) async throws {
        tell("Full handshakes with client certificate a second, \(inFlight) at a time, the load's own part included")
        var rates: [(bare: Double, smtp: Double)] = []
        for _ in 0..<3 {
            rates.append(
                (
                    try await bare.rate(bare: true, seconds: seconds, inFlight: inFlight),
                    try await load.rate(bare: false, seconds: seconds, inFlight: inFlight)
                ))
        }
        let (alone, within) = (Self.median(rates.map(\.bare)), Self.median(rates.map(\.smtp)))
        tell("  bare TLS \(Int(alone)), SMTP sessions from greeting to QUIT \(Int(within))")
        tell("  ratio \(String(format: "%.2f", within / alone)), goal 0.85")
    }

    private func bulk(_ load: SMTPLoad, _ bare: SMTPLoad, _ plan: SMTPLoad.Plan) async throws {
        var plan = plan
        plan.messages = 200
        let total = Double(plan.messages * plan.size)
        var speeds: [(bare: Double, smtp: Double)] = []
        for _ in 0..<bulkRounds {
            let alone = try await bare.sendBare(Int(total))
            let within = try await load.run(sessions: 1, plan)
            speeds.append((total / 1e6 / alone, total / 1e6 / within))
        }
        let (alone, within) = (Self.median(speeds.map(\.bare)), Self.median(speeds.map(\.smtp)))
        let ratios = speeds.map { String(format: "%.2f", $0.smtp / $0.bare) }
        tell("  bare TLS, 1 connection: \(Int(alone)) MB/s; ours, 1 session of \(plan.messages): \(Int(within)) MB/s")
        tell("  ratio \(String(format: "%.2f", within / alone)), goal 0.70 (each: \(ratios.joined(separator: " ")))")
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    private func idle(_ files: SMTPBenchFiles, _ tls: TLSContext) async throws {
        for (name, messages, size) in [("", 0, 0), (", after a message of 1 MB each", 1, 1 << 20)] {
            let fresh = try await SMTPBenchServer.start(files)
            let load = SMTPLoad(host: "127.0.0.1", port: fresh.port, tls: tls)
            let plan = SMTPLoad.Plan(from: from, to: recipient, messages: messages, size: size)
            _ = try await load.run(sessions: 100, plan)
            let empty = fresh.memory("VmRSS")
            let held = try await load.hold(1000, plan)
            let each = Double(fresh.memory("VmRSS") - empty) / 1000
            tell("Idle TLS sessions\(name): \(String(format: "%.1f", each)) KB each of 1000, goal 40")
            for channel in held { channel.close(promise: nil) }
            fresh.stop()
        }
    }
}

/// Certificates for both sides, as files.
struct SMTPBenchFiles {
    let directory: String
    let server: TestCredential

    init() throws {
        directory = try TestFiles.temporaryDirectory("mss-bench-smtp")
        server = try TestPKI.shared.issue(.server(commonName: "mx.hopital.test"))
        let client = try TestPKI.shared.issue(.server(commonName: "mx.clinique.test"), subject: .clinic)
        for (name, credential) in [("server", server), ("client", client)] {
            try TestFiles.write(credential.certificatePEM, to: "\(directory)/\(name).pem")
            try TestFiles.write(credential.privateKeyPEM, to: "\(directory)/\(name).key", mode: 0o600)
        }
        try TestFiles.write(TestPKI.shared.trustStorePEM, to: "\(directory)/ca.pem")
    }
}
