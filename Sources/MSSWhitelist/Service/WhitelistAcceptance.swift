public import MSSCore

/// What a well-signed list must satisfy beside the one in force.
public struct WhitelistAcceptance: Sendable, Hashable {
    /// How far in the future a list may be dated: clocks differ.
    public var clockSkew: Duration = .seconds(600)
    /// Smallest share of the domains in force that the next list must have; 0 accepts any size.
    public var smallestShare = 0.8

    /// The default rules.
    public init() {}

    /// Why `candidate` may not replace `current`; `nil` when it may.
    ///
    /// - Parameter allowsShrinking: an administrator looked at the list and accepts its size.
    public func firstFault(
        of candidate: WhitelistSnapshot, digest: [UInt8], replacing current: WhitelistSnapshot?,
        digest currentDigest: [UInt8]?, at now: Timestamp, allowsShrinking: Bool = false
    ) -> WhitelistRejection? {
        guard candidate.generated <= now + clockSkew else { return .fromTheFuture(generated: candidate.generated) }
        guard let current else { return nil }
        // A replayed list brings back what was withdrawn since.
        guard candidate.generated >= current.generated else {
            return .olderThanCurrent(generated: candidate.generated, current: current.generated)
        }
        let smallest = Double(current.domainCount) * smallestShare
        guard allowsShrinking || Double(candidate.domainCount) >= smallest else {
            return .muchSmaller(domains: candidate.domainCount, current: current.domainCount)
        }
        if candidate.generated == current.generated, digest != currentDigest {
            return .sameDateOtherContent(generated: candidate.generated)
        }
        return nil
    }
}

/// Why a well-signed list is not put in force.
public enum WhitelistRejection: Error, Sendable, Hashable {
    /// It was generated after now.
    case fromTheFuture(generated: Timestamp)
    /// It was generated before the one in force.
    case olderThanCurrent(generated: Timestamp, current: Timestamp)
    /// It bears the date of the one in force and is another document.
    case sameDateOtherContent(generated: Timestamp)
    /// It lost too many domains at once.
    case muchSmaller(domains: Int, current: Int)
}

extension WhitelistRejection: ExplainedFailure {
    /// EX_2.2_5035: a list that cannot be right is answered by the last valid one.
    public var requirement: RequirementID? { "EX_2.2_5035" }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .fromTheFuture: "La liste blanche reçue est datée du futur : vérifiez l'horloge du serveur."
        case .olderThanCurrent: "La liste blanche reçue est plus ancienne que celle en vigueur."
        case .sameDateOtherContent:
            "La liste blanche reçue porte la date de celle en vigueur mais un autre contenu."
        case .muchSmaller(let domains, let current):
            "La liste blanche reçue n'a plus que \(domains) domaines au lieu de \(current) : "
                + "elle attend l'accord d'un administrateur."
        }
    }

    /// English, for logs.
    public var description: String {
        switch self {
        case .fromTheFuture(let generated): "list generated in the future (\(generated))"
        case .olderThanCurrent(let generated, let current): "list of \(generated), older than the current \(current)"
        case .sameDateOtherContent(let generated): "another list of the same date (\(generated))"
        case .muchSmaller(let domains, let current): "list of \(domains) domains, \(current) before"
        }
    }
}
