public import MSSCore
import MSSStore
import MSSTraces

/// The commands about backups.
public enum BackupCommands {
    /// All of them.
    public static let all: [any AdminCommand.Type] = [MakeBackup.self]
}

/// `sauvegarde`: a backup of everything, while the operator works (EX_SSI_5110).
public enum MakeBackup: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The folder, absolute, empty or missing; the service's account must be able to write it.
        public var folder: String

        /// A backup to a folder.
        public init(folder: String) { self.folder = folder }
    }

    /// `sauvegarder`.
    public static let name = "sauvegarder"
    /// Backups.
    public static let duty = AdministrationDuty.backups

    /// Who took a copy of everything, and where it went.
    public static func trace(_ arguments: Arguments) -> AdminTrace? {
        AdminTrace(.changeConfiguration, "sauvegarde vers \(arguments.folder)")
    }

    /// Makes the backup.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> BackupSummary {
        guard arguments.folder.hasPrefix("/") else {
            throw AdminFailure(refused: "Le dossier de la sauvegarde doit être un chemin absolu.", "relative path")
        }
        let node = context.node
        let root = node.layout.root
        guard arguments.folder != root, !arguments.folder.hasPrefix(root + "/") else {
            throw AdminFailure(
                refused: "Une sauvegarde dans le dossier des données (\(root)) disparaîtrait avec lui.",
                "backup within the data",
                "EX_SSI_5110")
        }
        return try await OperatorBackup(stores: try node.backedUpStores, clock: node.clock)
            .write(to: arguments.folder, serverName: node.settings.identity.serverName.ascii)
    }
}

extension OperatorNode {
    /// The stores of a backup.
    ///
    /// - Throws: ``AdminFailure`` where a store is another system's, which has backups of its own.
    var backedUpStores: BackedUpStores {
        get throws {
            guard let ledgers = jobs as? SQLiteLedgers, let quarantine = quarantine as? SealedQuarantine else {
                throw AdminFailure(
                    refused: "Les registres ou la quarantaine sont tenus par un autre système, qui les sauvegarde.",
                    "stores of another system")
            }
            return BackedUpStores(
                spool: spool, mail: mail, accounts: repository, credentials: clients.credentials, ledgers: ledgers,
                quarantine: quarantine, traces: traces
            )
        }
    }
}
