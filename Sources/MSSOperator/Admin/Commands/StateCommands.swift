import MSSCore
import MSSTraces

/// `etat` and `recharger`: the service as a whole.
public enum StateCommands {
    static let all: [any AdminCommand.Type] = [State.self, Reload.self]

    /// How the service is.
    public enum State: AdminCommand {
        /// The state.
        public struct Reply: Codable, Sendable, Hashable {
            /// The name of the server.
            public var server: String
            /// Since when it runs.
            public var since: String
            /// The domains.
            public var domains: [String]
            /// The parts.
            public var health: Health

            enum CodingKeys: String, CodingKey {
                case server = "serveur"
                case since = "depuis"
                case domains = "domaines"
                case health = "sante"
            }
        }

        /// `etat`.
        public static let name = "etat"
        /// To see is to observe.
        public static let duty = AdministrationDuty.observation

        /// Tells.
        public static func run(_ arguments: AdminNothing, _ context: AdminContext) async throws -> Reply {
            let settings = context.node.settings
            return Reply(
                server: settings.identity.serverName.ascii, since: context.node.opened.shown,
                domains: settings.identity.domains.map(\.ascii), health: await context.node.health())
        }
    }

    /// Reads settings, certificates and the whitelist again, as SIGHUP does.
    public enum Reload: AdminCommand {
        /// `recharger`.
        public static let name = "recharger"
        /// Whoever may refresh what decides on exchanges.
        public static let duty = AdministrationDuty.whitelist

        /// Reloads; traced by the reload itself.
        public static func run(_ arguments: AdminNothing, _ context: AdminContext) async throws -> ReloadReport {
            await context.node.reload(by: .administrator(context.caller.person))
        }
    }
}
