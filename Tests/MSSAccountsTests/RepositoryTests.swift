import MSSAccounts
import MSSCore
import Testing

/// What every repository does alike.
@Suite struct RepositoryTests {
    private struct Stop: Error {}
    private let folder = Folder()

    private func person(_ id: Int64, _ index: Int) throws -> Person {
        Person(
            id: PersonID(id), identity: .national(.rpps(try RPPS(Numbers.rpps(index)))), givenName: "Ève",
            familyName: "D'Arc")
    }

    private func fullMailbox(_ id: Int64, _ address: String = "a@b.mssante.fr") throws -> Mailbox {
        var mailbox = Mailbox(
            id: MailboxID(id), kind: .organization, address: try directory(address), responsible: PersonID(1),
            createdAt: Timestamp(seconds: 1_700_000_000, nanoseconds: 123_456_789))
        mailbox.coHolders = [PersonID(3), PersonID(2)]
        mailbox.delegations = [
            Delegation(
                delegate: PersonID(2), principal: PersonID(1), from: Timestamp(seconds: 5),
                until: Timestamp(seconds: 9), maySend: false),
            Delegation(delegate: PersonID(3), principal: PersonID(1), from: Timestamp(seconds: -5), mayRead: false),
        ]
        mailbox.structure = .finess(try FINESS(Numbers.finess(1)))
        mailbox.isShared = true
        (mailbox.service, mailbox.summary, mailbox.phone) = ("Cardiologie", "Boîte « du » service; \"x\"", "+33 1")
        mailbox.isUnlistedByChoice = true
        (mailbox.quota, mailbox.used) = (.max, 12)
        mailbox.state = .suspended(reason: "l'été", since: Timestamp(seconds: 77))
        mailbox.lastConnection = Timestamp(seconds: 1_700_000_001)
        mailbox.automaticReply = AutomaticReply(
            text: "Absent\n…", from: Timestamp(seconds: 1), until: Timestamp(seconds: 2))
        mailbox.forwarding = try directory("c@d.mssante.fr")
        mailbox.purgesSentAfterDays = 30
        (mailbox.isTest, mailbox.isAutomaticReply) = (true, true)
        mailbox.marks.unpublicationWarning = 1
        mailbox.marks.unpublished = 2
        mailbox.marks.deletionWarning = 3
        mailbox.marks.quotaLevel = 80
        mailbox.marks.quotaNotice = 4
        mailbox.marks.purged = 5
        return mailbox
    }

    private func fill(_ repository: any AccountRepository) async throws {
        let structure = Structure(
            identifier: .finess(try FINESS(Numbers.finess(1))), name: "Hôpital", entity: .geographic, parent: nil,
            isAlsoInFINESS: true)
        let persons = try (1...3).map { try person(Int64($0), $0) }
        try await repository.write { writer in
            try writer.save(structure)
            for person in persons { try writer.save(person) }
        }
    }

    @Test("EX_GBM_4230: what is saved is what is read, field by field", arguments: Base.allCases)
    func roundTrip(base: Base) async throws {
        let repository = try base.open(folder)
        try await fill(repository)
        var rich = try person(9, 9)
        rich.isEntitled = true
        rich.actsForStructure = true
        rich.professions = ["10", "SM54\"|"]
        rich.structures = [.finess(try FINESS(Numbers.finess(1)))]
        rich.managedStructures = rich.structures
        rich.contact = "eve@exemple.fr"
        rich.isAuthorised = false
        rich.reviewedAt = Timestamp(seconds: 3)
        rich.lastAuthentication = Timestamp(seconds: 4)
        rich.acceptedTerms = TermsAcceptance(version: "v", at: Timestamp(seconds: 5))
        let (person, mailbox) = (rich, try fullMailbox(4))
        var gone = try fullMailbox(5)
        gone.state = .deleted(at: Timestamp(seconds: 8))
        let deleted = gone
        try await repository.write { writer in
            try writer.save(person)
            try writer.save(mailbox)
            try writer.save(deleted)
        }
        try await repository.read { (reader) throws in
            #expect(try reader.person(PersonID(9)) == person)
            #expect(try reader.person(known: person.identity) == person)
            #expect(try reader.mailbox(MailboxID(4)) == mailbox)
            #expect(try reader.mailbox(MailboxID(5)) == deleted)
            #expect(try reader.mailbox(at: try directory("A@B.mssante.fr")) == mailbox)
            #expect(try reader.structures().map(\.name) == ["Hôpital"])
            #expect(try reader.mailboxes(after: MailboxID(0), limit: 10).map(\.id.rawValue) == [4, 5])
            #expect(try reader.mailboxes(after: MailboxID(4), limit: 10).map(\.id.rawValue) == [5])
            #expect(try reader.persons(after: PersonID(1), limit: 2).map(\.id.rawValue) == [2, 3])
            #expect(try reader.person(PersonID(77)) == nil)
        }
    }

    @Test("A write that throws leaves nothing behind, whatever it did before", arguments: Base.allCases)
    func rollBack(base: Base) async throws {
        let repository = try base.open(folder)
        try await fill(repository)
        let (mailbox, other) = (try fullMailbox(4), try person(8, 8))
        try await repository.write { try $0.save(mailbox) }
        let before = try await repository.read { try $0.revision() }
        await #expect(throws: Stop.self) {
            try await repository.write { writer in
                var changed = mailbox
                changed.state = .deleted(at: Timestamp(seconds: 1))
                changed.coHolders = []
                try writer.save(changed)
                try writer.save(other)
                _ = try writer.nextPersonID()
                try writer.save(
                    AddressReservation(
                        address: mailbox.address, formerHolder: PersonID(1), until: Timestamp(seconds: 1)))
                try writer.append(TermsAcceptance(version: "v", at: Timestamp(seconds: 1)), by: PersonID(1))
                try writer.append(AccountChange(at: Timestamp(seconds: 1), actor: "a", operation: "o"))
                throw Stop()
            }
        }
        try await repository.read { (reader) throws in
            #expect(try reader.revision() == before)
            #expect(try reader.mailbox(at: mailbox.address) == mailbox)
            #expect(try reader.person(PersonID(8)) == nil)
            #expect(try reader.reservation(of: mailbox.address) == nil)
            #expect(try reader.acceptances(by: PersonID(1)).isEmpty)
            #expect(try reader.pendingChanges(limit: 9).isEmpty)
        }
        #expect(try await repository.write { try $0.nextPersonID() } == PersonID(4))
    }

    @Test(
        "One address, one mailbox; one identity, one person; nothing refers to what is not there",
        arguments: Base.allCases)
    func constraints(base: Base) async throws {
        let repository = try base.open(folder)
        try await fill(repository)
        let mailbox = try fullMailbox(4)
        try await repository.write { try $0.save(mailbox) }
        func refused(_ error: AccountStoreError, _ body: @escaping @Sendable (any AccountWriter) throws -> Void) async {
            await #expect(throws: error) { try await repository.write(body) }
        }
        let twin = try fullMailbox(5, "A@b.mssante.fr")
        await refused(.addressTaken) { try $0.save(twin) }
        let double = try person(8, 1)
        await refused(.identityTaken) { try $0.save(double) }
        await refused(.danglingReference) { writer in
            var lost = mailbox
            lost.responsible = PersonID(99)
            try writer.save(lost)
        }
        await refused(.danglingReference) { writer in
            var lost = mailbox
            lost.coHolders.append(PersonID(99))
            try writer.save(lost)
        }
        let elsewhere = StructureIdentifier.finess(try FINESS(Numbers.finess(8)))
        await refused(.danglingReference) { writer in
            var lost = mailbox
            lost.structure = elsewhere
            try writer.save(lost)
        }
        // A deleted mailbox gives its address free.
        try await repository.write { writer in
            var gone = mailbox
            gone.state = .deleted(at: Timestamp(seconds: 1))
            try writer.save(gone)
            try writer.save(twin)
        }
        #expect(try await repository.read { try $0.mailbox(at: twin.address)?.id } == MailboxID(5))
    }

    @Test("Numbers are never given twice, and revisions tell what changed", arguments: Base.allCases)
    func revisions(base: Base) async throws {
        let repository = try base.open(folder)
        try await fill(repository)
        let first = try await repository.read { try $0.revision() }
        let mailbox = try fullMailbox(4)
        try await repository.write { try $0.save(mailbox) }
        try await repository.read { (reader) throws in
            #expect(try reader.revision() > first)
            #expect(try reader.mailboxes(changedAfter: first) == [mailbox])
            #expect(try reader.persons(changedAfter: first).isEmpty)
            #expect(try reader.persons(changedAfter: 0).count == 3)
        }
        #expect(try await repository.write { try $0.nextMailboxID() } == MailboxID(5))
        #expect(try await repository.write { try $0.nextMailboxID() } == MailboxID(6))
        #expect(try await repository.write { try $0.nextPersonID() } == PersonID(4))
    }

    @Test("Changes keep their fields and order until the journal has them", arguments: Base.allCases)
    func changes(base: Base) async throws {
        let repository = try base.open(folder)
        var change = AccountChange(
            at: Timestamp(seconds: 12), actor: "person:1", operation: "create", mailbox: MailboxID(4),
            address: "a@b.mssante.fr", person: PersonID(1),
            fields: [.init("x", before: nil, after: "«\"\\\n\u{1}»"), .init("y", before: "1", after: nil)])
        let first = change
        change.outcome = .refused("EX_GBM_4300", "Non.")
        let second = change
        change.outcome = .refused(nil, "Non plus.")
        let third = change
        try await repository.write { writer in for change in [first, second, third] { try writer.append(change) } }
        let kept = try await repository.read { try $0.pendingChanges(limit: 2) }
        #expect(kept.map(\.number) == [1, 2])
        #expect(kept.map(\.outcome) == [first.outcome, second.outcome])
        #expect(kept[0].fields == first.fields)
        #expect(kept[0].address == first.address && kept[0].mailbox == first.mailbox && kept[0].person == first.person)
        try await repository.write { try $0.removeChanges(through: 2) }
        #expect(try await repository.read { try $0.pendingChanges(limit: 9).map(\.outcome) } == [third.outcome])
        try await repository.write { try $0.removeChanges(through: 3) }
        try await repository.write { try $0.append(first) }
        #expect(try await repository.read { try $0.pendingChanges(limit: 9).map(\.number) } == [4])
    }
}
