public import MSSCore

/// A rule broken by the facts at hand.
public struct PolicyFinding: ExplainedFailure, Hashable {
    private let rule: RequirementID
    /// Whether it refuses or only advises.
    public let nature: RuleNature
    /// The French sentence for the reader: no name of a person, no patient.
    public let explanation: String

    /// A finding.
    public init(requirement: RequirementID, nature: RuleNature, explanation: String) {
        rule = requirement
        self.nature = nature
        self.explanation = explanation
    }

    /// The rule.
    public var requirement: RequirementID? { rule }

    /// The rule's id: the explanation is for the reader, the log needs no more.
    public var description: String { "\(rule) broken (\(nature.rawValue))" }
}

/// The judgement of several rules on the same facts: every finding, not only the first.
public struct PolicyVerdict: Sendable, Hashable {
    /// What was found, in the order of the rules.
    public let findings: [PolicyFinding]

    /// A verdict.
    public init(_ findings: [PolicyFinding]) { self.findings = findings }

    /// What refuses.
    public var refusals: [PolicyFinding] { findings.filter { $0.nature == .requirement } }
    /// What only advises.
    public var advice: [PolicyFinding] { findings.filter { $0.nature == .recommendation } }
    /// True when nothing refuses.
    public var isAllowed: Bool { !findings.contains { $0.nature == .requirement } }

    /// Throws the first refusal, if any.
    public func require() throws(PolicyFinding) {
        if let refusal = refusals.first { throw refusal }
    }

    /// Both verdicts.
    public static func + (left: PolicyVerdict, right: PolicyVerdict) -> PolicyVerdict {
        PolicyVerdict(left.findings + right.findings)
    }
}

extension Sequence {
    /// The verdict of these rules on `facts`.
    public func judge<Facts>(_ facts: Facts, in context: PolicyContext) -> PolicyVerdict
    where Element == PolicyRule<Facts> {
        PolicyVerdict(compactMap { $0.evaluate(facts, in: context) })
    }
}
