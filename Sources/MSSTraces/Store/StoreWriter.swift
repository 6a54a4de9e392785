import MSSCore

/// What the store's thread does: both journals, the clock, the anchors.
final class StoreWriter {
    private let configuration: TraceConfiguration
    private let layout: StoreLayout
    private let lock: StoreLock
    private var journals: [TraceFamily: Journal] = [:]
    private let catalogue: Catalogue
    private var lastTime: Timestamp?
    private var nextAnchor = ContinuousClock.now
    private var anchored: [TraceFamily: UInt64] = [:]

    init(
        _ layout: StoreLayout, _ lock: StoreLock, _ states: [JournalState], _ configuration: TraceConfiguration,
        _ signer: any TraceSealSigner, _ catalogue: Catalogue
    ) throws(TraceError) {
        self.configuration = configuration
        self.layout = layout
        self.lock = lock
        self.catalogue = catalogue
        for state in states {
            journals[state.family] = try Journal(state, configuration, signer)
            catalogue.fill(state)
        }
        lastTime = states.compactMap(\.latest).max()
        var events: [TraceEvent] = []
        for notice in states.flatMap(\.notices) {
            configuration.onNotice(notice)
            if let event = notice.event(configuration.recovery) { events.append(event) }
        }
        if !events.isEmpty { for result in commit([try PreparedBatch(events, configuration)]) { _ = try result.get() } }
    }

    /// Writes batches, each of which gets its own result: all of its traces are durable, or none was kept. One sync for
    /// as many batches as possible.
    func commit(_ batches: [PreparedBatch]) -> [Result<[TraceReceipt], TraceError>] {
        let time = configuration.clock.now()
        noteClock(time)
        let results = write(batches, time)
        anchorIfDue()
        return results
    }

    /// Segments are closed between batches, never within one.
    private func write(_ batches: [PreparedBatch], _ time: Timestamp) -> [Result<[TraceReceipt], TraceError>] {
        var results: [Result<[TraceReceipt], TraceError>] = []
        results.reserveCapacity(batches.count)
        var start = 0
        var (functional, technical) = (0, 0)
        for (index, batch) in batches.enumerated() {
            for (family, journal) in journals where batch.bytes(family) > 0 {
                guard journal.mustRoll(before: time, pending: family == .functional ? functional : technical) else {
                    continue
                }
                results += settle(batches[start..<index], time)
                (start, functional, technical) = (index, 0, 0)
                seal(journal, time)
            }
            functional += batch.functionalBytes
            technical += batch.technicalBytes
        }
        return results + settle(batches[start...], time)
    }

    /// Makes batches durable together. When a journal fails, the batches that need it are refused and the others tried
    /// again without them: a full disk refuses everybody, a damaged journal only those who write to it.
    private func settle(
        _ batches: ArraySlice<PreparedBatch>, _ time: Timestamp
    ) -> [Result<[TraceReceipt], TraceError>] {
        if batches.isEmpty { return [] }
        var failures: [TraceFamily: TraceError] = [:]
        while true {
            let (results, failure) = attempt(batches, time, failures)
            guard let (family, error) = failure else { return results }
            for journal in journals.values { journal.discard() }
            failures[family] = error
            configuration.onNotice(.writeFailed(family, error))
        }
    }

    private func attempt(
        _ batches: ArraySlice<PreparedBatch>, _ time: Timestamp, _ failures: [TraceFamily: TraceError]
    ) -> (results: [Result<[TraceReceipt], TraceError>], failure: (TraceFamily, TraceError)?) {
        var results: [Result<[TraceReceipt], TraceError>] = []
        results.reserveCapacity(batches.count)
        for batch in batches {
            if let failure = failures.first(where: { batch.bytes($0.key) > 0 }) {
                results.append(.failure(failure.value))
                continue
            }
            var receipts: [TraceReceipt] = []
            receipts.reserveCapacity(batch.traces.count)
            for trace in batch.traces {
                guard let journal = journals[trace.family] else { return ([], (trace.family, .closed)) }
                do { receipts.append(try journal.append(trace, at: time)) } catch { return ([], (trace.family, error)) }
            }
            results.append(.success(receipts))
        }
        // Nothing counts before everything is on the disk.
        for (family, journal) in journals {
            do { try journal.write() } catch { return ([], (family, error)) }
        }
        for (family, journal) in journals {
            do { try journal.synchronize() } catch { return ([], (family, error)) }
        }
        for (family, journal) in journals {
            journal.accept()
            catalogue.publish(family, open: journal.openSegment)
        }
        return (results, nil)
    }

    /// Sequence is order, time is what the clock said: a step back is traced, nothing is reordered or restamped. One that
    /// could not be traced is traced with the next batch.
    private func noteClock(_ time: Timestamp) {
        // Seals know whole seconds only.
        guard let last = lastTime, time < last, last - time >= .milliseconds(1) else {
            lastTime = time
            return
        }
        let notice = TraceNotice.clockWentBack(from: last, to: time)
        configuration.onNotice(notice)
        if let event = notice.event(configuration.recovery), let batch = try? PreparedBatch([event], configuration) {
            guard case .success? = write([batch], time).first else { return }
        }
        lastTime = time
    }

    /// What is due without any trace: the seal of a day or interval that is over, and anchors that stayed behind.
    func tick() {
        let time = configuration.clock.now()
        for journal in journals.values where journal.isDue(at: time) { seal(journal, time) }
        anchorIfDue()
    }

    @discardableResult
    private func seal(_ journal: Journal, _ time: Timestamp) -> TraceSeal? {
        do {
            guard let sealed = try journal.seal(at: time) else { return nil }
            catalogue.close(sealed.seal, sealed.segment)
            nextAnchor = .now
            return sealed.seal
        } catch {
            configuration.onNotice(.sealPostponed(journal.family, segment: journal.nextSegment))
            return nil
        }
    }

    /// Seals what is open; throws when that is not possible.
    func sealAll() throws(TraceError) -> [TraceSeal] {
        let time = configuration.clock.now()
        var seals: [TraceSeal] = []
        for family in TraceFamily.allCases {
            guard let journal = journals[family] else { continue }
            if let sealed = try journal.seal(at: time) {
                catalogue.close(sealed.seal, sealed.segment)
                seals.append(sealed.seal)
            }
        }
        anchor()
        return seals
    }

    private func anchorIfDue() {
        guard !configuration.anchors.isEmpty, ContinuousClock.now >= nextAnchor else { return }
        anchor()
    }

    private func anchor() {
        nextAnchor = ContinuousClock.now + configuration.anchorInterval
        for (family, journal) in journals where anchored[family] != journal.durable.sequence {
            var published = true
            for anchor in configuration.anchors {
                do { try anchor.publish(journal.durable) } catch {
                    published = false
                    configuration.onNotice(.anchorFailed(family))
                }
            }
            if published { anchored[family] = journal.durable.sequence }
        }
    }

    /// The last words before the store is closed.
    func close() throws(TraceError) {
        for journal in journals.values {
            try journal.synchronizeHead()
        }
        anchor()
    }

    /// Where the journals end now.
    var ends: [JournalEnd] {
        TraceFamily.allCases.compactMap { family in
            journals[family].map { journal in
                JournalEnd(head: journal.durable, open: journal.openSegment.map { ($0.header.number, $0.size) })
            }
        }
    }

    var heads: [TraceHead] { TraceFamily.allCases.compactMap { journals[$0]?.durable } }
}

extension TraceNotice {
    /// What the journal itself says of the notice; `nil` for those that are for the caller alone.
    fileprivate func event(_ recovery: TraceRecovery) -> TraceEvent? {
        let store = TraceAuthor.system("MSSTraces")
        switch self {
        case .tailSetAside(let family, let bytes, let path):
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return TraceEvent(
                .setTailAside, by: store,
                changes: [
                    TraceChange("journal", before: nil, after: family.rawValue),
                    TraceChange("file", before: nil, after: name),
                    TraceChange("bytes", before: nil, after: String(bytes)),
                ])
        case .lossAccepted(let family, let sequence):
            guard case .acceptLoss(let person, let reason) = recovery else { return nil }
            return TraceEvent(
                .acceptLoss, by: .administrator(person), request: TraceText(reason),
                changes: [
                    TraceChange("journal", before: nil, after: family.rawValue),
                    TraceChange("last-record", before: nil, after: String(sequence)),
                ])
        case .clockWentBack(let from, let to):
            return TraceEvent(
                .clockWentBack, .failure, by: store,
                changes: [TraceChange("clock", before: from.description, after: to.description)])
        default: return nil
        }
    }
}
