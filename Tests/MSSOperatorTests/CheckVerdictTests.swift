import Foundation
import Glibc
import Logging
import MSSConnector
import MSSCore
import MSSDNS
import MSSTLS
import MSSTestKit
import Testing

@testable import MSSOperator

/// What `check` finds where the trust space answers: everything in order, and one part after the other that is not.
@Suite("check, verdict by verdict", .serialized, .timeLimit(.minutes(10)))
struct CheckVerdictTests {
    private func environment(at time: Timestamp? = nil, mayFetch: Bool = false) -> OperatorCheck.Environment {
        var environment = OperatorCheck.Environment()
        if let time { environment.clock = FixedWallClock(time) }
        environment.timeServers = []
        environment.mayFetch = mayFetch
        environment.logger.logLevel = .critical
        return environment
    }

    /// Settings of alpha's, with the whitelist and the revocation lists on the disk as an earlier run leaves them.
    private func settled(_ space: OperatorSpace) async throws -> OperatorSettings {
        let settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2")
        let node = try await space.open(settings)
        await node.close()
        return settings
    }

    // MARK: Whitelist

    private func whitelist(
        _ settings: OperatorSettings, _ environment: OperatorCheck.Environment
    ) async -> [CheckItem] {
        let check = OperatorCheck(settings, environment)
        return await check.whitelist(check.certificates().own)
    }

    @Test("EX_2.2_5010: a whitelist that is fresh and names the operator; one that nobody confirmed for two days")
    func freshness() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        let settings = try await settled(space)
        let fresh = await whitelist(settings, environment())
        #expect(fresh.map(\.subject) == ["Liste blanche", "Inscription dans la liste blanche"])
        #expect(
            fresh.allSatisfy { $0.verdict == .ok && $0.remedy == nil && $0.requirement == "EX_2.2_5010" }, "\(fresh)")
        let late = SystemWallClock().now() + settings.whitelist.staleAfter + .seconds(60)
        let stale = await whitelist(settings, environment(at: late))
        #expect(stale.map(\.verdict) == [.warning, .ok], "\(stale)")
        #expect(stale.contains { $0.found.contains("n'est plus fraîche") && $0.remedy != nil })
        try await space.close()
    }

    @Test("EX_2.2_5010: a certificate that the whitelist does not name, and domains that it gives to none of ours")
    func unlisted() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        let settings = try await settled(space)
        var greedy = settings
        // The second is in the list, for beta's certificate; the third is in none.
        greedy.identity.domains = try ["alpha.mssante.fr", "beta.mssante.fr", "gamma.mssante.fr"].map { try Domain($0) }
        let domains = await whitelist(greedy, environment())
        #expect(domains.map(\.verdict) == [.ok, .failure, .failure], "\(domains)")
        for name in ["beta.mssante.fr", "gamma.mssante.fr"] {
            #expect(domains.contains { $0.found.contains("Le domaine \(name)") && $0.remedy != nil }, "\(domains)")
        }
        let home = "\(space.folder)/alpha.mssante.fr"
        try TestPKI.shared.issue(.server(commonName: "mx.inconnu.mssante.fr")).write(to: home, name: "autre")
        var other = settings
        other.certificates = [
            CertificateSettings(name: "principal", certificate: "\(home)/autre.pem", key: "\(home)/autre.key")
        ]
        let names = await whitelist(other, environment())
        #expect(names.map(\.verdict) == [.ok, .failure, .failure], "\(names)")
        #expect(names.contains { $0.found.hasPrefix("Le DN") && $0.found.contains("mx.inconnu.mssante.fr") })
        #expect(names.contains { $0.found.contains("Le domaine alpha.mssante.fr") })
        // With the right one beside it the domain has its certificate, and the DN is still nobody's.
        other.certificates.append(settings.certificates[0])
        other.certificates[0].name = "autre"
        let both = await whitelist(other, environment())
        #expect(both.map(\.verdict) == [.ok, .failure], "\(both)")
        try await space.close()
    }

    @Test("EX_2.2_5035: without a copy the list is fetched; one that is refused or forged is told with its address")
    func fetching() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        let settings = try await settled(space)
        CommandWorld.remove(OperatorLayout(settings.data.folder).whitelist)
        let offline = await whitelist(settings, environment())
        #expect(offline.map(\.verdict) == [.failure], "\(offline)")
        #expect(offline.contains { $0.found.contains("Aucune copie vérifiée") && $0.remedy != nil })
        for fault in [WhitelistFault.refusal, .tampered] {
            try space.list.apply(fault)
            let failed = await whitelist(settings, environment(mayFetch: true))
            #expect(failed.map(\.verdict) == [.failure], "\(fault): \(failed)")
            #expect(failed.contains { $0.remedy?.contains(space.list.url) == true }, "\(fault): \(failed)")
        }
        try space.list.apply(nil)
        let fetched = await whitelist(settings, environment(mayFetch: true))
        #expect(fetched.map(\.verdict) == [.ok, .ok], "\(fetched)")
        try await space.close()
    }

    // MARK: Certificates, scanner, disk

    @Test("EX_SSI_5085: a certificate whose time has not come, or has not by a clock that was set back")
    func notYetValid() throws {
        let world = try CommandWorld()
        defer { world.remove() }
        let good = OperatorCheck(world.settings, environment()).certificates()
        let own = try #require(good.own.first)
        let early = OperatorCheck(world.settings, environment(at: own.tls.chain[0].notBefore - .seconds(1)))
        let items = early.certificates().0.filter { $0.requirement == "EX_SSI_5085" }
        #expect(items.map(\.verdict) == [.failure], "\(items)")
        #expect(items.contains { $0.found.contains("n'est valable qu'à partir du") && $0.remedy != nil })
    }

    @Test("EX_SSI_5090, EX_SSI_5120: clamd answers: with fresh signatures, old ones, undated ones; or another scans")
    func scanner() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        var settings = world.settings
        let made = try Timestamp(xsdDateTime: "2026-11-21T09:30:05Z")
        let dated = try await DatedClamd.start(made)
        settings.antivirus.address = .tcp(host: "127.0.0.1", port: dated.port)
        let fresh = await OperatorCheck(settings, environment(at: made + .seconds(3 * 86_400 - 1))).antivirus()
        #expect(fresh.verdict == .ok && fresh.remedy == nil && fresh.requirement == "EX_SSI_5090", "\(fresh)")
        let old = await OperatorCheck(settings, environment(at: made + .seconds(3 * 86_400))).antivirus()
        #expect(old.verdict == .warning && old.remedy != nil && old.requirement == "EX_SSI_5120", "\(old)")
        #expect(old.found.contains("signatures de 3 jours"))
        try await dated.stop()
        // A real one, whose signatures are the tests' own.
        let clamd = try await ClamdPeer.start()
        defer { clamd.stop() }
        settings.antivirus.address = .unix(path: clamd.socket)
        let undated = await OperatorCheck(settings, environment()).antivirus()
        #expect(undated.verdict == .warning && undated.requirement == "EX_SSI_5120", "\(undated)")
        #expect(undated.found.hasPrefix("ClamAV ") && undated.found.contains("sans date de signatures"))
        settings.antivirus.address = nil
        let elsewhere = await OperatorCheck(settings, environment()).antivirus()
        #expect(elsewhere.verdict == .warning && elsewhere.found.contains("ailleurs") && elsewhere.remedy != nil)
    }

    @Test("the disk has room, little, or next to none; a data folder or a master key that others may read")
    func storage() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        var settings = world.settings
        let folder = settings.data.folder
        try TestFiles.makeDirectory(folder)
        let free = try #require(OperatorLayout(folder).space?.free)
        func items(_ subject: String) async -> [CheckItem] {
            await OperatorCheck(settings, environment()).storage().filter { $0.subject == subject }
        }
        // Far from each threshold: others use the disk meanwhile.
        let cases: [(wanted: UInt64, verdict: CheckItem.Verdict)] = [
            (free / 2, .ok), (free * 2, .warning), (free * 8, .failure),
        ]
        for (wanted, verdict) in cases {
            settings.observation.freeSpace = Int(wanted)
            let disk = await items("Disque")
            #expect(disk.map(\.verdict) == [verdict], "\(disk)")
            #expect(disk.allSatisfy { ($0.remedy == nil) == (verdict == .ok) }, "\(disk)")
        }
        let remedy = "chmod 0700 \(folder)"
        #expect(await items("Dossier des données").allSatisfy { $0.remedy != remedy })
        chmod(folder, 0o755)
        #expect(await items("Dossier des données").contains { $0.verdict == .failure && $0.remedy == remedy })
        #expect(await items("Clé maîtresse").map(\.verdict) == [.ok])
        chmod(world.root + "/cles/maitresse.cle", 0o644)
        #expect(await items("Clé maîtresse").map(\.verdict) == [.failure])
    }

    // MARK: The executable

    private func run(_ file: String, _ options: [String] = []) async throws -> ExternalTool.Result {
        try await ExternalTool.run(
            OperatorProcess.executable, ["check", "--config", file, "--ntp", "aucun"] + options)
    }

    /// What the executable finds, and its exit status.
    private func check(_ file: String) async throws -> (status: Int32, items: [CheckItem]) {
        let result = try await run(file, ["--json"])
        let items = try? JSONDecoder().decode([CheckItem].self, from: Data(result.output))
        return (result.status, try #require(items, "\(result.everything)"))
    }

    /// Publishes what an operator of these settings should: MX records, addresses and the services of its domain.
    private func publish(_ settings: OperatorSettings, in space: OperatorSpace) throws {
        var zone = DNSZone("")
        for (domain, address) in TwoNodesTests.domains { zone.addMail(domain, address: address) }
        let domain = settings.identity.domains[0]
        let services = try settings.apiLPS.records(for: domain)
        for service in LPSServiceRecords.Service.allCases {
            for record in services.records(service) {
                let data = DNSZone.Data.srv(
                    priority: record.priority, weight: record.weight, port: record.port, target: record.target.text)
                zone.records.append(DNSZone.Record("\(service.rawValue).\(domain.ascii)", data))
            }
        }
        try space.zones.publish([zone])
    }

    @Test("check --json of the executable: status 0 with all in order, 1 with warnings, 2 with a failure")
    func executable() async throws {
        let space = try await OperatorSpace(TwoNodesTests.domains)
        var settings = try await settled(space)
        let clamd = try await DatedClamd.start(SystemWallClock().now())
        settings.antivirus.address = .tcp(host: "127.0.0.1", port: clamd.port)
        settings.terms.version = "2026-11"
        settings.terms.address = "https://alpha.mssante.fr/conditions"
        // How much room this machine has left is another test's.
        settings.observation.freeSpace = 1 << 20
        try publish(settings, in: space)
        let authorities = try TrustStore(contentsOf: settings.trust.authorities).authorities
        let known = "\(space.folder)/igc/empreintes.txt"
        try TestFiles.write(
            authorities.map { $0.sha256Fingerprint.hexadecimal }.joined(separator: "\n") + "\n", to: known)
        let file = "\(space.folder)/alpha.mssante.fr/operateur.yaml"
        try TestFiles.write(settings.yaml, to: file, mode: 0o600)

        let inOrder = try await check(file)
        // Whether somebody keeps the clock of this machine is not the test's to choose.
        let isKept = KernelClock.isSynchronized != false
        let doubts = inOrder.items.filter { $0.verdict != .ok && $0.subject != "Horloge" }
        #expect(doubts.isEmpty, "\(doubts)")
        #expect(inOrder.status == (isKept ? 0 : 1), "\(inOrder.items)")
        let subjects = Set(inOrder.items.map(\.subject))
        for subject in [
            "Configuration", "Clé maîtresse", "Dossier des données", "Disque", "Certificat « principal »",
            "Autorités IGC-Santé", "Liste blanche", "Inscription dans la liste blanche",
            "DNS, serveur mx.alpha.mssante.fr", "DNS, MX de alpha.mssante.fr", "DNS, SRV de alpha.mssante.fr",
            "Conditions d'utilisation", "Information sur les traces", "Antivirus",
        ] {
            #expect(subjects.contains(subject), "\(subject)")
        }

        unlink(known)
        let doubtful = try await check(file)
        #expect(doubtful.status == 1, "\(doubtful.items)")
        let warned = doubtful.items.filter { $0.verdict != .ok && $0.subject != "Horloge" }
        #expect(Set(warned.map(\.requirement)) == ["RE_OPE_5040"], "\(warned)")

        chmod("\(space.folder)/alpha.mssante.fr/maitresse.cle", 0o644)
        let broken = try await check(file)
        #expect(broken.status == 2, "\(broken.items)")
        let failures = broken.items.filter { $0.verdict == .failure }
        #expect(failures.map(\.subject) == ["Clé maîtresse"] && failures.allSatisfy { $0.remedy != nil })
        // The same for people.
        let told = try await run(file)
        #expect(told.status == 2, "\(told.everything)")
        #expect(told.text.contains("[ÉCHEC] Clé maîtresse : ") && told.text.contains("\n        → "))
        #expect(told.text.contains("\n1 échecs, "), "\(told.text)")
        #expect(try await check("/nulle/part.yaml").status == 2)
        try await clamd.stop()
        try await space.close()
    }
}
