public import MSSCore
public import MSSSMTP

/// What was brought over from a damaged spool, and what could not be.
public struct SpoolSalvage: Sendable {
    /// A message of which something is lost.
    public struct Lost: Sendable {
        /// What is known of it without its envelope.
        public var summary: SpoolSummary
        /// Its envelope with the recipients that wait, when that can still be read: somebody may be told.
        public var envelope: OutgoingEnvelope?
    }

    /// Messages that are whole: they wait in the new spool.
    public internal(set) var messages = 0
    /// Their octets.
    public internal(set) var octets = 0
    /// Messages that are not, in the order of arrival.
    public internal(set) var lost: [Lost] = []
    /// What was wrong on the disk. Transactions in such places may have held messages of which nothing is known.
    public internal(set) var notices: [SpoolNotice] = []
}

extension Spool {
    /// Reads what can be read of a damaged spool and puts a new one in its place, which opens without reserve.
    ///
    /// Names, times of arrival, attempts and holds stay. The damaged spool lies in `aside` afterwards, for who wants to look
    /// at it; the two change places in one step of the file system, so that a crash leaves the one or the other. Until then
    /// `folder` is opened for salvage only: what cannot be read in it stays there as it is.
    ///
    /// - Parameters:
    ///   - folder: of a spool that no process has open.
    ///   - aside: an empty or missing folder of the same file system; there must be room for the messages once more.
    /// - Throws: ``StoreError``: `busy`, `wrongMasterKey`, `diskFull`, `notEmpty`, `damaged` when not one segment has a
    ///   header that can be read. `folder` is in its place then.
    public static func salvage(
        _ folder: String, settingAside aside: String, master: StoreMasterKey,
        configuration: SpoolConfiguration = SpoolConfiguration()
    ) async throws -> SpoolSalvage {
        let notices = Guarded<[SpoolNotice]>([])
        var lenient = configuration
        lenient.recovery = .salvage
        lenient.onNotice = { notice in notices.withLock { $0.append(notice) } }
        let old = try await open(folder, master: master, configuration: lenient)
        var result: SpoolSalvage
        do {
            try await offPool { try Folder.makeEmpty(aside) }
            var strict = configuration
            strict.recovery = .refuse
            do { result = try await copy(of: old, to: aside, master, strict) } catch {
                // Half a copy is nobody's, and may be what fills the disk.
                try? await offPool { try Folder.removeFiles(aside) }
                throw error
            }
        } catch {
            await old.close()
            throw error
        }
        // Before the folders change places: what is open handles files by their names.
        await old.close()
        result.notices = notices.withLock { $0 }
        try await offPool {
            let lock: StoreLock
            do { lock = try StoreLock(SpoolLayout(root: folder).lock) } catch {
                try? Folder.removeFiles(aside)
                throw error
            }
            try Folder.exchange(folder, aside)
            lock.release()
        }
        return result
    }

    private static func copy(
        of old: Spool, to folder: String, _ master: StoreMasterKey, _ configuration: SpoolConfiguration
    ) async throws -> SpoolSalvage {
        let new = try await open(folder, master: master, configuration: configuration)
        let result: SpoolSalvage
        do { result = try await new.adoptAll(of: old) } catch {
            await new.close()
            throw error
        }
        await new.close()
        // As the next start will find it.
        let proof = try await open(folder, master: master, configuration: configuration)
        let count = proof.count
        await proof.close()
        guard count == result.messages else { throw StoreError.damaged(path: folder, offset: 0, reason: "copy") }
        return result
    }

    private func adoptAll(of old: Spool) async throws -> SpoolSalvage {
        var result = SpoolSalvage()
        let (numbers, next) = old.state.withLock { ($0.index.entries.keys.sorted(), $0.index.nextNumber) }
        // The names of lost messages stand in traces: no other message gets them.
        try await commits.perform { log in try log.reserveNumbers(upTo: next) }
        for number in numbers {
            let found = old.state.withLock { state in
                state.index.entries[number].map { ($0, SpoolSummary($0, state.index)) }
            }
            guard let (entry, summary) = found else { continue }
            let envelope = try? await offPool { try old.envelope(number) }
            do {
                try await adopt(number, entry, of: old)
                result.messages += 1
                result.octets += summary.size
            } catch let error as StoreError where error.isOfReading(old.folder) {
                result.lost.append(.init(summary: summary, envelope: old.waiting(number, envelope)))
            }
        }
        return result
    }

    private func waiting(_ number: UInt64, _ envelope: OutgoingEnvelope?) -> OutgoingEnvelope? {
        guard var envelope else { return nil }
        let whole = envelope
        envelope.recipients = state.withLock { state in
            (state.index.entries[number]?.shares ?? []).flatMap {
                recipients(of: $0, state.index.destinations[Int($0.destination)], whole)
            }
        }
        return envelope
    }

    /// Copies a message as it stands, piece by piece.
    private func adopt(_ number: UInt64, _ entry: SpoolIndex.Entry, of old: Spool) async throws {
        let envelope = try await offPool {
            guard try old.envelope(number) != nil, let bytes = try old.envelopeBytes(number) else {
                throw StoreError.missing(path: old.folder)
            }
            return bytes
        }
        let pinned = Guarded<[ChunkPlace]>([])
        do {
            let content = try await copy(entry.content, of: old, number, isSevenBit: false, pinned)
            var sevenBit: StoredContent?
            if let other = entry.sevenBit {
                sevenBit = try await copy(other, of: old, number, isSevenBit: true, pinned)
            }
            let contents = (content, sevenBit)
            try await commits.perform(durable: false) { log in
                guard var message = old.state.withLock({ $0.index.stored(number, envelope: envelope) }) else {
                    throw StoreError.missing(path: old.folder)
                }
                (message.content, message.sevenBit) = contents
                try log.append([.add(message)], isGrowth: true)
                log.unpin(pinned.withLock { $0 })
            }
        } catch {
            _ = try? await commits.perform(durable: false) { log in log.unpin(pinned.withLock { $0 }) }
            throw error
        }
    }

    private func copy(
        _ content: StoredContent, of old: Spool, _ number: UInt64, isSevenBit: Bool, _ pinned: Guarded<[ChunkPlace]>
    ) async throws -> StoredContent {
        var copy = StoredContent(size: content.size, chunks: [])
        for index in content.chunks.indices {
            let bytes = try await offPool { try old.read(number, index, isSevenBit: isSevenBit) }
            guard let bytes else { throw StoreError.missing(path: old.folder) }
            copy.chunks.append(
                try await commits.perform(durable: false) { log in
                    let place = try log.append(chunk: bytes, isGrowth: true)
                    pinned.withLock { $0.append(place) }
                    return place
                })
        }
        return copy
    }
}

extension StoreError {
    /// Whether it comes of reading files in this folder.
    func isOfReading(_ folder: String) -> Bool {
        switch self {
        case .damaged(let path, _, _), .missing(let path): path == folder || path.hasPrefix(folder + "/")
        case .system("read", let path, _): path.hasPrefix(folder + "/")
        default: false
        }
    }
}
