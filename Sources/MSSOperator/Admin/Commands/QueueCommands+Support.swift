import MSSCore
import MSSSMTP
import MSSTraces

extension QueueCommands {
    static func domain(_ text: String) throws(AdminFailure) -> Domain {
        do { return try Domain(text) } catch {
            throw AdminFailure(400, "« \(text.prefix(100)) » n'est pas un domaine.")
        }
    }

    static func unknown(_ message: String) -> AdminFailure {
        AdminFailure(404, "Aucun message « \(message.prefix(100)) » n'est dans la file : il a pu partir entre-temps.")
    }

    /// Does something to a message that must be in the queue.
    static func known(_ message: String, _ body: () async throws -> Void) async throws {
        do { try await body() } catch DeliveryQueueError.unknownMessage { throw unknown(message) }
    }
}

extension TraceAction {
    /// An administrator looks at a message of the queue, retries, holds, releases or drops it.
    static let handleQueue = TraceAction(.technical, "queue.handle")!  // a constant of allowed characters
}
