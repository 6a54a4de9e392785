import ArgumentParser
import Foundation
import Glibc
import MSSOperator

/// Which operator is asked, by whom, and how the answer is shown.
struct Connection: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "Fichier de configuration de l'opérateur ; sinon MSS_OPERATEUR_CONFIG, sinon /etc/mssante/operateur.yaml.",
            valueName: "fichier"))
    var configuration: String?
    @Option(
        name: .customLong("socket"),
        help: ArgumentHelp("Socket d'administration, au lieu de celle de la configuration.", valueName: "chemin"))
    var socket: String?
    @Option(
        name: .customLong("par"),
        help: ArgumentHelp(
            "Votre identifiant personnel ; sinon MSS_ADMINISTRATEUR, sinon SUDO_USER ou votre compte.",
            valueName: "identifiant"))
    var administrator: String?
    @Flag(name: .customLong("json"), help: "Réponse en JSON.") var json = false

    /// The settings file.
    static func settingsFile(_ given: String?) -> String {
        given ?? variable("MSS_OPERATEUR_CONFIG") ?? "/etc/mssante/operateur.yaml"
    }

    /// The client.
    func client(timeout: Duration = .seconds(120)) throws -> AdminClient {
        let path =
            try socket ?? Connection.variable("MSS_OPERATEUR_SOCKET")
            ?? OperatorSettings(contentsOf: Connection.settingsFile(configuration)).administration.socket
        return AdminClient(socket: path, administrator: declared, timeout: timeout)
    }

    /// Who asks. An account listed in the settings needs no name: the operator knows it.
    private var declared: String? {
        if let name = administrator ?? Connection.variable("MSS_ADMINISTRATEUR") { return name }
        guard getuid() == 0 else { return nil }
        // Root's own name is nobody's.
        return Connection.variable("SUDO_USER")
    }

    /// Performs a command and shows its answer, as JSON or in French.
    ///
    /// - Parameter check: throws the exit status that the answer stands for.
    func perform<Command: AdminCommand>(
        _ command: Command.Type, _ arguments: Command.Arguments, payload: [UInt8] = [],
        timeout: Duration = .seconds(120),
        show: (Command.Reply) -> Void, check: (Command.Reply) throws -> Void = { _ in }
    ) async throws {
        let answer = try await client(timeout: timeout).ask(command, arguments, payload: payload)
        let reply = try JSONDecoder().decode(Command.Reply.self, from: Data(answer))
        if json { say(String(decoding: answer, as: UTF8.self)) } else { show(reply) }
        // EX_GDT_5020: whoever sits at a terminal is told; scripts read the manual.
        if isatty(STDERR_FILENO) == 1 { complain("Vos actions sont tracées à votre nom (EX_GDT_5020).") }
        try check(reply)
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
