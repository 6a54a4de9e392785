import Foundation
import MSSCore
import MSSTestKit
import Testing

@testable import MSSAccounts

@Suite struct TransferTests {
    private let folder = Folder()

    private func accounts(_ base: Base, _ folder: Folder) throws -> Accounts {
        Accounts(repository: try base.open(folder), rules: PolicyAdapter(), journal: TestJournal(), clock: TestClock())
    }

    private func csv(_ text: String) -> [UInt8] { Array(text.utf8) }

    private var persons: String {
        """
        identity;given_name;family_name;entitled;structures
        8\(Numbers.rpps(1));Jeanne;Martin;oui;
        8\(Numbers.rpps(2));Zoé;D'Arc;true;1\(Numbers.finess(1))
        L1\(Numbers.finess(1)):s.petit;"Sophie ""S""\";Petit;non;
        """
    }

    private var structures: String { "identifier,name,entity\r\n1\(Numbers.finess(1)),\"Hôpital, site sud\",EG\r\n" }

    private var mailboxes: String {
        """
        kind;address;responsible;co_holders;delegates;structure;description;unlisted;created;last_connection
        PER;jeanne.martin@h.mssante.fr;8\(Numbers.rpps(1));;L1\(Numbers.finess(1)):s.petit;1\(Numbers.finess(1));;O;2020-03-01;2026-01-05T10:00:00Z
        ORG;service-cardiologie@h.mssante.fr;8\(Numbers.rpps(2));8\(Numbers.rpps(1));;1\(Numbers.finess(1));Cardiologie;;2021-01-01;
        """
    }

    private func load(_ base: Base, persons: String? = nil, structures: String? = nil, mailboxes: String? = nil)
        async throws -> (Accounts, ImportReport)
    {
        let accounts = try accounts(base, folder)
        let source = ImportSource.csv([
            .persons: csv(persons ?? self.persons), .structures: csv(structures ?? self.structures),
            .mailboxes: csv(mailboxes ?? self.mailboxes),
        ])
        return (accounts, try await accounts.load(source, by: Hospital.administrator))
    }

    @Test("A good load is kept whole, with its history", arguments: Base.allCases)
    func good(base: Base) async throws {
        let (accounts, report) = try await load(base)
        #expect(report.problems == [])
        #expect(report.counts == [.structures: 1, .persons: 3, .mailboxes: 2, .reservations: 0])
        try await accounts.repository.read { (reader) throws in
            let mailbox = try #require(try reader.mailbox(at: try directory("jeanne.martin@h.mssante.fr")))
            let created = try Timestamp(year: 2020, month: 3, day: 1)
            #expect(mailbox.createdAt == created)
            let connected = try Timestamp(rfc3339: "2026-01-05T10:00:00Z")
            #expect(mailbox.lastConnection == connected)
            #expect(mailbox.isUnlistedByChoice && mailbox.delegations.count == 1)
            #expect(try reader.structures().map(\.name) == ["Hôpital, site sud"])
            #expect(try reader.person(PersonID(3))?.givenName == "Sophie \"S\"")
        }
    }

    @Test("One bad line keeps everything out, and the report names every one of them", arguments: Base.allCases)
    func allOrNothing(base: Base) async throws {
        let bad =
            mailboxes + """

                PER;j.martin@h.mssante.fr;8\(Numbers.rpps(1));;;;;;;
                XXX;a@h.mssante.fr;8\(Numbers.rpps(1));;;;;;;
                PER;bad address;8\(Numbers.rpps(1));;;;;;;
                PER;jeanne.martin@h.mssante.fr;8\(Numbers.rpps(1));;;;;;;
                PER;jeanne.martin@b.mssante.fr;8\(Numbers.rpps(9));;;;;;;
                PER;jeanne.martin@b.mssante.fr;12345;;;;;;;
                PER;jeanne.martin@b.mssante.fr;8\(Numbers.rpps(1));;;;;peut-être;;
                PER;jeanne.martin@b.mssante.fr;8\(Numbers.rpps(1));;;;;;2099-01-01;
                PER;jeanne.martin@b.mssante.fr;8\(Numbers.rpps(1));;;;;;hier;
                """
        let (accounts, report) = try await load(base, mailboxes: bad)
        #expect(report.problems.map(\.line) == [4, 5, 6, 7, 8, 9, 10, 11, 12])
        #expect(
            report.problems.map(\.column) == [
                nil, "kind", "address", nil, "responsible", "responsible", "unlisted", nil, "created",
            ])
        #expect(report.problems.allSatisfy { $0.table == .mailboxes && $0.explanation.hasSuffix(".") })
        try await accounts.repository.read { (reader) throws in
            #expect(try reader.structures().isEmpty)
            #expect(try reader.persons(after: PersonID(0), limit: 9).isEmpty)
            #expect(try reader.mailboxes(after: MailboxID(0), limit: 9).isEmpty)
        }
        // Corrected, it goes in: nothing of the first attempt is in the way.
        let source = ImportSource.csv([
            .persons: csv(persons), .structures: csv(structures), .mailboxes: csv(mailboxes),
        ])
        #expect(try await accounts.load(source, by: .system).isAccepted)
        let again = try await accounts.load(source, by: .system)
        #expect(again.problems.count == 6)
    }

    @Test(
        "EX_GBM_5411: an expired or restricted delegation is exported and loaded as it was, never widened",
        arguments: Base.allCases)
    func roundTrip(base: Base) async throws {
        let (accounts, _) = try await load(base)
        let delegation = Delegation(
            delegate: PersonID(3), principal: PersonID(1), from: Timestamp(seconds: 1_600_000_000),
            until: Timestamp(seconds: 1_600_086_400), maySend: false)
        try await accounts.repository.write { writer in
            var mailbox = try writer.mailbox(MailboxID(2))!
            mailbox.delegations = [delegation]
            mailbox.state = .suspended(reason: "=1+1; \"x\"\n…", since: Timestamp(seconds: 1_700_000_000))
            mailbox.quota = 5_000_000_000
            mailbox.marks.unpublished = 20_000
            try writer.save(mailbox)
        }
        let export = AccountExport(accounts.repository)
        let json = try await export.json()
        var tables: [AccountTable: [UInt8]] = [:]
        for table in AccountTable.allCases { tables[table] = try await export.csv(table) }
        for source in [ImportSource.csv(tables), .json(json)] {
            let copy = try self.accounts(base, Folder())
            let report = try await copy.load(source, by: .system)
            // A line break in a reason is one thing that the operation itself would not take.
            #expect(report.problems.map(\.explanation) == [AccountOperationError.badText.explanation])
        }
        try await accounts.repository.write { writer in
            var mailbox = try writer.mailbox(MailboxID(2))!
            mailbox.state = .suspended(reason: "=1+1; \"x\" |…", since: Timestamp(seconds: 1_700_000_000))
            try writer.save(mailbox)
        }
        tables[.mailboxes] = try await export.csv(.mailboxes)
        for source in [ImportSource.csv(tables), .json(try await export.json())] {
            let copy = try self.accounts(base, Folder())
            #expect(try await copy.load(source, by: .system).problems == [])
            let (left, right) = (try await AccountExport(copy.repository).json(), try await export.json())
            #expect(left == right)
            let mailbox = try await copy.repository.read { try $0.mailbox(MailboxID(2)) }
            #expect(mailbox?.delegations == [delegation])
            #expect(mailbox?.quota == 5_000_000_000)
            #expect(mailbox?.marks.unpublished == 20_000)
        }
        #expect(try JSONSerialization.jsonObject(with: Data(try await export.json())) is [String: Any])
    }

    @Test(
        "EX_GBM_4440, EX_GBM_6010, RE_GBM_4330: an export holds all that rights and delays depend on, and a load takes it over",
        arguments: Base.allCases)
    func everything(base: Base) async throws {
        let hospital = try await Hospital(base)
        let repository = hospital.accounts.repository
        let now = hospital.clock.now()
        let (doctor, secretary) = (hospital.doctor, hospital.secretary)
        let gone = try await hospital.accounts.perform(
            .create(hospital.draft(.organization, "ancien-service@beaujour.mssante.fr", hospital.director)),
            by: Hospital.administrator
        ).mailbox!
        for version in ["2025", "2026"] {
            hospital.clock.advance(days: 1)
            try await hospital.accounts.perform(.acceptTerms(doctor, version: version), by: .person(doctor))
        }
        try await hospital.accounts.perform(.requestDeletion(hospital.personal.id), by: .person(doctor))
        try await hospital.accounts.perform(.delete(gone.id), by: Hospital.administrator)
        let (personal, team) = (hospital.personal.id, hospital.team.id)
        try await repository.write { writer in
            var person = try writer.person(doctor)!
            person.professions = ["10", "40"]
            person.contact = "jeanne@example.org"
            person.reviewedAt = now
            person.lastAuthentication = now
            try writer.save(person)
            var mailbox = try writer.mailbox(personal)!
            mailbox.usableSince = now
            mailbox.lastConnection = now
            (mailbox.quota, mailbox.used) = (1_000, 950)
            mailbox.automaticReply = AutomaticReply(
                text: "Absente.\nRappelez « lundi » ; merci.", from: now, until: now + .seconds(1))
            mailbox.purgesSentAfterDays = 30
            mailbox.isUnlistedByChoice = true
            mailbox.marks.unpublicationWarning = 20_000
            mailbox.marks.unpublished = 20_015
            mailbox.marks.deletionWarning = 20_100
            (mailbox.marks.quotaLevel, mailbox.marks.quotaNotice, mailbox.marks.purged) = (90, 20_200, 20_201)
            try writer.save(mailbox)
            var shared = try writer.mailbox(team)!
            shared.coHolders = [doctor]
            shared.delegations = [Delegation(delegate: secretary, principal: doctor, from: now)]
            try writer.save(shared)
        }
        let export = AccountExport(repository)
        var tables: [AccountTable: [UInt8]] = [:]
        for table in AccountTable.allCases { tables[table] = try await export.csv(table) }
        for source in [ImportSource.csv(tables), .json(try await export.json())] {
            let copy = Accounts(
                repository: try base.open(Folder()), rules: PolicyAdapter(), journal: TestJournal(),
                clock: hospital.clock)
            #expect(try await copy.load(source, by: .system).problems == [])
            let read = { (repository: any AccountRepository) in
                try await repository.read { (reader) throws in
                    (
                        try reader.persons(after: PersonID(0), limit: 99),
                        try reader.mailboxes(after: MailboxID(0), limit: 99).filter(\.exists),
                        try reader.reservations(), try reader.pendingDeletionRequests(),
                        try reader.acceptances(by: doctor)
                    )
                }
            }
            let (left, right) = (try await read(repository), try await read(copy.repository))
            #expect(left.0 == right.0)
            #expect(left.1 == right.1)
            #expect(left.2 == right.2 && left.2.count == 1)
            #expect(left.3 == right.3 && left.3.count == 1)
            #expect(left.4 == right.4 && left.4.map(\.version) == ["2025", "2026"])
        }
    }

    @Test("EX_GBM_6010: a load with a day to come, or a delay that began before the mailbox, is refused at its line")
    func impossibleHistory() async throws {
        for (column, value) in [
            ("unpublication_warned", "2099-01-01"), ("deletion_warned", "2099-01-01"), ("usable_since", "2019-01-01"),
            ("usable_since", "2099-01-01"), ("quota_level", "85"), ("used", "-1"), ("reply_text", "Absent."),
        ] {
            let text = """
                kind;address;responsible;created;\(column)
                PER;jeanne.martin@h.mssante.fr;8\(Numbers.rpps(1));2020-03-01;\(value)
                """
            let (_, report) = try await load(.memory, mailboxes: text)
            #expect(report.problems.map(\.line) == [2], "\(column)")
        }
    }

    @Test("A load is for the operator alone", arguments: Base.allCases)
    func operatorOnly(base: Base) async throws {
        let hospital = try await Hospital(base)
        await #expect(throws: AccountOperationError.notForUsers) {
            try await hospital.accounts.load(.json(csv("{}")), by: .person(hospital.manager))
        }
    }

    @Test(
        "A malformed file is reported at its line and nothing is kept",
        arguments: [
            ("", 1), ("kind;address\n", 1), ("kind;address;responsible;kind\n", 1),
            ("kind;address;responsible;couleur\n", 1),
            ("kind;address;responsible\nPER;a@b.fr\n", 2), ("kind;address;responsible\n\n\nPER;a@b.fr;x;y\n", 4),
            ("kind;address;responsible\nPER;\"a@b.fr;x\n", 2), ("kind;address;responsible\nPER;a\"b;x\n", 2),
            ("kind;address;responsible\nPER;\"a\"b;x\n", 2), ("kind;address;responsible\nPER;\u{1};x\n", 2),
            ("kind;address;responsible\n;;\n", 2), ("kind;address;responsible\nPER;\"a\nb\u{E}\";x\n", 3),
        ])
    func malformedCSV(_ text: String, _ line: Int) async throws {
        let accounts = try accounts(.memory, folder)
        let report = try await accounts.load(.csv([.mailboxes: csv(text)]), by: .system)
        #expect(report.problems.first?.line == line)
    }

    @Test("A file in Latin-1 is told apart from UTF-8 at its line")
    func latin1() async throws {
        let accounts = try accounts(.memory, folder)
        let bytes = csv("identity;given_name;family_name\nx;Jos") + [0xE9] + csv(";y\n")
        let report = try await accounts.load(.csv([.persons: bytes]), by: .system)
        #expect(
            report.problems == [ImportProblem(table: .persons, line: 2, explanation: "Le fichier n'est pas en UTF-8.")])
    }

    @Test(
        "Malformed JSON is reported at its line",
        arguments: [
            ("", 1), ("[]", 1), ("{\n\"mailboxes\": [\n{]", 3),
            ("{\"mailboxes\":[{\"kind\":\"PER\",\n\"kind\":\"ORG\"}]}", 2), ("{\"mailboxes\":{}}", 1),
            ("{\n\n\"boites\":[]}", 3), ("{\"mailboxes\":[\n{\"kind\":1}]}", 2),
            ("{\"mailboxes\":[\n\n{\"couleur\":1}]}", 3), ("{} x", 1),
            ("{\"a\":\"\\ud800\"}", 1), ("{\"a\":01}", 1), ("{\"a\":tru}", 1), ("{\"a\":\"\u{1}\"}", 1),
            ("[[[[[[[[[[[[[[[[", 1),
        ])
    func malformedJSON(_ text: String, _ line: Int) async throws {
        let accounts = try accounts(.memory, folder)
        let report = try await accounts.load(.json(csv(text)), by: .system)
        #expect(report.problems.first?.line == line)
        #expect(try await accounts.repository.read { try $0.revision() } <= 2)
    }

    @Test("A report of many problems is cut, and says so")
    func manyProblems() async throws {
        let accounts = try accounts(.memory, folder)
        let lines = Array(repeating: "XXX;a@b.mssante.fr;8\(Numbers.rpps(1))\n", count: 1_200).joined()
        let report = try await accounts.load(.csv([.mailboxes: csv("kind;address;responsible\n" + lines)]), by: .system)
        #expect(report.problems.count == ImportReport.maximumProblems)
        #expect(report.isCut && !report.isAccepted)
    }

    @Test("Fields that a spreadsheet would run as formulas are defused and read back as they were")
    func formulas() throws {
        for field in ["=1+1", "+33 1", "-x", "@x", "'=1", "'x", "plain", "", "a;b", "a\"b", "a\nb", "a\r\nb", "'"] {
            let text = CSVText.record([field, "fin"])
            #expect(!["=", "+", "-", "@"].contains { text.hasPrefix($0) })
            let record = try #require(try CSVReader.read(csv("h;i\n" + text)).last)
            #expect(record.fields.map(CSVText.unquoted) == [field, "fin"])
        }
    }
}
