import Logging
import MSSAccounts
public import MSSCore
import MSSMessage
import MSSPolicy
import MSSSMTP

/// The daily round through all mailboxes: measures how full they are, asks the policy what is due, does it, and notes it
/// (EX_GBM_4030, 4440, 4470, 6010, EX_GBP_3050).
///
/// What is done twice after a crash does no harm: a notice bears a key, a purge finds nothing left, a deletion is final.
public struct LifecycleJob: Sendable {
    /// What a round did.
    public struct Report: Sendable, Hashable {
        /// Mailboxes looked at, deleted ones apart.
        public var mailboxes = 0
        /// Actions carried out.
        public var done = 0
        /// Warnings that no channel took, because nobody can be told or the channel failed: what would follow them does
        /// not.
        public var undelivered = 0
        /// Actions that failed, to be tried again tomorrow.
        public var failed = 0
        /// Messages destroyed.
        public var purged = 0
    }

    /// Why no round was made.
    public enum Doubt: Error, Sendable, Hashable {
        /// The clock shows a day before the last round.
        case clockWentBack(days: Int)
        /// So many days have passed that an administrator must confirm the date.
        case confirmationNeeded(days: Int)
    }

    let accounts: Accounts
    let drop: any MailboxDrop
    let channel: (any NotificationChannel)?
    let isTrusted: @Sendable (Domain) -> Bool
    let author: MSSMessage.Mailbox
    let events: EventHub
    let clock: any WallClock
    let zoneMinutes: @Sendable (Timestamp) -> Int
    let lifecycle: Lifecycle
    /// Days after which a deleted mailbox's messages are no longer looked for.
    static let destructionDays: Int64 = 40

    /// A round of today's.
    ///
    /// - Parameters:
    ///   - last: when the last round was made.
    ///   - isConfirmed: whether an administrator has confirmed the date after a long pause.
    public func run(last: Timestamp?, isConfirmed: Bool = false) async throws -> Report {
        let now = clock.now()
        let today = day(now)
        switch RunCalendar(lastRun: last.map(day)).verdict(today: today, confirmed: isConfirmed) {
        case .run: break
        case .clockWentBack(let days):
            events.send(.clockDoubted(days: -days))
            throw Doubt.clockWentBack(days: days)
        case .confirm(let days):
            events.send(.clockDoubted(days: days))
            throw Doubt.confirmationNeeded(days: days)
        }
        var report = Report()
        var position = MailboxID(0)
        while true {
            try Task.checkCancellation()
            let start = position
            let page = try await accounts.repository.read { reader in
                try reader.mailboxes(after: start, limit: 500).map { mailbox in
                    let persons = try ([mailbox.responsible] + mailbox.coHolders).compactMap { try reader.person($0) }
                    return Subject(mailbox: mailbox, persons: persons)
                }
            }
            guard let end = page.last?.mailbox.id else { return report }
            for subject in page { await round(subject, today, now, &report) }
            position = end
        }
    }

    private struct Subject: Sendable {
        var mailbox: MSSAccounts.Mailbox
        var persons: [Person]
    }

    private func day(_ time: Timestamp) -> Day { Day(time, offsetSeconds: zoneMinutes(time) * 60) }

    private func round(_ subject: Subject, _ today: Day, _ now: Timestamp, _ report: inout Report) async {
        var mailbox = subject.mailbox
        let reference = MailboxReference(mailbox)
        if case .deleted(let time) = mailbox.state {
            // The base says so first, the messages follow; a crash between the two is mended here (EX_GBM_6010).
            guard now - time < .seconds(LifecycleJob.destructionDays * 86_400) else { return }
            do { try await drop.destroy(reference) } catch { report.failed += 1 }
            return
        }
        report.mailboxes += 1
        if mailbox.quota != nil, let usage = try? await drop.usage(of: reference), usage.octets != mailbox.used {
            mailbox.used = usage.octets
            _ = try? await accounts.perform(.noteUsage(mailbox.id, usage.octets), by: .system)
        }
        let facts = LifecycleFacts(mailbox, lastAuthentication: subject.persons.compactMap(\.lastAuthentication).max())
        var record = LifecycleRecord(mailbox.marks)
        for action in lifecycle.actions(for: facts, record, today: today) {
            do {
                guard try await carryOut(action, mailbox, subject.persons, today, &report) else {
                    report.undelivered += 1
                    continue
                }
                report.done += 1
                if case .delete = action.kind { return }
                record = record.applying(action, on: today)
                try await accounts.perform(.mark(mailbox.id, record.marks), by: .system)
            } catch {
                report.failed += 1
                events.send(.jobFailed("cycle-de-vie", reason: "\(mailbox.id): \(error)"))
            }
        }
    }

    /// - Returns: whether it was done; a warning that nobody took was not given.
    private func carryOut(
        _ action: LifecycleAction, _ mailbox: MSSAccounts.Mailbox, _ persons: [Person], _ today: Day,
        _ report: inout Report
    ) async throws -> Bool {
        let reference = MailboxReference(mailbox)
        switch action.kind {
        case .warnUnpublication, .warnDeletion:
            return await tell(action.kind, mailbox, persons, today)
        case .noticeQuota(let level):
            // In the mailbox and, where the user chose a channel, by it (EX_GBM_4470: several ways are allowed).
            try await leave(level, mailbox, today)
            _ = await tell(action.kind, mailbox, persons, today)
        // The directory's feed reads the marks; nothing else is to be done here.
        case .unpublish, .republish, .noteQuota: break
        case .delete:
            // EX_GBM_6010: the round takes its time, and a connection meanwhile keeps the mailbox.
            do {
                try await accounts.perform(.delete(mailbox.id, seen: LastUse(mailbox, persons)), by: .system)
            } catch AccountOperationError.usedSince { return false }
            try await drop.destroy(reference)
        case .purge(let folder, let before):
            let midnight = before.start - .seconds(Int64(zoneMinutes(before.start) * 60))
            report.purged += try await drop.purge(
                reference, folder == .sent ? .sent : nil, receivedBefore: midnight)
        }
        return true
    }

    /// Tells the users by the channel of their choice, outside the trust space (EX_GBM_4440, EX_GBM_6010).
    private func tell(
        _ action: LifecycleAction.Kind, _ mailbox: MSSAccounts.Mailbox, _ persons: [Person], _ today: Day
    ) async -> Bool {
        guard let channel, let notice = OutOfBandNotice(for: action, mailbox: mailbox.address) else { return false }
        var isTold = false
        for person in persons {
            guard let contact = person.contact, let point = contactPoint(contact) else { continue }
            let key = "\(notice.topic.rawValue)-\(mailbox.id.rawValue)-\(person.id.rawValue)-\(today)"
            do {
                try await channel.deliver(notice, to: point, key: key)
                isTold = true
            } catch {
                events.send(.jobFailed("cycle-de-vie", reason: "notice to \(person.id): \(type(of: error))"))
            }
        }
        return isTold
    }

    /// An ordinary mail address outside the trust space, or a key of another system. An address inside is no contact.
    private func contactPoint(_ contact: String) -> ContactPoint? {
        guard contact.contains("@") else { return .external(key: contact) }
        guard let address = try? MailAddress(contact) else { return nil }
        return try? .mail(address, isTrusted: isTrusted)
    }

    /// A message in the mailbox itself, whatever its quota.
    private func leave(_ level: QuotaLevel, _ mailbox: MSSAccounts.Mailbox, _ today: Day) async throws {
        guard let notice = OutOfBandNotice(for: .noticeQuota(level), mailbox: mailbox.address) else { return }
        var message = OutgoingMessage(
            from: author, to: [MSSMessage.Mailbox(mailbox.address.address)], subject: notice.subject,
            content: .text(notice.body))
        message.fields.append(OutgoingField("Auto-Submitted", .tokens("auto-generated")))
        let delivery = try OperatorMail.delivery(message, to: mailbox.address.address, clock: clock)
        _ = try await drop.deliver(
            MailboxDelivery(
                delivery.message.content, to: MailboxReference(mailbox),
                key: "quota-\(level.rawValue)-\(today)/\(mailbox.id.rawValue)", received: clock.now()))
    }
}
