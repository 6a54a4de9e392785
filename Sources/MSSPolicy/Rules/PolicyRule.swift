public import MSSCore

/// A rule of the Référentiel as a value: what it is called, which versions hold it, and how it judges facts.
///
/// Rules are pure. The same facts always get the same answer, so a refusal can be shown again from its trace.
public struct PolicyRule<Facts: Sendable>: Sendable {
    /// The requirement or recommendation.
    public let id: RequirementID
    /// The versions of the Référentiel that hold the rule.
    public let versions: Set<ReferentialVersion>
    /// Whether the rule binds.
    public let nature: RuleNature
    /// What the rule demands, one French sentence.
    public let statement: String
    private let judge: @Sendable (Facts, PolicyContext) -> String?

    /// A rule.
    ///
    /// - Parameters:
    ///   - versions: the versions that hold it; all of them by default.
    ///   - judge: the French explanation of what breaks the rule, `nil` when nothing does.
    public init(
        _ id: RequirementID, versions: Set<ReferentialVersion> = Set(ReferentialVersion.allCases),
        nature: RuleNature = .requirement, statement: String,
        judge: @escaping @Sendable (Facts, PolicyContext) -> String?
    ) {
        self.id = id
        self.versions = versions
        self.nature = nature
        self.statement = statement
        self.judge = judge
    }

    /// What in `facts` breaks the rule; `nil` when nothing does or when the version in force does not hold the rule.
    public func evaluate(_ facts: Facts, in context: PolicyContext) -> PolicyFinding? {
        guard versions.contains(context.version), let explanation = judge(facts, context) else { return nil }
        return PolicyFinding(requirement: id, nature: nature, explanation: explanation)
    }
}

/// Whether a rule binds (EX_) or advises (RE_).
public enum RuleNature: String, Sendable, Hashable {
    /// `DOIT`: what breaks it is refused.
    case requirement
    /// `DEVRAIT`: what breaks it is told and goes on.
    case recommendation
}

/// What rules are judged under.
public struct PolicyContext: Sendable, Hashable {
    /// The two trust spaces.
    public enum TrustSpace: String, Sendable, Hashable, CaseIterable {
        /// The trust space that carries health data.
        case production
        /// The trust space of tests.
        case test
    }

    /// The version of the Référentiel in force.
    public var version: ReferentialVersion
    /// The trust space that the operator serves here.
    public var trustSpace: TrustSpace
    /// True when the operator itself is registered in FINESS (EX_PBA_5011 instead of EX_PBA_5012).
    public var operatorHasFINESS: Bool

    /// A context.
    public init(
        version: ReferentialVersion = .v1_6, trustSpace: TrustSpace = .production, operatorHasFINESS: Bool = false
    ) {
        self.version = version
        self.trustSpace = trustSpace
        self.operatorHasFINESS = operatorHasFINESS
    }
}
