import MSSAccounts
import MSSCore
import MSSTestKit
import MSSTraces
import Testing

@testable import MSSOperator

@Suite("Terms of use and the first use of a mailbox", .serialized, .timeLimit(.minutes(10)))
struct TermsTests {
    private static func setTerms(_ settings: inout OperatorSettings) {
        settings.terms.version = "2026-11"
        settings.terms.address = "https://intranet.exemple.fr/cgu"
        settings.terms.contact = "Messagerie, poste 4321"
    }

    private static let advice =
        "[EX_DCU_5030] Les conditions d'utilisation du service doivent d'abord etre acceptees par l'utilisateur, ou par le responsable d'une boite applicative. Version 2026-11 : https://intranet.exemple.fr/cgu. Contact : Messagerie, poste 4321."

    @Test(
        "EX_DCU_5030: before the acceptance is noted a token neither sends nor reads, and the reply says why; then it does"
    )
    func persons() async throws {
        try await ClientSpace.run(with: Self.setTerms) { space in
            let login = space.bearer(space.jeanne, try space.token("Martin"))
            func send() async throws -> ExternalTool.Result {
                try await space.send(from: space.jeanne, to: space.jeanne, text: "Bonjour", login)
            }
            let read = try await space.read(login)
            // The words of EX_LPS_0710 first, to the letter.
            #expect(
                read.errors.contains("NO [AUTHENTICATIONFAILED] Authentication failed: \(Self.advice)"),
                "\(read.errors)")
            let sent = try await send()
            #expect(
                sent.errors.contains("535 5.7.8 Authentication credentials invalid: \(Self.advice)"), "\(sent.errors)")
            let refused = try await space.traces("session.connect").filter {
                $0.contains("refused") && $0.contains("Les conditions d'utilisation du service")
            }
            #expect(refused.count == 2 && refused.allSatisfy { $0.contains(space.identity("Martin")) }, "\(refused)")
            // An expired token proves nobody, and is told nothing of terms.
            let flawed = try await space.read(space.bearer(space.jeanne, try space.token("Martin", flaw: .expired)))
            #expect(!flawed.errors.contains("EX_DCU_5030"), "\(flawed.errors)")

            let person = space.identity("Martin")
            let missing = try await space.admin.perform(ListAcceptances.self, .init(onlyMissing: true))
            #expect(missing.version == "2026-11" && missing.persons.contains { $0.person.identity == person })
            let done = try await space.admin.perform(
                RecordAcceptance.self, .init(persons: [person], evidence: "formulaire signe, classeur 7"))
            #expect(done.map(\.version) == ["2026-11"] && done[0].isAdmitted)
            let after = try await space.admin.perform(ListAcceptances.self, .init(onlyMissing: true))
            #expect(after.persons.count == missing.persons.count - 1)
            let trace = try await space.traces("terms.accept")
            #expect(trace.count == 1 && trace[0].contains("adele.admin"), "\(trace)")
            let kept = try await ExternalTool.run(
                "grep", ["-rhoa", "formulaire signe, classeur 7", space.node.layout.traces])
            #expect(kept.text == "formulaire signe, classeur 7\n", "\(kept.everything)")

            let opened = try await send()
            #expect(opened.succeeded, "\(opened.errors)")
            #expect(try await space.read(login, "", ["-X", "LIST \"\" *"]).text.contains("INBOX"))
            // The own message, and the notice of the first use.
            let inbox = try await space.node.inbox("jeanne.martin", atLeast: 2)
            #expect(inbox.count == 2 && inbox.count { $0.contains("Auto-Submitted: auto-generated") } == 1, "\(inbox)")
        }
    }

    @Test("EX_DCU_5030: an application waits for the acceptance of whoever is responsible for its mailbox")
    func applications() async throws {
        try await ClientSpace.run(with: Self.setTerms) { space in
            func send() async throws -> ExternalTool.Result {
                try await space.send(
                    from: space.application, to: space.application, text: "Compte rendu", space.certificate,
                    withCertificate: true)
            }
            let refused = try await send()
            #expect(refused.errors.contains("535 5.7.8 Authentication credentials invalid: \(Self.advice)"))
            let mailbox = try await space.admin.perform(ShowMailbox.self, .init(address: space.application))
            let person = try #require(mailbox.responsible).identity
            _ = try await space.admin.perform(
                RecordAcceptance.self, .init(persons: [person], evidence: "signé", version: "2026-11"))
            let sent = try await send()
            #expect(sent.succeeded, "\(sent.errors)")
            // Software finds no notice in its mailbox.
            #expect(try await space.node.inbox("dossier-patient", atLeast: 1).count == 1)
        }
    }

    @Test("EX_DCU_5030: the command refuses versions that open nothing, unknown persons, and an operator without terms")
    func refusals() async throws {
        for hasTerms in [true, false] {
            let world = try CommandWorld { if hasTerms { Self.setTerms(&$0) } }
            defer { world.remove() }
            try await world.withNode { _, context in
                func failure(_ persons: [String], _ version: String? = nil) async -> String {
                    let failure = await #expect(throws: AdminFailure.self) {
                        try await RecordAcceptance.run(
                            .init(persons: persons, evidence: "x", version: version), context)
                    }
                    return failure?.explanation ?? ""
                }
                guard hasTerms else {
                    #expect(await failure([doctor]).contains("Aucunes conditions ne sont en vigueur"))
                    return
                }
                #expect(await failure([doctor], "2024-01").contains("la version en vigueur est 2026-11"))
                #expect(await failure([doctor]).contains("Personne n'est connu"))
                #expect(await failure([]).contains("qui a accepté"))
            }
        }
    }

    @Test("EX_GDT_5020: the notice is left once for each person and mailbox, whatever restarts in between")
    func once() async throws {
        let world = try CommandWorld(change: Self.setTerms)
        defer { world.remove() }
        var arguments = CreateMailbox.Arguments(
            kind: "PER", address: "jeanne.martin@alpha.mssante.fr", responsible: doctor)
        (arguments.givenName, arguments.familyName, arguments.isEntitled) = ("Jeanne", "Martin", true)
        let creation = arguments
        func use(creating: Bool = false) async throws -> [String] {
            try await world.withNode { node, context in
                if creating { _ = try await CreateMailbox.run(creation, context) }
                let address = try DirectoryMailAddress("jeanne.martin@alpha.mssante.fr")
                let mailbox = try #require(try await node.accounts.repository.read { try $0.mailbox(at: address) })
                for _ in 0..<3 {
                    try await node.accounts.perform(.noteConnection(mailbox.id, mailbox.responsible), by: .system)
                }
                return try await node.inbox("jeanne.martin")
            }
        }
        let first = try await use(creating: true)
        let notice = try #require(first.first)
        #expect(first.count == 1 && notice.contains("exploitation@alpha.mssante.fr"))
        // The text as a mail reader has it.
        let script =
            "import email, sys; from email import policy\n"
            + "m = email.message_from_binary_file(sys.stdin.buffer, policy=policy.default)\n"
            + "print(m['Subject']); print(m.get_content())"
        let shown = try await ExternalTool.run("python3", ["-c", script], input: Array(notice.utf8)).text
        #expect(shown.hasPrefix("Boîte aux lettres jeanne.martin@alpha.mssante.fr : règles d'usage et traces"))
        #expect(shown.contains("https://intranet.exemple.fr/cgu") && shown.contains("Messagerie, poste 4321"))
        #expect(try await use().count == 1)
        let trace = try await world.withNode { node, context in
            try await node.accounts.deliverChanges()
            return try await SearchTraces.run(
                .init(criteria: TraceCriteria(action: "user.inform"), purpose: "exploitation:essai"), context
            ).records.map(\.line)
        }
        #expect(trace.count == 1 && trace[0].contains("jeanne.martin@alpha.mssante.fr"), "\(trace)")
    }

    @Test(
        "EX_DCU_5030, EX_GDT_5020: the settings are read, what is half said is refused, and check says what is not asked"
    )
    func settings() throws {
        let yaml =
            SettingsTests.least + """
                conditions:
                  version: "2026-11"
                  adresse: https://intranet.exemple.fr/cgu
                  versions_admises: ["2025-01"]

                """
        let settings = try OperatorSettings(yaml: yaml)
        #expect(try OperatorSettings(yaml: settings.yaml) == settings)
        #expect(
            settings.termsOfUse
                == TermsOfUse(
                    version: "2026-11", formerVersions: ["2025-01"], address: "https://intranet.exemple.fr/cgu"))
        #expect(settings.firstUse.contact == "exploitation@ch-alpha.mssante.fr")
        #expect(OperatorCheck(settings).terms().map(\.verdict) == [.ok, .ok])
        let none = try OperatorSettings(yaml: SettingsTests.least)
        #expect(none.termsOfUse == nil && none.firstUse.leavesNotice)
        let asked = OperatorCheck(none).terms()
        #expect(asked.map(\.verdict) == [.warning, .ok] && asked.map(\.requirement) == ["EX_DCU_5030", "EX_GDT_5020"])
        var silent = settings
        (silent.terms.address, silent.terms.tellsAtFirstUse) = (nil, false)
        #expect(OperatorCheck(silent).terms().map(\.verdict) == [.warning, .warning])
        let failure = #expect(throws: SettingsError.self) {
            try OperatorSettings(yaml: SettingsTests.least + "conditions:\n  adresse: https://a.fr\n")
        }
        #expect(failure?.faults.map(\.key) == ["conditions.version"])
        #expect(throws: SettingsError.self) {
            try OperatorSettings(yaml: SettingsTests.least + "conditions:\n  version: a|b\n")
        }
    }
}
