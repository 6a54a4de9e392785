import Foundation
import Glibc
import MSSCore
import MSSTestKit
import Testing

@testable import MSSOperator

/// What `ps` shows to everybody on a machine, and `/proc` to the account of a process.
@Suite("Secrets and the list of processes", .serialized, .timeLimit(.minutes(10)))
struct ProcessSecretTests {
    /// Something that is nobody's to read, in every form in which it could be handed on.
    private struct Secret {
        var name: String
        var forms: [Data]

        init(_ name: String, _ text: some StringProtocol) {
            self.name = name
            forms = [Data(text.utf8)]
        }

        /// A file of 32 octets in hexadecimal.
        init(masterKey path: String) throws {
            name = path
            let text = String(decoding: try TestFiles.read(path), as: UTF8.self).filter(\.isHexDigit)
            var digits = text[...]
            var octets: [UInt8] = []
            while let octet = UInt8(digits.prefix(2), radix: 16) {
                octets.append(octet)
                digits = digits.dropFirst(2)
            }
            // Without its padding, which some forms leave out.
            let base64 = Data(octets).base64EncodedString().filter { $0 != "=" }
            let url = base64.replacing("+", with: "-").replacing("/", with: "_")
            forms = [Data(octets)] + [text.lowercased(), text.uppercased(), base64, url].map { Data($0.utf8) }
        }

        /// A PEM file: each of its lines, and the octets that they stand for.
        init(pem path: String) throws {
            name = path
            let text = String(decoding: try TestFiles.read(path), as: UTF8.self)
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("-") }
            forms = lines.filter { $0.utf8.count > 16 }.map { Data($0.utf8) }
            if let octets = Data(base64Encoded: lines.joined(separator: "")) { forms.append(octets) }
        }
    }

    /// The names of those that stand somewhere.
    private func told(_ secrets: [Secret], in place: Data) -> [String] {
        secrets.filter { secret in secret.forms.contains { place.range(of: $0) != nil } }.map(\.name)
    }

    /// Everything that a sandbox keeps to itself.
    private func secrets(of sandbox: Sandbox, _ settings: OperatorSettings) throws -> [Secret] {
        let description = sandbox.description
        let master = try #require(settings.data.masterKey)
        var secrets = [try Secret(masterKey: master)]
        for folder in [description.directory, sandbox.certificates, "\(description.directory)/pki"] {
            for name in try TestFiles.names(in: folder) where name.hasSuffix(".key") {
                secrets.append(try Secret(pem: "\(folder)/\(name)"))
            }
        }
        for client in description.psc.clients {
            if let secret = client.secret { secrets.append(Secret("client \(client.id)", secret)) }
        }
        let control = try #require(description.control.split(separator: "/").last)
        return secrets + [Secret("control point", control)]
    }

    /// The arguments and the environment of a process.
    private func shown(_ process: Int32) throws -> (arguments: Data, environment: Data) {
        (
            Data(try TestFiles.read("/proc/\(process)/cmdline")),
            Data(try TestFiles.read("/proc/\(process)/environ"))
        )
    }

    @Test("EX_SSI_5100: no key, password or code stands in arguments, environment or log of mss-operator")
    func processes() async throws {
        let directory = try TestFiles.temporaryDirectory("mss-proc")
        let plan = SandboxPlan(
            operators: [.init("alpha", domains: ["ch-alpha.mssante.fr"])], whitelist: .generated(count: 60))
        let sandbox = try Sandbox.create(plan, in: directory)
        let running = try await sandbox.start()
        let one = sandbox.description.operators[0]
        let settings = try OperatorSettings(contentsOf: one.configuration)
        var secrets = try secrets(of: sandbox, settings)
        #expect(secrets.count > 8)
        let process = try await OperatorProcess.start(one.configuration)
        let common = ["--config", one.configuration, "--par", "adele.admin"]

        // A person's password and the secret of her codes, which the command shows this once. Accounts need the list.
        try await process.wait(for: "whitelist in force")
        let admin = AdminClient(socket: settings.administration.socket, administrator: "adele.admin")
        let loaded = try await admin.perform(LoadAccounts.self, .init(), payload: TestFiles.read(one.accountsFile))
        #expect(loaded.isAccepted, "\(loaded.problems)")
        let person = try #require(one.persons.first { $0.isEntitled })
        let enrolled = try await ExternalTool.run(
            OperatorProcess.executable, ["acces", "inscrire", person.identity, "--json"] + common)
        #expect(enrolled.succeeded, "\(enrolled.everything)")
        let reply = try JSONDecoder().decode(EnrolAccess.Reply.self, from: Data(enrolled.output))
        let code = try #require(reply.url.split(separator: "secret=").last?.split(separator: "&").first)
        secrets += [Secret("password", reply.password), Secret("code", code)]

        // A command that waits for its input: as long as that lasts, everybody can look at it.
        let input = "\(directory)/entree"
        #expect(mkfifo(input, 0o600) == 0)
        let writer = open(input, O_RDWR | O_CLOEXEC)
        let exploitation = settings.identity.postmaster.address.text
        let command = try BackgroundTool(
            "sh",
            [
                "-c", "input=$1; shift; exec \"$@\" <\"$input\"", "sh", input, OperatorProcess.executable, "envoyer",
                "--de", exploitation, "--a", exploitation,
            ] + common)
        let link = "/proc/\(command.processNumber)/exe"
        try await command.wait { _ in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: link))?.hasSuffix("/mss-operator") ?? false
        }

        for number in [process.processNumber, command.processNumber] {
            let (arguments, environment) = try shown(number)
            // What is there is seen.
            #expect(arguments.range(of: Data(one.configuration.utf8)) != nil)
            #expect(environment.range(of: Data("PATH=".utf8)) != nil)
            #expect(told(secrets, in: arguments) == [])
            #expect(told(secrets, in: environment) == [])
        }
        for secret in secrets where secret.name.hasPrefix("/") {
            let file = Data(try TestFiles.read(secret.name))
            #expect(told([secret], in: file) == [secret.name])
        }
        close(writer)
        _ = await command.ended()
        process.signal(SIGTERM)
        #expect(await process.ended() == 0, "\(process.written)")
        #expect(told(secrets, in: Data(process.written.utf8)) == [])
        try await running.stop()
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }
}
