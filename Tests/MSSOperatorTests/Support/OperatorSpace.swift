import Foundation
import Glibc
import Logging
import MSSAccounts
import MSSConnector
import MSSCore
import MSSPolicy
import MSSSMTP
import MSSStore
import MSSTestKit
import MSSTLS
import MSSTraces
import MSSWhitelist

@testable import MSSOperator

/// A trust space for operators made from settings: authorities, a signed whitelist over HTTPS, revocation lists over HTTP,
/// a DNS server, and a folder for each operator.
final class OperatorSpace: Sendable {
    let folder: String
    let zones: TestDNSServer
    let list: WhitelistServer
    let crls: CRLServer
    let port: Int
    let entries: Guarded<TestWhitelist>

    /// A space with operators at loopback addresses of their own.
    ///
    /// - Parameter revocation: how long its revocation lists are good for.
    init(_ hosts: [String: String], revocation: Duration = .seconds(7 * 86_400)) async throws {
        folder = try TestFiles.temporaryDirectory("mss-space")
        let pki = TestPKI.shared
        crls = try await CRLServer.start(pki, lifetime: revocation)
        try pki.write(to: "\(folder)/igc")
        var zone = DNSZone("")
        for (domain, address) in hosts { zone.addMail(domain, address: address) }
        zones = try await TestDNSServer.start([zone])
        port = try LoopbackPort.free(at: hosts.values.sorted())
        let now = Timestamp(seconds: SystemWallClock().now().seconds - 3600)
        var entries = TestWhitelist(generated: now, domains: [])
        for domain in hosts.keys.sorted() {
            let credential = try OperatorSpace.credential(domain)
            try credential.write(to: "\(folder)/\(domain)", name: "principal")
            entries.authorize(credential, for: domain)
        }
        self.entries = Guarded(entries)
        list = try await WhitelistServer.start(entries)
    }

    static func credential(_ domain: String) throws -> TestCredential {
        try TestPKI.shared.issue(.server(commonName: "mx.\(domain)", dnsNames: ["mx.\(domain)"]))
    }

    func close() async throws {
        try await zones.stop()
        try await list.stop()
        try await crls.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Settings of the operator of a domain.
    func settings(_ domain: String, at address: String, clamd: String? = nil) throws -> OperatorSettings {
        let home = "\(folder)/\(domain)"
        var settings = OperatorSettings()
        settings.identity.serverName = try Domain("mx.\(domain)")
        settings.identity.domains = [try Domain(domain)]
        settings.identity.postmaster = try DirectoryMailAddress("exploitation@\(domain)")
        settings.identity.trustSpace = .test
        settings.certificates = [
            CertificateSettings(name: "principal", certificate: "\(home)/principal.pem", key: "\(home)/principal.key")
        ]
        settings.inbound.address = .tcp(host: address, port: port)
        settings.inbound.grace = .seconds(60)
        settings.outbound.port = port
        settings.outbound.usesIPv6 = false
        settings.outbound.firstRetry = .milliseconds(200)
        settings.outbound.longestRetry = .seconds(1)
        settings.dns.resolvers = [zones.forwarder]
        settings.dns.longestTimeToLive = .seconds(1)
        settings.trust.authorities = ["\(folder)/igc/ca.pem"]
        settings.whitelist.url = list.url
        settings.whitelist.serverAuthorities = ["\(folder)/igc/ca.pem"]
        settings.whitelist.firstRetry = .milliseconds(200)
        settings.revocation.order = .crlOnly
        settings.revocation.lists = ["\(crls.url)/root.crl", "\(crls.url)/intermediate.crl"]
        settings.antivirus.address = clamd.map { .unix(path: $0) }
        settings.data.folder = "\(home)/donnees"
        settings.data.masterKey = "\(home)/maitresse.cle"
        settings.data.fileSize = 1 << 20
        settings.administration.socket = "\(home)/admin.sock"
        settings.observation.address = .tcp(host: "127.0.0.1", port: 0)
        settings.tasks.queuePoll = .milliseconds(200)
        if access("\(home)/maitresse.cle", F_OK) != 0 { _ = try StoreMasterKey.create("\(home)/maitresse.cle") }
        return settings
    }

    /// Opens an operator whose revocation lists and whitelist are there, so that the first connection is judged.
    func open(
        _ settings: OperatorSettings, file: String? = nil, clock: any WallClock = SystemWallClock(),
        logger: Logger = .silent
    ) async throws -> OperatorNode {
        let node = try await OperatorNode.open(settings, file: file, clock: clock, logger: logger)
        await node.trust.refresher.refreshAll()
        _ = try await node.trust.whitelist.refresh().get()
        return node
    }
}

extension Logger {
    /// Writes nothing.
    static let silent = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

    /// One whose lines a test reads, from level `info` on.
    static func read() -> (logger: Logger, lines: AsyncStream<String>) {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let logger = Logger(label: "tests") { label in
            JSONLogHandler(label: label, clock: SystemWallClock()) {
                continuation.yield(String(decoding: $0, as: UTF8.self))
            }
        }
        return (logger, lines)
    }
}

extension OperatorNode {
    /// Returns when nothing waits for delivery any more. Nobody tells when a queue is empty.
    func emptied() async throws { while spool.count > 0 { try await Task.sleep(for: .milliseconds(5)) } }

    /// Opens mailboxes: personal ones of a doctor, and the operator's own.
    func openMailboxes(_ names: [String]) async throws {
        let admin = Actor.administrator("adele.admin")
        let finess = StructureIdentifier.finess(try FINESS(MadeUpNumbers.finess(1)))
        try await accounts.perform(
            .saveStructure(Structure(identifier: finess, name: "Hôpital Beaujour", entity: .geographic)), by: admin)
        var director = Person(
            id: PersonID(0), identity: .national(.rpps(try RPPS(MadeUpNumbers.rpps(1)))), givenName: "Denis",
            familyName: "Roux"
        )
        director.isEntitled = true
        director.actsForStructure = true
        let person = try await accounts.perform(.addPerson(director), by: admin).person!.id
        for name in names {
            var draft = MSSAccounts.Mailbox(
                id: MailboxID(0), kind: .organization,
                address: try DirectoryMailAddress("\(name)@\(settings.identity.domains[0])"), responsible: person,
                createdAt: Timestamp(seconds: 0))
            draft.structure = finess
            draft.summary = "Secrétariat"
            try await accounts.perform(.create(draft), by: admin)
        }
    }

    /// Runs while a body does, then stops gracefully; the node is closed after it.
    func running(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await start()
        let work = Task { try await self.run(onSignals: false) }
        do { try await body() } catch {
            stop()
            _ = await work.result
            throw error
        }
        stop()
        try await work.value
    }

    /// The messages of a mailbox's inbox, once there are so many.
    func inbox(_ name: String, atLeast count: Int = 0) async throws -> [String] {
        let address = try DirectoryMailAddress("\(name)@\(settings.identity.domains[0])")
        guard let mailbox = index.mailbox(at: address) else { return [] }
        let place = MailboxName("\(mailbox.id.rawValue)")
        let changes = mail.changes(of: place)
        var found = try await texts(place)
        guard found.count < count else { return found }
        for await _ in changes {
            found = try await texts(place)
            if found.count >= count { break }
        }
        return found
    }

    private func texts(_ place: MailboxName) async throws -> [String] {
        guard try await mail.status(place) != nil else { return [] }
        guard let inbox = try await mail.folders(of: place).first(where: { $0.use == .inbox }) else { return [] }
        var texts: [String] = []
        for message in try await mail.messages(in: inbox.id) {
            let content = try await mail.content(of: message.uid, in: inbox.id)
            texts.append(String(decoding: try await content.prefix(20 << 20), as: UTF8.self))
        }
        return texts
    }
}
