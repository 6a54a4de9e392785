import ArgumentParser
import MSSCore
import MSSTestKit

struct WhitelistCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whitelist", abstract: "La liste blanche : fichiers.",
        subcommands: [Generate.self, Sign.self])

    struct Generate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Génère une liste aux formes et bizarreries de la liste publiée, aux noms inventés ; sans signature.")

        @Argument(help: "Le fichier à écrire.") var file: String
        @Option(help: "Nombre d'entrées (au moins 60).") var count = WhitelistGenerator.publishedCount
        @Option(help: "Graine : même graine, même liste.") var seed: UInt64 = 1

        func validate() throws {
            guard count >= 60 else { throw ValidationError("Il faut au moins 60 entrées.") }
        }

        func run() throws {
            let now = Timestamp(seconds: SystemWallClock().now().seconds)
            let list = WhitelistGenerator(seed: seed, count: count, generated: now).make()
            let bytes = WhitelistWriter.write(list)
            try TestFiles.write(bytes, to: file)
            let names = Set(list.entries.map(\.name)).count
            print("\(file) : \(list.entries.count) entrées, \(names) domaines, \(bytes.count) octets.")
        }
    }

    struct Sign: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Signe une liste (XMLDSig enveloppé, rsa-sha256) au nom de l'agence.")

        @Argument(help: "Le dossier du bac à sable.") var directory: String
        @Argument(help: "La liste à signer.") var file: String
        @Option(help: "Le fichier signé à écrire.") var output: String

        func run() throws {
            let signer = try Sandbox(directory: directory).issue(
                "signataire", .whitelistSigner, subject: .agency)
            let signed = try TestXMLSigner(signer).sign(TestFiles.read(file))
            try TestFiles.write(signed, to: output)
            print("\(output) : \(signed.count) octets, signée par \(signer.subject).")
        }
    }
}
