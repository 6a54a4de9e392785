import MSSAccounts
import MSSCore
import MSSTestKit
import Testing

/// The sandbox as tests compose it.
@Suite("A trust space in a box", .timeLimit(.minutes(5)))
struct SandboxTests {
    private func plan(_ whitelist: SandboxPlan.Whitelist = .generated(count: 60)) throws -> SandboxPlan {
        SandboxPlan(
            operators: [
                try .init("alpha=ch-alpha.mssante.fr,labo.ch-alpha.mssante.fr"), try .init("beta=beta.mssante.fr"),
            ], whitelist: whitelist)
    }

    @Test("Every account of every operator loads into MSSAccounts, with national identifiers that are valid")
    func accounts() async throws {
        let directory = try TestFiles.temporaryDirectory("mss-box")
        let sandbox = try Sandbox.create(plan(), in: directory)
        for one in sandbox.description.operators {
            let report = ImportSource.json(try TestFiles.read(one.accountsFile)).check()
            #expect(report.isAccepted, "\(report.problems)")
            #expect(report.counts[.mailboxes] == one.mailboxes.count)
            #expect(report.counts[.persons] == one.persons.count)
            _ = try StructureIdentifier(one.structure)
            for person in one.persons { _ = try PersonIdentity(person.identity) }
            for kind in MailboxKind.allCases { #expect(one.mailbox(kind.rawValue) != nil, "\(kind)") }
            for domain in one.domains {
                #expect(one.mailboxes.contains { $0.isAutomaticReply && $0.address.hasSuffix("@\(domain)") })
            }
        }
        // Nobody is at two operators.
        let identities = sandbox.description.operators.flatMap(\.persons).map(\.identity)
        #expect(Set(identities).count == identities.count)
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }

    @Test("What is written is read again, and every file that sandbox.json names is there")
    func description() async throws {
        let directory = try TestFiles.temporaryDirectory("mss-box")
        let sandbox = try Sandbox.create(plan(), in: directory)
        let description = try Sandbox(directory: directory + "/").description
        #expect(description == sandbox.description)
        #expect(description.version == SandboxDescription.currentVersion)
        var files = [
            description.whitelist.file, description.dns.zone, description.clamd.configuration,
            description.authorities.trustStore, description.authorities.root, description.authorities.intermediate,
        ]
        for one in description.operators {
            files += [one.configuration, one.accountsFile] + one.credentials.flatMap { [$0.certificate, $0.key] }
            #expect(one.credentials.map(\.role) == SandboxDescription.Role.allCases)
        }
        for file in files { #expect(try !TestFiles.read(file).isEmpty, "\(file)") }
        #expect(throws: TestFormatError.self) { try Sandbox.create(plan(), in: directory) }
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }

    @Test("The whole list of a file stays, and the operators are added to it")
    func file() async throws {
        let base = WhitelistGenerator(count: 80).make()
        let published = try TestXMLSigner(TestPKI.shared.issue(.whitelistSigner, subject: .agency))
            .sign(WhitelistWriter.write(base))
        #expect(try TestWhitelist(reading: published) == base)
        let directory = try TestFiles.temporaryDirectory("mss-box")
        let sandbox = try Sandbox.create(plan(.file(published)), in: directory)
        let list = try TestWhitelist(reading: TestFiles.read(sandbox.description.whitelist.file))
        #expect(Array(list.entries.dropLast(3)) == base.entries)
        #expect(
            list.entries.suffix(3).map(\.name) == [
                "ch-alpha.mssante.fr", "labo.ch-alpha.mssante.fr", "beta.mssante.fr",
            ])
        #expect(list.entries.last?.certificateName == sandbox.operator("beta")?.credential(.server)?.subject)
        #expect(list.generated > base.generated)
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }

    @Test("the published list is read whole", .enabled(if: SharedData.publishedWhitelist != nil))
    func published() throws {
        let list = try TestWhitelist(reading: #require(SharedData.publishedWhitelist))
        #expect(list.entries.count == WhitelistGenerator.publishedCount)
        #expect(list.generated.xsdDateTime == "2025-03-13T14:54:10Z")
    }

    @Test("Plans that make no sense are refused before anything is written")
    func nonsense() throws {
        for text in ["alpha", "=a.fr", "alpha=", "Alpha=a.fr", "a/b=a.fr", "alpha=a..fr", "-a=a.fr"] {
            #expect(throws: TestFormatError.self, "\(text)") { try SandboxPlan.Operator(text) }
        }
        let directory = try TestFiles.temporaryDirectory("mss-box")
        let twice = SandboxPlan(operators: [.init("a", domains: ["x.fr"]), .init("b", domains: ["x.fr"])])
        #expect(throws: TestFormatError.self) { try Sandbox.create(twice, in: directory) }
        #expect(try TestFiles.names(in: directory).isEmpty)
    }
}
