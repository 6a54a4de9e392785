import MSSCore
import MSSPolicy
import Testing

@Suite struct ExchangeTests {
    private func refused(_ facts: MessageFacts, _ limits: MessageLimits = MessageLimits()) -> [String] {
        limits.rules.judge(facts, in: PolicyContext()).refused
    }

    @Test("EX_GBM_4410: 10 MB pass whatever limit is configured, what is larger only if the operator takes it")
    func size() {
        #expect(refused(MessageFacts(encodedSize: 10_485_760, recipientCount: 1)).isEmpty)
        #expect(refused(MessageFacts(encodedSize: 10_485_761, recipientCount: 1)) == ["EX_GBM_4410"])
        #expect(
            refused(MessageFacts(encodedSize: 10_000_000, recipientCount: 1), MessageLimits(maximumSize: 1)).isEmpty)
        #expect(
            refused(MessageFacts(encodedSize: 25_000_000, recipientCount: 1), MessageLimits(maximumSize: 25_000_000))
                .isEmpty)
    }

    @Test("EX_GBM_4420: 40 recipients pass and 41 do not")
    func recipients() {
        #expect(refused(MessageFacts(encodedSize: 1, recipientCount: 40)).isEmpty)
        #expect(refused(MessageFacts(encodedSize: 1, recipientCount: 41)) == ["EX_GBM_4420"])
    }

    @Test("EX_3.1_5015: the limits do not hold for dgs.mssante.fr, once the certificate has shown it is it")
    func healthAuthority() throws {
        var facts = MessageFacts(encodedSize: 50_000_000, recipientCount: 100_000)
        #expect(refused(facts) == ["EX_GBM_4410", "EX_GBM_4420"])
        for (domain, isExempt) in [
            ("dgs.mssante.fr", true), ("DGS.mssante.fr", true), ("x.dgs.mssante.fr", false),
            ("dgs.mssante.fr.evil.fr", false),
        ] {
            facts.verifiedSenderDomain = try Domain(domain)
            #expect(refused(facts).isEmpty == isExempt)
        }
    }

    @Test(
        "EX_GBM_4010: a test mailbox exchanges with test mailboxes only, in both directions",
        arguments: [
            ("bal-test@a.mssante.fr", nil, "reponse.automatique-test@b.mssante.fr", nil, true),
            ("bal-test@a.mssante.fr", nil, "jeanne.martin@b.mssante.fr", nil, false),
            ("jeanne.martin@a.mssante.fr", nil, "bal-test@b.mssante.fr", nil, false),
            ("jeanne.testard@a.mssante.fr", nil, "jean.martin@b.mssante.fr", nil, true),
            ("jeanne.martin@a.mssante.fr", nil, "jean.martin@b.mssante.fr", nil, true),
            // What the base says of its own mailboxes counts more than a name.
            ("recette@a.mssante.fr", true, "jean.martin@b.mssante.fr", nil, false),
            ("service.test@a.mssante.fr", false, "jean.martin@b.mssante.fr", nil, true),
        ] as [(String, Bool?, String, Bool?, Bool)])
    func circle(_ sender: String, _ isTest: Bool?, _ recipient: String, _ recipientIsTest: Bool?, _ isAllowed: Bool)
        throws
    {
        let facts = ExchangeFacts(
            sender: .init(try MailAddress(sender), isKnownTest: isTest),
            recipient: .init(try MailAddress(recipient), isKnownTest: recipientIsTest))
        #expect(ExchangeFacts.rules.judge(facts, in: PolicyContext()).isAllowed == isAllowed)
        #expect(ExchangeFacts.rules.judge(facts, in: PolicyContext(trustSpace: .test)).isAllowed)
    }

    private func forwarding() throws -> ForwardingFacts {
        let holder = PersonIdentifier.rpps(try RPPS(Sample.rpps))
        return ForwardingFacts(
            source: .init(try directory("j.m@a.mssante.fr"), kind: .person, holder: holder),
            destination: .init(try directory("j.m@b.mssante.fr"), kind: .person, holder: holder),
            isDestinationTrusted: true)
    }

    @Test(
        "EX_GBM_4480: forwarding goes to a personal mailbox of the same holder, inside the trust space, not in a circle"
    )
    func forward() throws {
        let good = try forwarding()
        #expect(ForwardingFacts.rules.judge(good, in: PolicyContext()).isAllowed)
        let changes: [(inout ForwardingFacts) throws -> Void] = [
            { $0.isDestinationTrusted = false },
            { $0.destination.address = try directory("x@patient.mssante.fr") },
            { $0.destination.kind = .organization },
            { $0.destination.kind = nil },
            { $0.source.kind = .application },
            { $0.destination.holder = .rpps(try RPPS(Sample.otherRPPS)) },
            { $0.destination.holder = nil },
            {
                $0.destination.holder = nil
                $0.source.holder = nil
            },
            { $0.destination.address = $0.source.address },
            { $0.destinationForwardsTo = $0.source.address },
        ]
        for change in changes {
            var facts = good
            try change(&facts)
            #expect(ForwardingFacts.rules.judge(facts, in: PolicyContext()).refused == ["EX_GBM_4480"])
        }
    }
}
