import MSSAccounts
import MSSCore
import MSSPolicy
import MSSProSanteConnect
import MSSSMTP
import MSSTestKit
import MSSTraces
import Testing

@testable import MSSConnector

@Suite("EX_LPS_0110, EX_LPS_0400: real clients submit on the entry points of the API LPS", .timeLimit(.minutes(20)))
struct LPSCounterpartTests {
    static let jeanne = "jeanne.martin@alpha.mssante.fr"
    static let paul = "paul.durand@alpha.mssante.fr"
    static let laboratory = "laboratoire@alpha.mssante.fr"

    /// Files that the clients read.
    struct Files {
        let directory: String
        var trust: String { "\(directory)/trust.pem" }
        var message: String { "\(directory)/message.eml" }

        init(_ lps: TestLPS, message: String) throws {
            directory = try TestFiles.temporaryDirectory("mss-lps")
            try TestFiles.write(TestPKI.shared.trustStorePEM, to: trust)
            try TestFiles.write(message.replacing("\n", with: "\r\n"), to: self.message)
            for (name, credential) in [("app", lps.application), ("autre", lps.stranger)] {
                try TestFiles.write(credential.chainPEM, to: "\(directory)/\(name).pem")
                try TestFiles.write(credential.privateKeyPEM, to: "\(directory)/\(name).key")
            }
        }
    }

    static func message(from sender: String) -> String {
        "From: <\(sender)>\nTo: <\(paul)>\nSubject: Bilan\nX-MSS-NIL: 123456\n\nBonjour\n"
    }

    static func curl(
        _ lps: TestLPS, _ files: Files, at entryPoint: AccessAttempt.EntryPoint, from sender: String,
        _ arguments: [String]
    ) async throws -> ExternalTool.Result {
        let port = lps.port(entryPoint)
        return try await ExternalTool.run(
            "curl",
            [
                "-sS", "-v", "--ssl-reqd", "--cacert", files.trust, "--resolve", "\(lps.alpha.host):\(port):127.0.0.1",
                "smtp://\(lps.alpha.host):\(port)/poste.alpha.fr", "--mail-from", sender, "--mail-rcpt", paul, "-T",
                files.message,
            ] + arguments)
    }

    @Test("EX_LPS_0700: curl sends with XOAUTH2 and with OAUTHBEARER; the message arrives, stamped and completed")
    func curlWithToken() async throws {
        try await TestLPS.running { lps in
            let files = try Files(lps, message: Self.message(from: Self.jeanne))
            for mechanism in ["XOAUTH2", "OAUTHBEARER"] {
                let result = try await Self.curl(
                    lps, files, at: .proSanteConnect, from: Self.jeanne,
                    [
                        "--user", Self.jeanne, "--oauth2-bearer", try lps.token(1), "--login-options",
                        "AUTH=\(mechanism)",
                    ])
                #expect(result.succeeded, "\(result.errors)")
                // EX_LPS_0700, example.
                #expect(result.errors.contains("235 2.7.0 Accepted"))
            }
            let kept = await lps.alpha.drop.messages(in: lps.alpha.id("paul.durand"), atLeast: 2)
            let text = kept[0].text
            #expect(text.contains("X-MSS-NIL: 123456"))
            #expect(text.contains("\r\nMessage-ID: <"))
            #expect(text.contains("\r\nDate: "))
            #expect(text.contains("with ESMTPSA"))
            // Neither the workstation's name nor its address leave the operator.
            #expect(!text.contains("poste.alpha.fr") && !text.contains("127.0.0.1"))
            let sent = try #require(lps.alpha.traces.events.first { $0.action == .sendMessage })
            #expect(sent.changes.contains { $0.attribute == "X-MSS-NIL" && $0.after == "123456" })
            #expect(sent.authentication == .proSanteConnect)
        }
    }

    @Test("EX_LPS_0710: a refused token is answered 535 5.7.8 to the letter; PSC down 454 4.7.0")
    func refusedToken() async throws {
        try await TestLPS.running { lps in
            let files = try Files(lps, message: Self.message(from: Self.jeanne))
            func login(_ token: String) async throws -> ExternalTool.Result {
                try await Self.curl(
                    lps, files, at: .proSanteConnect, from: Self.jeanne,
                    ["--user", Self.jeanne, "--oauth2-bearer", token, "--login-options", "AUTH=XOAUTH2"])
            }
            for flaw in [TestTokenFlaw.expired, .unsigned, .hmacWithPublicKey, .otherIssuer] {
                let refused = try await login(try lps.token(1, flaw: flaw))
                #expect(!refused.succeeded)
                #expect(refused.errors.contains("< 535 5.7.8 Authentication credentials invalid"), "\(refused.errors)")
            }
            let stranger = try await login(try lps.token(5))
            #expect(stranger.errors.contains("< 535 5.7.8 Authentication credentials invalid"))
            lps.psc.fault = .error
            let down = try await login(try lps.token(1, session: "une-autre"))
            #expect(down.errors.contains("< 454 4.7.0 Temporary authentication failure"), "\(down.errors)")
            #expect(await lps.alpha.queue.count == 0)
        }
    }

    @Test(
        "EX_LPS_1200: curl and swaks send with the structure's certificate; another structure's gets 535, none no TLS")
    func certificates() async throws {
        try await TestLPS.running { lps in
            let files = try Files(lps, message: Self.message(from: Self.laboratory))
            func send(_ name: String?) async throws -> ExternalTool.Result {
                let certificate = name.map {
                    ["--cert", "\(files.directory)/\($0).pem", "--key", "\(files.directory)/\($0).key"]
                }
                return try await Self.curl(
                    lps, files, at: .structureCertificate, from: Self.laboratory,
                    ["--user", "\(Self.laboratory):x", "--login-options", "AUTH=PLAIN"] + (certificate ?? []))
            }
            let good = try await send("app")
            #expect(good.succeeded, "\(good.errors)")
            let other = try await send("autre")
            #expect(other.errors.contains("< 535 5.7.8 Authentication credentials invalid"), "\(other.errors)")
            let none = try await send(nil)
            #expect(!none.succeeded)
            #expect(!none.errors.contains("AUTH PLAIN"))
            let swaks = try await ExternalTool.run(
                "swaks",
                [
                    "--server", "127.0.0.1:\(lps.port(.structureCertificate))", "--tls", "--tls-cert",
                    "\(files.directory)/app.pem", "--tls-key", "\(files.directory)/app.key", "--auth", "PLAIN",
                    "--auth-user", Self.laboratory, "--auth-password", "x", "--from", Self.laboratory, "--to",
                    Self.paul,
                    "--header", "Subject: Resultat", "--h-From", "<\(Self.laboratory)>",
                ])
            #expect(swaks.succeeded, "\(swaks.everything)")
            let kept = await lps.alpha.drop.messages(in: lps.alpha.id("paul.durand"), atLeast: 2)
            #expect(kept.count == 2)
            let sent = lps.alpha.traces.events.filter { $0.action == .sendMessage }
            #expect(sent.allSatisfy { $0.author == .application(lps.application.subject) })
        }
    }

    /// Speaks with smtplib and prints one reply a line.
    static let script = """
        import smtplib, ssl, sys
        port, trust, host, user, token = sys.argv[1:6]
        context = ssl.create_default_context(cafile=trust)
        def login(client):
            client.ehlo("poste")
            client.starttls(context=context)
            client.ehlo("poste")
            return client.auth("XOAUTH2", lambda challenge=None: "user=%s\\x01auth=Bearer %s\\x01\\x01" % (user, token))
        class Client(smtplib.SMTP):
            def _get_socket(self, h, p, timeout):
                s = super()._get_socket("127.0.0.1", p, timeout)
                return s
        client = Client(host, int(port))
        def show(name, reply): print(name, reply[0], reply[1].decode())
        client.ehlo("poste")
        show("auth-clair", client.docmd("AUTH XOAUTH2 dXNlcg=="))
        show("login", login(client))
        show("mail-autre", client.docmd("MAIL FROM:<paul.durand@alpha.mssante.fr>"))
        show("mail-domaine", client.docmd("MAIL FROM:<jeanne@gmail.com>"))
        show("mail-gros", client.docmd("MAIL FROM:<%s> SIZE=90000000" % user))
        show("mail", client.docmd("MAIL FROM:<%s>" % user))
        for name, to in (("inconnu", "personne@alpha.mssante.fr"), ("hors", "a@gmail.com"), ("test", "labo-test@alpha.mssante.fr")):
            show("rcpt-" + name, client.docmd("RCPT TO:<%s>" % to))
        for number in range(40): reply = client.docmd("RCPT TO:<dr%d@beta.mssante.fr>" % number)
        show("rcpt-40", reply)
        show("rcpt-41", client.docmd("RCPT TO:<dr40@beta.mssante.fr>"))
        client.rset()
        def send(name, sender, header):
            client.docmd("MAIL FROM:<%s>" % sender)
            client.docmd("RCPT TO:<paul.durand@alpha.mssante.fr>")
            show(name, client.data(header + "\\r\\n\\r\\nBonjour\\r\\n"))
            client.rset()
        send("autre-auteur", user, "From: <paul.durand@alpha.mssante.fr>")
        send("deux-auteurs", user, "From: <%s>\\r\\nFrom: <%s>" % (user, user))
        send("copie", user, "From: <%s>\\r\\nFcc: Sent\\r\\nBcc: <x@beta.mssante.fr>\\r\\nSubject: Avec copie" % user)
        send("accuse", "", "From: <%s>\\r\\nSubject: Accuse" % user)
        client.quit()
        """

    @Test(
        "EX_GBM_4420, EX_GBM_4410, EX_3.2_5060, EX_GBM_4010: smtplib meets every rule of submission, with its reply and trace"
    )
    func smtplib() async throws {
        try await TestLPS.running { lps in
            let files = try Files(lps, message: "")
            let result = try await ExternalTool.run(
                "python3",
                [
                    "-c", Self.script, "\(lps.port(.proSanteConnect))", files.trust, "\(lps.alpha.host)", Self.jeanne,
                    try lps.token(1),
                ])
            #expect(result.succeeded, "\(result.errors)")
            var replies: [String: String] = [:]
            for line in result.text.split(separator: "\n") {
                let parts = line.split(separator: " ", maxSplits: 1)
                replies[String(parts[0])] = String(parts[1])
            }
            func starts(_ name: String, _ text: String) {
                #expect(replies[name]?.hasPrefix(text) == true, "\(name): \(replies[name] ?? "-")")
            }
            // Before STARTTLS nothing is taken (RFC 3207 §4).
            starts("auth-clair", "530 5.7.0")
            starts("login", "235 2.7.0 Accepted")
            starts("mail-autre", "550 5.7.1 [EX_GBM_4230]")
            starts("mail-domaine", "550 5.7.1 [EX_3.2_5040]")
            starts("mail-gros", "552 5.3.4 [EX_GBM_4410]")
            starts("mail", "250")
            starts("rcpt-inconnu", "550 5.1.1")
            starts("rcpt-hors", "550 5.7.1 [EX_3.2_5060]")
            starts("rcpt-test", "550 5.7.1 [EX_GBM_4010]")
            starts("rcpt-40", "250")
            starts("rcpt-41", "452 4.5.3 [EX_GBM_4420]")
            starts("autre-auteur", "550 5.7.1 [EX_GBM_4220]")
            starts("deux-auteurs", "550 5.7.1 [EX_GBM_4220]")
            starts("copie", "250 2.0.0 Accepted as")
            starts("accuse", "250 2.0.0 Accepted as")

            let received = await lps.alpha.drop.messages(in: lps.alpha.id("paul.durand"), atLeast: 2)
            let copied = try #require(received.first { $0.text.contains("Avec copie") })
            #expect(!copied.text.contains("Fcc") && !copied.text.contains("Bcc"))
            // RFC 8098 §3: no return path.
            #expect(received.first { $0.text.contains("Accuse") }?.text.hasPrefix("Return-Path: <>\r\n") == true)
            let own = await lps.alpha.drop.messages(in: lps.alpha.id("jeanne.martin"), atLeast: 1)
            #expect(own.map(\.folder) == [.sent])
            #expect(own[0].text.contains("Avec copie") && !own[0].text.contains("Return-Path"))

            let refusals = lps.alpha.traces.events.filter { $0.action == .refuseMessage }
            for requirement in [
                "EX_GBM_4230", "EX_3.2_5040", "EX_GBM_4410", "EX_3.2_5060", "EX_GBM_4010", "EX_GBM_4420",
            ] {
                #expect(refusals.contains { $0.changes.contains { $0.after == requirement } }, "\(requirement)")
            }
        }
    }

    @Test("EX_GBM_5414, EX_GDT_5030: what a delegate sends is traced as the delegate's, for the holder")
    func delegate() async throws {
        try await TestLPS.running { lps in
            let files = try Files(lps, message: Self.message(from: Self.jeanne))
            let result = try await Self.curl(
                lps, files, at: .proSanteConnect, from: Self.jeanne,
                ["--user", Self.jeanne, "--oauth2-bearer", try lps.token(2), "--login-options", "AUTH=XOAUTH2"])
            #expect(result.succeeded, "\(result.errors)")
            let sent = try #require(lps.alpha.traces.events.first { $0.action == .sendMessage })
            guard case .delegate(let person, let principal) = sent.author else {
                Issue.record("\(sent.author)")
                return
            }
            #expect(person.identifier == TestLPS.rpps(2))
            #expect(principal.identifier == TestLPS.rpps(1))
        }
    }

    @Test("RE_LPS_0100: msmtp sends with password and one-time code while PSC is down")
    func alternative() async throws {
        try await TestLPS.running { lps in
            lps.psc.fault = .down
            let files = try Files(lps, message: Self.message(from: Self.jeanne))
            let secret = TestLPS.password + lps.code.code(at: lps.alpha.clock.now())
            try TestFiles.write(secret + "\n", to: "\(files.directory)/secret")
            let result = try await ExternalTool.run(
                "msmtp",
                [
                    "--file=/dev/null", "--host=127.0.0.1", "--port=\(lps.port(.proSanteConnect))", "--tls=on",
                    "--tls-trust-file=\(files.trust)", "--tls-host-override=\(lps.alpha.host)", "--auth=plain",
                    "--user=\(TestLPS.rpps(1))*\(Self.jeanne)", "--passwordeval=cat \(files.directory)/secret",
                    "--from=\(Self.jeanne)", Self.paul,
                ], input: Array(Self.message(from: Self.jeanne).utf8))
            #expect(result.succeeded, "\(result.everything)")
            #expect(await lps.alpha.drop.messages(in: lps.alpha.id("paul.durand"), atLeast: 1).count == 1)
            #expect(lps.alpha.traces.events.first { $0.action == .sendMessage }?.authentication == .multiFactor)
        }
    }

    @Test(
        "EX_LPS_0100, EX_LPS_0200: TLS 1.2 with the six suites is accepted, TLS 1.1 and other suites are not",
        arguments: [
            (["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"], true),
            (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"], true),
            (["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], true), (["-tls1_3"], true),
            (["-tls1_2", "-cipher", "AES256-GCM-SHA384"], false),
            (["-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"], false),
            (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], false),
        ] as [([String], Bool)])
    func tls(_ options: [String], _ isAccepted: Bool) async throws {
        try await TestLPS.running { lps in
            let result = try await ExternalTool.run(
                "openssl",
                [
                    "s_client", "-connect", "127.0.0.1:\(lps.port(.proSanteConnect))", "-starttls", "smtp", "-name",
                    "poste", "-brief",
                ] + options, input: Array("QUIT\r\n".utf8))
            #expect(result.errors.contains("CONNECTION ESTABLISHED") == isAccepted, "\(result.everything)")
        }
    }
}
