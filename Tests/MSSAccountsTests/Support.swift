import Foundation
import MSSAccounts
import MSSCore

import MSSTestKit
import Testing

/// The kinds of base: every test of the suite runs on each.
enum Base: String, CaseIterable, CustomTestStringConvertible {
    case memory, sqlite
    var testDescription: String { rawValue }

    func open(_ folder: Folder) throws -> any AccountRepository {
        switch self {
        case .memory: InMemoryAccountRepository()
        case .sqlite: try SQLiteAccountRepository(path: folder.file("accounts.sqlite"))
        }
    }
}

/// A temporary folder, removed with the value.
final class Folder: Sendable {
    let path: String
    init() {
        path = NSTemporaryDirectory() + "/mss-accounts-" + UUID().uuidString
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// A journal that keeps what it is given, and can fail.
final class TestJournal: AccountJournal {
    struct Failure: Error {}
    let changes = Guarded<[AccountChange]>([])
    let fails = Guarded(false)
    func record(_ changes: [AccountChange]) async throws {
        if fails.withLock({ $0 }) { throw Failure() }
        self.changes.withLock { $0 += changes }
    }
    var operations: [String] { changes.withLock { $0.map(\.operation) } }
    var last: AccountChange? { changes.withLock { $0.last } }
}

func directory(_ text: String) throws -> DirectoryMailAddress { try DirectoryMailAddress(text) }

/// Numbers with right check digits, made for these tests.
enum Numbers {
    /// The `index`th RPPS number of a series.
    static func rpps(_ index: Int) -> String { withCheckDigit("1" + padded(index, 9)) }
    /// The `index`th FINESS number of a series.
    static func finess(_ index: Int) -> String { withCheckDigit("75" + padded(index, 6)) }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: width - text.count) + text
    }

    private static func withCheckDigit(_ digits: String) -> String {
        var sum = 0
        for (index, character) in digits.reversed().enumerated() {
            let digit = character.wholeNumberValue! * (index % 2 == 0 ? 2 : 1)
            sum += digit > 9 ? digit - 9 : digit
        }
        return digits + String((10 - sum % 10) % 10)
    }
}

/// An operator with a hospital, persons in every role and a mailbox of each kind.
struct Hospital {
    let accounts: Accounts
    let clock = TestClock()
    let journal = TestJournal()
    let folder = Folder()
    let finess: StructureIdentifier
    /// A doctor with a personal mailbox, responsible for the organisational one.
    let doctor: PersonID
    let colleague: PersonID
    let secretary: PersonID
    /// Legal representative, not entitled to health data.
    let director: PersonID
    let manager: PersonID
    let stranger: PersonID
    var personal: Mailbox
    var team: Mailbox
    var application: Mailbox

    static let administrator = Actor.administrator("adele.admin")

    init(_ base: Base, terms: TermsOfUse? = nil, adapter: PolicyAdapter = PolicyAdapter()) async throws {
        accounts = Accounts(
            repository: try base.open(folder), rules: adapter, journal: journal, rights: RightsRules(terms: terms),
            clock: clock)
        finess = .finess(try FINESS(Numbers.finess(1)))
        let accounts = accounts
        let administrator = Hospital.administrator
        try await accounts.perform(
            .saveStructure(Structure(identifier: finess, name: "Hôpital Beaujour", entity: .geographic)),
            by: administrator)
        let finess = finess
        func add(
            _ identity: PersonIdentity, _ given: String, _ family: String, _ change: (inout Person) -> Void = { _ in }
        ) async throws -> PersonID {
            var person = Person(id: PersonID(0), identity: identity, givenName: given, familyName: family)
            change(&person)
            return try await accounts.perform(.addPerson(person), by: administrator).person!.id
        }
        func rpps(_ index: Int) throws -> PersonIdentity { .national(.rpps(try RPPS(Numbers.rpps(index)))) }
        doctor = try await add(rpps(1), "Jeanne", "Martin") { $0.isEntitled = true }
        colleague = try await add(rpps(2), "Paul", "Durand") { $0.isEntitled = true }
        secretary = try await add(.local(structure: finess, name: "s.petit"), "Sophie", "Petit")
        director = try await add(.local(structure: finess, name: "d.roux"), "Denis", "Roux") {
            $0.actsForStructure = true
        }
        manager = try await add(.local(structure: finess, name: "g.blanc"), "Gilles", "Blanc") {
            $0.managedStructures = [finess]
        }
        stranger = try await add(rpps(3), "Claire", "Noir") { $0.isEntitled = true }

        func create(_ kind: MailboxKind, _ address: String, _ responsible: PersonID) async throws -> Mailbox {
            var draft = Mailbox(
                id: MailboxID(0), kind: kind, address: try directory(address), responsible: responsible,
                createdAt: Timestamp(seconds: 0))
            draft.structure = finess
            draft.summary = kind == .person ? "" : "Secrétariat de cardiologie"
            return try await accounts.perform(.create(draft), by: administrator).mailbox!
        }
        personal = try await create(.person, "jeanne.martin@beaujour.mssante.fr", doctor)
        team = try await create(.organization, "service-cardiologie@beaujour.mssante.fr", director)
        application = try await create(.application, "dpi-resultats@beaujour.mssante.fr", director)
    }

    func draft(_ kind: MailboxKind, _ address: String, _ responsible: PersonID) throws -> Mailbox {
        var draft = Mailbox(
            id: MailboxID(0), kind: kind, address: try directory(address), responsible: responsible,
            createdAt: Timestamp(seconds: 0))
        draft.structure = finess
        draft.summary = kind == .person ? "" : "Service de soins"
        return draft
    }

    func decide(_ actor: Actor, _ action: MailboxAction, _ mailbox: Mailbox) async throws -> AccessDecision {
        try await accounts.decide(actor, action, at: mailbox.address)
    }

    func now(_ mailbox: Mailbox) async throws -> Mailbox {
        try await accounts.repository.read { try $0.mailbox(mailbox.id)! }
    }
}
