import MSSCore
import MSSSMTP

/// All that a spool knows of its messages without reading the disk, and what follows from each operation. No IO.
///
/// Envelopes and contents stay on the disk: of each message there is a name, places and times.
struct SpoolIndex {
    private struct LeaseEnd: Comparable {
        var end: Timestamp
        var number: UInt64
        var index: Int32
        var lease: UInt64

        static func < (left: LeaseEnd, right: LeaseEnd) -> Bool { left.end < right.end }
    }

    private(set) var entries: [UInt64: Entry] = [:]
    private(set) var numbers: [DeliveryID: UInt64] = [:]
    var usage = SpoolUsage()
    /// The number of the next message.
    var nextNumber: UInt64 = 1
    private(set) var destinations: [String] = []
    private var places: [String: Int32] = [:]
    private var queues: [Heap<DueShare>] = []
    private var leaseEnds = Heap<LeaseEnd>()
    private var lastLease: UInt64 = 0
    /// Texts that many shares have in common.
    private var reasons: [String: String] = [:]

    // MARK: Operations

    /// Changes the index as an operation says that stands in a transaction at `place`.
    mutating func apply(_ operation: SpoolOperation, segment: UInt32, offset: UInt32) {
        switch operation {
        case .add(let message):
            remove(message.number)
            insert(message, segment: segment, offset: offset)
        case .move(let message, let from):
            let old = entries[message.number]
            remove(message.number)
            insert(message, segment: segment, offset: offset)
            usage.bury(from, by: segment)
            if let old { keepLeases(of: old, message.number) }
        case .share(let number, let index, let share):
            guard let entry = entries[number], index < entry.shares.count else { return }
            usage.release(entry.shares[index].segment)
            usage.refer(segment)
            let destination = entry.shares[index].destination
            let stamp = entry.shares[index].stamp
            entries[number]!.shares[index] = self.share(share, destination, segment, stamp: stamp &+ 1)
        case .gone(let number, let commit):
            if entries[number]?.segment == commit { remove(number) }
            usage.bury(commit, by: segment)
        case .buried(let older, let numbers):
            for number in numbers where entries[number]?.segment == older { remove(number) }
            usage.bury(older, by: segment)
        case .hold(let number, let isHeld):
            guard let entry = entries[number] else { return }
            if let old = entry.holdSegment { usage.release(old) }
            usage.refer(segment)
            entries[number]!.holdSegment = segment
            entries[number]!.isHeld = isHeld
            if !isHeld { entries[number]!.isDamaged = false }
        case .freed: break
        }
    }

    private mutating func insert(_ message: StoredMessage, segment: UInt32, offset: UInt32) {
        nextNumber = max(nextNumber, message.number &+ 1)
        let shares = message.shares.map { share($0, place($0.destination), segment, stamp: 0) }
        let entry = Entry(
            name: DeliveryID(message.name), arrival: message.arrival, segment: segment, offset: offset,
            holdSegment: nil, isHeld: message.isHeld, mendsLineEnds: message.mendsLineEnds, content: message.content,
            sevenBit: message.sevenBit, shares: shares)
        entries[message.number] = entry
        numbers[entry.name] = message.number
        usage.refer(segment)
        for _ in shares { usage.refer(segment) }
        usage.refer(message.content)
        if let sevenBit = message.sevenBit { usage.refer(sevenBit) }
    }

    private mutating func remove(_ number: UInt64) {
        guard let entry = entries.removeValue(forKey: number) else { return }
        numbers[entry.name] = nil
        usage.haunt(entry.segment, number)
        usage.release(entry.segment)
        if let hold = entry.holdSegment { usage.release(hold) }
        for share in entry.shares { usage.release(share.segment) }
        usage.release(entry.content)
        if let sevenBit = entry.sevenBit { usage.release(sevenBit) }
    }

    private mutating func share(
        _ stored: StoredShare, _ destination: Int32, _ segment: UInt32, stamp: UInt32
    ) -> Share {
        Share(
            destination: destination, due: stored.due, attempts: stored.attempts,
            delayWasNotified: stored.delayWasNotified, recipients: stored.recipients,
            reason: stored.reason.map { common($0) }, segment: segment, stamp: stamp)
    }

    private mutating func common(_ text: String) -> String {
        if let known = reasons[text] { return known }
        if reasons.count >= 1024 { reasons.removeAll() }
        reasons[text] = text
        return text
    }

    private mutating func place(_ destination: String) -> Int32 {
        if let place = places[destination] { return place }
        let place = Int32(destinations.count)
        places[destination] = place
        destinations.append(destination)
        queues.append(Heap())
        return place
    }

    /// A message that moved stays leased, and queued, as it was.
    private mutating func keepLeases(of old: Entry, _ number: UInt64) {
        entries[number]!.isActive = old.isActive
        entries[number]!.isDamaged = old.isDamaged
        for index in old.shares.indices where index < entries[number]!.shares.count {
            let share = old.shares[index]
            entries[number]!.shares[index].stamp = share.stamp
            entries[number]!.shares[index].isQueued = share.isQueued
            entries[number]!.shares[index].lease = share.lease
            entries[number]!.shares[index].leaseEnd = share.leaseEnd
        }
    }

    /// The message as it stands now, for another transaction.
    func stored(_ number: UInt64, envelope: [UInt8]) -> StoredMessage? {
        guard let entry = entries[number] else { return nil }
        return StoredMessage(
            number: number, name: entry.name.rawValue, arrival: entry.arrival, isHeld: entry.isHeld,
            mendsLineEnds: entry.mendsLineEnds, envelope: envelope, content: entry.content, sevenBit: entry.sevenBit,
            shares: entry.shares.map { stored($0) })
    }

    func stored(_ share: Share) -> StoredShare {
        StoredShare(
            destination: destinations[Int(share.destination)], due: share.due, attempts: share.attempts,
            delayWasNotified: share.delayWasNotified, recipients: share.recipients, reason: share.reason)
    }

    /// What must be said elsewhere before these segments are freed.
    func buried(by free: [UInt32]) -> [SpoolOperation] {
        usage.buried(by: free).map { segment, messages in
            // One that moved within a segment lives there.
            .buried(segment: segment, messages.filter { entries[$0]?.segment != segment })
        }
    }

    /// Marks a message whose pieces are damaged: it is kept back until somebody decides.
    mutating func markDamaged(_ number: UInt64) { entries[number]?.isDamaged = true }

    // MARK: The queue

    /// Lets the shares of a message be leased; those that are already queued stay as they are.
    mutating func activate(_ number: UInt64) {
        guard let entry = entries[number] else { return }
        entries[number]!.isActive = true
        for index in entry.shares.indices { enqueue(number, index) }
    }

    /// Queues a share that is neither done, nor held, nor leased, nor queued.
    mutating func enqueue(_ number: UInt64, _ index: Int) {
        guard let entry = entries[number], entry.isActive, !entry.isKeptBack, index < entry.shares.count else { return }
        let share = entry.shares[index]
        guard !share.isDone, !share.isQueued, share.lease == 0 else { return }
        entries[number]!.shares[index].isQueued = true
        queues[Int(share.destination)].insert(
            DueShare(due: share.due, number: number, index: Int32(index), stamp: share.stamp))
    }

    /// The share that is due first for a destination. Drops entries that were overtaken.
    private mutating func first(_ destination: Int) -> DueShare? {
        while let first = queues[destination].first {
            if let entry = entries[first.number], Int(first.index) < entry.shares.count {
                let share = entry.shares[Int(first.index)]
                if share.stamp == first.stamp, share.isQueued, !share.isDone {
                    if !entry.isKeptBack { return first }
                    entries[first.number]!.shares[Int(first.index)].isQueued = false
                }
            }
            queues[destination].removeFirst()
        }
        return nil
    }

    /// Leases what is due, the longest due first.
    mutating func lease(_ request: DeliveryLeaseRequest) -> [(number: UInt64, index: Int, lease: UInt64)] {
        endLeases(request.now)
        var allowances: [Int: Int] = [:]
        for (domain, count) in request.allowances {
            if let place = places[domain.ascii] { allowances[Int(place)] = count }
        }
        var heads = Heap<DueShare>()
        for destination in queues.indices where (allowances[destination] ?? request.perDestination) > 0 {
            if let first = first(destination), first.due <= request.now { heads.insert(first) }
        }
        var leased: [(UInt64, Int, UInt64)] = []
        while leased.count < request.limit, let head = heads.removeFirst() {
            let index = Int(head.index)
            let destination = Int(entries[head.number]!.shares[index].destination)
            queues[destination].removeFirst()
            lastLease += 1
            entries[head.number]!.shares[index].isQueued = false
            entries[head.number]!.shares[index].lease = lastLease
            entries[head.number]!.shares[index].leaseEnd = request.until
            leaseEnds.insert(
                LeaseEnd(end: request.until, number: head.number, index: head.index, lease: lastLease))
            leased.append((head.number, index, lastLease))
            let left = (allowances[destination] ?? request.perDestination) - 1
            allowances[destination] = left
            if left > 0, let next = first(destination), next.due <= request.now { heads.insert(next) }
        }
        return leased
    }

    /// Takes back leases that ran out.
    private mutating func endLeases(_ now: Timestamp) {
        while let first = leaseEnds.first, first.end <= now {
            leaseEnds.removeFirst()
            let index = Int(first.index)
            guard let entry = entries[first.number], index < entry.shares.count,
                entry.shares[index].lease == first.lease, entry.shares[index].leaseEnd <= now
            else { continue }
            giveBack(first.number, index)
        }
    }

    /// Ends a lease; the share is due as it was.
    mutating func giveBack(_ number: UInt64, _ index: Int) {
        guard let entry = entries[number], index < entry.shares.count else { return }
        entries[number]!.shares[index].lease = 0
        entries[number]!.shares[index].stamp &+= 1
        enqueue(number, index)
    }

    /// The share of a job; `nil` when its lease is lost.
    func leased(_ job: DeliveryJob) -> (number: UInt64, index: Int)? {
        guard let number = numbers[job.id], let entry = entries[number] else { return nil }
        guard let index = entry.shares.firstIndex(where: { $0.lease == job.lease }) else { return nil }
        return (number, index)
    }

    mutating func extend(_ number: UInt64, _ index: Int, until: Timestamp) {
        let lease = entries[number]!.shares[index].lease
        entries[number]!.shares[index].leaseEnd = until
        leaseEnds.insert(LeaseEnd(end: until, number: number, index: Int32(index), lease: lease))
    }

    /// When the next share is due that is neither held nor leased.
    mutating func nextDue() -> Timestamp? {
        var next: Timestamp?
        for destination in queues.indices {
            if let first = first(destination), next.map({ first.due < $0 }) ?? true { next = first.due }
        }
        return next
    }

    /// Messages with a piece, an envelope or a state in a segment.
    func messages(in segment: UInt32) -> [UInt64] {
        entries.filter { _, entry in
            entry.segment == segment || entry.holdSegment == segment
                || entry.shares.contains { $0.segment == segment }
                || entry.content.chunks.contains { $0.segment == segment }
                || entry.sevenBit?.chunks.contains { $0.segment == segment } == true
        }.keys.sorted()
    }
}
