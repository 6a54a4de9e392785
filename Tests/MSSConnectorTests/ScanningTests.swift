import MSSCore
import MSSMessage
import MSSSMTP
import MSSTestKit
import MSSWhitelist
import NIOCore
import NIOPosix
import Testing

@testable import MSSConnector

/// Finds a word; counts, and fails when told to.
final class WordScanner: MalwareScanner {
    private let state = Guarded((scans: 0, failure: ScanFailure?.none))
    var scans: Int { state.withLock { $0.scans } }
    func fail(with failure: ScanFailure?) { state.withLock { $0.failure = failure } }

    func scan(_ content: SMTPContent) async throws(ScanFailure) -> ScanVerdict {
        let failure = state.withLock { state in
            state.scans += 1
            return state.failure
        }
        if let failure { throw failure }
        guard let bytes = try? await content.prefix(1 << 24) else { throw .unavailable("content") }
        // As real scanners do, into the attachments of a whole message too.
        let message = Message(bytes)
        let texts = [bytes] + message.parts.filter { $0.kind == .leaf }.map { message.content(of: $0) }
        return texts.contains { String(decoding: $0, as: UTF8.self).contains("VIRUS-DE-TEST") }
            ? .infected(["Test.Virus"]) : .clean
    }
}

@Suite("Scanning, its policy and the quarantine", .timeLimit(.minutes(10)))
struct ScanningTests {
    static func make(
        _ policy: ScreeningPolicy = ScreeningPolicy(), quarantine: (any Quarantine)? = nil
    ) async throws -> (TestOperator, Operator, WordScanner) {
        let alpha = try await TestOperator("alpha")
        let scanner = WordScanner()
        let list = Samples.whitelist([("alpha.mssante.fr", try alpha.certificateName)])
        let operation = try alpha.makeOperator(whitelist: list, scanner: scanner, quarantine: quarantine) {
            $0.screening = policy
        }
        return (alpha, operation, scanner)
    }

    static func submit(_ alpha: TestOperator, _ operation: Operator, _ message: [UInt8]? = nil) async
        -> SubmissionResult
    {
        await alpha.submit(
            operation, from: "jeanne.martin", as: alpha.doctor, to: ["paul.durand@alpha.mssante.fr"], message: message)
    }

    /// A message with two attachments, one of them infected, in base64.
    static func withAttachments() throws -> [UInt8] {
        let infected = Array("avant VIRUS-DE-TEST après".utf8)
        let clean = Array("compte rendu".utf8)
        var writer = try MessageWriter(
            OutgoingMessage(
                from: Mailbox(address: "jeanne.martin@alpha.mssante.fr"),
                to: [Mailbox(address: "paul.durand@alpha.mssante.fr")], subject: "Résultats",
                content: .mixed(
                    .text("Bonjour,\n\nCi-joint."),
                    attachments: [
                        .attachment("facture.exe", ContentSource(infected)),
                        .attachment("résultat.pdf", type: ContentType("application", "pdf"), ContentSource(clean)),
                    ])))
        return try writer.bytes()
    }

    @Test("EX_SSI_5090: malware is refused with its name, kept in quarantine, and nothing of it is sent")
    func refused() async throws {
        let folder = try TestFiles.temporaryDirectory("mss-quarantine")
        let quarantine = try FileQuarantine(folder: "\(folder)/q")
        let (alpha, operation, _) = try await Self.make(quarantine: quarantine)
        let result = await Self.submit(alpha, operation, try Self.withAttachments())
        #expect(result.refusal == .malware(["Test.Virus"]))
        #expect(result.refusal?.reply.code == 550)
        #expect(await alpha.queue.count == 0)
        #expect(alpha.spool.draftOctets == 0)
        let entries = try await quarantine.entries()
        #expect(entries.count == 1)
        #expect(entries[0].findings == ["Test.Virus"])
        #expect(entries[0].sender == alpha.address("jeanne.martin"))
        #expect(entries[0].recipients == [alpha.address("paul.durand")])
        let content = try #require(try await quarantine.content(of: entries[0].id))
        #expect(String(decoding: try await content.prefix(1 << 20), as: UTF8.self).contains("Subject: "))
        try await quarantine.destroy(entries[0].id)
        #expect(try await quarantine.entries().isEmpty)
        await #expect(throws: (any Error).self) { try await quarantine.content(of: "../etc/passwd") }
        #expect(operation.metrics.snapshot.infected == 1)
    }

    @Test("EX_SSI_5120: the message goes on without the infected attachment; sender and recipient are told")
    func removed() async throws {
        let (alpha, operation, _) = try await Self.make(ScreeningPolicy(infected: .removeAttachments))
        try await operation.running {
            let result = await Self.submit(alpha, operation, try Self.withAttachments())
            #expect(result.id != nil)
            #expect(result.removedAttachments == ["facture.exe"])
            let kept = await alpha.drop.messages(in: alpha.id("paul.durand"), atLeast: 1)[0]
            let message = Message(kept.content)
            let texts = message.parts.filter { $0.kind == .leaf }.map { message.text(of: $0) }
            #expect(!texts.contains { $0.contains("VIRUS") })
            #expect(texts.contains { $0.contains("compte rendu") })
            #expect(texts.contains { $0.contains("« facture.exe » a été retirée") && $0.contains("Test.Virus") })
            #expect(message.header.first("X-Operateur-Antivirus")?.text == "piece-jointe-retiree")
            let notice = Message(await alpha.drop.messages(in: alpha.id("jeanne.martin"), atLeast: 1)[0].content)
            #expect(notice.header.subject == "Pièce jointe non transmise : contenu malveillant détecté")
            #expect(notice.bodyText?.contains("facture.exe") == true)
        }
    }

    @Test("What cannot be taken out for sure is refused: malware in the body itself")
    func notRemovable() async throws {
        let (alpha, operation, _) = try await Self.make(ScreeningPolicy(infected: .removeAttachments))
        let message = TestOperator.message(
            from: "jeanne.martin@alpha.mssante.fr", to: ["x@y.fr"], body: "VIRUS-DE-TEST\r\n")
        #expect(await Self.submit(alpha, operation, message).refusal == .malware(["Test.Virus"]))
        #expect(await alpha.queue.count == 0)
    }

    @Test(
        "A scanner that is down never lets a message pass in silence",
        arguments: [ScreeningPolicy.Unscanned.postpone, .refuse, .deliverMarked])
    func down(_ choice: ScreeningPolicy.Unscanned) async throws {
        let (alpha, operation, scanner) = try await Self.make(ScreeningPolicy(unavailable: choice))
        scanner.fail(with: .unavailable("down"))
        let events = operation.events.events()
        let result = await Self.submit(alpha, operation)
        switch choice {
        case .postpone:
            #expect(result.refusal == .notScanned(isPermanent: false))
            #expect(result.refusal?.reply.code == 451)
        case .refuse: #expect(result.refusal == .notScanned(isPermanent: true))
        case .deliverMarked:
            let jobs = await alpha.queue.lease(
                DeliveryLeaseRequest(
                    limit: 1, perDestination: 1, now: alpha.clock.now() + .seconds(1), until: alpha.clock.now()))
            let head = try await jobs[0].message.content.prefix(100)
            #expect(String(decoding: head, as: UTF8.self).hasPrefix("X-Operateur-Antivirus: non-analyse\r\nReceived: "))
        }
        for await event in events {
            guard case .scanFailed(let failure, _) = event else { continue }
            #expect(failure == .unavailable("down"))
            break
        }
    }

    @Test("A message too large for the scanner is refused for good by default: coming back would not help")
    func tooLarge() async throws {
        let (alpha, operation, scanner) = try await Self.make()
        scanner.fail(with: .tooLarge)
        #expect(await Self.submit(alpha, operation).refusal == .notScanned(isPermanent: true))
    }
}

@Suite("A real clamd", .serialized, .timeLimit(.minutes(10)))
struct ClamAVTests {
    @Test("EX_SSI_5090: clamd finds EICAR alone, in a message and in an archive, over both kinds of socket")
    func eicar() async throws {
        let clamd = try await ClamdPeer.start()
        defer { clamd.stop() }
        let eicar = Array(ClamdPeer.eicar.utf8)
        let folder = try TestFiles.temporaryDirectory("mss-eicar")
        try TestFiles.write(eicar, to: "\(folder)/eicar.com")
        _ = try await ExternalTool.run("zip", ["-j", "\(folder)/eicar.zip", "\(folder)/eicar.com"])
        let zip = try TestFiles.read("\(folder)/eicar.zip")
        var writer = try MessageWriter(
            OutgoingMessage(
                from: Mailbox(address: "a@b.fr"), to: [Mailbox(address: "c@d.fr")], subject: "x",
                content: .mixed(.text("x"), attachments: [.attachment("e.zip", ContentSource(zip))])))
        let message = try writer.bytes()
        for address in [
            ClamAVScanner.Address.unix(path: "\(clamd.directory)/clamd.sock"),
            .tcp(host: "127.0.0.1", port: clamd.port),
        ] {
            let scanner = ClamAVScanner(address)
            #expect(try await scanner.scan(SMTPContent("bonjour".utf8)) == .clean)
            #expect(try await scanner.scan(SMTPContent([UInt8]())) == .clean)
            for infected in [eicar, zip, message] {
                let verdict = try await scanner.scan(SMTPContent(infected))
                guard case .infected(let names) = verdict else {
                    Issue.record("\(verdict)")
                    continue
                }
                #expect(names.contains { $0.contains("EICAR") })
            }
            // In many pieces, as messages come.
            let pieces = eicar.map { ByteBuffer(bytes: [$0]) }
            let cut = SMTPContent(size: nil) { Pieces(pieces: pieces) }
            #expect(try await scanner.scan(cut) != .clean)
            #expect(try await scanner.version().hasPrefix("ClamAV"))
        }
    }

    @Test("Larger than the scanner takes is said so; nobody there, and a silent one, are failures and no verdicts")
    func failures() async throws {
        let clamd = try await ClamdPeer.start(maximumStream: "1M")
        let socket = ClamAVScanner.Address.unix(path: "\(clamd.directory)/clamd.sock")
        let large = SMTPContent([UInt8](repeating: 0x41, count: 2 << 20))
        await #expect(throws: ScanFailure.tooLarge) {
            try await ClamAVScanner(socket, maximumSize: 1 << 20).scan(large)
        }
        // Misconfigured: clamd's own limit is lower than what it is sent. Whatever it manages to say, it is no verdict.
        await #expect(throws: ScanFailure.self) { try await ClamAVScanner(socket).scan(large) }
        clamd.stop()
        let gone = await #expect(throws: ScanFailure.self) { try await ClamAVScanner(socket).scan(large) }
        guard case .unavailable = gone else {
            Issue.record("\(String(describing: gone))")
            return
        }
        // A server that accepts and says nothing.
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = silent.localAddress!.port!
        await #expect(throws: ScanFailure.timedOut) {
            try await ClamAVScanner(.tcp(host: "127.0.0.1", port: port), timeout: .milliseconds(300))
                .scan(SMTPContent("x".utf8))
        }
        try await silent.close()
    }

    @Test("Only the two answers of clamd are verdicts")
    func answers() throws {
        #expect(try ClamAVReply.verdict("stream: OK") == .clean)
        #expect(try ClamAVReply.verdict("stream: Win.Test.EICAR_HDB-1 FOUND") == .infected(["Win.Test.EICAR_HDB-1"]))
        #expect(throws: ScanFailure.tooLarge) { try ClamAVReply.verdict("INSTREAM size limit exceeded. ERROR") }
        for odd in ["", "OK", "stream: ", "stream: OKAY", "stream: Can't allocate memory ERROR", "UNKNOWN COMMAND"] {
            #expect(throws: ScanFailure.self) { try ClamAVReply.verdict(odd) }
        }
    }
}
