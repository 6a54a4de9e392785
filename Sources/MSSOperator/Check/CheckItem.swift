public import MSSCore

/// One thing that was looked at, and what is to be done about it.
public struct CheckItem: Sendable, Hashable, Codable {
    /// What was found.
    public enum Verdict: String, Sendable, Hashable, Codable, Comparable {
        /// As it should be.
        case ok
        /// Works, and somebody should see to it.
        case warning = "avertissement"
        /// Does not work, or will not.
        case failure = "echec"

        private var rank: Int { self == .ok ? 0 : self == .warning ? 1 : 2 }

        /// Less serious is less.
        public static func < (left: Verdict, right: Verdict) -> Bool { left.rank < right.rank }
    }

    /// What was looked at, in French.
    public var subject: String
    /// The verdict.
    public var verdict: Verdict
    /// What was found: a French sentence.
    public var found: String
    /// What to do about it: a French sentence; `nil` when nothing is.
    public var remedy: String?
    /// The requirement in play.
    public var requirement: String?

    /// An item.
    public init(
        _ subject: String, _ verdict: Verdict, _ found: String, remedy: String? = nil,
        _ requirement: RequirementID? = nil
    ) {
        self.subject = subject
        self.verdict = verdict
        self.found = found
        self.remedy = remedy
        self.requirement = requirement?.rawValue
    }

    /// The lines that people read.
    public var lines: [String] {
        let mark = verdict == .ok ? "[ ok ]" : verdict == .warning ? "[avert]" : "[ÉCHEC]"
        let source = requirement.map { " (\($0))" } ?? ""
        return ["\(mark) \(subject) : \(found)\(source)"] + (remedy.map { ["        → \($0)"] } ?? [])
    }
}

/// Sizes that people read.
enum FrenchSize {
    /// `2,5 Gio`.
    static func text(_ octets: UInt64) -> String {
        for (unit, size) in [("Gio", UInt64(1 << 30)), ("Mio", 1 << 20), ("Kio", 1 << 10)] where octets >= size {
            let tenths = octets / (size / 10)
            return tenths % 10 == 0 ? "\(tenths / 10) \(unit)" : "\(tenths / 10),\(tenths % 10) \(unit)"
        }
        return "\(octets) octets"
    }
}
