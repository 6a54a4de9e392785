public import MSSCore

/// What a message received by a mailbox turns out to be: a notice of some kind, or ordinary mail (EX_GBM_4430).
///
/// Application mailboxes must exploit "absence" and "mailbox full" messages, and those come in every form: reports that
/// machines can read, notices of older servers in words only, automatic replies with or without their marks. The
/// classifier takes the surest evidence first and tells what it went by.
public struct ReceivedNotice: Sendable, Hashable {
    /// The kinds.
    public enum Kind: Sendable, Hashable {
        /// The correspondent is away.
        case absence
        /// The message was not, or not yet, delivered, or was; why.
        case delivery(NoticeReason)
        /// A disposition: shown, deleted, processed.
        case disposition(DispositionReport.Disposition, isFailure: Bool)
        /// Another automatic message: an acknowledgement, a newsletter.
        case otherAutomatic
        /// Ordinary mail.
        case ordinary
    }

    /// How much the kind may be relied upon.
    public enum Certainty: Int, Sendable, Hashable, Comparable {
        /// Words alone.
        case probable
        /// Words in a message that bears an automatic message's marks.
        case likely
        /// A report made for machines.
        case certain

        /// Less certain is less.
        public static func < (left: Certainty, right: Certainty) -> Bool { left.rawValue < right.rawValue }
    }

    /// One thing that led to the kind.
    public enum Evidence: Sendable, Hashable {
        /// A delivery report with this status.
        case deliveryReport(EnhancedStatusCode)
        /// A disposition report.
        case dispositionReport
        /// A header field, by name.
        case field(String)
        /// The sender is a mail system.
        case systemSender
        /// A phrase in the subject.
        case subject(String)
        /// A phrase in the body.
        case body(String)
        /// A status code found in the text.
        case statusInText(EnhancedStatusCode)
    }

    /// What the message is.
    public let kind: Kind
    /// How sure that is.
    public let certainty: Certainty
    /// What it was told by.
    public let evidence: [Evidence]
    /// The addresses that could not be reached, as far as the notice names them.
    public let recipients: [String]

    /// Whether the correspondent's mailbox is full.
    public var isOverQuota: Bool { kind == .delivery(.mailboxFull) }
}
