import ArgumentParser
import FrenchCommandLine

/// The smallest program of an operator: keeps a verified whitelist, authenticates its peer in mutual TLS as connectors
/// must (EX_OPE_5020, EX_OPE_5040, EX_OPE_5050), and checks the peer's name in the list.
@main
struct Handshake: FrenchCommandLine {
    static let configuration = CommandConfiguration(
        commandName: "mss-poignee",
        abstract: "Deux opérateurs s'authentifient dans un bac à sable (mss-sandbox run).",
        subcommands: [ListCommand.self, ServerCommand.self, ClientCommand.self])
}
