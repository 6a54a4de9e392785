public import MSSCore

/// What the life cycle needs to know of a mailbox on a day.
public struct LifecycleFacts: Sendable, Hashable {
    /// The mailbox, under the number that the base gives it.
    public var mailbox: Int64
    /// The kind.
    public var kind: MailboxKind
    /// The state.
    public var state: MailboxFacts.State = .active
    /// The day of its creation.
    public var createdOn: Day
    /// The day since which its users can connect: the creation, or the end of the last suspension.
    public var usableSince: Day
    /// The last day on which an end user connected to it (EX_GBM_4440); for an application, its certificate.
    public var lastConnection: Day?
    /// The last day on which one of its users authenticated (EX_GBM_6010), wherever.
    public var lastAuthentication: Day?
    /// True when the user asked for liste rouge.
    public var isUnlistedByChoice = false
    /// True for a test mailbox.
    public var isTest = false
    /// True for the automatic-reply mailbox of a domain (§5.1.3), which nobody connects to.
    public var isAutomaticReply = false
    /// How full it is.
    public var quotaLevel = QuotaLevel.free
    /// Days after which the holder wants sent messages purged (EX_GBP_3050); `nil` for never.
    public var purgesSentAfterDays: Int?

    /// Facts; set the other properties where they differ from the ordinary.
    public init(mailbox: Int64, kind: MailboxKind, createdOn: Day) {
        self.mailbox = mailbox
        self.kind = kind
        self.createdOn = createdOn
        usableSince = createdOn
    }
}

/// What the life cycle has already done to a mailbox: kept beside it, so that a run knows what the last ones did.
public struct LifecycleRecord: Sendable, Hashable {
    /// The day on which the warning before unpublication was handed over.
    public var unpublicationWarning: Day?
    /// The day on which it was unpublished for inactivity; `nil` while it is not.
    public var unpublishedOn: Day?
    /// The day on which the warning before deletion was handed over.
    public var deletionWarning: Day?
    /// The day of its deletion.
    public var deletedOn: Day?
    /// The quota level that the users were told.
    public var quotaLevel = QuotaLevel.free
    /// The day they were told.
    public var quotaNoticeOn: Day?
    /// The last day of a purge.
    public var purgedOn: Day?

    /// Nothing done yet.
    public init() {}

    /// The record once `action` was carried out on `day`. Call it only then: a warning that no channel took was not
    /// given.
    public func applying(_ action: LifecycleAction, on day: Day) -> LifecycleRecord {
        var record = self
        switch action.kind {
        case .warnUnpublication: record.unpublicationWarning = day
        case .unpublish: record.unpublishedOn = day
        case .republish:
            record.unpublishedOn = nil
            record.unpublicationWarning = nil
        case .warnDeletion: record.deletionWarning = day
        case .delete: record.deletedOn = day
        case .noticeQuota(let level):
            record.quotaLevel = level
            record.quotaNoticeOn = day
        case .noteQuota(let level): record.quotaLevel = level
        case .purge: record.purgedOn = day
        }
        return record
    }
}

/// Something to do to a mailbox, why, and since when it is due.
public struct LifecycleAction: Sendable, Hashable {
    /// What to do.
    public enum Kind: Sendable, Hashable {
        /// Tell the users, out of band, that the mailbox will be unpublished on this day unless they connect.
        case warnUnpublication(on: Day)
        /// Set the directory's indicator of liste rouge, for inactivity.
        case unpublish
        /// Take the indicator back; it stays when `unlistedByChoice`.
        case republish(unlistedByChoice: Bool)
        /// Tell the users, out of band, that the mailbox will be deleted on this day unless they connect.
        case warnDeletion(on: Day)
        /// Close the mailbox and destroy its messages irrevocably; the traces stay.
        case delete
        /// Tell the users how full the mailbox is.
        case noticeQuota(QuotaLevel)
        /// Note that the mailbox is emptier again; nobody is told.
        case noteQuota(QuotaLevel)
        /// Destroy the messages of a folder received before a day.
        case purge(PurgedFolder, before: Day)
    }

    /// The folders that are purged.
    public enum PurgedFolder: String, Sendable, Hashable {
        /// Every folder of an automatic-reply mailbox.
        case all
        /// The messages sent.
        case sent
    }

    /// The mailbox.
    public let mailbox: Int64
    /// What to do.
    public let kind: Kind
    /// The requirement that wants it.
    public let reason: RequirementID
    /// The day since which it is due: earlier than the run's day when runs were missed.
    public let due: Day
}
