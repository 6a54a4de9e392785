import MSSWhitelist
import MSSTLS
import MSSAccounts
import MSSCore
import MSSTestKit
import Testing

@testable import MSSOperator

/// What `mss-sandbox create` writes for an operator is what this library reads.
@Suite("Operators of the sandbox", .timeLimit(.minutes(5)))
struct SandboxOperatorTests {
    @Test(
        "EX_GBM_4020: the configuration of each operator is read, its operator opens, and takes every account over its socket"
    )
    func opens() async throws {
        let directory = try TestFiles.temporaryDirectory("mss-box")
        let plan = SandboxPlan(
            operators: [
                .init("alpha", domains: ["ch-alpha.mssante.fr", "labo.ch-alpha.mssante.fr"]),
                .init("beta", domains: ["beta.mssante.fr"]),
            ], whitelist: .generated(count: 60))
        let sandbox = try Sandbox.create(plan, in: directory)
        let running = try await sandbox.start()
        for one in sandbox.description.operators {
            let settings = try OperatorSettings(contentsOf: one.configuration)
            #expect(settings.identity.domains.map(\.ascii) == one.domains)
            #expect(settings.inbound.address == .tcp(host: one.address, port: sandbox.description.smtpPort))
            let node = try await OperatorNode.open(settings, file: one.configuration, logger: .silent)
            await node.trust.refresher.refreshAll()
            _ = try await node.trust.whitelist.refresh().get()
            try await node.running {
                let client = AdminClient(socket: settings.administration.socket, administrator: "essai")
                let file = try TestFiles.read(one.accountsFile)
                let reply = try await client.perform(LoadAccounts.self, .init(), payload: file)
                #expect(reply.isAccepted, "\(reply.problems)")
                #expect(reply.counts["mailboxes"] == one.mailboxes.count)
                for mailbox in one.mailboxes {
                    let known = node.index.mailbox(at: try DirectoryMailAddress(mailbox.address))
                    #expect(known?.kind.rawValue == mailbox.kind && known?.isTest == mailbox.isTest)
                    #expect(known?.isAutomaticReply == mailbox.isAutomaticReply)
                }
                // All or nothing: what is known is refused, with the line.
                let again = try await client.perform(LoadAccounts.self, .init(), payload: file)
                #expect(!again.isAccepted && again.problems.contains { $0.explanation.contains("déjà connue") })
                let failure = await #expect(throws: AdminFailure.self) {
                    try await client.perform(LoadAccounts.self, .init(table: "boites"), payload: file)
                }
                #expect(failure?.status == 400)
            }
        }
        try await running.stop()
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }
}
