import MSSAccounts
import MSSCore
import MSSProSanteConnect
import MSSSASL
import MSSTestKit
import MSSTraces
import Testing

@testable import MSSConnector

@Suite("The gate of the API LPS: who opens which mailbox", .timeLimit(.minutes(10)))
struct AccessGateTests {
    static let jeanne = "jeanne.martin@alpha.mssante.fr"
    static let cardiology = "service-cardiologie@alpha.mssante.fr"
    static let laboratory = "laboratoire@alpha.mssante.fr"

    static func with(_ body: (TestLPS) async throws -> Void) async throws {
        let lps = try await TestLPS()
        do { try await body(lps) } catch {
            try await lps.stop()
            throw error
        }
        try await lps.stop()
    }

    @Test(
        "EX_LPS_0600, EX_GDT_5060: the holder opens her mailbox with a PSC token; the trace says how, and by which means"
    )
    func holder() async throws {
        try await Self.with { lps in
            let grant = try await lps.open(Self.jeanne, token: lps.token(1)).get()
            #expect(grant.mailbox.id == lps.alpha.id("jeanne.martin"))
            #expect(grant.actor == .person(lps.alpha.doctor))
            #expect(grant.capacity == .responsible)
            #expect(
                try await lps.open("Jeanne.Martin@ALPHA.mssante.fr", token: lps.token(1)).get().mailbox == grant.mailbox
            )
            let event = try #require(lps.alpha.traces.events.first { $0.action == .connect })
            #expect(event.outcome == .success)
            #expect(event.author == .person(TracePerson(identifier: TestLPS.rpps(1), name: "Jeanne MARTIN")))
            #expect(event.authentication == .proSanteConnect)
            #expect(event.mailbox == lps.alpha.address("jeanne.martin"))
            #expect(event.request?.text == "AUTH XOAUTH2")
            #expect(event.means.channel == "submission")
            // EX_GBM_4440, EX_SSU_5800: the last connection is known.
            try await lps.alpha.index.refresh()
            let mailbox = try #require(lps.alpha.index.mailbox(at: grant.mailbox.address))
            #expect(mailbox.lastConnection != nil)
            #expect(lps.alpha.index.person(lps.alpha.doctor)?.lastAuthentication != nil)
        }
    }

    @Test("EX_GBM_5414: a delegate uses the same entry points, and is traced as a delegate")
    func delegate() async throws {
        try await Self.with { lps in
            let grant = try await lps.open(Self.jeanne, token: lps.token(2), for: .imap).get()
            #expect(grant.capacity == .delegate(onBehalfOf: lps.alpha.doctor))
            #expect(
                grant.author
                    == .delegate(
                        TracePerson(identifier: TestLPS.rpps(2), name: "Paul DURAND"),
                        onBehalfOf: TracePerson(identifier: TestLPS.rpps(1))))
            #expect(lps.alpha.traces.events.last { $0.action == .connect }?.author == grant.author)
            // A delegation to read only opens nothing to send.
            try await lps.alpha.perform(
                .delegate(
                    lps.alpha.id("jeanne.martin"),
                    Delegation(
                        delegate: lps.alpha.colleague, principal: lps.alpha.doctor, from: Timestamp(seconds: 0),
                        maySend: false)), by: .person(lps.alpha.doctor))
            #expect(
                try await lps.open(Self.jeanne, token: lps.token(2)) == .failure(.rights(.delegationNotInForce)))
            #expect(try await lps.open(Self.jeanne, token: lps.token(2), for: .imap).get().mailbox == grant.mailbox)
        }
    }

    @Test(
        "EX_LPS_0900 step 8: no role, unknown person, unknown mailbox, suspended: refused, and traced with the reason")
    func denials() async throws {
        try await Self.with { lps in
            func denial(_ mailbox: String, _ person: Int) async throws -> AccessRefusal? {
                if case .failure(let refusal) = await lps.open(mailbox, token: try lps.token(person)) { return refusal }
                return nil
            }
            #expect(try await denial("paul.durand@alpha.mssante.fr", 1) == .rights(.noRole))
            #expect(try await denial(Self.jeanne, 9) == .unknownPerson)
            #expect(try await denial("personne@alpha.mssante.fr", 1) == .rights(.unknownMailbox))
            #expect(try await denial("dr@gmail.com", 1) == .rights(.unknownMailbox))
            #expect(try await denial("pas une adresse", 1) == .noMailbox)
            #expect(try await denial(Self.cardiology, 3) == .rights(.notEntitled))
            try await lps.alpha.perform(.suspend(lps.alpha.id("jeanne.martin"), reason: "Absence"))
            #expect(try await denial(Self.jeanne, 1) == .rights(.suspended))
            try await lps.alpha.perform(.authorise(lps.alpha.colleague, false))
            #expect(try await denial("paul.durand@alpha.mssante.fr", 2) == .rights(.notAuthorised))
            let events = lps.alpha.traces.events.filter { $0.action == .connect }
            #expect(events.count == 8)
            #expect(events.allSatisfy { $0.outcome == .refused })
            #expect(events[0].author == .person(TracePerson(identifier: TestLPS.rpps(1), name: "Jeanne MARTIN")))
            #expect(events[0].changes.contains { $0.after == "EX_GBM_4230" })
            // Nothing is ever noted for who was refused.
            try await lps.alpha.index.refresh()
            #expect(
                lps.alpha.index.mailbox(at: Samples.directory("paul.durand@alpha.mssante.fr"))?.lastConnection == nil)
        }
    }

    @Test("EX_LPS_0900: no bad token opens anything, and the trace never holds one")
    func flaws() async throws {
        try await Self.with { lps in
            for flaw in TestTokenFlaw.allCases where flaw != .huge && flaw != .padded {
                let token = try lps.token(1, flaw: flaw)
                guard case .failure(let refusal) = await lps.open(Self.jeanne, token: token) else {
                    Issue.record("\(flaw.rawValue)")
                    continue
                }
                #expect(!refusal.isTemporary)
                // The last but for what the anomaly detector may have added.
                let event = try #require(lps.alpha.traces.events.last { $0.author != .system("anomalies") })
                #expect(event.author == .unauthenticated(claimed: Self.jeanne))
                #expect(!"\(event)".contains(token.prefix(40)))
            }
        }
    }

    @Test("EX_DCU_5030: who has not accepted the terms in force opens nothing")
    func terms() async throws {
        let lps = try await TestLPS(terms: "2026-01")
        #expect(try await lps.open(Self.jeanne, token: lps.token(1)) == .failure(.rights(.termsNotAccepted)))
        let software = try await lps.open(Self.laboratory, certificate: lps.application)
        #expect(software == .failure(.rights(.termsNotAccepted)))
        // Who has proven nothing is told nothing; who has is told what to do, in ASCII.
        let gate = lps.operation.accessGate
        #expect(gate.advice(on: .token(.expired)) == "" && gate.advice(on: .rights(.noRole)) == "")
        let advice = gate.advice(on: .rights(.termsNotAccepted))
        #expect(
            advice.hasPrefix(": [EX_DCU_5030] Les conditions d'utilisation du service doivent d'abord etre acceptees"))
        try await lps.alpha.perform(.acceptTerms(lps.alpha.doctor, version: "2026-01"), by: .person(lps.alpha.doctor))
        #expect(try await lps.open(Self.jeanne, token: lps.token(1)).get().capacity == .responsible)
        try await lps.stop()
    }

    @Test("RE_LPS_0100: PSC down is a refusal for now; the operator's own method still opens")
    func outage() async throws {
        try await Self.with { lps in
            lps.psc.fault = .down
            guard case .failure(let refusal) = await lps.open(Self.jeanne, token: try lps.token(1)) else {
                Issue.record("opened")
                return
            }
            #expect(refusal.isTemporary)
            #expect(refusal.requirement == "RE_LPS_0100")
            func login(_ user: String, _ authorization: String?, _ code: String) async -> AccessRefusal? {
                let credentials = PlainCredentials(
                    authorizationIdentity: authorization, user: user, password: TestLPS.password + code)
                let attempt = AccessAttempt(
                    .imap, at: .proSanteConnect, .plain(credentials), means: .init(channel: "imap"))
                if case .failure(let refusal) = await lps.open(attempt) { return refusal }
                return nil
            }
            let code = lps.code.code(at: lps.alpha.clock.now())
            #expect(await login(TestLPS.rpps(1), "paul.durand@alpha.mssante.fr", code) == .rights(.noRole))
            #expect(await login(TestLPS.rpps(1), Self.jeanne, code) == .alternative(.replayed))
            #expect(await login("inconnu", Self.jeanne, code) == .alternative(.wrong))
            let next = lps.code.code(at: lps.alpha.clock.now() + .seconds(30))
            #expect(await login("\(TestLPS.rpps(1))*\(Self.jeanne)", nil, next) == nil)
            #expect(lps.alpha.traces.events.last { $0.action == .connect }?.authentication == .multiFactor)
        }
    }

    // MARK: Certificates

    @Test("EX_LPS_1100, EX_LPS_1200: the structure's certificate opens its application mailboxes, no others")
    func certificates() async throws {
        try await Self.with { lps in
            let grant = try await lps.open(Self.laboratory, certificate: lps.application).get()
            #expect(grant.actor == .application(structure: lps.alpha.finess))
            #expect(grant.capacity == .application)
            #expect(grant.authentication == .clientCertificate)
            #expect(grant.author == .application(lps.application.subject))
            #expect(
                try await lps.open(Self.laboratory, certificate: lps.stranger) == .failure(.rights(.otherStructure)))
            #expect(
                try await lps.open(Self.jeanne, certificate: lps.application) == .failure(.rights(.notAnApplication)))
            #expect(try await lps.open(Self.laboratory, certificate: nil) == .failure(.noCertificate))
            #expect(
                try await lps.open(Self.laboratory, certificate: lps.alpha.credential)
                    == .failure(.notAClientCertificate))
            let nobody = try TestPKI.shared.issue(
                .applicationClient(commonName: "Authentification MSS"),
                subject: TestStructure(name: "SANS NUMERO", identifier: "HOPITAL"))
            #expect(try await lps.open(Self.laboratory, certificate: nobody) == .failure(.noStructure))
        }
    }

    @Test("§6.8.1: certificates are for the one entry point, tokens and passwords for the other")
    func entryPoints() async throws {
        try await Self.with { lps in
            #expect(
                try await lps.open(Self.laboratory, token: lps.token(1), at: .structureCertificate)
                    == .failure(.mechanism))
            #expect(
                try await lps.open(Self.laboratory, certificate: lps.application, at: .proSanteConnect)
                    == .failure(.alternative(.malformedName)))
            // The person responsible for an application reads it by no token.
            try await lps.alpha.perform(.changeResponsible(lps.laboratory, lps.alpha.doctor))
            #expect(try await lps.open(Self.laboratory, token: lps.token(1)) == .failure(.otherEntryPoint))
        }
    }

    @Test("SubjectNameID: RPPS and ADELI, cards of structures; nothing that only looks like an identity of ours")
    func subjects() throws {
        #expect(PersonIdentity(subjectNameID: TestLPS.rpps(1))?.text == TestLPS.rpps(1))
        let finess = MadeUpNumbers.finess(1)
        #expect(PersonIdentity(subjectNameID: "3\(finess)/CPET00001")?.text == "L1\(finess):CPET00001")
        for text in ["", "8", "81", "L1\(finess):x", "3\(finess)", "3\(finess)/", "3123/x", "10a@b.fr", "9123"] {
            #expect(PersonIdentity(subjectNameID: text) == nil, "\(text)")
        }
    }
}
