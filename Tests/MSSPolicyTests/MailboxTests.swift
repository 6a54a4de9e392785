import MSSCore
import MSSPolicy
import Testing

@Suite struct MailboxTests {
    private func refused(_ facts: MailboxFacts, _ context: PolicyContext = PolicyContext()) -> [String] {
        AttachmentRules.all.judge(facts, in: context).refused
    }

    @Test("EX_GBM_3010: an offer without personal and organisational mailboxes is refused")
    func offer() {
        func refused(_ kinds: Set<MailboxKind>) -> [String] {
            MailboxOffer.rules.judge(MailboxOffer(kinds: kinds), in: PolicyContext()).refused
        }
        #expect(refused([.person]).isEmpty)
        #expect(refused([.organization, .application]).isEmpty)
        #expect(refused([.application]) == ["EX_GBM_3010"])
        #expect(refused([]) == ["EX_GBM_3010"])
    }

    @Test("EX_GBM_3010: an application's mailbox belongs to a structure, by its FINESS when it has one")
    func application() throws {
        var facts = try Sample.organization()
        facts.kind = .application
        #expect(refused(facts).isEmpty)
        facts.structure = MailboxFacts.StructureFacts(identifier: .siren(.ans))
        #expect(refused(facts).isEmpty)
        facts.structure?.hasFINESS = true
        #expect(refused(facts) == ["EX_GBM_3010"])
        facts.structure = nil
        #expect(refused(facts) == ["EX_GBM_3010"])
    }

    @Test("EX_GBM_3020: an organisational mailbox hangs on the structure's FINESS, published without co-holders")
    func organization() throws {
        var facts = try Sample.organization()
        facts.coHolderCount = 50
        #expect(refused(facts).isEmpty)
        #expect(
            PublicationRules.decide(facts, in: PolicyContext())
                == .published(unlisted: false, attachment: .structure(.finess(try FINESS(Sample.finess)))))
        facts.structure = MailboxFacts.StructureFacts(identifier: .siren(.ans), hasFINESS: true)
        #expect(refused(facts) == ["EX_GBM_3020"])
        facts.structure = nil
        #expect(refused(facts) == ["EX_GBM_3020"])
    }

    @Test("EX_GBM_3030: without a FINESS it hangs on the responsible's RPPS, with 20 holders at most")
    func practice() throws {
        var facts = try Sample.organization()
        facts.kind = .practice
        #expect(refused(facts) == ["EX_GBM_3020"])
        facts.structure = nil
        facts.coHolderCount = 19
        #expect(refused(facts).isEmpty)
        #expect(
            PublicationRules.decide(facts, in: PolicyContext())
                == .published(unlisted: false, attachment: .practice(try RPPS(Sample.rpps))))
        facts.coHolderCount = 20
        #expect(refused(facts) == ["EX_GBM_3030"])
        facts.coHolderCount = 0
        facts.responsible.identifier = .adeli(try ADELI("750000010"))
        #expect(refused(facts) == ["EX_GBM_3030"])
    }

    @Test("EX_GBM_4010: the 26th test mailbox is refused in production and taken in the trust space of tests")
    func testMailboxCount() {
        for (count, isAllowed) in [(25, true), (26, false)] {
            let offer = MailboxOffer(kinds: [.person], testMailboxCount: count)
            #expect(MailboxOffer.rules.judge(offer, in: PolicyContext()).isAllowed == isAllowed)
            #expect(MailboxOffer.rules.judge(offer, in: PolicyContext(trustSpace: .test)).isAllowed)
        }
    }

    @Test("EX_GBM_4200: the holder of a personal mailbox is entitled")
    func holder() throws {
        var facts = try Sample.personal()
        #expect(refused(facts).isEmpty)
        facts.responsible.isEntitled = false
        #expect(refused(facts) == ["EX_GBM_4200"])
    }

    @Test("EX_GBM_4220: the responsible is identified, and entitled or acting for the structure")
    func responsible() throws {
        var facts = try Sample.organization()
        facts.responsible.isEntitled = false
        #expect(refused(facts) == ["EX_GBM_4220"])
        facts.responsible.actsForStructure = true
        #expect(refused(facts).isEmpty)
        facts.responsible.isIdentified = false
        #expect(refused(facts) == ["EX_GBM_4220"])
    }

    @Test("EX_GBM_5410: co-holders are entitled, and of organisational mailboxes only")
    func coHolders() throws {
        var facts = try Sample.organization()
        facts.coHolderCount = 2
        facts.areCoHoldersEntitled = false
        #expect(refused(facts) == ["EX_GBM_5410"])
        var personal = try Sample.personal()
        personal.coHolderCount = 1
        #expect(refused(personal) == ["EX_GBM_5410"])
    }

    @Test("EX_GBM_5411: an application's mailbox has no delegate, the others may")
    func delegates() throws {
        var facts = try Sample.organization()
        facts.delegateCount = 3
        #expect(refused(facts).isEmpty)
        facts.kind = .application
        #expect(refused(facts) == ["EX_GBM_5411"])
    }

    @Test("EX_PBA_5011: an operator with a FINESS attaches a geographic one, a juridical one when shared")
    func operatorFINESS() throws {
        let hospital = PolicyContext(operatorHasFINESS: true)
        var facts = try Sample.personal()
        #expect(refused(facts).isEmpty)
        #expect(refused(facts, hospital) == ["EX_PBA_5011"])
        facts.structure = try Sample.geographic()
        #expect(refused(facts, hospital).isEmpty)
        facts.structure?.entity = .juridical
        #expect(refused(facts, hospital) == ["EX_PBA_5011"])
        facts.structure?.isShared = true
        #expect(refused(facts, hospital).isEmpty)
    }

    @Test("EX_PBA_5012: under another operator a geographic FINESS may be attached and need not be")
    func otherOperator() throws {
        var facts = try Sample.personal()
        #expect(refused(facts).isEmpty)
        facts.structure = try Sample.geographic()
        #expect(refused(facts).isEmpty)
    }

    @Test("EX_PBA_5090: the holder goes by the RPPS or ADELI number, by the address only when there is none")
    func holderIdentifier() throws {
        var facts = try Sample.personal()
        facts.responsible.identifier = .mailbox(facts.address.address)
        #expect(refused(facts) == ["EX_PBA_5090"])
        facts.responsible.hasNationalIdentifier = false
        #expect(refused(facts).isEmpty)
        facts.responsible.identifier = .mailbox(try MailAddress("autre@hopital.mssante.fr"))
        #expect(refused(facts) == ["EX_PBA_5090"])
        facts.responsible.identifier = nil
        #expect(refused(facts) == ["EX_PBA_5090"])
    }

    @Test("EX_GBM_4312: no new mailbox of type 10 under the 1.7 draft; existing ones and version 1.6 keep theirs")
    func typeTen() throws {
        let draft = PolicyContext(version: .v1_7draft)
        var facts = try Sample.personal()
        facts.responsible.identifier = .mailbox(facts.address.address)
        facts.responsible.hasNationalIdentifier = false
        #expect(refused(facts, draft).isEmpty)
        facts.isNew = true
        #expect(refused(facts, draft) == ["EX_GBM_4312"])
        #expect(refused(facts).isEmpty)
    }

    @Test("EX_GBM_4312: the inventory tells which holders move to an RPPS number and which are reported")
    func inventory() throws {
        var known = try Sample.personal("a.b@hopital.mssante.fr")
        known.responsible.identifier = .mailbox(known.address.address)
        var unknown = try Sample.personal("c.d@hopital.mssante.fr")
        unknown.responsible.identifier = .mailbox(unknown.address.address)
        var deleted = unknown
        deleted.state = .deleted
        let rpps = try RPPS(Sample.rpps)
        let inventory = TypeTenInventory([known, unknown, deleted, try Sample.personal(), try Sample.organization()]) {
            $0.address == known.address ? rpps : nil
        }
        #expect(inventory.entries.map(\.address) == [known.address, unknown.address])
        #expect(inventory.entries.map(\.outcome) == [.migrate(to: rpps), .report])
    }

    @Test("EX_PBA_5220: the personal mailbox of a professional in a structure carries the geographic FINESS")
    func professionalInStructure() throws {
        var facts = try Sample.personal()
        facts.responsible.worksInStructure = true
        #expect(refused(facts) == ["EX_PBA_5220"])
        facts.structure = try Sample.geographic()
        #expect(refused(facts).isEmpty)
        facts.structure?.entity = .juridical
        #expect(refused(facts) == ["EX_PBA_5220"])
    }

    private func withheld(_ facts: MailboxFacts) -> [String] {
        guard case .withheld(let findings) = PublicationRules.decide(facts, in: PolicyContext()) else { return [] }
        return findings.map(\.requirement!.rawValue)
    }

    @Test("EX_PBA_5140: suspended and deleted mailboxes are not published")
    func state() throws {
        for (state, expected) in [
            (MailboxFacts.State.active, []), (.suspended, ["EX_PBA_5140"]), (.deleted, ["EX_PBA_5140"]),
        ] {
            var facts = try Sample.organization()
            facts.state = state
            #expect(withheld(facts) == expected)
        }
    }

    @Test("EX_PBA_5230: test mailboxes are never published")
    func testMailbox() throws {
        var facts = try Sample.organization()
        facts.isTest = true
        #expect(withheld(facts) == ["EX_PBA_5230"])
    }

    @Test("EX_PBA_5030: a distribution list is not published")
    func distributionList() throws {
        var facts = try Sample.organization()
        facts.isDistributionList = true
        #expect(withheld(facts) == ["EX_PBA_5030"])
    }

    @Test("EX_PBA_5010: a patient's mailbox is never published")
    func patient() throws {
        #expect(withheld(try Sample.personal("usager@patient.mssante.fr")) == ["EX_PBA_5010"])
    }

    @Test("EX_PBA_5010: every mailbox of a domain taken off the whitelist leaves the directory")
    func unlistedDomain() throws {
        for var facts in [try Sample.personal(), try Sample.organization()] {
            #expect(withheld(facts) == [])
            facts.isDomainListed = false
            #expect(withheld(facts) == ["EX_PBA_5010"])
        }
    }

    @Test("EX_PBA_5150: a description is there, short enough and without invisible characters")
    func description() throws {
        for (text, isGood) in [
            ("Service de cardiologie", true), (" \t", false), ("Cardio\u{202E}gol", false), ("Cardio\nlogie", false),
            (String(repeating: "é", count: 160), true), (String(repeating: "é", count: 161), false),
        ] {
            var facts = try Sample.organization()
            facts.description = text
            #expect(withheld(facts) == (isGood ? [] : ["EX_PBA_5150"]))
        }
        for (phone, isGood) in [
            ("+33 1 23 45 67 89", true), ("01 <script>", false), (String(repeating: "1", count: 21), false),
        ] {
            var facts = try Sample.organization()
            facts.phone = phone
            #expect(withheld(facts) == (isGood ? [] : ["EX_PBA_5150"]))
        }
    }

    @Test("EX_PBA_5040: liste rouge is the user's choice, and inactivity sets the same indicator beside it")
    func unlisted() throws {
        for (choice, inactivity) in [(false, false), (true, false), (false, true), (true, true)] {
            var facts = try Sample.personal()
            facts.isUnlistedByChoice = choice
            facts.isUnlistedByInactivity = inactivity
            guard case .published(let unlisted, _) = PublicationRules.decide(facts, in: PolicyContext()) else {
                Issue.record("withheld")
                continue
            }
            #expect(unlisted == (choice || inactivity))
        }
    }

    @Test("A mailbox that breaks an attachment rule is withheld, with the rule")
    func badAttachment() throws {
        var facts = try Sample.organization()
        facts.structure = nil
        #expect(withheld(facts) == ["EX_GBM_3020"])
    }
}
