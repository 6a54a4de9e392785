public import MSSCore
public import MSSSMTP

/// A delivery queue on a local disk.
///
/// What ``enqueue(_:at:)`` or ``SpoolDraft/commit(_:_:with:at:)`` has taken is on the disk when they return, and is there
/// after `kill -9` or a power cut; so is what ``settle(_:_:at:)`` has ended. Calls that come at once share one sync. A
/// message is kept once for all its recipients, encrypted, and takes memory for its places only; its octets are read when
/// an attempt is made. One process has a spool open at a time; leases live as long as it does.
public final class Spool: DeliveryQueue {
    /// The folder.
    public let folder: String
    let configuration: SpoolConfiguration
    let state: Guarded<SpoolState>
    let commits: CommitQueue<SpoolLog>
    private let spares: SpareFiles
    private let lock: StoreLock
    private let isCompacting = Guarded(false)

    private static let kind = "MSS spool      1"

    private init(
        _ folder: String, _ configuration: SpoolConfiguration, _ state: Guarded<SpoolState>,
        _ commits: CommitQueue<SpoolLog>, _ spares: SpareFiles, _ lock: StoreLock
    ) {
        self.folder = folder
        self.configuration = configuration
        self.state = state
        self.commits = commits
        self.spares = spares
        self.lock = lock
    }

    /// Opens a spool, making it when the folder is empty or missing. The whole log is read and verified.
    ///
    /// - Parameters:
    ///   - folder: on a local file system whose `fdatasync` keeps its promise; mode 0700.
    ///   - master: the key that the spool was made with.
    /// - Throws: ``StoreError``: `busy` while another process has it open, `wrongMasterKey`, `damaged` or `missing` when
    ///   what was durable is not what it was.
    public static func open(
        _ folder: String, master: StoreMasterKey, configuration: SpoolConfiguration = SpoolConfiguration()
    ) async throws -> Spool {
        let spool = try await offPool { try openBlocking(folder, master, configuration) }
        await spool.watch()
        return spool
    }

    private static func openBlocking(
        _ folder: String, _ master: StoreMasterKey, _ configuration: SpoolConfiguration
    ) throws -> Spool {
        let layout = SpoolLayout(root: folder)
        try Folder.make(folder)
        let lock = try StoreLock(layout.lock)
        let identity = try StoreIdentity(folder, kind: kind, master, mayHold: [])
        var recovery = SpoolRecovery(layout, store: identity.id, master, configuration)
        let (recovered, next) = try recovery.run()
        let state = Guarded(recovered)
        let spares = try SpareFiles(
            folder, size: configuration.segmentSize, wanted: configuration.spares, limit: configuration.diskLimit)
        let log = try SpoolLog(
            layout, store: identity.id, master, configuration, state, spares, nextSegment: next)
        _ = log.finish(durable: true)
        let commits = CommitQueue("mss.store.spool", log) { log, durable, works in
            works()
            return log.finish(durable: durable)
        }
        return Spool(folder, configuration, state, commits, spares, lock)
    }

    /// Has the log tell of segments that are worth emptying.
    private func watch() async {
        _ = try? await commits.perform(durable: false) { [self] log in
            log.onSparse = { [weak self] segment in self?.compact(segment) }
        }
    }

    /// Ends what was asked before, and frees the folder for another process. What is asked later fails.
    public func close() async {
        await commits.close { $0.close() }
        spares.close()
        lock.release()
    }

    // MARK: DeliveryQueue

    /// Takes a message; durable when it returns.
    ///
    /// - Throws: ``StoreError/diskFull(path:)`` when there is no room: nothing of the message is kept then.
    public func enqueue(_ delivery: NewDelivery, at now: Timestamp) async throws -> DeliveryID {
        guard !delivery.message.envelope.recipients.isEmpty else { throw DeliveryQueueError.noRecipient }
        let intake = SpoolIntake(self, isGrowth: true)
        let message = try await intake.take(delivery)
        return try await commits.perform { log in
            let name = try intake.finish([message], log, at: now).names[0]
            return name
        }
    }

    /// Leases shares that are due, the longest due first.
    public func lease(_ request: DeliveryLeaseRequest) async throws -> [DeliveryJob] {
        let leased = state.withLock { $0.index.lease(request) }
        guard !leased.isEmpty else { return [] }
        return try await offPool { [self] in
            var jobs: [DeliveryJob] = []
            for (number, index, lease) in leased {
                do { if let job = try job(number, index, lease) { jobs.append(job) } } catch {
                    // Its envelope cannot be read: the others go on, and it is somebody's decision.
                    setAside(number, index, error)
                }
            }
            return jobs
        }
    }

    private func job(_ number: UInt64, _ index: Int, _ lease: UInt64) throws -> DeliveryJob? {
        guard let envelope = try envelope(number) else { return nil }
        return state.withLock { state in
            guard let entry = state.index.entries[number], entry.shares[index].lease == lease else { return nil }
            let share = entry.shares[index]
            let destination = state.index.destinations[Int(share.destination)]
            var message = message(number, entry, envelope)
            message.envelope.recipients = recipients(of: share, destination, envelope)
            return DeliveryJob(
                id: entry.name, lease: lease, destination: message.envelope.recipients[0].address.domain,
                message: message, arrival: entry.arrival, attempts: Int(share.attempts),
                delayWasNotified: share.delayWasNotified)
        }
    }

    private func setAside(_ number: UInt64, _ index: Int, _ error: any Error) {
        let name = state.withLock { state in
            state.index.markDamaged(number)
            state.index.giveBack(number, index)
            return state.index.entries[number]?.name
        }
        if let name { configuration.onNotice(.messageDamaged(name)) }
    }

    /// Keeps a lease longer.
    public func extend(_ job: DeliveryJob, until: Timestamp) async throws {
        try state.withLock { state in
            guard let (number, index) = state.index.leased(job) else { throw DeliveryQueueError.leaseLost }
            state.index.extend(number, index, until: until)
        }
    }

    /// Ends a lease; durable when it returns.
    public func settle(_ job: DeliveryJob, _ settlement: DeliverySettlement, at now: Timestamp) async throws {
        guard state.withLock({ $0.index.leased(job) != nil }) else { throw DeliveryQueueError.leaseLost }
        let intake = SpoolIntake(self, isGrowth: false)
        var notices: [SpoolIntake.Message] = []
        for notice in settlement.notices { notices.append(try await intake.take(notice)) }
        let taken = notices
        let served = Set(settlement.delivered + settlement.failed)
        let left =
            job.message.envelope.recipients.contains { served.contains($0.address) }
            ? try await places(job, served) : nil
        try await commits.perform { [self] log in
            let before = try state.withLock { state -> [SpoolOperation] in
                guard let (number, index) = state.index.leased(job) else { throw DeliveryQueueError.leaseLost }
                let entry = state.index.entries[number]!
                var share = state.index.stored(entry.shares[index])
                if let left { share.recipients = left }
                share.due = settlement.nextAttempt ?? now
                if settlement.countsAsAttempt { share.attempts += 1 }
                share.delayWasNotified = share.delayWasNotified || settlement.delayWasNotified
                share.reason = settlement.reason ?? share.reason
                let others = entry.shares.indices.contains { $0 != index && !entry.shares[$0].isDone }
                if share.isDone, !others { return [.gone(number, commit: entry.segment)] }
                return [.share(number, index: index, share)]
            }
            _ = try intake.finish(taken, log, at: now, with: before)
        }
    }

    /// The places of a job's recipients that were not served.
    private func places(_ job: DeliveryJob, _ served: Set<MailAddress>) async throws -> [UInt32] {
        try await offPool { [self] in
            guard let (number, index) = state.withLock({ $0.index.leased(job) }), let envelope = try envelope(number)
            else { throw DeliveryQueueError.leaseLost }
            return try state.withLock { state in
                guard let share = state.index.entries[number]?.shares[index] else { throw DeliveryQueueError.leaseLost }
                let destination = state.index.destinations[Int(share.destination)]
                let waiting =
                    share.recipients
                    ?? envelope.recipients.indices.filter {
                        envelope.recipients[$0].address.domain.ascii == destination
                    }.map { UInt32($0) }
                return waiting.filter { !served.contains(envelope.recipients[Int($0)].address) }
            }
        }
    }

    /// Holds a message back, or releases it; durable when it returns.
    public func hold(_ id: DeliveryID, _ isHeld: Bool) async throws {
        try await commits.perform { [state] log in
            let number = try state.withLock { state in
                guard let number = state.index.numbers[id] else { throw DeliveryQueueError.unknownMessage }
                return number
            }
            try log.append([.hold(number, isHeld)], isGrowth: false) { index in
                if !isHeld { index.activate(number) }
            }
        }
    }

    /// When the next share is due that is neither held nor leased.
    public func nextDue() async throws -> Timestamp? { state.withLock { $0.index.nextDue() } }

    // MARK: Emptying segments

    /// Moves what still lives in a segment to the end of the log, so that the segment can be used again.
    private func compact(_ segment: UInt32) {
        let starts = isCompacting.withLock { isCompacting in
            defer { isCompacting = true }
            return !isCompacting
        }
        guard starts else { return }
        Task.detached(priority: .utility) { [self] in
            let numbers = state.withLock { $0.index.messages(in: segment) }
            for number in numbers {
                do { try await move(number, outOf: segment) } catch let error as StoreError
                    where error.isOfReading(folder)
                {
                    // The message stays where it is, and the segment with it: tried again at once it would fail as often as
                    // it is tried, and no other segment would be emptied.
                    state.withLock { $0.index.usage.leave(segment) }
                } catch {
                    // A full disk, for example: there will be another time.
                }
            }
            isCompacting.withLock { $0 = false }
            _ = try? await commits.perform { _ in }
        }
    }

    private func move(_ number: UInt64, outOf segment: UInt32) async throws {
        let entry = state.withLock { $0.index.entries[number] }
        guard let entry else { return }
        var copies: [ChunkPlace: [UInt8]] = [:]
        for chunk in entry.content.chunks + (entry.sevenBit?.chunks ?? []) where chunk.segment == segment {
            copies[chunk] = try await offPool { [self] in try read(chunk) }
            // A long message is moved piece by piece in as many transactions.
            if copies.count == 8 { break }
        }
        let pieces = copies
        let envelope = try await offPool { [self] in try envelopeBytes(number) }
        guard let envelope else { return }
        let isComplete = try await commits.perform(durable: false) { [state] log in
            var moved: [ChunkPlace: ChunkPlace] = [:]
            defer { log.unpin(Array(moved.values)) }
            for (old, bytes) in pieces { moved[old] = try log.append(chunk: bytes, isGrowth: true) }
            let now = state.withLock { state -> (message: StoredMessage, from: UInt32)? in
                guard let entry = state.index.entries[number],
                    var message = state.index.stored(number, envelope: envelope)
                else { return nil }
                message.content.chunks = message.content.chunks.map { moved[$0] ?? $0 }
                if var sevenBit = message.sevenBit {
                    sevenBit.chunks = sevenBit.chunks.map { moved[$0] ?? $0 }
                    message.sevenBit = sevenBit
                }
                return (message, entry.segment)
            }
            guard let now else { return true }
            try log.append([.move(now.message, from: now.from)], isGrowth: true)
            return !(now.message.content.chunks + (now.message.sevenBit?.chunks ?? [])).contains {
                $0.segment == segment
            }
        }
        if !isComplete { try await move(number, outOf: segment) }
    }
}
