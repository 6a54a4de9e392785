import ArgumentParser
import FoundationEssentials
import Glibc
import MSSCore
import MSSTestKit

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Sert la liste blanche (HTTPS), les CRL et l'OCSP sur la boucle locale.",
        discussion: """
            Écrit DOSSIER/sandbox.json : processus, listeBlanche, crl, ocsp, commande (URL) et autorites (fichier). \
            Les pannes se commandent pendant la marche : « mss-sandbox fault DOSSIER liste falsifiee ».
            """)

    @Argument(help: "Le dossier du bac à sable ; la hiérarchie y est créée si elle manque.") var directory: String
    @Option(help: "Nombre d'entrées de la liste générée (au moins 60).") var count = WhitelistGenerator.publishedCount
    @Option(help: ArgumentHelp("Ajoute un domaine à la liste, pour un certificat émis.", valueName: "domaine=nom"))
    var authorize: [String] = []
    @Option(help: "Port de la liste (0 : un port libre).") var whitelistPort = 0
    @Option(help: "Port des CRL (0 : un port libre).") var crlPort = 0
    @Option(help: "Port OCSP (0 : un port libre).") var ocspPort = 0

    func validate() throws {
        guard count >= 60 else { throw ValidationError("Il faut au moins 60 entrées.") }
        for item in authorize where item.split(separator: "=").count != 2 {
            throw ValidationError("--authorize attend domaine=nom, et non « \(item) ».")
        }
    }

    func run() async throws {
        let layout = SandboxLayout(directory)
        let pki = layout.hasPKI ? try layout.openPKI() : try TestPKI()
        let crl = try await CRLServer.start(pki, port: crlPort)
        let ocsp = try await OCSPResponder.start(pki, port: ocspPort)
        pki.endpoints = TestEndpoints(crlServer: crl.url, ocspResponder: ocsp.url)
        let whitelist = try await WhitelistServer.start(list(layout), pki: pki, port: whitelistPort)
        try TestFiles.write(whitelist.signedList, to: layout.whitelist)
        try crl.publish()
        try pki.save(to: layout.pki)
        let administration = Administration(layout: layout, pki: pki, whitelist: whitelist, crl: crl, ocsp: ocsp)
        let control = try await administration.start()
        let description = SandboxDescription(
            processus: getpid(), listeBlanche: whitelist.url, crl: crl.url, ocsp: ocsp.url, commande: control,
            autorites: "\(layout.pki)/ca.pem")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try TestFiles.write(Array(encoder.encode(description)), to: layout.description, mode: 0o600)
        print("Liste blanche : \(whitelist.url)")
        print("CRL           : \(crl.url)/intermediate.crl")
        print("OCSP          : \(ocsp.url)/")
        print("Autorités     : \(layout.pki)/ca.pem")
        print("Détails dans \(layout.description). Ctrl-C pour arrêter.")
        fflush(nil)  // all streams: `stdout` is not visible to Swift 6
        await Interruption.wait()
        unlink(layout.description)
        try await whitelist.stop()
        try await crl.stop()
        try await ocsp.stop()
    }

    /// The generated list, with the domains asked for.
    private func list(_ layout: SandboxLayout) throws -> TestWhitelist {
        let now = Timestamp(seconds: SystemWallClock().now().seconds)
        var list = WhitelistGenerator(count: count, generated: now).make()
        for item in authorize {
            let parts = item.split(separator: "=").map(String.init)
            let path = parts[1].contains("/") ? parts[1] : "\(layout.certificates)/\(parts[1]).pem"
            let certificate = try TestCredential.inspect(pemFile: path)
            list.entries.append(
                .init(
                    name: parts[0], description: "Domaine de messagerie MSSanté de \(parts[0])",
                    certificateName: certificate.subject, updated: now))
        }
        return list
    }
}
