public import MSSCore

/// One thing wrong with a settings file, told so that whoever edits the file can mend it.
public struct SettingsFault: Sendable, Hashable {
    /// The key, from the top: `antivirus.adresse`, `certificats[1].cle`; empty for the file as a whole.
    public var key: String
    /// The line in the file, from 1, where it is known.
    public var line: Int?
    /// What is wrong, a French phrase without a full stop.
    public var problem: String
    /// What to do about it, a French phrase without a full stop.
    public var remedy: String

    /// A fault.
    public init(key: String, line: Int? = nil, problem: String, remedy: String) {
        self.key = key
        self.line = line
        self.problem = problem
        self.remedy = remedy
    }

    /// One French line.
    public var explanation: String {
        let place = line.map { "ligne \($0), " } ?? ""
        let name = key.isEmpty ? "fichier" : "« \(key) »"
        return "\(place)\(name) : \(problem) ; \(remedy)."
    }
}

/// A settings file that cannot be used: everything that is wrong with it, at once.
public struct SettingsError: ExplainedFailure, Hashable {
    /// The file, or `-`.
    public var file: String
    /// What is wrong, in the order of the file.
    public var faults: [SettingsFault]

    /// An error.
    public init(file: String, faults: [SettingsFault]) {
        self.file = file
        self.faults = faults
    }

    /// None: the text asks nothing of settings.
    public var requirement: RequirementID? { nil }

    /// One French line for each fault.
    public var explanation: String {
        (["La configuration \(file) ne peut pas être utilisée :"] + faults.map { "- \($0.explanation)" })
            .joined(separator: "\n")
    }

    /// English, for logs: keys, never values.
    public var description: String {
        "settings \(file): \(faults.map { $0.key.isEmpty ? "file" : $0.key }.joined(separator: ", "))"
    }
}
