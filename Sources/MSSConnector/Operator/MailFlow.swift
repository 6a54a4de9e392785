import Logging
import MSSAccounts
import MSSCore
import MSSMessage
import MSSPolicy
import MSSSMTP
import MSSTraces
import MSSWhitelist

/// What all ways of a message through the connector share.
struct MailFlow: Sendable {
    let rules: ExchangeRules
    let whitelist: any Whitelist
    let accounts: LocalAccounts
    let intake: MessageIntake
    let journal: ExchangeJournal
    let metrics: ConnectorMetrics
    let clock: any WallClock
    /// The name that the operator's server gives itself.
    let host: Domain
    /// The mailbox that notices come from.
    let author: MSSMessage.Mailbox
    /// Whether notices of other mail systems are explained in French (RE_GBM_4410).
    let dressesNotices: Bool
    /// Minutes east of Greenwich, for dates that people read.
    let zoneMinutes: @Sendable (Timestamp) -> Int
    /// Where messages wait, and who is told that there is a new one.
    let queue: any DeliveryQueue
    let wake: @Sendable () -> Void
    /// What reaches a mailbox without waiting there.
    let direct: DirectDelivery

    /// The notices that go with a message: to a sender whose attachments were taken out (EX_SSI_5090).
    func notices(about taken: MessageIntake.Taken, _ envelope: OutgoingEnvelope) throws -> [NewDelivery] {
        // A message from nobody is a notice itself: nobody is told.
        guard case .cleaned(_, let removed) = taken.screened, let sender = envelope.sender else { return [] }
        return [
            try RemovalNotice.notice(
                to: sender, from: author, about: removed, header: taken.header,
                recipients: envelope.recipients.map(\.address), clock: clock)
        ]
    }
}

/// The mailboxes of the operator as the mail flow sees them.
struct LocalAccounts: Sendable {
    let directory: any AccountDirectory
    let drop: any MailboxDrop
    let postmaster: DirectoryMailAddress

    /// The mailbox at an address. `postmaster` of any domain of ours is the operator's, where no mailbox has that address
    /// (RFC 5321 §4.5.1).
    func mailbox(at address: MailAddress) async throws -> MSSAccounts.Mailbox? {
        guard let wanted = try? DirectoryMailAddress(address) else { return nil }
        if let mailbox = try await directory.mailbox(at: wanted) { return mailbox }
        guard address.localPart.lowercased() == "postmaster" else { return nil }
        return try await directory.mailbox(at: postmaster)
    }

    /// What the rules need to know of a recipient.
    func recipient(_ address: MailAddress) async throws -> ExchangeRules.Recipient {
        let mailbox = try await mailbox(at: address)
        return ExchangeRules.Recipient(address: address, mailbox: mailbox, usage: try await usage(of: mailbox))
    }

    /// What a mailbox with a quota holds.
    func usage(of mailbox: MSSAccounts.Mailbox?) async throws -> Int64? {
        guard let mailbox, mailbox.quota != nil else { return nil }
        return try await drop.usage(of: MailboxReference(mailbox)).octets
    }
}
