import MSSAccounts
import MSSCore
import MSSTraces

/// `comptes charger`: structures, persons and mailboxes from a file, all of them or none.
public enum LoadAccounts: AdminCommand {
    /// How the file is to be read.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The table of a CSV file: `structures`, `persons`, `mailboxes` or `reservations`; `nil` for JSON.
        public var table: String?

        /// Arguments.
        public init(table: String? = nil) { self.table = table }
    }

    /// What came of it.
    public struct Reply: Codable, Sendable, Hashable {
        /// What is wrong, and where.
        public struct Problem: Codable, Sendable, Hashable {
            /// The table.
            public var table: String?
            /// The line of the file, from 1.
            public var line: Int
            /// The column.
            public var column: String?
            /// The French sentence.
            public var explanation: String

            enum CodingKeys: String, CodingKey {
                case table
                case line = "ligne"
                case column = "colonne"
                case explanation = "explication"
            }
        }

        /// Whether everything was kept; nothing was, otherwise.
        public var isAccepted: Bool
        /// Records read, by table.
        public var counts: [String: Int]
        /// The problems.
        public var problems: [Problem]
        /// Whether there were more.
        public var isCut: Bool

        enum CodingKeys: String, CodingKey {
            case isAccepted = "charge"
            case counts = "nombres"
            case problems = "problemes"
            case isCut = "suite"
        }
    }

    /// `comptes-charger`.
    public static let name = "comptes-charger"
    /// Mailboxes.
    public static let duty = AdministrationDuty.mailboxes
    /// As much as a load reads.
    public static let payloadLimit = 256 << 20

    /// Loads; the accounts trace it themselves, record by record.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
        let source: ImportSource
        if let name = arguments.table {
            guard let table = AccountTable(rawValue: name) else {
                throw AdminFailure(
                    400, "Les tables sont \(AccountTable.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            source = .csv([table: context.payload])
        } else {
            source = .json(context.payload)
        }
        let report = try await context.node.accounts.load(
            source, by: .administrator(context.caller.person.identifier))
        try await context.node.index.refresh()
        return Reply(report)
    }
}

extension LoadAccounts.Reply {
    init(_ report: ImportReport) {
        isAccepted = report.isAccepted
        counts = Dictionary(uniqueKeysWithValues: report.counts.map { ($0.key.rawValue, $0.value) })
        problems = report.problems.map {
            Problem(table: $0.table?.rawValue, line: $0.line, column: $0.column, explanation: $0.explanation)
        }
        isCut = report.isCut
    }
}
