import MSSAccounts
import MSSCore
import MSSIMAP
import MSSProSanteConnect
import MSSSASL
import MSSSMTP
import MSSTLS
import MSSTestKit
import MSSTraces
import NIOCore
import Testing

@testable import MSSConnector

@Suite("TM5.3P: mailboxes are read by those whom the gate lets in, and every step is judged and traced")
struct ReadingTests {
    static let jeanne = "jeanne.martin@alpha.mssante.fr"
    static let laboratory = "laboratoire@alpha.mssante.fr"

    /// An entry point to read, without a socket.
    struct Reading {
        let lps: TestLPS
        let journal: ReadingJournal
        var facts = IMAPSessionFacts(id: "1", entryPoint: "lps-imap-psc", peer: nil)

        init() async throws {
            lps = try await TestLPS()
            journal = ReadingJournal(lps.operation.flow.journal)
        }

        func login(
            _ credentials: SASLCredentials, at entryPoint: AccessAttempt.EntryPoint = .proSanteConnect
        ) async throws -> IMAPIdentity {
            try await ReadingAuthenticator(gate: lps.operation.accessGate, entryPoint: entryPoint)
                .authenticate(credentials, facts)
        }

        func open(_ mailbox: String, as person: Int) async throws -> any MailboxAccount {
            let identity = try await login(.xoauth2(.init(user: mailbox, token: try lps.token(person))!))
            return try await ReadingBackend(base: lps.mail, flow: lps.operation.flow, journal: journal)
                .open(identity, facts)
        }

        /// Traces of an action, once what waits is written.
        func traces(_ action: TraceAction) async -> [TraceEvent] {
            await journal.flush()
            return lps.alpha.traces.events.filter { $0.action == action }
        }

        static func run(_ body: (Reading) async throws -> Void) async throws {
            let reading = try await Reading()
            do { try await body(reading) } catch {
                try await reading.lps.stop()
                throw error
            }
            try await reading.lps.stop()
        }
    }

    @Test("EX_LPS_0710: a refused login is NO [AUTHENTICATIONFAILED] Authentication failed, whatever the reason was")
    func refused() async throws {
        try await Reading.run { reading in
            let good = try reading.lps.token(1)
            let cases: [SASLCredentials] =
                [
                    .xoauth2(.init(user: Self.jeanne, token: try reading.lps.token(1, flaw: .expired))!),
                    .xoauth2(.init(user: Self.laboratory, token: good)!),
                    .xoauth2(.init(user: "personne@alpha.mssante.fr", token: good)!),
                    .plain(.init(user: "\(TestLPS.rpps(1))*\(Self.jeanne)", password: "faux000000")),
                ]
                + (try TestTokenFlaw.allCases.map { flaw in
                    .xoauth2(.init(user: Self.jeanne, token: try reading.lps.token(1, flaw: flaw))!)
                })
            for credentials in cases {
                await #expect(throws: IMAPRefusal.authenticationFailed().withoutCause) {
                    do { _ = try await reading.login(credentials) } catch let refusal as IMAPRefusal {
                        throw refusal.withoutCause
                    }
                }
            }
            let logins = reading.lps.operation.metrics.snapshot.logins
            let refused = ConnectorMetrics.Login(service: .imap, entryPoint: .proSanteConnect, outcome: .refused)
            #expect(logins[refused] == cases.count)
            // EX_GDT_5060: each is traced, with what was claimed, and without the token.
            let traces = reading.lps.alpha.traces.events.filter { $0.action == .connect }
            #expect(traces.count == cases.count && traces.allSatisfy { $0.outcome == .refused })
            #expect(traces.allSatisfy { !"\($0)".contains("eyJ") })
        }
    }

    @Test("EX_LPS_0900: while Pro Santé Connect is down the answer is UNAVAILABLE, and the other method opens")
    func outage() async throws {
        try await Reading.run { reading in
            reading.lps.psc.fault = .down
            let refusal = await #expect(throws: IMAPRefusal.self) { try await reading.open(Self.jeanne, as: 1) }
            #expect(refusal?.code == .unavailable)
            let code = reading.lps.code.code(at: reading.lps.alpha.clock.now())
            let identity = try await reading.login(
                .plain(.init(user: "\(TestLPS.rpps(1))*\(Self.jeanne)", password: TestLPS.password + code)))
            #expect(identity.mailbox == Self.jeanne)
        }
    }

    @Test(
        "EX_GBM_5411, EX_GBM_5414, EX_GDT_5030: what a delegate reads, marks, moves and deletes is traced as hers, on behalf of whom"
    )
    func delegate() async throws {
        try await Reading.run { reading in
            reading.lps.mail.account(Self.jeanne).deliver(ByteBuffer(string: "Subject: Bilan\r\n\r\nBonjour\r\n"))
            reading.lps.mail.account(Self.jeanne).deliver(ByteBuffer(string: "Subject: Suite\r\n\r\nBonsoir\r\n"))
            let account = try await reading.open(Self.jeanne, as: 2)
            let folders = try await account.mailboxes()
            let inbox = try #require(folders.first { $0.name == .inbox })
            let archive = try #require(folders.first { $0.use == .archive })
            for uid in [1, 2, 1] as [UInt32] {
                let content = try #require(try await account.content(of: uid, in: inbox.id))
                #expect(try await content.octets(0..<7) == ByteBuffer(string: "Subject"))
            }
            for needs in [IMAPFetchNeeds.summary, .content] {
                #expect(try await account.fetch(NumberRanges([2]), needs, in: inbox.id).first?.content != nil)
            }
            _ = try await account.setFlags(.add, [.seen], of: [1, 2], in: inbox.id, unchangedSince: nil)
            let read = await reading.traces(.readMessage)
            // Five looks within a second are one trace of two messages.
            #expect(read.count == 1)
            #expect(read.first?.request?.text == "FETCH « INBOX » UID 1:2")
            let expected = TraceAuthor.delegate(
                TracePerson(identifier: TestLPS.rpps(2), name: "Paul DURAND"),
                onBehalfOf: TracePerson(identifier: TestLPS.rpps(1)))
            #expect(read.first?.author == expected)
            #expect(read.first?.mailbox?.text == Self.jeanne)
            #expect(read.first?.authentication == .proSanteConnect)
            #expect(
                await reading.traces(.markMessage).first?.request?.text == "STORE +FLAGS (\\Seen) « INBOX » UID 1:2")
            _ = try await account.copy([2], from: inbox.id, to: archive.id, moves: true)
            #expect(await reading.traces(.moveMessage).first?.request?.text == "MOVE « INBOX » « Archive » UID 2")
            #expect(try await account.expunge([1], in: inbox.id) == [])
            _ = try await account.setFlags(.add, [.deleted], of: [1], in: inbox.id, unchangedSince: nil)
            #expect(try await account.expunge(nil, in: inbox.id) == [1])
            let deleted = await reading.traces(.deleteMessage)
            #expect(deleted.count == 1 && deleted.first?.author == expected)
            // The connection itself too (EX_GDT_5060).
            #expect(await reading.traces(.connect).last?.author == expected)
        }
    }

    @Test("EX_LPS_0900: a delegation that ends ends the session that lives by it; nobody else's")
    func ended() async throws {
        try await Reading.run { reading in
            let delegate = try await reading.open(Self.jeanne, as: 2)
            let holder = try await reading.open(Self.jeanne, as: 1)
            _ = try await delegate.mailboxes()
            #expect(await delegate.pulse() != nil)
            let alpha = reading.lps.alpha
            try await alpha.perform(
                .removeDelegation(
                    alpha.id("jeanne.martin"), delegate: alpha.colleague, principal: alpha.doctor),
                by: .person(alpha.doctor))
            let refusal = await #expect(throws: IMAPRefusal.self) { try await delegate.mailboxes() }
            #expect(refusal?.code == .noPermission)
            // Nothing new is told as nothing: what is asked next is refused.
            #expect(await delegate.pulse() == nil)
            #expect(await holder.pulse() != nil)
            for needs in [IMAPFetchNeeds.summary, .content, []] {
                await #expect(throws: IMAPRefusal.self) {
                    try await delegate.fetch(NumberRanges([1]), needs, in: IMAPMailboxID(1))
                }
            }
            await #expect(throws: IMAPRefusal.self) { try await delegate.overview(of: IMAPMailboxID(1)) }
            _ = try await holder.mailboxes()
            try await alpha.perform(.suspend(alpha.id("jeanne.martin"), reason: "essai"))
            await #expect(throws: IMAPRefusal.self) { try await holder.mailboxes() }
        }
    }

    @Test("EX_GBM_4470: a mailbox that is full takes no message by IMAP either; its quota is told")
    func quota() async throws {
        try await Reading.run { reading in
            let alpha = reading.lps.alpha
            try await alpha.perform(.setQuota(alpha.id("jeanne.martin"), 1_000_000))
            let account = try await reading.open(Self.jeanne, as: 1)
            #expect(try await account.quota() == IMAPQuota(used: 0, limit: 1_000_000))
            let refusal = await #expect(throws: IMAPRefusal.self) { try await account.draft(size: 1_000_001) }
            #expect(refusal == .overQuota)
            let draft = try await account.draft(size: 11)
            try await draft.add(ByteBuffer(string: "Subject: a\n"))
            let drafts = try #require(try await account.mailboxes().first { $0.use == .drafts })
            let appended = try await account.append([(IMAPAppendItem(), draft)], to: drafts.id)
            #expect(appended.uids == [1])
            #expect(await reading.traces(.storeMessage).first?.request?.text == "APPEND « Drafts » UID 1")
        }
    }

    @Test("EX_LPS_0110: no filter by address: one holds more sessions than another operator may, in both protocols")
    func oneAddress() async throws {
        try await TestLPS.running { lps in
            let count = 150
            #expect(count > SMTPServerLimits().connectionsPerPeer)
            let points: [(AccessAttempt.Service, String)] = [(.submission, "220"), (.imap, "* O")]
            for (service, greeting) in points {
                let result = try await ExternalTool.run(
                    "bash",
                    [
                        "-c",
                        """
                        for ((i = 0; i < \(count); i++)); do
                            exec {socket}<>/dev/tcp/127.0.0.1/\(lps.port(.proSanteConnect, service))
                            read -r -t 60 line <&$socket
                            echo "${line:0:3}"
                        done | sort | uniq -c
                        """,
                    ])
                #expect(result.text.split(separator: " ", maxSplits: 1).first == "\(count)", "\(result.everything)")
                #expect(result.text.contains(greeting), "\(result.everything)")
            }
        }
    }

    @Test("EX_LPS_1200: a certificate opens the mailboxes of its structure's applications only")
    func certificate() async throws {
        try await TestLPS.running { lps in
            let directory = try TestFiles.temporaryDirectory("mss-reading")
            try TestFiles.write(TestPKI.shared.trustStorePEM, to: "\(directory)/trust.pem")
            for (name, credential) in [("app", lps.application), ("autre", lps.stranger)] {
                try credential.write(to: directory, name: name)
            }
            lps.mail.account(Self.laboratory).deliver(ByteBuffer(string: "Subject: Analyse\r\n\r\nGlycemie\r\n"))
            let port = lps.port(.structureCertificate, .imap)
            func read(_ mailbox: String, _ certificate: String) async throws -> ExternalTool.Result {
                try await ExternalTool.run(
                    "curl",
                    [
                        "-sS", "-v", "--ssl-reqd", "--cacert", "\(directory)/trust.pem", "--resolve",
                        "\(lps.alpha.host):\(port):127.0.0.1", "--cert", "\(directory)/\(certificate).pem", "--key",
                        "\(directory)/\(certificate).key", "--user", "\(mailbox):", "--login-options", "AUTH=PLAIN",
                        "imap://\(lps.alpha.host):\(port)/INBOX;UID=1",
                    ])
            }
            let good = try await read(Self.laboratory, "app")
            #expect(good.text.contains("Glycemie"), "\(good.everything)")
            for (mailbox, certificate) in [(Self.laboratory, "autre"), (Self.jeanne, "app")] {
                let refused = try await read(mailbox, certificate)
                #expect(!refused.succeeded)
                // EX_LPS_0710 to the letter.
                #expect(refused.errors.contains("NO [AUTHENTICATIONFAILED] Authentication failed"), "\(refused.errors)")
            }
            let connected = lps.alpha.traces.events.filter { $0.action == .connect && $0.means.channel == "imap" }
            #expect(connected.map(\.outcome) == [.success, .refused, .refused])
            _ = try await ExternalTool.run("rm", ["-r", directory])
        }
    }
}

extension IMAPRefusal {
    /// What the client reads of it.
    fileprivate var withoutCause: IMAPRefusal { IMAPRefusal(code, text) }
}
