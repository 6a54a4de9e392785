import ArgumentParser
import MSSCore
import MSSTLS
import NIOCore
import NIOPosix

struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serveur", abstract: "Attend des correspondants et dit lesquels il accepte, et pourquoi.")

    @Argument(help: "Le dossier du bac à sable.") var directory: String
    @Argument(help: "Le nom du certificat à présenter.") var name: String

    func run() async throws {
        try await TrustSpace.use(directory) { try await run(in: $0) }
    }

    private func run(in space: TrustSpace) async throws {
        say(await space.refreshList().line)
        let context = try TLSContext(
            .server(
                policy: .operator(.v1_6), identity: space.identity(name),
                clientAuthentication: .required(space.verifier)))
        let whitelist = space.whitelist
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(server: context), Greeter(whitelist),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        say("ÉCOUTE \(listener.localAddress?.port ?? 0)")
        try await listener.closeFuture.get()
    }
}
