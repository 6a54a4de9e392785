import MSSConnector
import MSSCore
import MSSTraces

/// `ronde`: the daily round through the mailboxes, and the date that it waits for.
public enum RoundCommands {
    static let all: [any AdminCommand.Type] = [Show.self, Confirm.self]

    /// What an administrator does about a doubt.
    static let remedy = "Vérifiez la date de la machine, puis : mss-operator ronde confirmer."

    /// When it was made last.
    public enum Show: AdminCommand {
        /// The state.
        public struct Reply: Codable, Sendable, Hashable {
            /// When the last round was due.
            public var last: String?
            /// Failures since then.
            public var failures: Int
            /// Why none is made, in French.
            public var doubt: String?

            enum CodingKeys: String, CodingKey {
                case last = "derniere"
                case failures = "echecs"
                case doubt = "doute"
            }
        }

        /// `ronde`.
        public static let name = "ronde"
        /// To see is to observe.
        public static let duty = AdministrationDuty.observation

        /// Tells.
        public static func run(_ arguments: AdminNothing, _ context: AdminContext) async throws -> Reply {
            let status = try await context.node.connector.roundStatus()
            return Reply(last: status.last?.shown, failures: status.failures, doubt: status.doubt?.explanation)
        }
    }

    /// Takes the administrator's word for the date.
    public enum Confirm: AdminCommand {
        /// What stood in the way.
        public struct Reply: Codable, Sendable, Hashable {
            /// The doubt that is settled, in French.
            public var doubt: String

            enum CodingKeys: String, CodingKey { case doubt = "doute" }
        }

        /// `ronde-confirmer`.
        public static let name = "ronde-confirmer"
        /// The round warns, purges and deletes.
        public static let duty = AdministrationDuty.mailboxes
        /// Traced.
        public static func trace(_ arguments: AdminNothing) -> AdminTrace? {
            AdminTrace(.changeConfiguration, "ronde confirmer")
        }

        /// Confirms.
        public static func run(_ arguments: AdminNothing, _ context: AdminContext) async throws -> Reply {
            guard let doubt = try await context.node.connector.confirmRound() else {
                throw AdminFailure(409, "La ronde n'attend pas de confirmation.")
            }
            return Reply(doubt: doubt.explanation)
        }
    }
}

extension LifecycleJob.Doubt {
    /// In French.
    var explanation: String {
        switch self {
        case .clockWentBack(let days):
            "La dernière ronde est datée de \(days) jours plus tard qu'aujourd'hui : aucune ronde n'est faite."
        case .confirmationNeeded(let days):
            "\(days) jours sans ronde : la date peut être fausse, aucune ronde n'est faite."
        }
    }
}
