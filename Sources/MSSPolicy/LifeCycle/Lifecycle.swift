import MSSCore

/// The life cycle of mailboxes: a pure function of facts, of what was done before, and of today.
///
/// It is idempotent, and a day without a run loses nothing: the next run finds what is due. What must follow a warning
/// waits for the full delay after the warning really given, so a late warning makes a late deletion, never a shorter
/// notice (Decision 0132).
public struct Lifecycle: Sendable, Hashable {
    /// Days without connection after which a mailbox is unpublished: « plus de 60 jours consécutifs » (EX_GBM_4440).
    public static let inactivityDays = 60
    /// Months of age below which no mailbox is unpublished: « créée depuis plus d'un an » (EX_GBM_4440).
    public static let unpublicationAgeMonths = 12
    /// Days between the warning and the unpublication (EX_GBM_4440).
    public static let unpublicationNoticeDays = 15
    /// Months without authentication after which a mailbox is deleted (EX_GBM_6010).
    public static let deletionMonths = 12
    /// Months between the warning and the deletion (EX_GBM_6010).
    public static let deletionNoticeMonths = 2
    /// Days that messages stay in an automatic-reply mailbox: a month at most (EX_GBM_4030), so the shortest month less
    /// a day between two runs.
    public static let automaticReplyDays = 27

    /// Days between two notices of a quota level that lasts: the draft wants several (EX_GBM_4470).
    public var quotaReminderDays: Int
    /// Days that messages stay in mailboxes, when the controller of the processing has set a limit (EX_GDT_5070); `nil`
    /// for as long as their holder wants.
    public var messageDays: Int?

    /// A life cycle.
    public init(quotaReminderDays: Int = 7, messageDays: Int? = nil) {
        self.quotaReminderDays = max(1, quotaReminderDays)
        self.messageDays = messageDays.map { max(1, $0) }
    }

    /// What is due for a mailbox today, in the order to do it.
    public func actions(for facts: LifecycleFacts, _ record: LifecycleRecord, today: Day) -> [LifecycleAction] {
        var actions: [LifecycleAction] = []
        append(to: &actions, facts, record, today)
        return actions
    }

    /// What is due today for many mailboxes, in their order.
    public func actions(
        for mailboxes: some Sequence<(facts: LifecycleFacts, record: LifecycleRecord)>, today: Day
    ) -> [LifecycleAction] {
        var actions: [LifecycleAction] = []
        for (facts, record) in mailboxes { append(to: &actions, facts, record, today) }
        return actions
    }

    private func append(
        to actions: inout [LifecycleAction], _ facts: LifecycleFacts, _ record: LifecycleRecord, _ today: Day
    ) {
        guard facts.state != .deleted, record.deletedOn == nil else { return }
        if !facts.isAutomaticReply {
            // A date to come is a clock's fault: nothing is taken from a user on its word.
            let times = [facts.createdOn, facts.usableSince, facts.lastConnection, facts.lastAuthentication]
            if facts.state == .active, times.allSatisfy({ $0.map { $0 <= today } ?? true }) {
                let count = actions.count
                appendDeletion(to: &actions, facts, record, today)
                if actions.count > count, case .delete = actions[count].kind { return }
                appendPublication(to: &actions, facts, record, today)
            }
            appendQuota(to: &actions, facts, record, today)
        }
        appendPurge(to: &actions, facts, record, today)
    }

    // EX_GBM_6010
    private func appendDeletion(
        to actions: inout [LifecycleAction], _ facts: LifecycleFacts, _ record: LifecycleRecord, _ today: Day
    ) {
        // A connection is an authentication. A suspended user could not connect: the year begins again afterwards.
        let last = max(
            facts.usableSince, facts.lastConnection ?? facts.usableSince, facts.lastAuthentication ?? facts.usableSince)
        // Ten months are the least a due date can be away: most mailboxes need no calendar.
        guard today - last >= 28 * (Lifecycle.deletionMonths - Lifecycle.deletionNoticeMonths) else { return }
        let due = last.adding(months: Lifecycle.deletionMonths)
        // The user's answer to a warning voids it; a warning of the same day came before.
        guard let warned = record.deletionWarning, warned > last else {
            let warning = due.adding(months: -Lifecycle.deletionNoticeMonths)
            guard today >= warning else { return }
            let day = max(due, today.adding(months: Lifecycle.deletionNoticeMonths))
            actions.append(action(facts, .warnDeletion(on: day), "EX_GBM_6010", warning))
            return
        }
        let allowed = max(due, warned.adding(months: Lifecycle.deletionNoticeMonths))
        if today >= allowed { actions.append(action(facts, .delete, "EX_GBM_6010", allowed)) }
    }

    // EX_GBM_4440
    private func appendPublication(
        to actions: inout [LifecycleAction], _ facts: LifecycleFacts, _ record: LifecycleRecord, _ today: Day
    ) {
        let last = max(facts.usableSince, facts.lastConnection ?? facts.usableSince)
        if let unpublished = record.unpublishedOn {
            // Connected since: the run that unpublished saw an older connection, so one of that very day came after.
            if last >= unpublished {
                actions.append(
                    action(facts, .republish(unlistedByChoice: facts.isUnlistedByChoice), "EX_GBM_4440", last))
            }
            return
        }
        // Applications are not in EX_GBM_4440; test mailboxes are never published, liste rouge already hides the rest.
        guard facts.kind != .application, !facts.isTest, !facts.isUnlistedByChoice else { return }
        guard today - last > Lifecycle.inactivityDays - Lifecycle.unpublicationNoticeDays else { return }
        let due = max(
            last.adding(days: Lifecycle.inactivityDays + 1),
            facts.createdOn.adding(months: Lifecycle.unpublicationAgeMonths).adding(days: 1))
        guard let warned = record.unpublicationWarning, warned > last else {
            let warning = due.adding(days: -Lifecycle.unpublicationNoticeDays)
            guard today >= warning else { return }
            let day = max(due, today.adding(days: Lifecycle.unpublicationNoticeDays))
            actions.append(action(facts, .warnUnpublication(on: day), "EX_GBM_4440", warning))
            return
        }
        let allowed = max(due, warned.adding(days: Lifecycle.unpublicationNoticeDays))
        if today >= allowed { actions.append(action(facts, .unpublish, "EX_GBM_4440", allowed)) }
    }

    // EX_GBM_4470
    private func appendQuota(
        to actions: inout [LifecycleAction], _ facts: LifecycleFacts, _ record: LifecycleRecord, _ today: Day
    ) {
        let level = facts.quotaLevel
        if level > record.quotaLevel {
            actions.append(action(facts, .noticeQuota(level), "EX_GBM_4470", today))
        } else if level < record.quotaLevel {
            actions.append(action(facts, .noteQuota(level), "EX_GBM_4470", today))
        } else if level > .free {
            let due = record.quotaNoticeOn.map { $0.adding(days: quotaReminderDays) } ?? today
            if today >= due { actions.append(action(facts, .noticeQuota(level), "EX_GBM_4470", due)) }
        }
    }

    // EX_GBM_4030, EX_GBP_3050, EX_GDT_5070
    private func appendPurge(
        to actions: inout [LifecycleAction], _ facts: LifecycleFacts, _ record: LifecycleRecord, _ today: Day
    ) {
        guard record.purgedOn.map({ $0 < today }) ?? true else { return }
        if facts.isAutomaticReply {
            let before = today.adding(days: -Lifecycle.automaticReplyDays)
            actions.append(action(facts, .purge(.all, before: before), "EX_GBM_4030", today))
            return
        }
        if let days = facts.purgesSentAfterDays, days > 0 {
            actions.append(action(facts, .purge(.sent, before: today.adding(days: -days)), "EX_GBP_3050", today))
        }
        if let days = messageDays {
            actions.append(action(facts, .purge(.all, before: today.adding(days: -days)), "EX_GDT_5070", today))
        }
    }

    private func action(
        _ facts: LifecycleFacts, _ kind: LifecycleAction.Kind, _ reason: RequirementID, _ due: Day
    ) -> LifecycleAction {
        LifecycleAction(mailbox: facts.mailbox, kind: kind, reason: reason, due: due)
    }
}
