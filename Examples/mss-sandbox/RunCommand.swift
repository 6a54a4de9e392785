import ArgumentParser
import Glibc
import MSSTestKit

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract:
            "Sert la partie ANS du bac à sable sur la boucle locale : liste blanche, CRL, OCSP, DNS, Pro Santé Connect.",
        discussion:
            "Les pannes se commandent pendant la marche, par exemple : mss-sandbox fault DOSSIER liste falsifiee")

    @Argument(help: "Le dossier du bac à sable.") var directory: String

    func run() async throws {
        let running = try await Sandbox(directory: directory).start()
        let description = running.sandbox.description
        print("Liste blanche : \(description.whitelist.url)")
        print("CRL           : \(description.crl.intermediate)")
        print("OCSP          : \(description.ocsp)")
        print("DNS           : \(running.dns.forwarder)")
        print("PSC           : \(running.psc.issuer)")
        print("Autorités     : \(description.authorities.trustStore)")
        print("Le bac à sable tourne. Ctrl-C pour arrêter.")
        fflush(nil)  // all streams: `stdout` is not visible to Swift 6
        await Interruption.wait()
        try await running.stop()
    }
}
