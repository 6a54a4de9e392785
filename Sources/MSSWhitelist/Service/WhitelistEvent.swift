public import MSSCore

/// What happens to the list in force.
public enum WhitelistEvent: Sendable {
    /// A list was put in force.
    case installed(WhitelistSnapshot, from: Origin, changes: [WhitelistChange])
    /// The source confirmed that the list in force is the one published.
    case confirmed(at: Timestamp)
    /// Something needs an administrator's eye; the list in force stays.
    case alert(WhitelistAlert)

    /// Where a list came from.
    public enum Origin: Sendable, Hashable {
        /// A download.
        case source
        /// The local copy.
        case store
    }
}

/// What needs an administrator's eye.
public struct WhitelistAlert: Sendable, Hashable {
    /// What happened.
    public enum Cause: Sendable, Hashable {
        /// The list was not fetched, or what was fetched was refused.
        case refused(WhitelistFailure)
        /// A local copy was refused; an older one is tried.
        case copyRefused(WhitelistFailure, copy: String)
        /// The list in force could not be kept on disk.
        case notStored(WhitelistStorageError)
        /// The local copy is in force though its signer's certificate expired since: the list is old.
        case signerExpired
        /// The revocation of the signer's certificate could not be told, and the policy lets it through.
        case revocationUnknown
        /// The source has confirmed nothing for too long; since when.
        case stale(confirmedAt: Timestamp?)
    }

    /// What happened.
    public let cause: Cause
    /// When.
    public let time: Timestamp
}

extension WhitelistAlert: ExplainedFailure {
    /// The requirement concerned.
    public var requirement: RequirementID? {
        switch cause {
        case .refused(let failure), .copyRefused(let failure, _): failure.requirement
        case .notStored: "EX_2.2_5035"
        case .signerExpired, .revocationUnknown: "EX_2.2_5050"
        case .stale: "EX_2.2_5010"
        }
    }

    /// The French sentence for the administrator.
    public var explanation: String {
        switch cause {
        case .refused(let failure):
            "\(failure.explanation) La dernière liste vérifiée reste en vigueur."
        case .copyRefused(let failure, let copy): "Copie locale « \(copy) » refusée. \(failure.explanation)"
        case .notStored(let failure): failure.explanation
        case .signerExpired:
            "La liste blanche en vigueur vient de la copie locale et le certificat qui la signe a expiré depuis."
        case .revocationUnknown:
            "L'état de révocation du certificat qui signe la liste blanche n'a pas pu être établi."
        case .stale(nil): "Aucune liste blanche n'a encore été confirmée par son serveur."
        case .stale(let time?): "La liste blanche n'a pas été confirmée par son serveur depuis le \(time)."
        }
    }

    /// English, for logs.
    public var description: String {
        switch cause {
        case .refused(let failure): "whitelist refused: \(failure)"
        case .copyRefused(let failure, let copy): "whitelist copy \(copy) refused: \(failure)"
        case .notStored(let failure): "whitelist not stored: \(failure)"
        case .signerExpired: "whitelist in force from a copy whose signer has expired"
        case .revocationUnknown: "revocation of the whitelist signer unknown"
        case .stale(let time): "whitelist not confirmed since \(time.map(\.description) ?? "ever")"
        }
    }
}

/// How fresh the list in force is.
public struct WhitelistStatus: Sendable {
    /// What was established when the list in force was verified; `nil` without a list.
    public let record: WhitelistRecord?
    /// Time since the list in force was generated.
    public let age: Duration?
    /// Time since the source last gave or confirmed the list in force.
    public let sinceConfirmation: Duration?
    /// How many oddities the list in force has.
    public let diagnosticCount: Int
    /// The last refusal since the last success, and when.
    public let lastFailure: WhitelistFailure?
    /// When `lastFailure` happened.
    public let lastFailureTime: Timestamp?
    /// Failures in a row.
    public let failureCount: Int
}
