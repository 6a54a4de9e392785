import MSSAccounts
import MSSConnector
import MSSCore
import MSSProSanteConnect
import MSSStore
import MSSTestKit
import Testing

@testable import MSSOperator

@Suite("The API LPS of an operator from its settings, with real clients", .serialized, .timeLimit(.minutes(10)))
struct ClientAccessTests {
    @Test(
        "EX_LPS_0400 EX_LPS_0500 EX_LPS_0600 EX_LPS_0700: curl sends and reads with a token; the delegate who reads is traced as one"
    )
    func tokens() async throws {
        try await ClientSpace.run { space in
            let sent = try await space.send(
                from: space.paul, to: space.jeanne, text: "Bonjour Jeanne",
                space.bearer(space.paul, try space.token("Durand")))
            #expect(sent.succeeded, "\(sent.errors)")
            #expect(try await space.node.inbox("jeanne.martin", atLeast: 1).count == 1)
            let read = try await space.read(
                space.bearer(space.jeanne, try space.token("Martin")), "INBOX;UID=1")
            #expect(read.text.contains("Bonjour Jeanne"), "\(read.errors)")
            // EX_LPS_0700: the token comes with the command.
            #expect(read.errors.contains("SASL-IR"))
            let byDelegate = try await space.read(
                space.bearer(space.jeanne, try space.token("Durand")), "INBOX;UID=1")
            #expect(byDelegate.text.contains("Bonjour Jeanne"), "\(byDelegate.errors)")
            let trace = try await space.trace("message.read", space.identity("Durand"))
            #expect(trace.contains(space.identity("Martin")), "\(trace)")
            #expect(trace.contains("FETCH « INBOX » UID 1"))
            // A mailbox that had no message yet.
            let empty = try await space.read(
                space.bearer(space.paul, try space.token("Durand")), "", ["-X", "LIST \"\" *"])
            #expect(empty.text.contains("INBOX"), "\(empty.errors)")
            // EX_GBM_4440: the last connection is noted.
            let address = try DirectoryMailAddress(space.jeanne)
            let mailbox = try await space.node.accounts.repository.read { try $0.mailbox(at: address) }
            #expect(mailbox?.lastConnection != nil)
            let page = await space.node.metrics()
            #expect(
                page.contains("mss_lps_logins_total{service=\"imap\",acces=\"psc\",resultat=\"accepte\"} 3"), "\(page)")
            #expect(await space.node.health().components["api_lps"]?.state == .ok)
        }
    }

    @Test("EX_LPS_0710: refused tokens are answered to the letter in both protocols; an outage is temporary")
    func refusals() async throws {
        try await ClientSpace.run { space in
            let flaws: [TestTokenFlaw] = [
                .expired, .unsigned, .hmacWithPublicKey, .foreignKey, .otherIssuer, .corruptSignature,
            ]
            for flaw in flaws {
                let login = space.bearer(space.jeanne, try space.token("Martin", flaw: flaw))
                let read = try await space.read(login)
                #expect(
                    read.errors.contains("NO [AUTHENTICATIONFAILED] Authentication failed"), "\(flaw) \(read.errors)")
                let sent = try await space.send(from: space.jeanne, to: space.paul, text: "x", login)
                #expect(sent.errors.contains("535 5.7.8 Authentication credentials invalid"), "\(flaw) \(sent.errors)")
            }
            // Somebody else's mailbox, with a good token.
            let other = try await space.read(space.bearer(space.paul, try space.token("Martin")))
            #expect(other.errors.contains("NO [AUTHENTICATIONFAILED] Authentication failed"))
            let refused = try await space.traces("session.connect").filter { $0.contains("refused") }
            #expect(refused.count == 2 * flaws.count + 1)
            try space.running.apply("arret", to: .psc)
            await space.node.clients.tokens?.forget()
            let outage = try await space.read(space.bearer(space.jeanne, try space.token("Martin")))
            #expect(outage.errors.contains("NO [UNAVAILABLE]"), "\(outage.errors)")
        }
    }

    @Test("EX_LPS_1100: an application sends and reads with its structure's certificate, by curl and by swaks")
    func certificates() async throws {
        try await ClientSpace.run { space in
            let sent = try await space.send(
                from: space.application, to: space.application, text: "Compte rendu", space.certificate,
                withCertificate: true)
            #expect(sent.succeeded, "\(sent.errors)")
            #expect(try await space.node.inbox("dossier-patient", atLeast: 1).count == 1)
            let (host, port) = (space.one.lpsHosts.imapCertificate, space.lps.imapCertificate)
            let read = try await ExternalTool.run(
                "curl",
                [
                    "-sS", "-v", "--ssl-reqd", "--cacert", space.sandbox.description.authorities.trustStore,
                    "--resolve", "\(host):\(port):\(space.one.address)", "imap://\(host):\(port)/INBOX;UID=1",
                ] + space.certificate)
            #expect(read.text.contains("Compte rendu"), "\(read.errors)")
            // Without a certificate there is no TLS session (EX_LPS_1200 step 2).
            let none = try await ExternalTool.run(
                "curl",
                [
                    "-sS", "-v", "--ssl-reqd", "--cacert", space.sandbox.description.authorities.trustStore,
                    "--resolve", "\(host):\(port):\(space.one.address)", "imap://\(host):\(port)/INBOX", "--user",
                    "\(space.application):", "--login-options", "AUTH=PLAIN",
                ])
            #expect(!none.succeeded && !none.errors.contains("Success"), "\(none.errors)")
            let credential = try #require(space.one.credential(.applicationClient))
            let swaks = try await ExternalTool.run(
                "swaks",
                [
                    "--server", space.one.address, "--port", "\(space.lps.submissionCertificate)", "--tls",
                    "--tls-cert", credential.certificate, "--tls-key", credential.key, "--auth", "PLAIN",
                    "--auth-user", space.application, "--auth-password", "sans", "--from", space.application, "--to",
                    space.paul, "--header", "Subject: par swaks",
                ])
            #expect(swaks.text.contains("235 2.7.0"), "\(swaks.everything)")
            #expect(try await space.node.inbox("paul.durand", atLeast: 1).count == 1)
        }
    }

    @Test("RE_LPS_0100: an administrator enrols a person, whose password and code open her mailbox while PSC is down")
    func alternative() async throws {
        try await ClientSpace.run { space in
            let person = try #require(space.one.persons.first { $0.familyName == "Martin" })
            let reply = try await space.admin.perform(EnrolAccess.self, .init(person: person.identity))
            #expect(reply.login == person.subjectNameID)
            let secret = try #require(reply.url.split(separator: "secret=").last?.split(separator: "&").first)
            try space.running.apply("arret", to: .psc)
            // oathtool makes the code, as a telephone would.
            func code() async throws -> String {
                let result = try await ExternalTool.run("oathtool", ["--totp", "-b", String(secret)])
                return result.text.filter(\.isNumber)
            }
            func login(_ password: String) async throws -> ExternalTool.Result {
                try await space.read(
                    ["--user", "\(reply.login)*\(space.jeanne):\(password)", "--login-options", "AUTH=PLAIN"], "",
                    ["-X", "LIST \"\" *"])
            }
            let used = reply.password + (try await code())
            let good = try await login(used)
            #expect(good.text.contains("INBOX"), "\(good.errors)")
            // A code is used once (RFC 6238 §5.2).
            let again = try await login(used)
            #expect(again.errors.contains("NO [AUTHENTICATIONFAILED] Authentication failed"), "\(again.errors)")
            let listed = try await space.admin.perform(ListAccess.self, AdminNothing())
            #expect(listed.map(\.login) == [reply.login] && listed[0].lastUsed != nil)
            let traces = try await space.traces("configuration.change")
            #expect(traces.contains { $0.contains("adele.admin") && $0.contains(person.identity) }, "\(traces)")
            #expect(!traces.contains { $0.contains(reply.password) || $0.contains(secret) })
            _ = try await space.admin.perform(RevokeAccess.self, .init(person: person.identity))
            let revoked = try await login(reply.password + (try await code()))
            #expect(revoked.errors.contains("NO [AUTHENTICATIONFAILED] Authentication failed"))
            let failure = await #expect(throws: AdminFailure.self) {
                try await space.admin.perform(RevokeAccess.self, .init(person: person.identity))
            }
            #expect(failure?.requirement == "RE_LPS_0100")
        }
    }

    @Test(
        "EX_LPS_0300: config-v1.1.xml over HTTPS names the entry points that the SRV records name, and check compares")
    func autoconfiguration() async throws {
        try await ClientSpace.run { space in
            let port = space.lps.autoconfiguration
            func get(_ host: String, _ path: String) async throws -> ExternalTool.Result {
                try await ExternalTool.run(
                    "curl",
                    [
                        "-sS", "--noproxy", "*", "--cacert", space.sandbox.description.authorities.trustStore,
                        "--resolve", "\(host):\(port):\(space.one.address)", "-w", "%{http_code}",
                        "https://\(host):\(port)\(path)",
                    ])
            }
            for domain in space.one.domains {
                let answer = try await get("autoconfig.\(domain)", "/mail/config-v1.1.xml?emailaddress=a@\(domain)")
                #expect(answer.text.hasSuffix("200"), "\(answer.everything)")
                #expect(answer.text.contains("<hostname>\(space.one.lpsHosts.imapPSC)</hostname>"))
                #expect(answer.text.contains("<port>\(space.lps.submissionCertificate)</port>"))
                #expect(answer.text.contains("<issuer>\(space.running.psc.issuer)</issuer>"))
            }
            #expect(try await get("autoconfig.ch-alpha.mssante.fr", "/autre").text.hasSuffix("404"))

            var environment = OperatorCheck.Environment()
            environment.timeServers = []
            environment.mayFetch = false
            func verdicts(_ settings: OperatorSettings) async -> [CheckItem] {
                await OperatorCheck(settings, environment).dns().filter { $0.subject.hasPrefix("DNS, SRV") }
            }
            #expect(await verdicts(space.node.settings).map(\.verdict) == [.ok, .ok])
            var moved = space.node.settings
            moved.apiLPS.imapPSC.publishedPort = 143
            let wrong = await verdicts(moved)
            #expect(wrong.allSatisfy { $0.verdict == .failure && $0.requirement == "EX_LPS_0300" }, "\(wrong)")
            moved = space.node.settings
            moved.apiLPS.submissionCertificate.host = try Domain("smtp.ch-alpha.mssante.fr")
            #expect(await verdicts(moved).allSatisfy { $0.verdict == .failure })
            let psc = await OperatorCheck(space.node.settings, environment).proSanteConnect()
            #expect(psc.map(\.verdict) == [.ok], "\(psc)")
        }
    }
}
