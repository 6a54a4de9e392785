import MSSConnector
import MSSCore
import MSSSMTP
import MSSStore

// What changes the queue: each call is traced under the administrator's name.
extension QueueCommands {
    /// Makes messages due at once.
    public enum Retry: AdminCommand {
        /// Which: one message, or all of a destination.
        public struct Arguments: Codable, Sendable, Hashable {
            /// The message's name.
            public var message: String?
            /// The destination.
            public var domain: String?

            /// Arguments.
            public init(message: String? = nil, domain: String? = nil) {
                self.message = message
                self.domain = domain
            }

            enum CodingKeys: String, CodingKey {
                case message
                case domain = "domaine"
            }
        }

        /// How many messages that concerns.
        public struct Reply: Codable, Sendable, Hashable {
            /// How many.
            public var messages: Int
        }

        /// `file-relancer`.
        public static let name = "file-relancer"
        /// Handling the queue.
        public static let duty = AdministrationDuty.queue
        /// Traced.
        public static func trace(_ arguments: Arguments) -> AdminTrace? {
            AdminTrace(.handleQueue, "file relancer \(arguments.message ?? arguments.domain ?? "")")
        }

        /// Retries.
        public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
            let count: Int
            switch (arguments.message, arguments.domain) {
            case (let message?, nil):
                try await known(message) { try await context.node.spool.retry(DeliveryID(message), at: context.now) }
                count = 1
            case (nil, let name?):
                count = try await context.node.spool.retry(destination: try domain(name), at: context.now)
            default: throw AdminFailure(400, "Donnez un message ou un domaine, l'un des deux.")
            }
            context.node.connector.wake()
            return Reply(messages: count)
        }
    }

    /// Holds a message back.
    public enum Hold: AdminCommand {
        /// `file-retenir`.
        public static let name = "file-retenir"
        /// Handling the queue.
        public static let duty = AdministrationDuty.queue
        /// Traced.
        public static func trace(_ arguments: Named) -> AdminTrace? {
            AdminTrace(.handleQueue, "file retenir \(arguments.message)")
        }

        /// Holds.
        public static func run(_ arguments: Named, _ context: AdminContext) async throws -> AdminNothing {
            try await known(arguments.message) { try await context.node.spool.hold(arguments.id, true) }
            return AdminNothing()
        }
    }

    /// Releases a message that is held back.
    public enum Release: AdminCommand {
        /// `file-liberer`.
        public static let name = "file-liberer"
        /// Handling the queue.
        public static let duty = AdministrationDuty.queue
        /// Traced.
        public static func trace(_ arguments: Named) -> AdminTrace? {
            AdminTrace(.handleQueue, "file liberer \(arguments.message)")
        }

        /// Releases.
        public static func run(_ arguments: Named, _ context: AdminContext) async throws -> AdminNothing {
            try await known(arguments.message) { try await context.node.spool.hold(arguments.id, false) }
            context.node.connector.wake()
            return AdminNothing()
        }
    }

    /// Removes a message for good; nobody is told.
    public enum Drop: AdminCommand {
        /// `file-supprimer`.
        public static let name = "file-supprimer"
        /// Handling the queue.
        public static let duty = AdministrationDuty.queue
        /// Traced.
        public static func trace(_ arguments: Named) -> AdminTrace? {
            AdminTrace(.handleQueue, "file supprimer \(arguments.message)")
        }

        /// Removes.
        public static func run(_ arguments: Named, _ context: AdminContext) async throws -> AdminNothing {
            try await known(arguments.message) { try await context.node.spool.drop(arguments.id) }
            return AdminNothing()
        }
    }
}
