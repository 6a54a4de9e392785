import ArgumentParser
import MSSCore
import MSSDNS

/// Step 1: the servers of a mailbox, from its address alone (TM5.1P).
struct AutoconfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "autoconfig", abstract: "Trouve les serveurs d'une boîte par le DNS (EX_LPS_0300).")
    @Argument(help: "L'adresse de la boîte.") var address: String
    @OptionGroup var surroundings: SurroundingsOptions

    func run() async throws {
        try await ToldFailure.explaining {
            let resolver = try surroundings.values.resolver()
            let mailbox = try MailAddress(address)
            for (audience, who) in [
                (LPSServiceRecords.Audience.proSanteConnect, "jeton PSC  "), (.structureCertificate, "certificat "),
            ] {
                let servers = try await Servers.find(mailbox, audience, resolver)
                say("\(who) envoi   \(servers.submission.name):\(servers.submission.port)")
                say("\(who) lecture \(servers.reading.name):\(servers.reading.port)")
            }
        }
    }
}
