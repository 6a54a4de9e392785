import MSSAccounts
import MSSCore
import MSSStore
import MSSTLS
import MSSTestKit
import MSSTraces
import MSSWhitelist

@testable import MSSOperator

/// One operator of a sandbox at work with its entry points for client software, and the tools of client software.
final class ClientSpace: Sendable {
    let sandbox: Sandbox
    let running: RunningSandbox
    let one: SandboxDescription.Operator
    let node: OperatorNode
    let admin: AdminClient

    var directory: String { sandbox.description.directory }
    var lps: SandboxDescription.ClientPorts { sandbox.description.lps }
    let jeanne = "jeanne.martin@ch-alpha.mssante.fr"
    let paul = "paul.durand@ch-alpha.mssante.fr"
    let application = "dossier-patient@ch-alpha.mssante.fr"

    private init(_ change: (inout OperatorSettings) -> Void) async throws {
        let directory = try TestFiles.temporaryDirectory("mss-clients")
        let plan = SandboxPlan(
            operators: [.init("alpha", domains: ["ch-alpha.mssante.fr", "labo.ch-alpha.mssante.fr"])],
            whitelist: .generated(count: 60))
        sandbox = try Sandbox.create(plan, in: directory)
        running = try await sandbox.start()
        one = sandbox.description.operators[0]
        var settings = try OperatorSettings(contentsOf: one.configuration)
        settings.antivirus.address = nil
        change(&settings)
        node = try await OperatorNode.open(settings, logger: .silent)
        admin = AdminClient(socket: settings.administration.socket, administrator: "adele.admin")
        await node.trust.refresher.refreshAll()
        _ = try await node.trust.whitelist.refresh().get()
    }

    /// A test with the operator running and the sandbox's accounts loaded.
    static func run(
        with change: (inout OperatorSettings) -> Void = { _ in },
        _ body: @escaping @Sendable (ClientSpace) async throws -> Void
    ) async throws {
        let space = try await ClientSpace(change)
        try await space.node.running {
            let file = try TestFiles.read(space.one.accountsFile)
            let reply = try await space.admin.perform(LoadAccounts.self, .init(), payload: file)
            guard reply.isAccepted else { throw NotLoaded(problems: "\(reply.problems)") }
            try await body(space)
        }
        try await space.running.stop()
        _ = try await ExternalTool.run("rm", ["-r", space.directory])
    }

    /// The identity of a person as Pro Santé Connect has it.
    func identity(_ family: String) -> String { one.persons.first { $0.familyName == family }?.subjectNameID ?? "" }

    func token(_ family: String, flaw: TestTokenFlaw? = nil) throws -> String {
        try running.psc.token(for: identity(family), flaw: flaw)
    }

    private struct NotLoaded: Error { var problems: String }

    // MARK: curl

    private func curl(_ host: String, _ port: Int, _ arguments: [String]) async throws -> ExternalTool.Result {
        try await ExternalTool.run(
            "curl",
            [
                "-sS", "-v", "--ssl-reqd", "--cacert", sandbox.description.authorities.trustStore, "--resolve",
                "\(host):\(port):\(one.address)",
            ] + arguments)
    }

    /// An IMAP command by curl, with a token.
    func read(
        _ login: [String], _ path: String = "INBOX", _ arguments: [String] = []
    ) async throws -> ExternalTool.Result {
        let (host, port) = (one.lpsHosts.imapPSC, lps.imapPSC)
        return try await curl(host, port, ["imap://\(host):\(port)/\(path)"] + login + arguments)
    }

    /// The options of a login by token.
    func bearer(_ mailbox: String, _ token: String) -> [String] {
        ["--user", mailbox, "--oauth2-bearer", token, "--login-options", "AUTH=XOAUTH2", "--sasl-ir"]
    }

    /// Sends by curl.
    func send(
        from sender: String, to recipient: String, subject: String = "Bilan", text: String, _ login: [String],
        withCertificate: Bool = false
    ) async throws -> ExternalTool.Result {
        let file = "\(directory)/message.eml"
        try TestFiles.write(
            "From: <\(sender)>\r\nTo: <\(recipient)>\r\nSubject: \(subject)\r\n\r\n\(text)\r\n", to: file)
        let host = withCertificate ? one.lpsHosts.submissionCertificate : one.lpsHosts.submissionPSC
        let port = withCertificate ? lps.submissionCertificate : lps.submissionPSC
        return try await curl(
            host, port,
            ["smtp://\(host):\(port)/poste.essai.fr", "--mail-from", sender, "--mail-rcpt", recipient, "-T", file]
                + login)
    }

    /// The options of an application's login.
    var certificate: [String] {
        let credential = one.credential(.applicationClient)
        return [
            "--cert", credential?.certificate ?? "", "--key", credential?.key ?? "", "--user", "\(application):",
            "--login-options", "AUTH=PLAIN",
        ]
    }

    // MARK: Traces

    /// Traces of an action, as an administrator finds them.
    func traces(_ action: String) async throws -> [String] {
        var criteria = TraceCriteria()
        criteria.action = action
        return try await admin.perform(
            SearchTraces.self, .init(criteria: criteria, purpose: "exploitation:essai")
        ).records.map(\.line)
    }

    /// The first trace of an action that says something, once it is there.
    func trace(_ action: String, _ text: String) async throws -> String {
        while true {
            if let found = try await traces(action).first(where: { $0.contains(text) }) { return found }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
