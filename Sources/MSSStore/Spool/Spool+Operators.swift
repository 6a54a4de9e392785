public import MSSCore
public import MSSSMTP

/// What waits for one destination.
public struct SpoolDestination: Sendable, Hashable {
    /// The domain.
    public var domain: String
    /// Messages with a recipient there that waits.
    public var messages = 0
    /// Octets of these messages.
    public var octets = 0
    /// Messages held back.
    public var held = 0
    /// Messages that an attempt is made for just now.
    public var leased = 0
    /// When the oldest of them arrived.
    public var oldest: Timestamp
    /// When the next attempt is due, of those neither held nor leased.
    public var nextAttempt: Timestamp?
    /// Why the last attempts failed, and for how many messages.
    public var reasons: [String: Int] = [:]
}

/// A message in the spool, without what must be read from the disk.
public struct SpoolSummary: Sendable, Hashable {
    /// The recipients of one domain.
    public struct Share: Sendable, Hashable {
        /// The domain.
        public var destination: String
        /// When they are due.
        public var due: Timestamp
        /// Attempts made.
        public var attempts: Int
        /// Whether an attempt is made just now.
        public var isLeased: Bool
        /// Why the last attempt failed.
        public var reason: String?
    }

    /// Its name.
    public var id: DeliveryID
    /// When it arrived.
    public var arrival: Timestamp
    /// Its size in octets.
    public var size: Int
    /// Whether it is held back.
    public var isHeld: Bool
    /// Whether a part of it is damaged on the disk; it is held then.
    public var isDamaged: Bool
    /// Domains with a recipient that waits.
    public var shares: [Share]
}

/// A message in the spool, for somebody to look at.
public struct SpoolMessage: Sendable {
    /// What is known without its envelope.
    public var summary: SpoolSummary
    /// The message, with the recipients that wait.
    public var message: SMTPOutgoingMessage
}

extension Spool {
    /// What waits, by destination: the most messages first.
    public func destinations() -> [SpoolDestination] {
        state.withLock { state in
            var found: [Int32: SpoolDestination] = [:]
            for entry in state.index.entries.values where entry.isActive {
                for share in entry.shares where !share.isDone {
                    let name = state.index.destinations[Int(share.destination)]
                    var one = found[share.destination] ?? SpoolDestination(domain: name, oldest: entry.arrival)
                    one.messages += 1
                    one.octets += entry.content.size
                    one.oldest = min(one.oldest, entry.arrival)
                    if entry.isKeptBack { one.held += 1 }
                    if share.lease != 0 { one.leased += 1 }
                    if !entry.isKeptBack, share.lease == 0 {
                        one.nextAttempt = min(one.nextAttempt ?? share.due, share.due)
                    }
                    if let reason = share.reason { one.reasons[reason, default: 0] += 1 }
                    found[share.destination] = one
                }
            }
            return found.values.sorted { ($1.messages, $0.domain) < ($0.messages, $1.domain) }
        }
    }

    /// Messages that wait, in the order of arrival.
    ///
    /// - Parameters:
    ///   - destination: only those with a recipient there that waits.
    ///   - after: only those behind this one, for the next page.
    ///   - limit: as many at most.
    public func messages(
        to destination: Domain? = nil, after: DeliveryID? = nil, limit: Int = 1000
    ) -> [SpoolSummary] {
        state.withLock { state in
            let start = after.flatMap { state.index.numbers[$0] } ?? 0
            var numbers = state.index.entries.keys.filter { $0 > start }
            numbers.sort()
            var found: [SpoolSummary] = []
            for number in numbers where found.count < limit {
                guard let entry = state.index.entries[number], entry.isActive else { continue }
                let summary = SpoolSummary(entry, state.index)
                if let destination, !summary.shares.contains(where: { $0.destination == destination.ascii }) {
                    continue
                }
                found.append(summary)
            }
            return found
        }
    }

    /// A message with its envelope and content; `nil` when there is none of this name.
    public func message(_ id: DeliveryID) async throws -> SpoolMessage? {
        try await offPool { [self] in
            guard let number = state.withLock({ $0.index.numbers[id] }), var envelope = try envelope(number) else {
                return nil
            }
            return state.withLock { state in
                guard let entry = state.index.entries[number] else { return nil }
                let waiting = entry.shares.flatMap {
                    recipients(of: $0, state.index.destinations[Int($0.destination)], envelope)
                }
                envelope.recipients = waiting
                return SpoolMessage(
                    summary: SpoolSummary(entry, state.index), message: message(number, entry, envelope))
            }
        }
    }

    /// Makes a message due at once for all its destinations but those that an attempt is made for.
    ///
    /// - Throws: ``MSSSMTP/DeliveryQueueError/unknownMessage``.
    public func retry(_ id: DeliveryID, at now: Timestamp) async throws {
        guard try await retry(at: now, { $0 == id }, to: nil) > 0 || state.withLock({ $0.index.numbers[id] != nil })
        else { throw DeliveryQueueError.unknownMessage }
    }

    /// Makes everything for a destination due at once. Returns how many messages that concerns.
    @discardableResult
    public func retry(destination: Domain, at now: Timestamp) async throws -> Int {
        try await retry(at: now, { _ in true }, to: destination.ascii)
    }

    /// Makes due at once what waits for a time after `limit`: a clock that was ahead had set it, which was put right since.
    /// Returns how many messages that concerns.
    @discardableResult
    public func bringForward(dueAfter limit: Timestamp, at now: Timestamp) async throws -> Int {
        try await retry(at: now, { _ in true }, to: nil, dueAfter: limit)
    }

    private func retry(
        at now: Timestamp, _ isMeant: @escaping @Sendable (DeliveryID) -> Bool, to destination: String?,
        dueAfter limit: Timestamp? = nil
    ) async throws -> Int {
        let numbers = state.withLock { state in
            state.index.entries.filter { _, entry in
                isMeant(entry.name) && limit.map { limit in entry.shares.contains { $0.due > limit } } ?? true
            }.keys.sorted()
        }
        var count = 0
        // In steps: others get their turn.
        for start in stride(from: 0, to: numbers.count, by: 256) {
            let step = Array(numbers[start..<min(start + 256, numbers.count)])
            count += try await commits.perform { [state] log in
                let operations = state.withLock { state -> [SpoolOperation] in
                    step.flatMap { number -> [SpoolOperation] in
                        guard let entry = state.index.entries[number] else { return [] }
                        return entry.shares.indices.compactMap { index in
                            let share = entry.shares[index]
                            var stored = state.index.stored(share)
                            guard share.lease == 0, !share.isDone, limit.map({ share.due > $0 }) ?? true,
                                destination.map({ $0 == stored.destination }) ?? true
                            else { return nil }
                            stored.due = now
                            return .share(number, index: index, stored)
                        }
                    }
                }
                guard !operations.isEmpty else { return 0 }
                try log.append(operations, isGrowth: false) { index in for number in step { index.activate(number) } }
                return operations.count
            }
        }
        return count
    }

    /// Removes a message for good, without a notice to anybody; an attempt under way goes on, and its end is ignored.
    ///
    /// - Throws: ``MSSSMTP/DeliveryQueueError/unknownMessage``.
    public func drop(_ id: DeliveryID) async throws {
        try await commits.perform { [state] log in
            let gone = try state.withLock { state in
                guard let number = state.index.numbers[id], let entry = state.index.entries[number] else {
                    throw DeliveryQueueError.unknownMessage
                }
                return SpoolOperation.gone(number, commit: entry.segment)
            }
            try log.append([gone], isGrowth: false)
        }
    }

    /// Messages that wait.
    public var count: Int { state.withLock { $0.index.entries.count } }

    /// Segment files in use, and octets of waiting messages in them.
    public var usage: (segments: Int, octets: Int) {
        state.withLock { state in
            let usage = state.index.usage
            return (usage.numbers.count, usage.numbers.reduce(0) { $0 + (usage[$1]?.octets ?? 0) })
        }
    }
}

extension SpoolSummary {
    init(_ entry: SpoolIndex.Entry, _ index: SpoolIndex) {
        self.init(
            id: entry.name, arrival: entry.arrival, size: entry.content.size, isHeld: entry.isKeptBack,
            isDamaged: entry.isDamaged,
            shares: entry.shares.filter { !$0.isDone }.map { share in
                Share(
                    destination: index.destinations[Int(share.destination)], due: share.due,
                    attempts: Int(share.attempts), isLeased: share.lease != 0, reason: share.reason)
            })
    }
}
