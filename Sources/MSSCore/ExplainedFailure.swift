/// A failure that names the requirement it enforces and explains itself to a French reader.
///
/// `explanation` is what a hospital user or administrator may read: it holds no secret, token, patient identifier or
/// message content. Technical detail for a log belongs in the conforming type's `description`.
public protocol ExplainedFailure: Error, Sendable, CustomStringConvertible {
    /// The requirement that the refusal enforces; `nil` when only a standard (RFC) is concerned.
    var requirement: RequirementID? { get }
    /// One French sentence, complete with its full stop.
    var explanation: String { get }
}
