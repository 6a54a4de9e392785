public import MSSCore
public import MSSTraces

/// The commands about traces. The reader traces each access itself, granted or refused (EX_GDT_5010), so nothing is traced
/// here a second time.
public enum TraceCommands {
    /// All of them.
    public static let all: [any AdminCommand.Type] = [SearchTraces.self, ExportTraces.self]

    /// A reader for an administrator whose duty was checked, and her access.
    static func reader(
        _ context: AdminContext, purpose: String, _ kind: TraceAccess.Kind
    ) throws -> (TraceReader, TraceAccess) {
        let person = context.caller.person
        return (
            TraceReader(context.node.traces, policy: TraceAccessList([person.identifier: [kind]])),
            TraceAccess(by: person, for: try TracePurpose(words: purpose), means: context.caller.means)
        )
    }
}

/// `traces chercher`.
public enum SearchTraces: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// What to look for.
        public var criteria: TraceCriteria
        /// What for: `incident:RÉF`, `litige:RÉF`, `autorite:RÉF` or `exploitation:RAISON`.
        public var purpose: String
        /// As many at most.
        public var limit: Int

        /// A search.
        public init(criteria: TraceCriteria, purpose: String, limit: Int = 100) {
            self.criteria = criteria
            self.purpose = purpose
            self.limit = limit
        }
    }

    /// What was found, newest first.
    public struct Reply: Codable, Sendable, Hashable {
        /// A trace.
        public struct Record: Codable, Sendable, Hashable {
            /// The journal.
            public var family: String
            /// The number in it.
            public var number: UInt64
            /// When.
            public var time: String
            /// The kind of action.
            public var action: String
            /// How it ended.
            public var outcome: String
            /// The whole trace on a line.
            public var line: String
        }

        /// The traces.
        public var records: [Record]
        /// Whether there are more.
        public var hasMore: Bool
    }

    /// `traces-chercher`.
    public static let name = "traces-chercher"
    /// Traces.
    public static let duty = AdministrationDuty.traces

    /// Searches.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
        let query = try arguments.criteria.query(limit: min(max(arguments.limit, 1), 10_000))
        let (reader, access) = try TraceCommands.reader(context, purpose: arguments.purpose, .search)
        let page = try await reader.search(query, access)
        return Reply(
            records: page.records.map { record in
                Reply.Record(
                    family: record.family.rawValue, number: record.sequence,
                    time: (record.event.time ?? record.written).xsdDateTime, action: record.event.action.code,
                    outcome: record.event.outcome.rawValue, line: record.line)
            }, hasMore: page.next != nil)
    }
}

/// `traces exporter`: an export with its proof.
public enum ExportTraces: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// What to export.
        public var criteria: TraceCriteria
        /// What for.
        public var purpose: String
        /// The folder, absolute, empty or missing.
        public var folder: String

        /// An export.
        public init(criteria: TraceCriteria, purpose: String, folder: String) {
            self.criteria = criteria
            self.purpose = purpose
            self.folder = folder
        }
    }

    /// What was written.
    public struct Reply: Codable, Sendable, Hashable {
        /// The folder.
        public var folder: String
        /// Traces.
        public var records: Int
        /// Segments they come from.
        public var segments: Int
        /// SHA-256 of `traces.jsonl`.
        public var digest: String
    }

    /// `traces-exporter`.
    public static let name = "traces-exporter"
    /// Traces.
    public static let duty = AdministrationDuty.traces

    /// Exports.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
        guard arguments.folder.hasPrefix("/") else {
            throw AdminFailure(refused: "Le dossier de l'export doit être un chemin absolu.", "relative path")
        }
        let query = try arguments.criteria.query()
        let (reader, access) = try TraceCommands.reader(context, purpose: arguments.purpose, .export)
        let export = try await reader.export(query, to: arguments.folder, access)
        return Reply(
            folder: export.folder, records: export.records, segments: export.segments, digest: "\(export.digest)")
    }
}
