import ArgumentParser
import MSSCore
import MSSTLS
import MSSWhitelist
import NIOCore
import NIOPosix

struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client", abstract: "Joint un correspondant, vérifie qui il est, et dit ce qu'il en pense.")

    @Argument(help: "Le dossier du bac à sable.") var directory: String
    @Argument(help: "Le port du serveur.") var port: Int
    @Argument(help: "Le nom du certificat à présenter ; absent : aucun certificat.") var name: String?
    @Option(help: "Le domaine pour lequel le serveur doit pouvoir parler.") var domain: String

    func run() async throws {
        try await TrustSpace.use(directory) { try await run(in: $0) }
    }

    private func run(in space: TrustSpace) async throws {
        await space.whitelist.loadCopy()
        let context = try TLSContext(
            .client(policy: .operator(.v1_6), identity: name.map(space.identity), verifier: space.verifier))
        let (meetings, continuation) = AsyncStream.makeStream(of: Meeting.self)
        _ = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(client: context, serverName: nil), Listener { continuation.yield($0) },
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        for await meeting in meetings {
            try judge(meeting, space.whitelist)
            return
        }
    }

    private func judge(_ meeting: Meeting, _ whitelist: any Whitelist) throws {
        if let facts = meeting.facts, let peer = facts.peer {
            let name = peer.certificate.subject
            say("Serveur : \(name.rfc4514) (\(facts.version))")
            // EX_3.2_5060 and the steps after it: the server's DN must be tied to the recipient's domain.
            switch whitelist.decide(name, for: try Domain(domain)) {
            case .allowed: say("La liste blanche l'autorise pour \(domain).")
            case .refused(let refusal):
                say("Refusé : \(refusal.told)")
                throw ExitCode(1)
            }
        }
        if let failure = meeting.failure {
            say("Échec : \(failure.told)")
            throw ExitCode(1)
        }
        say("Réponse : \(meeting.line.split(separator: "\n").first ?? "aucune")")
        if !meeting.line.hasPrefix("BIENVENUE") { throw ExitCode(1) }
    }
}
