import Foundation
import Glibc
import MSSAccounts
import MSSConnector
import MSSCore
import MSSDNS
import MSSHTTP
import MSSIMAP
import MSSPolicy
import MSSProSanteConnect
import MSSSASL
import MSSSMTP
import MSSStore
import MSSTLS
import MSSTestKit
import MSSTraces
import MSSWhitelist
import NIOCore

/// The process that is measured: an operator with its mail store, accounts, rights and durable traces, whose clients
/// come with tokens of a Pro Santé Connect of tests. Nothing on the way of a command is left out.
enum IMAPBenchOperator {
    /// The mailboxes of measures and of idle sessions, and whose they are.
    private static let people = [
        (given: "Jeanne", family: "Martin", mailbox: "jeanne.martin@banc.mssante.fr"),
        (given: "Paul", family: "Durand", mailbox: "paul.durand@banc.mssante.fr"),
    ]

    private struct NoJournal: AccountJournal {
        func record(_ changes: [AccountChange]) async throws {}
    }

    private static func identifier(_ index: Int) -> String { MadeUpNumbers.rpps(index + 1) }

    /// Fills the first mailbox, prints the port and the tokens, and serves until its input ends.
    static func serve(_ directory: String, messages: Int) async throws {
        let store = try await MailStore.open("\(directory)/store", master: .file("\(directory)/master"))
        let accounts = Accounts(
            repository: InMemoryAccountRepository(),
            rules: PolicyAccountRules(context: PolicyContext(trustSpace: .production), isTrusted: { _ in true }),
            journal: NoJournal())
        let mailboxes = try await open(accounts)
        for (index, mailbox) in mailboxes.enumerated() {
            try await fill(store, MailboxName("\(mailbox.rawValue)"), index == 0 ? messages : 0)
        }
        let psc = try await TestProSanteConnect.start(
            credential: try TestPKI.shared.issue(.server(commonName: "localhost", dnsNames: ["localhost"])),
            persons: people.enumerated().map {
                .init(
                    identifier: "8" + identifier($0.offset), givenName: $0.element.given, familyName: $0.element.family)
            })
        psc.tokenLifetime = .seconds(36_000)
        let transport = try AsyncHTTPTransport(
            HTTPTransportConfiguration(trustRoots: .pem(Array(TestPKI.shared.trustStorePEM.utf8))))
        let provider = IdentityProvider(.proSanteConnect(issuer: psc.issuer), transport: transport)
        let operation = try await make(directory, store, accounts, AccessTokenVerifier(provider))
        try await operation.start()
        let logins = try people.enumerated().map { index, person in
            XOAUTH2Credentials(user: person.mailbox, token: try psc.token(for: "8" + identifier(index)))!
                .message.base64
        }
        print(operation.clientAddress(.imap, .proSanteConnect)!.port!, logins.joined(separator: " "))
        fflush(nil)
        while let line = readLine() { _ = line }
    }

    /// Makes the accounts; the mailboxes' identifiers.
    private static func open(_ accounts: Accounts) async throws -> [MailboxID] {
        let administrator = Actor.administrator("banc")
        let structure = StructureIdentifier.finess(try FINESS(MadeUpNumbers.finess(1)))
        try await accounts.perform(
            .saveStructure(Structure(identifier: structure, name: "Hôpital du banc", entity: .geographic)),
            by: administrator)
        var mailboxes: [MailboxID] = []
        for (index, one) in people.enumerated() {
            var person = Person(
                id: PersonID(0), identity: .national(.rpps(try RPPS(identifier(index)))), givenName: one.given,
                familyName: one.family)
            person.isEntitled = true
            person.contact = "personne\(index)@exemple.fr"
            let id = try await accounts.perform(.addPerson(person), by: administrator).person!.id
            var draft = MSSAccounts.Mailbox(
                id: MailboxID(0), kind: .person, address: try DirectoryMailAddress(one.mailbox), responsible: id,
                createdAt: Timestamp(seconds: 0))
            draft.structure = structure
            mailboxes.append(try await accounts.perform(.create(draft), by: administrator).mailbox!.id)
        }
        return mailboxes
    }

    private static func make(
        _ directory: String, _ store: MailStore, _ accounts: Accounts, _ tokens: AccessTokenVerifier
    ) async throws -> Operator {
        let host = try Domain("imap.banc.mssante.fr")
        let rules = ExchangeRules(
            domains: [try Domain("banc.mssante.fr")],
            postmaster: try DirectoryMailAddress("exploitation@banc.mssante.fr"),
            context: PolicyContext(trustSpace: .production))
        let identity = OperatorIdentity(
            name: "principal",
            tls: try TLSIdentity(
                certificateFile: "\(directory)/server.pem", keyFile: "\(directory)/server.key"))
        var configuration = OperatorConfiguration(
            serverName: host, rules: rules, identities: [identity], entryPoint: .tcp(host: "127.0.0.1", port: 0))
        var clients = APILPSConfiguration(imapPSC: .init(host: host, address: .tcp(host: "127.0.0.1", port: 0)))
        // What one machine's clients need here.
        (clients.imapServerLimits.connections, clients.imapServerLimits.connectionsPerPeer) = (20_000, 20_000)
        clients.imapServerLimits.sessionsPerMailbox = 20_000
        configuration.apiLPS = clients
        let seal = try TestPKI.shared.issue(.seal(commonName: "Journal"))
        guard let key = PrivateKey(unencryptedPEM: seal.privateKeyPEM.utf8) else { throw BenchFailure("no key") }
        let traces = try await TraceStore.open(
            "\(directory)/traces-\(getpid())",
            signer: KeySealSigner(key: key, certificate: Certificate(der: seal.certificateDER)))
        let trust = try TrustStore(authorities: [Certificate(der: TestPKI.shared.root.certificateDER)])
        let index = try await RightsIndex(accounts.repository, rights: RightsRules(), freshness: .init())
        var services = OperatorServices(
            whitelist: WhitelistSnapshot(generated: Timestamp(seconds: 1_770_000_000), entries: []),
            verifier: PKIXVerifier(trustStore: trust),
            resolver: StaticDNSResolver(), spool: InMemorySpool(), mailboxes: store, directory: IndexedAccounts(index),
            accounts: accounts, traces: traces, jobs: InMemoryJobLedger(), replies: InMemoryReplyLedger(), scanner: nil)
        services.tokens = tokens
        services.readableMailboxes = MailStoreBackend(store) { identity in
            guard let grant = identity.grant as? AccessGrant else { throw BenchFailure("no grant") }
            return MailboxName("\(grant.mailbox.id.rawValue)")
        }
        return try Operator(configuration, services)
    }

    private static func fill(_ store: MailStore, _ mailbox: MailboxName, _ count: Int) async throws {
        if try await store.status(mailbox) == nil { try await store.create(mailbox, at: SystemWallClock().now()) }
        let present = try await store.status(mailbox)?.messages ?? 0
        guard present < count else { return }
        // In order, some at once so that they share syncs.
        for start in stride(from: present, to: count, by: 100) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in start..<min(start + 100, count) {
                    group.addTask {
                        let draft = try store.draft()
                        try await draft.append(ByteBuffer(bytes: IMAPBenchMessages.message(number)))
                        let target = MailTarget(mailbox, received: SystemWallClock().now())
                        _ = try await draft.deliver(to: [target])[0].get()
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
