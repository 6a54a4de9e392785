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
        var traces: [PreparedTrace] = []
        for notice in states.flatMap(\.notices) {
            configuration.onNotice(notice)
            if let event = notice.event(configuration.recovery) {
                traces.append(try PreparedTrace(event, configuration))
            }
        }
        for (result) in commit([traces]) { _ = try result.get() }
    }

    /// Writes batches, each of which gets its own result; one sync for all.
    func commit(_ batches: [[PreparedTrace]]) -> [Result<[TraceReceipt], TraceError>] {
        let time = configuration.clock.now()
        var failures: [TraceFamily: TraceError] = [:]
        noteClock(time, &failures)
        var receipts: [[TraceReceipt]] = []
        receipts.reserveCapacity(batches.count)
        for batch in batches {
            var ofBatch: [TraceReceipt] = []
            ofBatch.reserveCapacity(batch.count)
            for trace in batch {
                if let receipt = append(trace, time, &failures) { ofBatch.append(receipt) }
            }
            receipts.append(ofBatch)
        }
        for (family, journal) in journals where failures[family] == nil {
            do { try journal.commit() } catch { fail(family, error, &failures) }
            catalogue.publish(family, open: journal.openSegment)
        }
        anchorIfDue()
        return zip(batches, receipts).map { batch, receipts in
            for trace in batch { if let failure = failures[trace.family] { return .failure(failure) } }
            return .success(receipts)
        }
    }

    private func append(
        _ trace: PreparedTrace, _ time: Timestamp, _ failures: inout [TraceFamily: TraceError]
    ) -> TraceReceipt? {
        guard failures[trace.family] == nil, let journal = journals[trace.family] else { return nil }
        do {
            if journal.mustRoll(before: time) {
                try journal.commit()
                seal(journal, time)
            }
            return try journal.append(trace, at: time)
        } catch {
            fail(trace.family, error, &failures)
            return nil
        }
    }

    private func fail(_ family: TraceFamily, _ error: TraceError, _ failures: inout [TraceFamily: TraceError]) {
        journals[family]?.discard()
        failures[family] = error
        configuration.onNotice(.writeFailed(family, error))
    }

    /// Sequence is order, time is what the clock said: a step back is traced, nothing is reordered or restamped.
    private func noteClock(_ time: Timestamp, _ failures: inout [TraceFamily: TraceError]) {
        defer { lastTime = time }
        // Seals know whole seconds only.
        guard let last = lastTime, time < last, last - time >= .milliseconds(1) else { return }
        let notice = TraceNotice.clockWentBack(from: last, to: time)
        configuration.onNotice(notice)
        if let event = notice.event(configuration.recovery), let trace = try? PreparedTrace(event, configuration) {
            _ = append(trace, time, &failures)
        }
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
            try journal.commit()
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
            try journal.commit()
            try journal.synchronizeHead()
        }
        anchor()
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
