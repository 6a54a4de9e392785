import MSSCore
import MSSTLS
import NIOCore
import NIOPosix

// The code of `TLSConnections.md`, compiled.

func tlsServerSnippet(
    identity: TLSIdentity, verifier: any PeerVerifier, group: any EventLoopGroup
) throws -> ServerBootstrap {
    // snippet: tls-server
    let context = try TLSContext(
        .server(policy: .operator(.v1_6), identity: identity, clientAuthentication: .required(verifier)))
    let entryPoint = ReloadableTLSContext(context)

    let server = ServerBootstrap(group: group)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(TLSHandler(server: entryPoint.current))
            }
        }
    // end snippet
    return server
}
