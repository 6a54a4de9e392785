import ArgumentParser
import MSSTestKit

struct FaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault", abstract: "Déclenche une panne dans le bac à sable qui tourne, ou l'arrête (« aucune »).",
        discussion: """
            liste : \(WhitelistFault.allCases.map(\.rawValue).joined(separator: ", "))
            crl   : \(Administration.crlFaults.keys.sorted().joined(separator: ", "))
            ocsp  : \(Administration.ocspFaults.joined(separator: ", "))
            """)

    enum Service: String, ExpressibleByArgument, CaseIterable { case liste, crl, ocsp }

    @Argument(help: "Le dossier du bac à sable.") var directory: String
    @Argument(help: "liste, crl ou ocsp.") var service: Service
    @Argument(help: "La panne, ou « aucune ».") var fault: String

    func run() async throws {
        let description = try SandboxLayout(directory).running()
        let answer = try await Administration.ask("\(description.commande)/panne/\(service.rawValue)/\(fault)")
        print(answer)
    }
}
