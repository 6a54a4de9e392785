public import MSSAccounts
public import MSSCore
public import MSSPolicy

extension LifecycleFacts {
    /// The facts of a mailbox.
    public init(_ mailbox: MSSAccounts.Mailbox, lastAuthentication: Timestamp?) {
        self.init(mailbox: mailbox.id.rawValue, kind: mailbox.kind, createdOn: Day(mailbox.createdAt))
        usableSince = Day(mailbox.usableSince)
        lastConnection = mailbox.lastConnection.map { Day($0) }
        self.lastAuthentication = lastAuthentication.map { Day($0) }
        switch mailbox.state {
        case .active: state = .active
        case .suspended: state = .suspended
        case .deleted: state = .deleted
        }
        isUnlistedByChoice = mailbox.isUnlistedByChoice
        isTest = mailbox.isTest
        isAutomaticReply = mailbox.isAutomaticReply
        quotaLevel = QuotaLevel(used: mailbox.used, quota: mailbox.quota)
        purgesSentAfterDays = mailbox.purgesSentAfterDays
    }
}

extension LifecycleRecord {
    /// The record that an account keeps.
    public init(_ marks: LifecycleMarks) {
        self.init()
        let day = { (number: Int32?) in number.map { Day(number: $0) } }
        unpublicationWarning = day(marks.unpublicationWarning)
        unpublishedOn = day(marks.unpublished)
        deletionWarning = day(marks.deletionWarning)
        quotaLevel = QuotaLevel(rawValue: Int(marks.quotaLevel)) ?? .free
        quotaNoticeOn = day(marks.quotaNotice)
        purgedOn = day(marks.purged)
    }

    /// The form that an account keeps.
    public var marks: LifecycleMarks {
        var marks = LifecycleMarks()
        marks.unpublicationWarning = unpublicationWarning?.number
        marks.unpublished = unpublishedOn?.number
        marks.deletionWarning = deletionWarning?.number
        marks.quotaLevel = Int32(quotaLevel.rawValue)
        marks.quotaNotice = quotaNoticeOn?.number
        marks.purged = purgedOn?.number
        return marks
    }
}
