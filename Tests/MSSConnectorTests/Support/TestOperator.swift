import Glibc
import MSSAccounts
import MSSCore
import MSSDNS
import MSSMessage
import MSSPolicy
import MSSSMTP
import MSSTLS
import MSSTestKit
import MSSTraces
import MSSWhitelist
import NIOCore
import TestIdentities

@testable import MSSConnector

/// A journal of accounts that keeps nothing.
struct NoJournal: AccountJournal {
    func record(_ changes: [AccountChange]) async throws {}
}

/// A whitelist that tests change.
final class ChangingWhitelist: Whitelist {
    private let current: Guarded<any Whitelist>
    init(_ list: any Whitelist) { current = Guarded(list) }
    func replace(by list: any Whitelist) { current.withLock { $0 = list } }
    private var list: any Whitelist { current.withLock { $0 } }
    func entries(for domain: Domain) -> WhitelistEntries { list.entries(for: domain) }
    func entries(for certificateName: DistinguishedName) -> WhitelistEntries { list.entries(for: certificateName) }
    func decide(_ certificateName: DistinguishedName, for domain: Domain) -> WhitelistDecision {
        list.decide(certificateName, for: domain)
    }
}

/// Takes out-of-band notices.
actor TestChannel: NotificationChannel {
    struct Failure: Error {}
    private(set) var notices: [(notice: OutOfBandNotice, contact: ContactPoint, key: String)] = []
    var fails = false
    func setFails(_ fails: Bool) { self.fails = fails }
    func deliver(_ notice: OutOfBandNotice, to contact: ContactPoint, key: String) async throws {
        if fails { throw Failure() }
        if !notices.contains(where: { $0.key == key }) { notices.append((notice, contact, key)) }
    }
}

/// An operator of one domain with stores in memory and a few mailboxes.
///
/// `jeanne.martin` and `paul.durand` are personal, `service-cardiologie` is organisational, `exploitation` is the
/// operator's, `labo-test` is a test mailbox.
final class TestOperator: Sendable {
    let domain: Domain
    let host: Domain
    let credential: TestCredential
    let accounts: Accounts
    let index: RightsIndex
    let clock: any WallClock
    let spool: InMemorySpool
    let queue: InMemoryDeliveryQueue
    let drop = InMemoryMailboxDrop()
    let traces = InMemoryTraceRecorder()
    let jobs = InMemoryJobLedger()
    let replies = InMemoryReplyLedger()
    let channel = TestChannel()
    let doctor: PersonID
    let colleague: PersonID
    let director: PersonID
    let finess: StructureIdentifier
    let mailboxes: [String: MSSAccounts.Mailbox]

    static let administrator = Actor.administrator("adele.admin")

    init(
        _ name: String, clock: any WallClock = SystemWallClock(), trustSpace: PolicyContext.TrustSpace = .production,
        status: TestStatus = .good, terms: String? = nil
    ) async throws {
        domain = try Domain("\(name).mssante.fr")
        host = try Domain("mx.\(name).mssante.fr")
        self.clock = clock
        credential = try TestPKI.shared.issue(
            .server(commonName: "mx.\(name).mssante.fr", dnsNames: ["mx.\(name).mssante.fr"]), status: status)
        queue = InMemoryDeliveryQueue()
        spool = InMemorySpool(queue)
        accounts = Accounts(
            repository: InMemoryAccountRepository(),
            rules: PolicyAccountRules(
                context: PolicyContext(trustSpace: trustSpace), isTrusted: { $0.ascii.hasSuffix(".mssante.fr") }),
            journal: NoJournal(), clock: clock)
        let accounts = accounts
        let domain = domain
        let finess = StructureIdentifier.finess(try FINESS(MadeUpNumbers.finess(1)))
        self.finess = finess
        let admin = TestOperator.administrator
        try await accounts.perform(
            .saveStructure(Structure(identifier: finess, name: "Hôpital Beaujour", entity: .geographic)), by: admin)
        func person(_ index: Int, _ given: String, _ family: String, entitled: Bool = true) async throws -> PersonID {
            var person = Person(
                id: PersonID(0), identity: .national(.rpps(try RPPS(MadeUpNumbers.rpps(index)))), givenName: given,
                familyName: family)
            person.isEntitled = entitled
            person.actsForStructure = !entitled
            person.contact = "\(given.lowercased())@exemple.fr"
            return try await accounts.perform(.addPerson(person), by: admin).person!.id
        }
        doctor = try await person(1, "Jeanne", "Martin")
        colleague = try await person(2, "Paul", "Durand")
        director = try await person(3, "Denis", "Roux", entitled: false)
        var mailboxes: [String: MSSAccounts.Mailbox] = [:]
        func open(
            _ local: String, _ kind: MailboxKind, _ responsible: PersonID, test: Bool = false
        ) async throws {
            var draft = MSSAccounts.Mailbox(
                id: MailboxID(0), kind: kind, address: Samples.directory("\(local)@\(domain)"),
                responsible: responsible, createdAt: Timestamp(seconds: 0))
            draft.structure = finess
            draft.isTest = test
            draft.summary = kind == .person ? "" : "Secrétariat"
            mailboxes[local] = try await accounts.perform(.create(draft), by: admin).mailbox!
        }
        try await open("jeanne.martin", .person, doctor)
        try await open("paul.durand", .person, colleague)
        try await open("service-cardiologie", .organization, director)
        try await open("exploitation", .organization, director)
        try await open("labo-test", .organization, director, test: true)
        self.mailboxes = mailboxes
        index = try await RightsIndex(
            accounts.repository, rights: RightsRules(terms: terms.map { TermsOfUse(version: $0) }))
    }

    func address(_ local: String) -> MailAddress { Samples.address("\(local)@\(domain)") }
    func id(_ local: String) -> MailboxID { mailboxes[local]!.id }

    /// Changes an account and takes the change over.
    /// Opens `laboratoire`, an application's mailbox.
    func openLaboratory() async throws -> MailboxID {
        var draft = MSSAccounts.Mailbox(
            id: MailboxID(0), kind: .application, address: Samples.directory("laboratoire@\(domain)"),
            responsible: director, createdAt: Timestamp(seconds: 0))
        draft.structure = finess
        draft.summary = "Laboratoire"
        let made = try await accounts.perform(.create(draft), by: TestOperator.administrator)
        try await index.refresh()
        return made.mailbox!.id  // created just now
    }

    func perform(_ operation: AccountOperation, by actor: Actor = TestOperator.administrator) async throws {
        try await accounts.perform(operation, by: actor)
        try await index.refresh()
    }

    var certificateName: DistinguishedName {
        get throws { try Certificate(der: credential.certificateDER).subject }
    }

    /// The operator itself, listening on a loopback address.
    func makeOperator(
        whitelist: any Whitelist, resolver: any DNSResolver = StaticDNSResolver(),
        verifier: any PeerVerifier = TestOperator.verifier, listen: String = "127.0.0.1", port: Int = 0,
        deliveryPort: Int = 25, trustSpace: PolicyContext.TrustSpace = .production,
        scanner: (any MalwareScanner)? = nil, quarantine: (any Quarantine)? = nil,
        change: (inout OperatorConfiguration) -> Void = { _ in },
        services changeServices: (inout OperatorServices) -> Void = { _ in }
    ) throws -> Operator {
        let rules = ExchangeRules(
            domains: [domain], postmaster: Samples.directory("exploitation@\(domain)"),
            context: PolicyContext(trustSpace: trustSpace))
        let identity = OperatorIdentity(
            name: "principal",
            tls: try TLSIdentity(credential), serverNames: [host])
        var configuration = OperatorConfiguration(
            serverName: host, rules: rules, identities: [identity], entryPoint: .tcp(host: listen, port: port))
        configuration.deliveryPort = deliveryPort
        configuration.addressFamilies = [.ipv4]
        configuration.tlsLimits = TLSLimits(handshakeTimeout: .seconds(300))
        configuration.timeouts.connect = .seconds(300)
        configuration.timeouts.tls = .seconds(300)
        configuration.zoneMinutes = { _ in 60 }
        configuration.automaticReplyHolder = (director, finess)
        change(&configuration)
        var services = OperatorServices(
            whitelist: whitelist, verifier: verifier, resolver: resolver, spool: spool, mailboxes: drop,
            directory: IndexedAccounts(index), accounts: accounts, traces: traces, jobs: jobs, replies: replies,
            scanner: scanner)
        services.quarantine = quarantine
        services.notifications = channel
        services.clock = clock
        changeServices(&services)
        return try Operator(configuration, services)
    }

    static let verifier = PKIXVerifier.testPKI
    static let trustStore = TrustStore.testPKI

    // MARK: Messages

    /// A message from one address.
    static func message(
        from sender: String, to recipients: [String], subject: String = "Bilan", body: String = "Bonjour\r\n"
    ) -> [UInt8] {
        Array(
            ("From: <\(sender)>\r\nTo: \(recipients.map { "<\($0)>" }.joined(separator: ", "))\r\n"
                + "Subject: \(subject)\r\nMessage-ID: <m1@\(sender.split(separator: "@")[1])>\r\n\r\n\(body)").utf8)
    }

    /// Submits as a person.
    func submit(
        _ operation: Operator, from local: String, as person: PersonID, to recipients: [String],
        notify: DSNNotify? = nil, message: [UInt8]? = nil
    ) async -> SubmissionResult {
        let sender = address(local)
        let submission = Submission(
            .user(.person(person), .person(.init(identifier: "8\(person.rawValue)")), .proSanteConnect),
            sender: sender,
            recipients: recipients.map { OutgoingEnvelope.Recipient(Samples.address($0), notify: notify) })
        return await operation.submission.submit(
            submission, message ?? TestOperator.message(from: sender.text, to: recipients))
    }
}

extension Operator {
    /// Runs while a test does, then stops gracefully.
    func running(_ body: () async throws -> Void) async throws {
        try await start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.run() }
            do { try await body() } catch {
                stop()
                throw error
            }
            stop()
            try await group.waitForAll()
        }
    }
}
