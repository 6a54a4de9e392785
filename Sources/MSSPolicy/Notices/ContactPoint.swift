public import MSSCore

/// Where a user wants to be warned: the channel of their choice, outside the trust space.
public enum ContactPoint: Sendable, Hashable {
    /// An ordinary mail address; only ``ContactPoint/mail(_:isTrusted:)`` checks one.
    case ordinaryMail(OrdinaryMailAddress)
    /// Another system that warns the users, under the key by which it knows this one.
    case external(key: String)

    /// An ordinary mail address.
    ///
    /// - Parameter isTrusted: whether the whitelist in force holds a domain.
    public static func mail(
        _ address: MailAddress, isTrusted: (Domain) -> Bool
    ) throws(ContactPointError) -> ContactPoint {
        .ordinaryMail(try OrdinaryMailAddress(address, isTrusted: isTrusted))
    }
}

/// A mail address outside the trust space.
public struct OrdinaryMailAddress: Sendable, Hashable {
    /// The address.
    public let address: MailAddress

    /// Checks that the address does not lead into the trust space (EX_GBM_4440, EX_GBM_6010).
    ///
    /// - Parameter isTrusted: whether the whitelist in force holds a domain.
    public init(_ address: MailAddress, isTrusted: (Domain) -> Bool) throws(ContactPointError) {
        guard !address.domain.isEqualOrBelow(OrdinaryMailAddress.trustSpace), !isTrusted(address.domain) else {
            throw .insideTrustSpace
        }
        self.address = address
    }

    private static let trustSpace = (try? Domain("mssante.fr"))!
}

/// Why an address is no contact point.
public enum ContactPointError: Error, Sendable, Hashable {
    /// The address lies in the trust space.
    case insideTrustSpace
}

extension ContactPointError: ExplainedFailure {
    /// EX_GBM_4440.
    public var requirement: RequirementID? { "EX_GBM_4440" }
    /// The French sentence for the reader.
    public var explanation: String { "L'adresse d'information doit être extérieure à l'espace de confiance MSSanté." }
    /// The English text for logs.
    public var description: String { "contact address inside the trust space" }
}

/// A way to hand notices to users.
///
/// It returns when the channel has taken the notice: only then is a warning given, and the delay after it begins.
public protocol NotificationChannel: Sendable {
    /// Hands a notice over, or throws when the channel did not take it.
    ///
    /// - Parameter key: tells this notice from any other; the same one again means the same notice again, so a channel
    ///   may drop it.
    func deliver(_ notice: OutOfBandNotice, to contact: ContactPoint, key: String) async throws
}

/// Why a channel did not take a notice.
public enum NotificationFailure: Error, Sendable, Hashable {
    /// The channel does not serve this kind of contact.
    case unsupportedContact
    /// The other side answered with this HTTP status.
    case refused(status: Int)
    /// A file could not be written; the value is `errno`.
    case file(Int32)
}
