import ArgumentParser
import CAllocations
import Glibc
import MSSCore
import MSSTLS
import MSSTestKit
import MSSWhitelist

/// Verification, loading and lookups of a signed list, beside `xmlsec1 --verify` on the same file; and lookups in it.
struct WhitelistBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whitelist",
        abstract: "Verify, load and look up a signed whitelist, beside xmlsec1 --verify on the same file.")

    @Option(help: "An unsigned list; by default the published one beside the repository, else a generated one.")
    var list: String?

    @Option(help: "Verifications of each.")
    var count = 10

    @Option(help: "Entries of the large list.")
    var entries = 100_000

    @Option(help: "A domain to look up in the list, its certificates printed.")
    var domain: String?

    func run() async throws {
        let pki = TestPKI.shared
        let signer = try pki.issue(.whitelistSigner, subject: .agency)
        let trustStore = try TrustStore(
            authorities: [Certificate(der: pki.root.certificateDER), Certificate(der: pki.intermediate.certificateDER)])
        let crls = CRLStore(trustStore: trustStore)
        for issuer in TestIssuer.allCases { _ = try crls.install(pki.fullCRL(of: issuer), at: pki.now) }
        let verifier = try WhitelistVerifier(
            trustStore: trustStore,
            certificates: PKIXVerifier(
                trustStore: trustStore,
                revocation: RevocationChecker(policy: RevocationPolicy(order: .crlOnly), crls: crls)))

        let (name, unsigned) = try published()
        let signed = try TestXMLSigner(signer).sign(unsigned)
        let before = residentBytes()
        var snapshot = WhitelistSnapshot(try await verifier.verify(signed, at: pki.now).content)
        tell("\(name): \(snapshot.entries.count) distinct entries, \(snapshot.domainCount) domains,")
        tell(
            "  \(snapshot.certificateNameCount) certificate names, \(snapshot.diagnostics.count) diagnostics,"
                + " \(signed.count) bytes signed")
        let held = residentBytes() - before
        tell("  resident memory gained with the list in force \(megabytes(held))")

        let time = try await median(count) {
            snapshot = WhitelistSnapshot(try await verifier.verify(signed, at: pki.now).content)
        }
        tell("  verify and load                  \(milliseconds(time))   (goal: 60 ms)")
        try await xmlsec(pki, signed)
        lookups(snapshot)
        if let domain { try answer(snapshot, Domain(domain)) }

        let generated = WhitelistWriter.write(WhitelistGenerator(count: entries).make())
        let large = try TestXMLSigner(signer).sign(generated)
        let largeTime = try await median(3) {
            let verified = try await verifier.verify(large, at: pki.now)
            precondition(WhitelistSnapshot(verified.content).domainCount > entries / 2)
        }
        tell(
            "generated, \(entries) entries, \(large.count) bytes: verify and load \(milliseconds(largeTime))   (goal: 1 s)"
        )
        tell("peak memory of the process \(megabytes(peakMemory()))")
    }

    private func published() throws -> (String, [UInt8]) {
        if let list { return (list, try read(list)) }
        let folder = getenv("MSS_SHARED_DATA").map { String(cString: $0) } ?? "../shared/data"
        let path = folder + "/whitelist/listeblanchemssante-2025-03-13-unsigned.xml"
        if let bytes = try? read(path) { return ("published list of March 2025", bytes) }
        return ("generated list of the published shape", WhitelistWriter.write(WhitelistGenerator().make()))
    }

    private func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw ValidationError("cannot read \(path)") }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        let size = ftell(file)
        rewind(file)
        return [UInt8](unsafeUninitializedCapacity: size) { $1 = fread($0.baseAddress, 1, size, file) }
    }

    /// The reference verifies the same file with the same authorities; each run includes the start of the process.
    private func xmlsec(_ pki: TestPKI, _ signed: [UInt8]) async throws {
        let directory = try TestFiles.temporaryDirectory("mss-bench-whitelist")
        try pki.write(to: directory)
        try TestFiles.write(signed, to: "\(directory)/list.xml")
        let clock = ContinuousClock()
        for (label, repeats) in [("one process", 1), ("--repeat in one process", count)] {
            let start = clock.now
            let result = try await ExternalTool.run(
                "xmlsec1",
                [
                    "--verify", "--repeat", "\(repeats)", "--enabled-key-data", "x509", "--trusted-pem",
                    "\(directory)/root.pem", "--untrusted-pem", "\(directory)/intermediate.pem",
                    "\(directory)/list.xml",
                ], seconds: 300)
            guard result.succeeded else { throw ValidationError("xmlsec1: \(result.everything)") }
            tell("  xmlsec1 --verify, \(label)  \(milliseconds((clock.now - start) / repeats))   (no content loaded)")
        }
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }

    private func lookups(_ list: WhitelistSnapshot) {
        // What a caller holds: the name of a certificate and a domain.
        let names = list.entries.map(\.certificateName)
        let domains = list.entries.map(\.domain)
        let others = list.certificateNames.map { $0 }
        let rounds = max(1, 2_000_000 / names.count)
        let lookups = 2 * rounds * names.count
        var allowed = 0
        let before = allocationsOfThisThread()
        let time = asking(names, domains, others, rounds) { name, domain in
            if list.decide(name, for: domain).isAllowed { allowed += 1 }
        }
        let allocations = allocationsOfThisThread() - before
        // The loop that asks takes part of the time (it counts references to what it holds): told apart.
        let loop = asking(names, domains, others, rounds) { name, domain in
            if unanswered(name, domain).isAllowed { allowed += 1 }
        }
        tell(
            "  lookup (certificate, domain)     \(nanoseconds((time - loop) / lookups))   (goal: 200 ns; "
                + "with the loop that asks \(nanoseconds(time / lookups)))")
        precondition(allowed >= rounds * names.count)
        precondition(allocationsOfThisThread() > 0, "allocations are not counted")
        tell("  allocations in \(lookups) lookups  \(allocations)")
    }

    /// The time of asking about each entry twice in every round: one right certificate, one of another operator most of the
    /// time.
    @inline(never)
    private func asking(
        _ names: [DistinguishedName], _ domains: [Domain], _ others: [DistinguishedName], _ rounds: Int,
        _ ask: (DistinguishedName, Domain) -> Void
    ) -> Duration {
        ContinuousClock().measure {
            for round in 0..<rounds {
                for index in names.indices {
                    ask(names[index], domains[index])
                    ask(others[(index + round) % others.count], domains[index])
                }
            }
        }
    }

    /// The least that an answer takes.
    @inline(never)
    private func unanswered(_ name: DistinguishedName, _ domain: Domain) -> WhitelistDecision { .refused(.noList) }

    private func answer(_ list: WhitelistSnapshot, _ domain: Domain) throws {
        guard list.contains(domain) else {
            tell(WhitelistRefusal.unknownDomain(domain).explanation)
            return
        }
        for entry in list.entries(for: domain) { tell("  \(entry)") }
    }

    private func median(_ count: Int, _ work: () async throws -> Void) async throws -> Duration {
        var times: [Duration] = []
        let clock = ContinuousClock()
        for _ in 0..<max(1, count) { times.append(try await clock.measure(work)) }
        return times.sorted()[times.count / 2]
    }

    private func milliseconds(_ time: Duration) -> String {
        let microseconds = time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000
        return "\(microseconds / 1000).\(microseconds % 1000 / 100) ms"
    }

    private func nanoseconds(_ time: Duration) -> String { "\(time.components.attoseconds / 1_000_000_000) ns" }

    private func megabytes(_ bytes: Int) -> String { "\(bytes / 1_048_576).\(bytes % 1_048_576 * 10 / 1_048_576) MiB" }

    private func peakMemory() -> Int {
        peakKilobytes(RUSAGE_SELF) * 1024
    }
}
