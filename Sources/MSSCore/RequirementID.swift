/// The identifier of a requirement or recommendation of the Référentiel socle MSSanté, for example `EX_OPE_5010`.
///
/// Requirement ids stand at the check that implements them, in the failure it raises and in the test that proves it.
public struct RequirementID: Hashable, Sendable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The identifier as the Référentiel writes it, without spaces (`EX_2.2_5040`).
    public let rawValue: String

    /// Wraps an identifier as written in the Référentiel.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// Wraps a literal identifier.
    public init(stringLiteral value: String) { rawValue = value }

    /// The identifier itself.
    public var description: String { rawValue }

    /// Orders identifiers as text.
    public static func < (left: RequirementID, right: RequirementID) -> Bool { left.rawValue < right.rawValue }
}
