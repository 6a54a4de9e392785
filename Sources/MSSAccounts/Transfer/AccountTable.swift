/// The tables of a bulk load, and the names of their columns: CSV headers and JSON members alike.
public enum AccountTable: String, Sendable, Hashable, CaseIterable {
    /// Structures.
    case structures
    /// Persons.
    case persons
    /// Mailboxes.
    case mailboxes
    /// Addresses of deleted mailboxes that are kept from others (RE_GBM_4330).
    case reservations

    /// The columns, in the order of an export.
    public var columns: [String] {
        switch self {
        case .structures: ["identifier", "name", "entity", "parent", "in_finess"]
        case .persons:
            [
                "identity", "given_name", "family_name", "entitled", "acts_for_structure", "professions", "structures",
                "managed_structures", "contact", "authorised", "reviewed_at", "last_authentication", "terms",
            ]
        case .mailboxes:
            [
                "kind", "address", "responsible", "co_holders", "delegates", "structure", "shared", "service",
                "description", "phone", "unlisted", "quota", "test", "automatic_reply", "forwarding", "purge_sent_days",
                "created", "usable_since", "last_connection", "suspended_since", "suspended_because", "used",
                "reply_text", "reply_from", "reply_until", "unpublication_warned", "unpublished", "deletion_warned",
                "quota_level", "quota_told", "purged", "deletion_requested",
            ]
        case .reservations: ["address", "former_holder", "until"]
        }
    }

    /// The columns that a record must have.
    var required: Set<String> {
        switch self {
        case .structures: ["identifier", "name"]
        case .persons: ["identity", "given_name", "family_name"]
        case .mailboxes: ["kind", "address", "responsible"]
        case .reservations: ["address", "former_holder", "until"]
        }
    }

    /// The columns of yes and no.
    var flags: Set<String> {
        ["in_finess", "entitled", "acts_for_structure", "authorised", "shared", "unlisted", "test", "automatic_reply"]
    }

    /// The columns of several values: arrays in JSON, joined by `|` in CSV.
    var lists: Set<String> { ["professions", "structures", "managed_structures", "co_holders", "delegates", "terms"] }

    /// The columns of whole numbers.
    var numbers: Set<String> { ["quota", "purge_sent_days", "used", "quota_level"] }
}

/// What is wrong with a bulk load, at which line.
public struct ImportProblem: Sendable, Hashable {
    /// The table.
    public var table: AccountTable?
    /// The line of the file, from 1.
    public var line: Int
    /// The column; `nil` when the whole record is refused.
    public var column: String?
    /// The French sentence for the reader. It never repeats a value of the file.
    public var explanation: String

    /// A problem.
    public init(table: AccountTable?, line: Int, column: String? = nil, explanation: String) {
        self.table = table
        self.line = line
        self.column = column
        self.explanation = explanation
    }
}

/// What came of a bulk load: everything, or nothing and why.
public struct ImportReport: Sendable, Hashable {
    /// Most problems that are told.
    public static let maximumProblems = 1_000

    /// Records read, by table.
    public var counts: [AccountTable: Int] = [:]
    /// The problems, in the order of the tables and lines; nothing was kept when there is one.
    public var problems: [ImportProblem] = []
    /// True when there were more problems than are told.
    public var isCut = false

    /// True when everything was kept.
    public var isAccepted: Bool { problems.isEmpty }

    mutating func add(_ problem: ImportProblem) {
        if problems.count < ImportReport.maximumProblems { problems.append(problem) } else { isCut = true }
    }
}

/// What can be loaded.
public enum ImportSource: Sendable, Hashable {
    /// A CSV file for each table, UTF-8, with a header line; separated by `;`, `,` or tabulation.
    case csv([AccountTable: [UInt8]])
    /// One JSON object whose members are the tables, each an array of objects.
    case json([UInt8])
}

extension ImportSource {
    /// Reads the source without a base: what is malformed is reported, whatever the base would say of the rest.
    public func check() -> ImportReport { ImportRecords(self).report }
}
