import MSSCore
import MSSSMTP
import MSSStore

/// `file`: looks into the queue and handles it.
public enum QueueCommands {
    static let all: [any AdminCommand.Type] = [
        List.self, Messages.self, Show.self, Retry.self, Hold.self, Release.self, Drop.self,
    ]

    // MARK: Looking

    /// What waits, by destination.
    public enum List: AdminCommand {
        /// One destination.
        public struct Destination: Codable, Sendable, Hashable {
            /// The domain.
            public var domain: String
            /// Messages that wait.
            public var messages: Int
            /// Octets of these messages.
            public var octets: Int
            /// Messages held back.
            public var held: Int
            /// Messages under way just now.
            public var leased: Int
            /// When the oldest arrived.
            public var oldest: String
            /// When the next attempt is due.
            public var next: String?
            /// Why the last attempts failed, and for how many messages.
            public var reasons: [String: Int]

            enum CodingKeys: String, CodingKey {
                case domain = "domaine"
                case messages
                case octets
                case held = "retenus"
                case leased = "en_cours"
                case oldest = "plus_ancien"
                case next = "prochaine_tentative"
                case reasons = "motifs"
            }
        }

        /// The queue.
        public struct Reply: Codable, Sendable, Hashable {
            /// Messages in all.
            public var messages: Int
            /// Destinations, the most messages first.
            public var destinations: [Destination]
        }

        /// `file`.
        public static let name = "file"
        /// To see is to observe.
        public static let duty = AdministrationDuty.observation

        /// Lists.
        public static func run(_ arguments: AdminNothing, _ context: AdminContext) async throws -> Reply {
            Reply(
                messages: context.node.spool.count,
                destinations: context.node.spool.destinations().map { one in
                    Destination(
                        domain: one.domain, messages: one.messages, octets: one.octets, held: one.held,
                        leased: one.leased, oldest: one.oldest.shown, next: one.nextAttempt?.shown,
                        reasons: one.reasons)
                })
        }
    }

    /// A message in the queue, without its recipients.
    public struct Message: Codable, Sendable, Hashable {
        /// What waits of it for one domain.
        public struct Share: Codable, Sendable, Hashable {
            /// The domain.
            public var domain: String
            /// When the next attempt is due.
            public var due: String
            /// Attempts made.
            public var attempts: Int
            /// Whether one is under way.
            public var isLeased: Bool
            /// Why the last one failed.
            public var reason: String?

            enum CodingKeys: String, CodingKey {
                case domain = "domaine"
                case due = "prochaine_tentative"
                case attempts = "tentatives"
                case isLeased = "en_cours"
                case reason = "motif"
            }
        }

        /// Its name.
        public var id: String
        /// When it arrived.
        public var arrival: String
        /// Octets.
        public var size: Int
        /// Whether it is held back.
        public var isHeld: Bool
        /// Whether it is damaged on the disk.
        public var isDamaged: Bool
        /// What waits of it.
        public var shares: [Share]

        enum CodingKeys: String, CodingKey {
            case id = "message"
            case arrival = "arrivee"
            case size = "octets"
            case isHeld = "retenu"
            case isDamaged = "endommage"
            case shares = "destinations"
        }

        init(_ summary: SpoolSummary) {
            id = summary.id.rawValue
            arrival = summary.arrival.shown
            size = summary.size
            isHeld = summary.isHeld
            isDamaged = summary.isDamaged
            shares = summary.shares.map {
                Share(
                    domain: $0.destination, due: $0.due.shown, attempts: $0.attempts, isLeased: $0.isLeased,
                    reason: $0.reason)
            }
        }
    }

    /// Messages, in the order of arrival.
    public enum Messages: AdminCommand {
        /// Which.
        public struct Arguments: Codable, Sendable, Hashable {
            /// Only those for this domain.
            public var domain: String?
            /// Only those behind this one.
            public var after: String?
            /// At most so many, 1000 at most.
            public var limit: Int?

            /// Arguments.
            public init(domain: String? = nil, after: String? = nil, limit: Int? = nil) {
                self.domain = domain
                self.after = after
                self.limit = limit
            }

            enum CodingKeys: String, CodingKey {
                case domain = "domaine"
                case after = "apres"
                case limit = "nombre"
            }
        }

        /// `file-messages`.
        public static let name = "file-messages"
        /// To see is to observe.
        public static let duty = AdministrationDuty.observation

        /// Lists.
        public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> [Message] {
            context.node.spool.messages(
                to: try arguments.domain.map(domain), after: arguments.after.map { DeliveryID($0) },
                limit: min(max(arguments.limit ?? 100, 1), 1000)
            ).map { Message($0) }
        }
    }

    /// One message, by its name.
    public struct Named: Codable, Sendable, Hashable {
        /// The name.
        public var message: String

        /// A name.
        public init(_ message: String) { self.message = message }

        var id: DeliveryID { DeliveryID(message) }
    }

    /// One message with its envelope; never its content.
    public enum Show: AdminCommand {
        /// What is shown.
        public struct Reply: Codable, Sendable, Hashable {
            /// The message.
            public var message: Message
            /// The sender; `nil` for a notice.
            public var sender: String?
            /// The recipients that wait.
            public var recipients: [String]

            enum CodingKeys: String, CodingKey {
                case message
                case sender = "emetteur"
                case recipients = "destinataires"
            }
        }

        /// `file-montrer`.
        public static let name = "file-montrer"
        /// Who writes to whom is not for every observer.
        public static let duty = AdministrationDuty.queue
        /// Traced: it shows who writes to whom.
        public static func trace(_ arguments: Named) -> AdminTrace? {
            AdminTrace(.handleQueue, "file montrer \(arguments.message)")
        }

        /// Shows.
        public static func run(_ arguments: Named, _ context: AdminContext) async throws -> Reply {
            guard let found = try await context.node.spool.message(arguments.id) else {
                throw unknown(arguments.message)
            }
            return Reply(
                message: Message(found.summary), sender: found.message.envelope.sender?.text,
                recipients: found.message.envelope.recipients.map(\.address.text))
        }
    }
}
