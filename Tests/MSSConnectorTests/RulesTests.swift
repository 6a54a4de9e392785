import MSSAccounts
import MSSCore
import MSSPolicy
import MSSSMTP
import MSSWhitelist
import Testing

@testable import MSSConnector

@Suite("Rules of §6.7.1.1, without sockets")
struct RulesTests {
    static let alpha = Samples.name("mx.alpha")
    static let beta = Samples.name("mx.beta")

    let rules = Samples.rules()
    let whitelist = Samples.whitelist([
        ("alpha.mssante.fr", alpha), ("beta.mssante.fr", beta), ("interop-mssante.apicrypt.org", beta),
        ("dgs.mssante.fr", beta),
    ])

    @Test("EX_3.1_5030: a peer without certificate, or whose DN the whitelist lacks, is refused at step 4")
    func peers() {
        #expect(rules.refusal(ofPeer: nil, whitelist) == .noCertificate)
        let stranger = Samples.name("mx.stranger")
        let refusal = rules.refusal(ofPeer: stranger, whitelist)
        #expect(refusal == .peer(.unknownCertificate(stranger)))
        #expect(refusal?.reply.code == 550)
        #expect(refusal?.reply.enhanced == "5.7.1")
        #expect(
            refusal?.reply.lines == [
                "[EX_3.1_5030] Le certificat \"mx.stranger\" ne figure pas dans la liste blanche MSSante."
            ])
        #expect(rules.refusal(ofPeer: Self.beta, whitelist) == nil)
    }

    @Test("EX_2.2_5035: without a verified whitelist a peer is asked to come back, not told that it is unknown")
    func noList() {
        let refusal = rules.refusal(ofPeer: Self.beta, NoWhitelist())
        #expect(refusal == .peer(.noList))
        #expect(refusal?.reply.code == 451)
        #expect(rules.refusal(ofDomain: Samples.domain("beta.mssante.fr"), NoWhitelist()) == .notTrusted(.noList))
        #expect(refusal?.isPermanent == false)
    }

    @Test("EX_3.1_5030: the sender's domain must be the certificate's; an empty MAIL FROM needs the DN only")
    func senders() {
        func judge(_ sender: String?) -> ExchangeRefusal? {
            let path = sender.map { ReversePath.address(Samples.address($0)) } ?? .null
            return rules.refusal(ofSender: path, size: nil, from: Self.beta, whitelist)
        }
        #expect(judge("bob@beta.mssante.fr") == nil)
        #expect(judge(nil) == nil)
        #expect(
            judge("eve@alpha.mssante.fr")
                == .peer(.certificateOfOtherDomains(Self.beta, domain: Samples.domain("alpha.mssante.fr"))))
        #expect(judge("eve@gmail.com") == .peer(.unknownDomain(Samples.domain("gmail.com"))))
        #expect(
            rules.refusal(ofSender: .null, size: nil, from: Samples.name("mx.stranger"), whitelist)
                == .peer(.unknownCertificate(Samples.name("mx.stranger"))))
        // No suffix is special: a domain below a listed one is not listed.
        #expect(judge("bob@x.beta.mssante.fr") != nil)
    }

    @Test("EX_3.1_5010: mail of interop-mssante.apicrypt.org is taken like any other of the whitelist")
    func apicrypt() {
        let sender = ReversePath.address(Samples.address("dr@interop-mssante.apicrypt.org"))
        #expect(rules.refusal(ofSender: sender, size: 10_000_000, from: Self.beta, whitelist) == nil)
        #expect(rules.refusal(ofDomain: Samples.domain("interop-mssante.apicrypt.org"), whitelist) == nil)
    }

    @Test("EX_GBM_4410: 10 Mo are taken from everybody, more is refused when announced")
    func sizes() {
        let sender = ReversePath.address(Samples.address("bob@beta.mssante.fr"))
        #expect(rules.refusal(ofSender: sender, size: 10_000_000, from: Self.beta, whitelist) == nil)
        let refusal = rules.refusal(ofSender: sender, size: 11_000_000, from: Self.beta, whitelist)
        #expect(refusal == .tooLarge(limit: 10_485_760))
        #expect(refusal?.reply.code == 552)
        #expect(refusal?.reply.enhanced == "5.3.4")
    }

    @Test("EX_3.1_5015: dgs.mssante.fr is above the limits on size and recipients, technical bounds apart")
    func healthAuthority() {
        let dgs = Samples.domain("dgs.mssante.fr")
        let sender = ReversePath.address(Samples.address("alerte@dgs.mssante.fr"))
        #expect(rules.refusal(ofSender: sender, size: 50_000_000, from: Self.beta, whitelist) == nil)
        #expect(rules.recipientLimit(for: dgs) == 1000)
        #expect(rules.recipientLimit(for: Samples.domain("beta.mssante.fr")) == 40)
        // Claimed with another's certificate, the exemption is not had.
        #expect(rules.refusal(ofSender: sender, size: nil, from: Self.alpha, whitelist) != nil)
    }

    @Test("EX_3.2_5040: the connector relays for nobody")
    func relaying() {
        let recipient = ExchangeRules.Recipient(address: Samples.address("x@gamma.mssante.fr"), mailbox: nil)
        let refusal = rules.refusal(of: recipient, from: Samples.address("bob@beta.mssante.fr"))
        #expect(refusal == .relaying(Samples.domain("gamma.mssante.fr")))
        #expect(refusal?.reply.code == 550)
    }

    @Test(
        "EX_GBM_4460 and RE_GBM_4420: unknown is 5.1.1, full is 5.2.2, suspended is 5.2.1",
        arguments: [
            ("unknown", 550, "5.1.1"), ("deleted", 550, "5.1.1"), ("full", 552, "5.2.2"), ("suspended", 550, "5.2.1"),
        ])
    func recipientStates(_ state: String, _ code: Int, _ enhanced: String) throws {
        var mailbox = Samples.mailbox("alice@alpha.mssante.fr")
        var usage: Int64?
        switch state {
        case "deleted": mailbox.state = .deleted(at: Timestamp(seconds: 1))
        case "suspended": mailbox.state = .suspended(reason: "abus", since: Timestamp(seconds: 1))
        case "full":
            mailbox.quota = 1000
            usage = 1000
        default: break
        }
        let recipient = ExchangeRules.Recipient(
            address: mailbox.address.address, mailbox: state == "unknown" ? nil : mailbox, usage: usage)
        let reply = try #require(rules.refusal(of: recipient, from: Samples.address("bob@beta.mssante.fr"))?.reply)
        #expect(reply.code.number == code)
        #expect(reply.enhanced?.description == enhanced)
        #expect(reply.lines.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } })
    }

    @Test("A mailbox just below its quota still receives")
    func almostFull() {
        var mailbox = Samples.mailbox("alice@alpha.mssante.fr")
        mailbox.quota = 1000
        let recipient = ExchangeRules.Recipient(address: mailbox.address.address, mailbox: mailbox, usage: 999)
        #expect(rules.refusal(of: recipient, from: nil) == nil)
    }

    @Test("EX_GBM_4010: test mailboxes exchange among themselves only, in production; notices pass")
    func testCircle() {
        var test = Samples.mailbox("cardio-test@alpha.mssante.fr")
        test.isTest = true
        let ordinary = Samples.mailbox("alice@alpha.mssante.fr")
        func judge(_ mailbox: Mailbox, _ sender: String?, _ rules: ExchangeRules) -> ExchangeRefusal? {
            rules.refusal(
                of: .init(address: mailbox.address.address, mailbox: mailbox), from: sender.map(Samples.address))
        }
        #expect(judge(test, "bob@beta.mssante.fr", rules)?.requirement == "EX_GBM_4010")
        #expect(judge(ordinary, "labo-test@beta.mssante.fr", rules)?.requirement == "EX_GBM_4010")
        #expect(judge(test, "labo-test@beta.mssante.fr", rules) == nil)
        #expect(judge(test, nil, rules) == nil)
        var tests = rules
        tests.context.trustSpace = .test
        #expect(judge(test, "bob@beta.mssante.fr", tests) == nil)
    }

    @Test("Replies are ASCII and whole, whatever a name holds")
    func asciiReplies() {
        #expect("« Hôpital d’Œuvre — été »\u{202F}!".frenchInASCII == "\"Hopital d'OEuvre - ete\" !")
        let odd = ExchangeRefusal.malware(["Vírus\r\n250 ok", "日本"])
        #expect(!odd.reply.wire.dropLast(2).contains("\r\n250"))
        #expect(odd.reply.wire.utf8.allSatisfy { $0 < 0x80 })
    }
}
