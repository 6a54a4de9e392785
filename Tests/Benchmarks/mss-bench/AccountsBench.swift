import ArgumentParser
import Glibc
import MSSAccounts
import MSSCore
import MSSPolicy

/// Rights decisions, life cycle and bulk loading on a base of an operator's size.
struct AccountsBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accounts", abstract: "Rights decisions, life cycle and bulk loading of many mailboxes.")

    @Option(help: "Mailboxes of the base.")
    var mailboxes = 200_000

    @Option(help: "Mailboxes of the bulk load.")
    var load = 50_000

    @Option(help: "Decisions.")
    var decisions = 1_000_000

    func run() async throws {
        let base = try await fill(InMemoryAccountRepository())
        try await rights(base)
        try await lifecycle(base)
        let path = "/tmp/mss-bench-accounts-\(getpid()).sqlite"
        defer { for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) } }
        try await bulkLoad(path)
        try await reading(path)
    }

    // MARK: Base

    private func fill(_ repository: InMemoryAccountRepository) async throws -> InMemoryAccountRepository {
        let count = mailboxes
        let structure = Structure(
            identifier: .finess(try FINESS(AccountNumbers.finess(1))), name: "Hôpital", entity: .geographic)
        let now = AccountsBench.now
        let time = try await ContinuousClock().measure {
            try await repository.write { writer in
                try writer.save(structure)
                for index in 1...count {
                    var person = Person(
                        id: PersonID(Int64(index)), identity: .national(.rpps(try RPPS(AccountNumbers.rpps(index)))),
                        givenName: "Prénom", familyName: "Nom\(index)")
                    person.isEntitled = true
                    try writer.save(person)
                }
                for index in 1...count {
                    // One in four is a team's, with co-holders and a delegate.
                    let isTeam = index % 4 == 0
                    var mailbox = Mailbox(
                        id: MailboxID(Int64(index)), kind: isTeam ? .organization : .person,
                        address: try DirectoryMailAddress("prenom.nom\(index)@hopital.mssante.fr"),
                        responsible: PersonID(Int64(index)), createdAt: now - .seconds(800 * 86_400))
                    mailbox.structure = structure.identifier
                    mailbox.lastConnection = now - .seconds(Int64(index % 500) * 86_400)
                    if isTeam {
                        mailbox.coHolders = (1...3).map { PersonID(Int64(max(1, index - $0))) }
                        mailbox.delegations = [
                            Delegation(
                                delegate: PersonID(Int64(max(1, index - 4))), principal: PersonID(Int64(index)),
                                from: mailbox.createdAt)
                        ]
                    }
                    try writer.save(mailbox)
                }
            }
        }
        print("base in memory: \(count) mailboxes, \(count) persons, made in \(seconds(time))")
        return repository
    }

    // MARK: Measures

    private func rights(_ repository: InMemoryAccountRepository) async throws {
        let before = residentBytes()
        let clock = ContinuousClock()
        var index: RightsIndex?
        let opening = try await clock.measure { index = try await RightsIndex(repository) }
        guard let index else { return }
        let held = (residentBytes() - before) / 1_048_576
        print("rights index: filled in \(seconds(opening)), resident memory gained \(held) MiB")
        // Holders, co-holders, delegates and strangers in turn, over the whole base, in no order that a cache would like.
        var questions: [(Actor, MailboxAction, DirectoryMailAddress)] = []
        for step in 0..<100_000 {
            let number = (step &* 7_919) % mailboxes + 1
            let actor = max(1, number - [0, 1, 4, 9][step % 4])
            questions.append(
                (
                    .person(PersonID(Int64(actor))), MailboxAction.allCases[step % MailboxAction.allCases.count],
                    try DirectoryMailAddress("prenom.nom\(number)@hopital.mssante.fr")
                ))
        }
        var allowed = 0
        let time = clock.measure {
            for step in 0..<decisions {
                let (actor, action, address) = questions[step % questions.count]
                if index.decide(actor, action, at: address, time: AccountsBench.now).isAllowed { allowed += 1 }
            }
        }
        precondition(allowed > 0 && allowed < decisions)
        print(
            "rights decisions: \(perSecond(decisions, time))/s on one thread, \(allowed * 100 / decisions) % allowed"
                + "   (goal: 100,000/s)")
    }

    private func lifecycle(_ repository: InMemoryAccountRepository) async throws {
        let today = Day(AccountsBench.now)
        let clock = ContinuousClock()
        var actions: [LifecycleAction] = []
        let time = try await clock.measure {
            // From the base to the actions, as a daily run does it.
            actions = try await repository.read { (reader) throws in
                var actions: [LifecycleAction] = []
                var last = MailboxID(0)
                while case let page = try reader.mailboxes(after: last, limit: 5_000), let end = page.last {
                    actions += Lifecycle().actions(
                        for: page.lazy.map { (AccountsBench.facts($0), LifecycleRecord()) }, today: today)
                    last = end.id
                }
                return actions
            }
        }
        precondition(!actions.isEmpty)
        print("life cycle of \(mailboxes) mailboxes: \(seconds(time)), \(actions.count) actions   (goal: 2 s)")
    }

    private func bulkLoad(_ path: String) async throws {
        let repository = try SQLiteAccountRepository(path: path)
        let accounts = Accounts(repository: repository, rules: NoRules(), journal: NoJournal())
        let finess = "1" + AccountNumbers.finess(1)
        var persons = "identity;given_name;family_name;entitled\n"
        var boxes = "kind;address;responsible;structure\n"
        for index in 1...load {
            let identity = "8" + AccountNumbers.rpps(index)
            persons += "\(identity);Prénom;Nom\(index);oui\n"
            boxes += "PER;prenom.nom\(index)@hopital.mssante.fr;\(identity);\(finess)\n"
        }
        let source = ImportSource.csv([
            .structures: Array("identifier;name;entity\n\(finess);Hôpital;EG\n".utf8), .persons: Array(persons.utf8),
            .mailboxes: Array(boxes.utf8),
        ])
        var report: ImportReport?
        let time = try await ContinuousClock().measure { report = try await accounts.load(source, by: .system) }
        precondition(report?.isAccepted == true)
        print("bulk load into SQLite: \(load) mailboxes and \(load) persons with their traces in \(seconds(time))")
        try await repository.close()
    }

    private func reading(_ path: String) async throws {
        let clock = ContinuousClock()
        var repository: SQLiteAccountRepository?
        let opening = try clock.measure { repository = try SQLiteAccountRepository(path: path) }
        guard let repository else { return }
        var index: RightsIndex?
        let filling = try await clock.measure { index = try await RightsIndex(repository) }
        let first = try DirectoryMailAddress("prenom.nom1@hopital.mssante.fr")
        precondition(index?.mailbox(at: first) != nil)
        let accounts = Accounts(repository: repository, rules: NoRules(), journal: NoJournal())
        let writes = 200
        let writing = try await clock.measure {
            for step in 1...writes {
                try await accounts.perform(.setUnlisted(MailboxID(Int64(step)), true), by: .system)
            }
        }
        print(
            "SQLite: opened and checked in \(seconds(opening)), rights index filled in \(seconds(filling)),"
                + " \(perSecond(writes, writing)) durable operations/s")
    }

    // MARK: Help

    private static let now = Timestamp(seconds: 1_770_000_000)

    private static func facts(_ mailbox: Mailbox) -> LifecycleFacts {
        var facts = LifecycleFacts(mailbox: mailbox.id.rawValue, kind: mailbox.kind, createdOn: Day(mailbox.createdAt))
        facts.lastConnection = mailbox.lastConnection.map { Day($0) }
        facts.isUnlistedByChoice = mailbox.isUnlistedByChoice
        facts.quotaLevel = QuotaLevel(used: mailbox.used, quota: mailbox.quota)
        return facts
    }

    private func seconds(_ time: Duration) -> String {
        let milliseconds = time.components.seconds * 1_000 + time.components.attoseconds / 1_000_000_000_000_000
        return "\(milliseconds) ms"
    }

    private func perSecond(_ count: Int, _ time: Duration) -> Int {
        let parts = time.components
        return Int(Double(count) / (Double(parts.seconds) + Double(parts.attoseconds) * 1e-18))
    }
}

private struct NoRules: AccountRules {
    func findings(on proposal: MailboxProposal, reader: any AccountReader) -> [AccountFinding] { [] }
}

private struct NoJournal: AccountJournal {
    func record(_ changes: [AccountChange]) async {}
}

/// Numbers with right check digits, made for the benchmark.
private enum AccountNumbers {
    static func rpps(_ index: Int) -> String { withCheckDigit("1" + padded(index, 9)) }
    static func finess(_ index: Int) -> String { withCheckDigit("75" + padded(index, 6)) }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: width - text.count) + text
    }

    private static func withCheckDigit(_ digits: String) -> String {
        var sum = 0
        for (index, byte) in digits.utf8.reversed().enumerated() {
            let digit = Int(byte - 0x30) * (index % 2 == 0 ? 2 : 1)
            sum += digit > 9 ? digit - 9 : digit
        }
        return digits + String((10 - sum % 10) % 10)
    }
}
