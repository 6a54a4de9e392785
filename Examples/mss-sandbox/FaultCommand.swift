public import ArgumentParser
public import MSSTestKit

extension SandboxService: ExpressibleByArgument {}

struct FaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault", abstract: "Déclenche une panne dans le bac à sable qui tourne, ou l'arrête (« aucune »).",
        discussion: SandboxService.allCases.map { "\($0.rawValue) : \($0.faults.joined(separator: ", "))" }
            .joined(separator: "\n"))

    @Argument(help: "Le dossier du bac à sable.") var directory: String
    @Argument(help: "liste, crl, ocsp, dns ou psc.") var service: SandboxService
    @Argument(help: "La panne, ou « aucune ».") var fault: String

    func run() async throws {
        print(try await Sandbox(directory: directory).tell(.fault(service, fault == "aucune" ? nil : fault)))
    }
}
