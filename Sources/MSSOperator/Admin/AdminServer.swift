import Foundation
import Glibc
import Logging
import MSSCore
import MSSSessions
import MSSTraces

/// Obeys administrators over the Unix socket: `POST /commandes/NAME` with the arguments as one line of JSON and, for the
/// commands that take one, a payload behind its line end (decision 0172).
final class AdminServer: Sendable {
    private let server: LocalHTTPServer
    private let path: String

    private init(_ server: LocalHTTPServer, _ path: String) {
        self.server = server
        self.path = path
    }

    /// Arguments alone are never longer.
    static let argumentLimit = 1 << 20
    static let prefix = "/commandes/"

    static func start(_ node: OperatorNode) async throws -> AdminServer {
        let settings = node.settings.administration
        let descriptor = try LocalSocket.listen(at: settings.socket, opensToGroup: settings.opensToGroup)
        var limits = LocalHTTPServer.Limits()
        limits.body = { path in
            let name = path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : ""
            // An unknown command is told so, and not that its request is too large.
            return argumentLimit + (AdminRegistry.byName[name]?.payloadLimit ?? 0)
        }
        let server = try await LocalHTTPServer.start(.inherited(descriptor: descriptor), limits: limits) {
            [weak node] request in
            guard let node else { return .text(503, "Arrêt en cours.") }
            return await AdminServer.answer(request, node)
        }
        return AdminServer(server, settings.socket)
    }

    func stop() async {
        await server.stop()
        unlink(path)
    }

    // MARK: Requests

    private static func answer(_ request: LocalRequest, _ node: OperatorNode) async -> LocalResponse {
        do {
            let caller = try AdminCaller(
                request.peer, declared: request.headers["mss-administrateur"], node.settings.administration)
            guard request.path.hasPrefix(prefix),
                let command = AdminRegistry.byName[
                    String(request.path.dropFirst(prefix.count))]
            else { throw AdminFailure(.unknownCommand) }
            guard request.method == "POST" else { throw AdminFailure(.wrongMethod) }
            do throws(AdminFailure) {
                try node.settings.administration.require(command.duty, of: caller)
            } catch {
                await refuse(caller, command, error, node)
                throw error
            }
            return .json(200, try await perform(command, request.body, caller, node))
        } catch {
            let failure = AdminFailure(error)
            if failure.status >= 500 {
                node.logger.error("administration", metadata: ["path": "\(request.path)", "error": "\(error)"])
            }
            return .json(failure.status, failure.json)
        }
    }

    /// Doors tried are traced too (EX_SSI_5090).
    private static func refuse(
        _ caller: AdminCaller, _ command: any AdminCommand.Type, _ failure: AdminFailure, _ node: OperatorNode
    ) async {
        await node.trace([
            TraceEvent(
                .changeConfiguration, .refused, by: .administrator(caller.person), means: caller.means,
                request: TraceText(command.name), reply: TraceText(failure.explanation))
        ])
    }

    private static func perform<Command: AdminCommand>(
        _ command: Command.Type, _ body: [UInt8], _ caller: AdminCaller, _ node: OperatorNode
    ) async throws -> [UInt8] {
        var line = body[...]
        var payload: ArraySlice<UInt8> = []
        if Command.payloadLimit > 0, let end = body.firstIndex(of: 0x0A) {
            line = body[..<end]
            payload = body[(end + 1)...]
        }
        guard line.count <= argumentLimit, payload.count <= Command.payloadLimit else { throw AdminFailure(.tooLarge) }
        let arguments: Command.Arguments
        do {
            arguments = try JSONDecoder().decode(
                Command.Arguments.self, from: Data(line.isEmpty ? Array("{}".utf8)[...] : line))
        } catch { throw AdminFailure(.arguments, AdminServer.reason(error)) }
        var logger = node.logger
        logger[metadataKey: "administrateur"] = "\(caller.person.identifier)"
        let context = AdminContext(node: node, caller: caller, payload: Array(payload), logger: logger)
        let trace = Command.trace(arguments)
        do {
            let reply = try await Command.run(arguments, context)
            if let trace { await node.trace([event(trace, .success, nil, caller)]) }
            logger.info("command", metadata: ["command": "\(Command.name)"])
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            encoder.dateEncodingStrategy = .iso8601
            return Array(try encoder.encode(reply))
        } catch {
            let failure = AdminFailure(error)
            if let trace {
                let outcome: TraceOutcome = failure.status == 500 ? .failure : .refused
                await node.trace([event(trace, outcome, failure.explanation, caller)])
            }
            throw error
        }
    }

    private static func event(
        _ trace: AdminTrace, _ outcome: TraceOutcome, _ reply: String?, _ caller: AdminCaller
    ) -> TraceEvent {
        TraceEvent(
            trace.action, outcome, by: .administrator(caller.person), mailbox: trace.mailbox, means: caller.means,
            request: TraceText(trace.request), reply: reply.map { TraceText($0) }, changes: trace.changes)
    }

    /// What is wrong with JSON arguments, without their values.
    private static func reason(_ error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        return switch error as? DecodingError {
        case .keyNotFound(let key, _): "« \(key.stringValue) » manque"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "« \(path(context)) » n'est pas du bon type"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty: "« \(path(context)) » n'est pas admis"
        default: "ce n'est pas du JSON"
        }
    }
}
